//! `res-edge backup`: a server's folder as one file.

use std::path::PathBuf;

use server::BackupError;

use super::Outcome;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Writes the data folder of a server into one file, while the server runs: its repositories, its
/// database and its keys. The file lets its reader act as the server: keep it as safe as that.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
A database in PostgreSQL is not in it: back that up with pg_dump.

Example:
  res-edge backup --data /var/lib/res-edge -o res-edge-2026-11-30.tar")]
pub(crate) struct Arguments {
    /// Data folder of the server
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File to write, which is not there yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Makes the backup.
///
/// # Errors
/// There is no such folder, the file is there already, or something cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let progress = session.terminal.progress("backing up");
    let made = super::block_on(server::backup(&arguments.data, &arguments.output))?;
    drop(progress);
    let manifest = made.map_err(|error| failure(&error))?;
    session.terminal.message(&format!(
        "backed up {} and {} into `{}`: {} bytes",
        step(manifest.generation),
        source(manifest.source.as_deref()),
        arguments.output.display(),
        manifest.bytes()
    ));
    Ok(Outcome::Done)
}

/// The last step of a backup, in words.
pub(super) fn step(generation: Option<u32>) -> String {
    generation.map_or("no ledger".to_owned(), |generation| format!("step {generation}"))
}

/// The source of a backup, in words.
pub(super) fn source(commit: Option<&str>) -> String {
    commit.map_or("no source".to_owned(), |commit| format!("source {}", &commit[..10]))
}

fn failure(error: &BackupError) -> CommandError {
    let (kind, hint) = match error {
        BackupError::NoFolder(_) => (ErrorKind::User, "name the folder of `serve --data`"),
        BackupError::Exists(_) => (ErrorKind::User, "name a file that is not there yet"),
        BackupError::Strange(_) => (ErrorKind::Unavailable, "move it elsewhere"),
        _ => return CommandError::of(ErrorKind::Unavailable, error),
    };
    CommandError::of(kind, error).hint(hint)
}
