//! A whole repository as one file, and back: <https://git-scm.com/docs/git-bundle>.
//!
//! In: a repository that others may be writing to, or a file. Out: a file with every ref as it
//! was at one moment and all that they lead to; or a new repository that is equal to that and was
//! looked through. The `git` program does the work, so that the file can be read without us.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::CommitId;

use crate::program::{ProgramError, run_within};
use crate::refs::{MoveError, RefMove, move_refs};
use crate::scratch::{ScratchError, init_bare};
use crate::{Repository, RepositoryError};

/// How long one run may take: every object is read.
const TIME: Duration = Duration::from_secs(4 * 3600);

/// Why a repository could not be put into a file or taken out of it.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The path is not plain text.
    #[error("`{}` cannot be the name of a bundle", .0.display())]
    Path(PathBuf),
    /// The `git` program failed, or found that something is missing or damaged.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It names a ref in a way that is not understood.
    #[error("the bundle `{}` holds what is no ref: `{line}`", path.display())]
    Line {
        /// The bundle.
        path: PathBuf,
        /// What stands there.
        line: String,
    },
    /// The new repository cannot be made.
    #[error(transparent)]
    Make(#[from] ScratchError),
    /// A repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The refs of the new repository cannot be made.
    #[error(transparent)]
    Refs(#[from] MoveError),
}

/// Writes every ref of a repository, and all that they lead to, into a new file. A repository
/// without refs gives none, and the answer says so.
///
/// # Errors
/// [`BundleError`].
pub fn write_bundle(repository: &Repository, file: &Path) -> Result<bool, BundleError> {
    if repository.references("refs/")?.is_empty() {
        return Ok(false);
    }
    let arguments = ["bundle", "create", "--quiet", text(file)?, "--all"];
    run_within(repository.git_dir(), &arguments, b"", TIME)?;
    Ok(true)
}

/// Makes a new bare repository of a bundle, or an empty one without. It is looked through: every
/// object has the id that it is asked for by, and nothing that a ref leads to is missing.
///
/// # Errors
/// [`BundleError`]. What was begun is left to the caller.
pub fn read_bundle(file: Option<&Path>, folder: &Path) -> Result<Repository, BundleError> {
    let repository = init_bare(folder)?;
    let Some(file) = file else { return Ok(repository) };
    let arguments = ["bundle", "unbundle", text(file)?];
    let printed = run_within(repository.git_dir(), &arguments, b"", TIME)?;
    let moves = refs(file, &String::from_utf8_lossy(&printed))?;
    move_refs(&repository, &moves)?;
    let arguments = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
    run_within(repository.git_dir(), &arguments, b"", TIME)?;
    Ok(Repository::open(folder)?)
}

/// The refs of `<id> <name>` lines. `HEAD` is made with every repository.
fn refs(path: &Path, printed: &str) -> Result<Vec<RefMove>, BundleError> {
    let lines = printed.lines().filter(|line| !line.ends_with(" HEAD"));
    let parse = |line: &str| {
        let (id, name) = line.split_once(' ')?;
        let to: CommitId = id.parse().ok()?;
        Some(RefMove { name: name.to_owned(), from: None, to: Some(to) })
    };
    let wrong = |line: &str| BundleError::Line { path: path.to_owned(), line: line.to_owned() };
    lines.map(|line| parse(line).ok_or_else(|| wrong(line))).collect()
}

fn text(path: &Path) -> Result<&str, BundleError> {
    let plain = path.to_str().filter(|text| path.is_absolute() && !text.contains('\n'));
    plain.ok_or_else(|| BundleError::Path(path.to_owned()))
}
