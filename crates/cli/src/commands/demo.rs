//! `res-edge demo`: the whole way on a small fleet, in a folder of its own.
//!
//! Writes the example fleet into `./demo-data`, releases it, changes one store, shows what that
//! does before it is merged, and releases again. It runs the same commands that a person would.

use std::fs;
use std::path::{Path, PathBuf};

use git::Repository;
use include_dir::{Dir, DirEntry, include_dir};
use schema::document::Document;

use super::{Outcome, diff, publish};
use crate::delivery::{self, DeliveryArguments};
use crate::error::{CommandError, ErrorKind};
use crate::files;
use crate::present::listing::columns;
use crate::session::{Location, Session};
use crate::source;
use crate::terminal::Paint;

static EXAMPLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/retail");
/// The file that says a folder was made by this command and may be made anew.
const MARKER: &str = ".res-edge-demo";
/// The store that changes its ring.
const STORE: &str = "us-nola-2302";

/// Shows the whole way on an example fleet: release, change, preview, release.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  res-edge demo && res-edge get clusters --source demo-data/source"
)]
pub(crate) struct Arguments {
    /// The folder to work in
    #[arg(default_value = "demo-data", value_name = "DIR")]
    directory: PathBuf,
}

/// Runs the demonstration.
///
/// # Errors
/// The folder holds something else, or a step fails.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let demo = Demo::prepare(&arguments.directory)?;
    heading(session, &format!("1. An example fleet, in `{}`", demo.source.display()));
    demo.commit("the example fleet")?;
    heading(session, "2. Release it to every cluster");
    demo.publish(session)?;
    heading(session, &format!("3. Move the store {STORE} from the ring `prod` to `beta`"));
    let place = demo.move_store()?;
    session.terminal.print_line(&format!("edited {place}"))?;
    heading(session, "4. What that does, before it is merged: res-edge diff");
    diff::preview_work_tree(&mut demo.session(session))?;
    heading(session, "5. Merge and release it");
    demo.commit(&format!("move {STORE} to the ring beta"))?;
    demo.publish(session)?;
    heading(session, "6. What each cluster got");
    demo.clusters(session)?;
    heading(session, "Try next");
    session.terminal.print(&demo.next_steps())?;
    Ok(Outcome::Done)
}

fn heading(session: &mut Session, text: &str) {
    let text = session.terminal.paint(Paint::Strong, text);
    // A heading that cannot be written is followed by something that says so.
    let _ = session.terminal.print(&format!("\n{text}\n\n"));
}

/// The folders of one demonstration.
struct Demo {
    source: PathBuf,
    delivery: PathBuf,
    repository: Repository,
}

impl Demo {
    /// Makes the folders, in place of those of a former demonstration.
    fn prepare(folder: &Path) -> Result<Self, CommandError> {
        clear(folder)?;
        files::write_new(&folder.join(MARKER), b"Made by `res-edge demo`, which may remove it.\n")?;
        let (source, delivery) = (folder.join("source"), folder.join("delivery.git"));
        write_example(&EXAMPLE, &source)?;
        let repository = git::init_work_tree(&source).map_err(|error| scratch_error(&error))?;
        git::init_bare(&delivery).map_err(|error| scratch_error(&error))?;
        Ok(Self { source, delivery, repository })
    }

    fn commit(&self, message: &str) -> Result<(), CommandError> {
        git::commit_folder(&self.repository, message)
            .map(drop)
            .map_err(|error| scratch_error(&error))
    }

    /// A session whose source is the example.
    fn session<'s>(&self, session: &'s mut Session<'_>) -> Session<'s> {
        let location = Location { source: self.source.clone(), revision: None };
        let (expansion, expander) = (session.expansion.clone(), session.expander.clone());
        Session { location, expansion, expander, terminal: session.terminal }
    }

    fn publish(&self, session: &mut Session) -> Result<(), CommandError> {
        let delivery = DeliveryArguments { to: Some(self.delivery.clone()) };
        let arguments = publish::Arguments::releasing_to(delivery);
        publish::run(&arguments, &mut self.session(session)).map(drop)
    }

    /// Changes the label of the store in its document, and answers where.
    fn move_store(&self) -> Result<String, CommandError> {
        let (source, label) = self.label()?;
        let file = source.files.get(label.file).ok_or_else(gone)?;
        let path = self.source.join(&*file.path);
        let (before, after) =
            (&file.bytes[..label.start as usize], &file.bytes[label.end as usize..]);
        fs::write(&path, [before, b"beta", after].concat()).map_err(|error| {
            CommandError::unavailable(format!("cannot write `{}`", path.display()), &error)
        })?;
        let line = source.files.place(label).line;
        Ok(format!("{}:{line}", path.display()))
    }

    /// Where the label `ring` of the store stands.
    fn label(&self) -> Result<(model::Source, model::Span), CommandError> {
        let source = source::load(&self.source, None)?;
        let (documents, _) = schema::read_source(&source);
        let clusters = documents.iter().filter_map(|document| match document {
            Document::Cluster(cluster) => Some(&cluster.metadata),
            _ => None,
        });
        let mut store = clusters.filter(|metadata| metadata.name.value.as_str() == STORE);
        let labels = store.next().map(|metadata| &metadata.labels).ok_or_else(gone)?;
        let ring = labels.iter().find(|(key, _)| &*key.value == "ring");
        let span = ring.map(|(_, value)| value.span).ok_or_else(gone)?;
        Ok((source, span))
    }

    /// A line for each cluster of the ledger.
    fn clusters(&self, session: &mut Session) -> Result<(), CommandError> {
        let repository =
            Repository::open(&self.delivery).map_err(|error| delivery::repository_error(&error))?;
        let (_, ledger) = delivery::existing_ledger(&repository)?;
        let mut clusters: Vec<_> = ledger.clusters.iter().collect();
        clusters.sort_by_key(|cluster| cluster.name.as_str());
        let rows = clusters.into_iter().map(|cluster| {
            let step = cluster.cells.iter().map(|cell| cell.released.0).max().unwrap_or_default();
            let tree = cluster.tree.to_string();
            let branch = format!("clusters/{}", cluster.name);
            let n_cells = cluster.cells.len().to_string();
            vec![cluster.name.to_string(), n_cells, step.to_string(), tree[..12].to_owned(), branch]
        });
        let titles = ["CLUSTER", "APPLICATIONS", "STEP", "TREE", "BRANCH"];
        let table = columns(Some(titles.map(str::to_owned).to_vec()), rows.collect());
        session.terminal.print(&table)
    }

    fn next_steps(&self) -> String {
        let (source, delivery) = (self.source.display(), self.delivery.display());
        format!(
            "  res-edge explain {STORE} point-of-sale --source {source}
  res-edge history cluster/{STORE} --source {source} --to {delivery}
  git -C {delivery} log --stat clusters/{STORE}
"
        )
    }
}

/// Makes room: removes a former demonstration, and refuses to touch anything else.
fn clear(folder: &Path) -> Result<(), CommandError> {
    if !folder.exists() {
        return Ok(());
    }
    let shown = folder.display();
    if !folder.join(MARKER).is_file() {
        let message = format!("`{shown}` exists and was not made by `res-edge demo`");
        return Err(CommandError::user(message)
            .hint("name another folder, as in `res-edge demo /tmp/demo`"));
    }
    fs::remove_dir_all(folder)
        .map_err(|error| CommandError::unavailable(format!("cannot remove `{shown}`"), &error))
}

fn write_example(folder: &Dir<'_>, target: &Path) -> Result<(), CommandError> {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => write_example(folder, target)?,
            DirEntry::File(file) => files::write_new(&target.join(file.path()), file.contents())?,
        }
    }
    Ok(())
}

fn scratch_error(error: &git::ScratchError) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error)
        .hint("the demonstration needs the program `git` and a folder that it may write into")
}

fn gone() -> CommandError {
    CommandError::new(ErrorKind::Internal, format!("the example fleet has no store `{STORE}`"))
}
