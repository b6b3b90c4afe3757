//! `res-edge demo`: the whole way on a small fleet, in a folder of its own.
//!
//! Writes the example fleet into `./demo-data`, starts a server and a simulated cluster for each
//! cluster of the fleet, changes one store, shows what that does before it is merged, merges it
//! and shows it arriving. Started again, it goes on where it was.

mod stage;
mod story;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use git::Repository;
use include_dir::{Dir, DirEntry, include_dir};
use schema::document::Document;

use super::Outcome;
use crate::error::{CommandError, ErrorKind};
use crate::files;
use crate::session::{Location, Session};
use crate::source;

static EXAMPLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/retail");
/// The file that says a folder was made by this command and may be made anew.
const MARKER: &str = ".res-edge-demo";
/// The store that changes its ring.
const STORE: &str = "us-nola-2302";

/// Starts a server and a simulated cluster for each of an example fleet, changes one store, and
/// shows that arriving; without Kubernetes. Started again, it goes on where it was
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge demo            plays the story, and runs until Ctrl-C
  res-edge demo --once     ends after the story; exit code 0 if every cluster runs it")]
pub(crate) struct Arguments {
    /// The folder to work in
    #[arg(default_value = "demo-data", value_name = "DIR")]
    directory: PathBuf,
    /// End after the story; with exit code 1 unless every cluster runs what was merged
    #[arg(long)]
    once: bool,
    /// Address of its server
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
}

/// Runs the demonstration.
///
/// # Errors
/// The folder holds something else, or a step fails.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let demo = Demo::open(&arguments.directory)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| CommandError::unavailable("cannot start threads", &error))?;
    runtime.block_on(story::play(&demo, arguments, session))
}

/// The folders of one demonstration.
struct Demo {
    folder: PathBuf,
    source: PathBuf,
    repository: Repository,
    /// Whether the folder was there and is gone on with.
    goes_on: bool,
}

impl Demo {
    /// Opens the folders of a former demonstration, or makes them.
    fn open(folder: &Path) -> Result<Self, CommandError> {
        let source = folder.join("source");
        let goes_on = folder.join(MARKER).is_file() && folder.join("server").is_dir();
        let repository = if goes_on {
            Repository::open(&source).map_err(|error| scratch_error(&error))?
        } else {
            clear(folder)?;
            let text = b"Made by `res-edge demo`, which may remove it.\n";
            files::write_new(&folder.join(MARKER), text)?;
            write_example(&EXAMPLE, &source)?;
            git::init_work_tree(&source).map_err(|error| scratch_error(&error))?
        };
        Ok(Self { folder: folder.to_owned(), source, repository, goes_on })
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

    /// Moves the store to the other ring in its document; answers where, and the two rings.
    fn move_store(&self) -> Result<(String, [&'static str; 2]), CommandError> {
        let (source, label) = self.label()?;
        let file = source.files.get(label.file).ok_or_else(gone)?;
        let path = self.source.join(&*file.path);
        let range = label.start as usize..label.end as usize;
        let rings = match &file.bytes[range.clone()] {
            b"beta" => ["beta", "prod"],
            _ => ["prod", "beta"],
        };
        let (before, after) = (&file.bytes[..range.start], &file.bytes[range.end..]);
        fs::write(&path, [before, rings[1].as_bytes(), after].concat()).map_err(|error| {
            CommandError::unavailable(format!("cannot write `{}`", path.display()), &error)
        })?;
        let line = source.files.place(label).line;
        Ok((format!("{}:{line}", path.display()), rings))
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

fn scratch_error(error: &dyn std::error::Error) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error)
        .hint("the demonstration needs the program `git` and a folder that it may write into")
}

fn gone() -> CommandError {
    CommandError::new(ErrorKind::Internal, format!("the example fleet has no store `{STORE}`"))
}
