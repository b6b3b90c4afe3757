//! Moving refs, all or none, and only from where they were seen.
//!
//! In: refs with the commits they are expected at and the ones they shall be at. Out: whether they
//! moved; what was moved is durable before this returns. Refs are files, and they are written here
//! as the `git` program writes them, under its locks, so that it may run beside us at any moment
//! (<https://git-scm.com/docs/gitrepository-layout>, `Documentation/technical` of its sources):
//!
//! - A few refs are files below `refs/`, each written under its own lock. See [`loose`].
//! - Many refs, and refs that go, are one new file `packed-refs`, written under its lock. See
//!   [`packed`]. It costs the same for one ref and for all of them.
//!
//! A repository whose refs are no files, or whose file system has no hard links, which the locks
//! here need, is left to the `git` program.

mod lock;
mod log;
mod loose;
mod packed;
mod read;
mod store;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use model::CommitId;

use crate::{ProgramError, Repository, RepositoryError, program};
use store::Store;

pub(crate) use read::{read, read_below};

/// Up to so many refs are written as files of their own. Each costs one sync of a file; the file
/// of all packed refs has 80 bytes for each ref of the repository.
const FEW: usize = 8;

/// How long a transaction waits for locks of others.
const PATIENCE: Duration = Duration::from_secs(10);

/// One ref that shall move. The ids are those of commits, or for `refs/tags/` also of tag objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefMove {
    /// The full name, such as `refs/heads/main`.
    pub name: String,
    /// Where it was seen; nothing if it was not there.
    pub from: Option<CommitId>,
    /// Where it shall be; nothing to remove it.
    pub to: Option<CommitId>,
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
    /// Someone holds a lock, and did for as long as we waited.
    #[error("`{}` is locked by another program", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// A name that no ref may have.
    #[error("`{name}` cannot be the name of a ref: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A ref is in the way, since a name cannot be both a ref and a folder of refs.
    #[error("cannot make `{name}` where there is `{other}`")]
    Occupied {
        /// The new ref.
        name: String,
        /// The one that is there.
        other: String,
    },
    /// A file of refs cannot be read or written.
    #[error("cannot write the ref file `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The `git` program refused or failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// What the refs are at cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl MoveError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { path } => Some(format!(
                "wait until the other program is done; if no `git` runs on this repository, one \
                 was killed: remove `{}`",
                path.display()
            )),
            Self::Occupied { other, .. } => {
                Some(format!("rename or delete the other one: `git branch -m {other} NAME`"))
            }
            _ => None,
        }
    }
}

/// Why one try did not succeed.
enum Failure {
    /// Someone holds this lock; it can be tried again.
    Busy(PathBuf),
    /// The file system cannot do what the locks need.
    Unsupported,
    Error(MoveError),
}

impl<E: Into<MoveError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Moves refs in one transaction by compare-and-swap.
///
/// A reader sees each ref where it was or where it shall be, and never gone in between. Should the
/// machine stop in the middle, some of a few refs may have moved; of many, which are one file, all
/// or none of those that are read from it.
///
/// # Errors
/// [`MoveError::Moved`] if one of them is not where it was seen; then none has moved.
/// [`MoveError::Name`] if a name cannot be one, or is given twice.
pub fn move_refs(repository: &Repository, moves: &[RefMove]) -> Result<(), MoveError> {
    for step in moves {
        check_name(&step.name)?;
    }
    move_refs_within(repository, moves, PATIENCE)
}

fn move_refs_within(
    repository: &Repository,
    moves: &[RefMove],
    patience: Duration,
) -> Result<(), MoveError> {
    if moves.is_empty() {
        return Ok(());
    }
    let mut moves: Vec<&RefMove> = moves.iter().collect();
    moves.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    if let Some(twice) = moves.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let name = twice[0].name.clone();
        return Err(MoveError::Name { name, reason: "it is given twice".to_owned() });
    }
    let Some(store) = Store::of(repository) else { return by_program(repository, &moves) };
    let is_few = moves.len() <= FEW && moves.iter().all(|step| step.to.is_some());
    let end = Instant::now() + patience;
    let mut pause = Duration::from_micros(500);
    loop {
        let tried = if is_few {
            loose::move_few(&store, &moves)
        } else {
            packed::move_many(&store, &moves)
        };
        match tried {
            Ok(()) => return Ok(()),
            Err(Failure::Error(error)) => return Err(error),
            Err(Failure::Unsupported) => return by_program(repository, &moves),
            Err(Failure::Busy(path)) if Instant::now() >= end => {
                return Err(MoveError::Locked { path });
            }
            Err(Failure::Busy(_)) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Makes sure that a ref may have this name: by the rules of `git check-ref-format`
/// (<https://git-scm.com/docs/git-check-ref-format>), below `refs/`, and short enough for a file.
pub(crate) fn check_name(name: &str) -> Result<(), MoveError> {
    let refused = |reason: String| Err(MoveError::Name { name: name.to_owned(), reason });
    if !name.starts_with("refs/") {
        return refused("it does not start with `refs/`".to_owned());
    }
    // A file's name has at most 255 bytes, and its lock is called `<name>.lock`.
    if name.len() > 1000 || name.split('/').any(|part| part.len() > 250) {
        return refused("it is too long".to_owned());
    }
    match gix::validate::reference::branch_name(name.into()) {
        Ok(_) => Ok(()),
        Err(error) => refused(crate::reader::one_line(&error.to_string())),
    }
}

/// The same by the `git` program, at the cost of a file for each ref.
fn by_program(repository: &Repository, moves: &[&RefMove]) -> Result<(), MoveError> {
    let arguments = ["update-ref", "--no-deref", "--stdin", "-z"];
    let git_dir = repository.git_dir();
    if let Err(error) = program::run(git_dir, &arguments, &transaction(moves)) {
        for RefMove { name, from, .. } in moves {
            if repository.reference(name)? != *from {
                return Err(MoveError::Moved { name: name.clone() });
            }
        }
        return Err(error.into());
    }
    // The program syncs the files and not their folders.
    crate::durable::sync_file_system(git_dir)
        .map_err(|source| MoveError::File { path: git_dir.join("refs"), source })
}

/// Removes the locks that killed processes of ours left, which would stop Git, even where there is
/// nothing to move any more. Locks that a running process of ours or Git holds stay.
///
/// # Errors
/// [`MoveError::File`] if the files cannot be listed, read or removed.
pub fn clean(repository: &Repository) -> Result<(), MoveError> {
    let git_dir = repository.git_dir();
    lock::clean(git_dir)
        .map_err(|source| MoveError::File { path: git_dir.join("res-edge"), source })
}

/// The commands of `git update-ref --stdin -z`, of which an id of zeros means "not there".
fn transaction(moves: &[&RefMove]) -> Vec<u8> {
    let none = CommitId([0; 20]);
    let mut text = String::from("start\0");
    for RefMove { name, from, to } in moves {
        let (from, to) = (from.unwrap_or(none), to.unwrap_or(none));
        // Writing to a string cannot fail.
        let _ = write!(text, "update {name}\0{to}\0{from}\0");
    }
    text.push_str("prepare\0commit\0");
    text.into_bytes()
}
