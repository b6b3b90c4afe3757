//! A revision of a repository, straight from its object database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{CommitId, ObjectId, Origin, Source};

use super::loader::Last;
use super::{Gathered, LoadError, MAX_DEPTH, MAX_FILE, SETTINGS, folder, is_ours, join};
use crate::codes::{FILE_TOO_LARGE, FOLDER_TOO_DEEP, NOT_A_FILE};
use crate::{Reader, Repository, TreeEntry, TreeEntryKind};

/// Reads a revision of the source whose folder, in a work tree, is `location`. Folders that the
/// last one had are taken from there; answers the source, and the id of each of its folders.
pub(super) fn load(
    repository: &Repository,
    location: &Path,
    revision: &str,
    last: Option<&Last>,
) -> Result<Last, LoadError> {
    let commit = repository.resolve(revision)?;
    let whole = || format!("revision `{revision}` of `{}`", location.display());
    let reader = repository.reader();
    let (mut gathered, mut folders) = (Gathered::default(), BTreeMap::new());
    let prefix = prefix(repository, location)?;
    if let Some(root) = root_tree(&reader, commit, &prefix)? {
        let reader = &reader;
        let (gathered, folders) = (&mut gathered, &mut folders);
        Walk { reader, gathered, folders, last, whole: &whole }.folder(root, "", 0)?;
    }
    if !gathered.files.iter().any(|file| &*file.path == SETTINGS) {
        return Err(LoadError::NotASource(whole()));
    }
    let (files, digest, faults) = gathered.finish();
    let source = Source { files, digest, origin: Origin::Commit(commit), faults };
    Ok(Last { source, folders })
}

/// The folder of the repository that is the source: empty for its root.
pub(super) fn prefix(repository: &Repository, location: &Path) -> Result<PathBuf, LoadError> {
    match repository.work_tree() {
        Some(root) => folder::relative(&root, location),
        None => Ok(PathBuf::new()),
    }
}

/// The tree of a folder of a commit, if there is such a folder.
fn root_tree(
    reader: &Reader<'_>,
    commit: CommitId,
    prefix: &Path,
) -> Result<Option<ObjectId>, LoadError> {
    let mut tree = reader.commit(commit)?.tree;
    for part in prefix {
        let found = reader.tree(tree)?.into_iter().find(|entry| {
            entry.kind == TreeEntryKind::Tree && *entry.name == *part.as_encoded_bytes()
        });
        match found {
            Some(entry) => tree = entry.id,
            None => return Ok(None),
        }
    }
    Ok(Some(tree))
}

/// Path, id and executable bit of every file of the source in a commit, contents unread.
pub(super) fn listing(
    repository: &Repository,
    commit: CommitId,
    prefix: &Path,
) -> Result<BTreeMap<String, (ObjectId, bool)>, LoadError> {
    let mut files = BTreeMap::new();
    let reader = repository.reader();
    if let Some(root) = root_tree(&reader, commit, prefix)? {
        list(&reader, root, "", &mut files)?;
    }
    Ok(files)
}

fn list(
    reader: &Reader<'_>,
    tree: ObjectId,
    parent: &str,
    files: &mut BTreeMap<String, (ObjectId, bool)>,
) -> Result<(), LoadError> {
    for entry in reader.tree(tree)? {
        let path = join(parent, &String::from_utf8_lossy(&entry.name));
        let wanted = !parent.is_empty() || is_ours(&path) || is_ours(&format!("{path}/"));
        match entry.kind {
            _ if !wanted => {}
            TreeEntryKind::Tree => list(reader, entry.id, &path, files)?,
            kind => {
                files.insert(path, (entry.id, kind == TreeEntryKind::Executable));
            }
        }
    }
    Ok(())
}

struct Walk<'a> {
    reader: &'a Reader<'a>,
    gathered: &'a mut Gathered,
    folders: &'a mut BTreeMap<String, ObjectId>,
    last: Option<&'a Last>,
    whole: &'a dyn Fn() -> String,
}

impl Walk<'_> {
    fn folder(&mut self, tree: ObjectId, parent: &str, depth: usize) -> Result<(), LoadError> {
        if depth > MAX_DEPTH {
            let message = format!("`{parent}` is nested more than {MAX_DEPTH} deep");
            self.gathered.refuse(parent, &FOLDER_TOO_DEEP, message);
            return Ok(());
        }
        if let Some(last) = self.last.filter(|last| last.has(parent, tree)) {
            last.copy(parent, &mut self.gathered.files, self.folders);
            return self.gathered.check_count(self.whole);
        }
        self.folders.insert(parent.to_owned(), tree);
        for entry in self.reader.tree(tree)? {
            let shown = join(parent, &String::from_utf8_lossy(&entry.name));
            let wanted = depth > 0 || is_ours(&shown) || is_ours(&format!("{shown}/"));
            if wanted && self.gathered.accepts_name(parent, &entry.name) {
                self.entry(&entry, &shown, depth)?;
            }
        }
        self.gathered.check_count(self.whole)
    }

    fn entry(&mut self, entry: &TreeEntry, path: &str, depth: usize) -> Result<(), LoadError> {
        let executable = match entry.kind {
            TreeEntryKind::Tree => return self.folder(entry.id, path, depth + 1),
            TreeEntryKind::File => false,
            TreeEntryKind::Executable => true,
            TreeEntryKind::Symlink => {
                let message = format!("`{path}` is a symbolic link");
                self.gathered.refuse(path, &NOT_A_FILE, message);
                return Ok(());
            }
            TreeEntryKind::Submodule => {
                self.gathered.refuse(path, &NOT_A_FILE, format!("`{path}` is a submodule"));
                return Ok(());
            }
        };
        if let Some(file) = self.last.and_then(|last| last.file(path, entry.id, executable)) {
            self.gathered.files.push(file.clone());
            return Ok(());
        }
        let size = self.reader.size(entry.id)?;
        if size > MAX_FILE {
            let message = format!("`{path}` has {size} bytes, more than the {MAX_FILE} allowed");
            self.gathered.refuse(path, &FILE_TOO_LARGE, message);
        } else {
            self.gathered.take(path, self.reader.blob(entry.id)?, executable);
        }
        Ok(())
    }
}
