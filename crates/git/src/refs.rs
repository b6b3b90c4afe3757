//! Moving refs, all or none, and only from where they were seen.
//!
//! In: refs with the commits they are expected at and the ones they shall be at. Out: whether they
//! moved. The `git` program does it, so that its locks, its packed refs and other servers are
//! respected; what was moved is durable before this returns.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use model::CommitId;

use crate::durable::{sync_file_system, sync_folder};
use crate::{ProgramError, Repository, RepositoryError, program};

/// One ref that shall move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// The full name.
    pub(crate) name: String,
    /// Where it was seen; nothing if it was not there.
    pub(crate) from: Option<CommitId>,
    /// Where it shall be; nothing to remove it.
    pub(crate) to: Option<CommitId>,
}

/// Why refs did not move.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// A ref is no longer where it was seen.
    #[error("`{name}` was moved by someone else in the meantime")]
    Moved {
        /// The first such ref.
        name: String,
    },
    /// The `git` program refused or failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// What the refs are at cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// They moved, and it is not sure that a power cut leaves them so.
    #[error("cannot sync the refs of the repository `{}`: {source}", path.display())]
    Sync {
        /// The repository.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Moves refs in one transaction by compare-and-swap.
///
/// # Errors
/// [`MoveError::Moved`] if one of them is not where it was seen; then none has moved.
pub(crate) fn move_refs(repository: &Repository, moves: &[Move]) -> Result<(), MoveError> {
    if moves.is_empty() {
        return Ok(());
    }
    let input = transaction(moves);
    let arguments = ["update-ref", "--no-deref", "--stdin", "-z"];
    if let Err(error) = program::run(repository.git_dir(), &arguments, &input) {
        for Move { name, from, .. } in moves {
            if repository.reference(name)? != *from {
                return Err(MoveError::Moved { name: name.clone() });
            }
        }
        return Err(error.into());
    }
    let sync = |source| MoveError::Sync { path: repository.path().to_owned(), source };
    sync_folder(&repository.git_dir().join("refs")).map_err(sync)?;
    sync_file_system(repository.git_dir()).map_err(sync)
}

/// The commands of `git update-ref --stdin -z`, of which an id of zeros means "not there".
fn transaction(moves: &[Move]) -> Vec<u8> {
    let none = CommitId([0; 20]);
    let mut text = String::from("start\0");
    for Move { name, from, to } in moves {
        let (from, to) = (from.unwrap_or(none), to.unwrap_or(none));
        // Writing to a string cannot fail.
        let _ = write!(text, "update {name}\0{to}\0{from}\0");
    }
    text.push_str("prepare\0commit\0");
    text.into_bytes()
}
