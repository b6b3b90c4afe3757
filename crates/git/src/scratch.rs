//! New repositories for trying things out: the demonstration makes its own.
//!
//! In: a folder. Out: a repository in it, and commits of everything that the folder holds. No
//! repository that was there before is touched.

use std::io;
use std::path::{Path, PathBuf};

use model::CommitId;

use crate::program::{ProgramError, run};
use crate::{Repository, RepositoryError};

/// Why a new repository could not be made or committed to.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// The folder of the repository cannot be made.
    #[error("cannot make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something already.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// The `git` program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The new repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Makes an empty bare repository with the branch `main` in a folder that does not exist yet.
///
/// # Errors
/// If there is something at the path, or it cannot be made.
pub fn init_bare(path: &Path) -> Result<Repository, ScratchError> {
    init(path, &["init", "-q", "-b", "main", "--bare"])?;
    Ok(Repository::open(path)?)
}

/// Puts a folder under Git, with the branch `main` and no commit.
///
/// # Errors
/// If it is a repository already, or it cannot be made.
pub fn init_work_tree(folder: &Path) -> Result<Repository, ScratchError> {
    let git_dir = init(&folder.join(".git"), &["init", "-q", "-b", "main"])?;
    // Run in the repository's own folder, `git init` takes it for a bare one.
    run(&git_dir, &["config", "core.bare", "false"], &[])?;
    Ok(Repository::open(folder)?)
}

fn init(git_dir: &Path, arguments: &[&str]) -> Result<PathBuf, ScratchError> {
    if git_dir.exists() {
        return Err(ScratchError::Exists(git_dir.to_owned()));
    }
    let made = std::path::absolute(git_dir).and_then(|path| {
        std::fs::create_dir_all(&path)?;
        Ok(path)
    });
    let path = made.map_err(|source| ScratchError::Folder { path: git_dir.to_owned(), source })?;
    run(&path, arguments, &[])?;
    Ok(path)
}

/// Commits everything that a work tree holds, under the name of the demonstration.
///
/// # Errors
/// If Git refuses, or nothing changed.
pub fn commit_folder(repository: &Repository, message: &str) -> Result<CommitId, ScratchError> {
    let git_dir = repository.git_dir();
    let folder = repository.work_tree().unwrap_or_else(|| git_dir.to_owned());
    // The program runs in the repository's own folder, so the path must not be relative.
    let folder = std::path::absolute(&folder)
        .map_err(|source| ScratchError::Folder { path: folder.clone(), source })?;
    let work_tree = format!("--work-tree={}", folder.display());
    run(git_dir, &[&work_tree, "add", "--all"], &[])?;
    let author = ["-c", "user.name=res-edge demo", "-c", "user.email=demo@res-edge.example"];
    let commit = [&work_tree, "commit", "-q", "--no-verify", "-m", message];
    run(git_dir, &[&author[..], &commit[..]].concat(), &[])?;
    Ok(repository.resolve("HEAD")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_repository_takes_commits_of_its_whole_folder() {
        let folder = tempfile::TempDir::new().unwrap();
        let work = folder.path().join("work");
        let repository = init_work_tree(&work).unwrap();
        assert!(!repository.is_bare());
        std::fs::write(work.join("a.txt"), "a").unwrap();
        let first = commit_folder(&repository, "first").unwrap();
        std::fs::remove_file(work.join("a.txt")).unwrap();
        std::fs::write(work.join("b.txt"), "b").unwrap();
        let second = commit_folder(&repository, "second").unwrap();
        let info = repository.commit(second).unwrap();
        assert_eq!(info.parents, [first]);
        let names: Vec<_> = repository.tree(info.tree).unwrap();
        assert_eq!(names.iter().map(|e| e.name_text().unwrap()).collect::<Vec<_>>(), ["b.txt"]);
    }

    #[test]
    fn what_exists_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(init_bare(&folder.path().join("a.git")).unwrap().is_bare());
        let again = init_bare(&folder.path().join("a.git"));
        assert!(matches!(again, Err(ScratchError::Exists(_))));
    }
}
