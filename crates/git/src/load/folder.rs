//! A folder as it is on disk.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use model::{Files, Origin, Source};

use super::{FOLDERS, Gathered, LoadError, MAX_DEPTH, MAX_FILE, SETTINGS, join, revision};
use crate::Repository;
use crate::codes::{FILE_TOO_LARGE, FOLDER_TOO_DEEP, NOT_A_FILE};

/// Reads a folder, and asks its repository, if it is in one, which commit it is.
pub(super) fn load(root: &Path, repository: Option<&Repository>) -> Result<Source, LoadError> {
    let mut gathered = Gathered::default();
    for name in std::iter::once(SETTINGS).chain(FOLDERS) {
        match fs::symlink_metadata(root.join(name)) {
            Ok(metadata) => read(&root.join(name), name, &metadata, 1, &mut gathered)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(LoadError::Io { path: root.join(name), source }),
        }
    }
    if !gathered.files.iter().any(|file| &*file.path == SETTINGS) {
        return Err(LoadError::NotASource(format!("`{}`", root.display())));
    }
    let (files, digest, faults) = gathered.finish();
    let origin = match repository {
        Some(repository) => origin(root, repository, &files)?,
        None => Origin::Folder,
    };
    Ok(Source { files, digest, origin, faults })
}

fn read(
    at: &Path,
    path: &str,
    metadata: &Metadata,
    depth: usize,
    gathered: &mut Gathered,
) -> Result<(), LoadError> {
    if metadata.is_dir() {
        return read_folder(at, path, depth, gathered);
    }
    if metadata.is_symlink() {
        gathered.refuse(path, &NOT_A_FILE, format!("`{path}` is a symbolic link"));
    } else if !metadata.is_file() {
        gathered.refuse(path, &NOT_A_FILE, format!("`{path}` is neither a file nor a folder"));
    } else if metadata.len() > MAX_FILE {
        let size = metadata.len();
        let message = format!("`{path}` has {size} bytes, more than the {MAX_FILE} allowed");
        gathered.refuse(path, &FILE_TOO_LARGE, message);
    } else {
        let bytes = fs::read(at).map_err(|source| io_error(at, source))?;
        gathered.take(path, bytes, metadata.permissions().mode() & 0o100 != 0);
    }
    gathered.check_count(|| format!("`{}`", at.display()))
}

fn read_folder(
    at: &Path,
    path: &str,
    depth: usize,
    gathered: &mut Gathered,
) -> Result<(), LoadError> {
    if depth > MAX_DEPTH {
        let message = format!("`{path}` is nested more than {MAX_DEPTH} deep");
        gathered.refuse(path, &FOLDER_TOO_DEEP, message);
        return Ok(());
    }
    let entries: io::Result<Vec<DirEntry>> = fs::read_dir(at).and_then(Iterator::collect);
    let entries = entries.map_err(|source| io_error(at, source))?;
    if entries.iter().any(|entry| entry.file_name() == OsStr::new(".git")) {
        gathered.refuse(path, &NOT_A_FILE, format!("`{path}` is a submodule"));
        return Ok(());
    }
    for entry in entries {
        let name = entry.file_name();
        if gathered.accepts_name(path, name.as_bytes()) {
            let metadata = entry.metadata().map_err(|source| io_error(&entry.path(), source))?;
            let below = join(path, &name.to_string_lossy());
            read(&entry.path(), &below, &metadata, depth + 1, gathered)?;
        }
    }
    Ok(())
}

fn io_error(path: &Path, source: io::Error) -> LoadError {
    LoadError::Io { path: path.to_owned(), source }
}

/// Which commit the files are: the checked-out one, if it holds exactly these.
///
/// A folder that the repository around it ignores is in no repository, as far as history goes.
fn origin(root: &Path, repository: &Repository, files: &Files) -> Result<Origin, LoadError> {
    let head = repository.reference("HEAD")?;
    let prefix = revision::prefix(repository, root)?;
    let committed = match head {
        Some(commit) => revision::listing(repository, commit, &prefix)?,
        None => BTreeMap::new(),
    };
    if committed.is_empty() && !prefix.as_os_str().is_empty() && repository.ignores(root)? {
        return Ok(Origin::Folder);
    }
    let changed = changes(&committed, files);
    match head {
        Some(commit) if changed.is_empty() => Ok(Origin::Commit(commit)),
        _ => Ok(Origin::WorkTree { head, changed }),
    }
}

/// The paths that are not the same in the commit and on disk, at most ten.
fn changes(committed: &BTreeMap<String, (model::ObjectId, bool)>, files: &Files) -> Vec<String> {
    let on_disk: BTreeMap<&str, (model::ObjectId, bool)> =
        files.iter().map(|(_, file)| (&*file.path, (file.id, file.executable))).collect();
    let missing = committed.keys().filter(|path| !on_disk.contains_key(path.as_str()));
    let differing = on_disk
        .iter()
        .filter(|(path, file)| committed.get(**path) != Some(file))
        .map(|(path, _)| (*path).to_owned());
    missing.cloned().chain(differing).take(10).collect()
}

/// The folder of a repository's work tree that a path is in, relative to its root.
pub(super) fn relative(root: &Path, below: &Path) -> Result<PathBuf, LoadError> {
    let canonical = |path: &Path| path.canonicalize().map_err(|source| io_error(path, source));
    let (root, below) = (canonical(root)?, canonical(below)?);
    Ok(below.strip_prefix(&root).map(Path::to_owned).unwrap_or_default())
}
