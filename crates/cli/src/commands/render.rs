//! `res-edge render`: what every cluster would run, as files, as a list or as one id.
//!
//! The shape is the one of the `directory` projection: a folder for each cluster.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Entry, MemoryObjects, Mode, ObjectId, Rendered};

use super::Outcome;
use crate::error::CommandError;
use crate::files;
use crate::session::Session;
use crate::sinks::{Folders, Hashes};
use crate::source::{self, Checked};
use api::text::count;

/// Renders what every cluster would run.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 rendered; 1 some cells are faulty; 2 the source cannot be read.

Examples:
  res-edge render -o out
  res-edge render --list | grep central-la
  test \"$(res-edge render --tree)\" = \"$(git rev-parse delivery:clusters)\"")]
pub(crate) struct Arguments {
    /// Write a folder for each cluster into this new or empty folder
    #[arg(short = 'o', long, value_name = "DIR", conflicts_with_all = ["tree", "list"])]
    files: Option<PathBuf>,
    /// Print the Git tree id of the folder of all clusters
    #[arg(long)]
    tree: bool,
    /// Print every file as `git ls-tree -r` does
    #[arg(long, conflicts_with = "tree")]
    list: bool,
}

/// Renders, and writes what was asked for.
///
/// # Errors
/// The source cannot be read or is not accepted, or a file cannot be written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let checked = source::check(session)?;
    if arguments.tree {
        tree(&checked, session)
    } else if arguments.list {
        list(&checked, session)
    } else if let Some(directory) = &arguments.files {
        write(&checked, directory, session)
    } else {
        let rendered = checked.render(&Hashes, session)?;
        let outcome = summary(&checked, &rendered, session);
        session.terminal.message("write the files with `-o DIR`, or see them with `--list`");
        Ok(outcome)
    }
}

fn summary(checked: &Checked, rendered: &Rendered, session: &mut Session) -> Outcome {
    let tally = checked.present(rendered, usize::MAX, session.terminal);
    let clusters = count(rendered.clusters.len(), "cluster");
    let bindings = count(rendered.n_bindings(), "binding");
    let broken = rendered.clusters.iter().filter(|cluster| !cluster.is_complete()).count();
    let text = match broken {
        0 => format!("rendered {clusters}, {bindings}: {tally}"),
        n => format!("rendered {clusters}, {bindings}: {tally}; {n} not complete"),
    };
    session.terminal.message(&text);
    if tally.n_errors > 0 { Outcome::Faulty } else { Outcome::Done }
}

fn tree(checked: &Checked, session: &mut Session) -> Result<Outcome, CommandError> {
    let rendered = checked.render(&Hashes, session)?;
    let outcome = summary(checked, &rendered, session);
    if outcome == Outcome::Done {
        session.terminal.print_line(&plan::folder(&rendered, &Hashes).to_string())?;
    }
    Ok(outcome)
}

fn list(checked: &Checked, session: &mut Session) -> Result<Outcome, CommandError> {
    let folders = Folders::default();
    let rendered = checked.render(&folders, session)?;
    let outcome = summary(checked, &rendered, session);
    list_below(&folders, plan::folder(&rendered, &folders), "", session)?;
    Ok(outcome)
}

fn list_below(
    folders: &Folders,
    tree: ObjectId,
    prefix: &str,
    session: &mut Session,
) -> Result<(), CommandError> {
    for Entry { name, mode, id } in folders.entries(tree).iter() {
        match mode {
            Mode::Tree => list_below(folders, *id, &format!("{prefix}{name}/"), session)?,
            Mode::File | Mode::Executable => {
                let line = format!("{} blob {id}\t{prefix}{name}", mode.octal());
                session.terminal.print_line(&line)?;
            }
        }
    }
    Ok(())
}

fn write(
    checked: &Checked,
    directory: &Path,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    refuse_occupied(directory)?;
    let objects = MemoryObjects::default();
    let rendered = checked.render(&objects, session)?;
    let outcome = summary(checked, &rendered, session);
    files::make_folder(directory)?;
    write_below(&objects, plan::folder(&rendered, &objects), directory)?;
    session.terminal.message(&format!("wrote `{}`", directory.display()));
    Ok(outcome)
}

fn refuse_occupied(directory: &Path) -> Result<(), CommandError> {
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if !occupied && (directory.is_dir() || !directory.exists()) {
        return Ok(());
    }
    let shown = directory.display();
    Err(CommandError::user(format!("`{shown}` is not an empty folder; nothing was written"))
        .hint("name a new folder, so that no former file is taken for a rendered one"))
}

fn write_below(objects: &MemoryObjects, tree: ObjectId, folder: &Path) -> Result<(), CommandError> {
    for Entry { name, mode, id } in objects.get_tree(tree).iter().flat_map(|e| e.iter()) {
        let path = folder.join(&**name);
        if *mode == Mode::Tree {
            files::make_folder(&path)?;
            write_below(objects, *id, &path)?;
        } else {
            let bytes = objects.get_blob(*id).unwrap_or_default();
            files::write_new(&path, &bytes)?;
            files::set_executable(&path, *mode == Mode::Executable)?;
        }
    }
    Ok(())
}
