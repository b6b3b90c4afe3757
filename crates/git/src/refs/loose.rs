//! A few refs, each a file below `refs/`.
//!
//! Each file is locked, compared, and replaced by a durable one; then the folders are synced. A
//! ref that is only in `packed-refs` is compared there: while its own lock is held, nobody takes
//! it out of that file, but for a transaction of ours over many refs, which locks that file alone.
//! So a ref's lock is taken first and that file's looked at next, and the other transaction does
//! it the other way round: one of the two sees the other, and waits.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use model::CommitId;

use super::lock::{is_held_by_us, lock_path};
use super::packed::File as PackedFile;
use super::store::{Store, failed};
use super::{Failure, MoveError, RefMove, log};
use crate::RepositoryError;
use crate::durable::sync_folder;

/// Moves refs, none of which goes.
pub(super) fn move_few(store: &Store<'_>, moves: &[&RefMove]) -> Result<(), Failure> {
    let owner = store.owner()?;
    let paths: Vec<_> = moves.iter().map(|step| store.path(&step.name)).collect();
    let locks: Vec<_> =
        paths.iter().map(|path| store.lock(&owner, path)).collect::<Result<_, Failure>>()?;
    let packed_lock = lock_path(&store.packed());
    if is_held_by_us(&packed_lock).map_err(|error| failed(&packed_lock, error))? {
        return Err(Failure::Busy(packed_lock));
    }
    compare(store, moves, &paths)?;
    let stage = |step: &&RefMove| {
        let text = step.to.map(|to| format!("{to}\n")).unwrap_or_default();
        owner.stage(text.as_bytes(), store.mode()).map_err(|error| failed(store.git_dir, error))
    };
    let staged: Vec<_> = moves.iter().map(stage).collect::<Result<_, MoveError>>()?;
    for (staged, path) in staged.iter().zip(&paths) {
        fs::rename(staged, path).map_err(|error| failed(path, error))?;
    }
    log::append(store, moves);
    let mut folders: Vec<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    folders.dedup();
    // While the locks stand in them, nobody who packs refs removes the folders.
    for folder in folders {
        sync_folder(folder).map_err(|error| failed(folder, error))?;
    }
    drop(locks);
    Ok(())
}

/// Compares each ref with where it was seen, and makes sure that nothing is in the way of new
/// ones. The packed refs are read only for those that have no file.
fn compare(store: &Store<'_>, moves: &[&RefMove], paths: &[PathBuf]) -> Result<(), Failure> {
    let mut packed = None;
    for (step, path) in moves.iter().zip(paths) {
        let mut found = read(store, &step.name)?;
        if found.is_none() {
            let packed = match &packed {
                Some(packed) => packed,
                None => packed.insert(PackedFile::read(store.repository, store.git_dir)?),
            };
            found = packed.find(&step.name);
            if found.is_none() {
                packed.check_free(&step.name)?;
            }
            clear(step, path)?;
        }
        if found != step.from {
            return Err(MoveError::Moved { name: step.name.clone() }.into());
        }
    }
    Ok(())
}

/// Makes sure that no folder is where the file of a ref shall be: empty ones, which Git leaves
/// behind, are removed.
fn clear(step: &RefMove, path: &Path) -> Result<(), Failure> {
    if !path.is_dir() {
        return Ok(());
    }
    match first_file(path).map_err(|error| failed(path, error))? {
        Some(file) => {
            let below = file.strip_prefix(path).unwrap_or(&file).display();
            let other = format!("{}/{below}", step.name);
            Err(MoveError::Occupied { name: step.name.clone(), other }.into())
        }
        None => remove_empty(path).map_err(|error| match error.kind() {
            ErrorKind::DirectoryNotEmpty => Failure::Busy(path.to_owned()),
            _ => failed(path, error).into(),
        }),
    }
}

/// Removes folders that hold nothing but folders.
fn remove_empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        remove_empty(&entry?.path())?;
    }
    fs::remove_dir(folder)
}

/// A file in a folder, at any depth.
pub(super) fn first_file(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            return Ok(Some(entry.path()));
        }
        if let Some(file) = first_file(&entry.path())? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Where the file of a ref points, if there is one.
pub(super) fn read(store: &Store<'_>, name: &str) -> Result<Option<CommitId>, RepositoryError> {
    let unreadable = |reason: &str| store.repository.reference_error(name, reason.to_owned());
    let text = match fs::read_to_string(store.path(name)) {
        Ok(text) => text,
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
                return Ok(None);
            }
            _ => return Err(unreadable(&error.to_string())),
        },
    };
    if text.starts_with("ref:") {
        return Err(unreadable("it refers to another ref"));
    }
    let commit = text.trim_end().parse();
    commit.map(Some).map_err(|_| unreadable("its file does not hold the id of a commit"))
}
