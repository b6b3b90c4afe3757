//! `res-edge restore`: a server's folder from a backup.

use std::path::PathBuf;

use server::RestoreError;

use super::Outcome;
use super::backup::{source, step};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Makes a new data folder of a server from a backup. Everything is checked before the folder is
/// there: checksums, every object of the repositories, the database.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge restore res-edge-2026-11-30.tar --data /var/lib/res-edge")]
pub(crate) struct Arguments {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Data folder to make, which is empty or not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Restores the backup.
///
/// # Errors
/// The folder is not empty, the backup is damaged, or something cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let progress = session.terminal.progress("restoring");
    let restored = super::block_on(server::restore(&arguments.file, &arguments.data))?;
    drop(progress);
    let manifest = restored.map_err(|error| failure(&error))?;
    session.terminal.message(&format!(
        "restored {} and {} of {} into `{}`",
        step(manifest.generation),
        source(manifest.source.as_deref()),
        manifest.made,
        arguments.data.display()
    ));
    Ok(Outcome::Done)
}

fn failure(error: &RestoreError) -> CommandError {
    let (kind, hint) = match error {
        RestoreError::NotEmpty(_) => {
            (ErrorKind::User, "name a new folder, or move what is there away first")
        }
        RestoreError::Damaged { .. } => (ErrorKind::User, "take another backup"),
        _ => return CommandError::of(ErrorKind::Unavailable, error),
    };
    CommandError::of(kind, error).hint(hint)
}
