//! Editing files of a commit.

use std::collections::HashMap;

use model::{CommitId, ObjectId, Sink as _, hash_blob};

use super::{CommitRecord, Committed, commit};
use crate::ledger::EMPTY_TREE;
use crate::load::fault_of_name;
use crate::reader::{TreeEntry, TreeEntryKind};
use crate::{Objects, PackError, Repository, RepositoryError};

/// How deep folders may nest, as in a source.
const DEPTH: usize = 50;

/// One file that shall be another, or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEdit {
    /// Its path from the root, with `/` between names.
    pub path: String,
    /// What it shall hold; nothing to remove it.
    pub content: Option<Vec<u8>>,
    /// What the edit was made on.
    pub expected: Expected,
}

/// What must stand in the place of an edit for it to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever stands there.
    Any,
    /// No file.
    Absent,
    /// A file with this content.
    File(ObjectId),
}

/// Why files were not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is another than the edit was made on.
    #[error("`{path}` was changed in the meantime")]
    Stale {
        /// The file.
        path: String,
        /// What it holds now; nothing if it is not there.
        found: Option<ObjectId>,
    },
    /// There can be no file of this path.
    #[error("`{path}` cannot be the path of a file: {reason}")]
    Path {
        /// The path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// Something else stands there, or where a folder would have to be.
    #[error("`{path}` cannot be written: {reason}")]
    Occupied {
        /// The path.
        path: String,
        /// What stands there.
        reason: String,
    },
    /// The commit cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The new objects cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Makes a commit with some files edited, on top of another. A file that was there keeps its
/// executable bit; folders come and go as they are needed. Nothing is made if the edits change
/// nothing.
///
/// # Errors
/// [`EditError::Stale`] if a file is not as it was expected; then nothing is made, either.
pub fn edit_files(
    repository: &Repository,
    parent: CommitId,
    edits: &[FileEdit],
    record: &CommitRecord,
) -> Result<Option<Committed>, EditError> {
    let before = repository.commit(parent)?.tree;
    let objects = Objects::new(repository);
    let tree = edit_tree(&objects, Some(before), edits)?;
    if tree == before {
        return Ok(None);
    }
    Ok(Some(commit(&objects, tree, &[parent], record)?))
}

/// Makes a commit that follows none, of some files.
///
/// # Errors
/// As those of [`edit_files`].
pub fn begin_files(
    repository: &Repository,
    edits: &[FileEdit],
    record: &CommitRecord,
) -> Result<Committed, EditError> {
    let objects = Objects::new(repository);
    let tree = edit_tree(&objects, None, edits)?;
    Ok(commit(&objects, tree, &[], record)?)
}

/// The tree after some edits.
fn edit_tree(
    objects: &Objects,
    before: Option<ObjectId>,
    edits: &[FileEdit],
) -> Result<ObjectId, EditError> {
    let mut steps = edits.iter().map(Step::of).collect::<Result<Vec<_>, _>>()?;
    steps.sort_by(|a, b| a.names.cmp(&b.names));
    // Of two paths in order, the one that is the start of others is next to the first of them.
    let mut pairs = steps.windows(2);
    if let Some(pair) = pairs.find(|pair| pair[1].names.starts_with(&pair[0].names)) {
        let reason = format!("`{}` is edited too", pair[0].edit.path);
        return Err(EditError::Path { path: pair[1].edit.path.clone(), reason });
    }
    Ok(edit_below(objects, before, &steps, 0)?.unwrap_or(EMPTY_TREE))
}

/// An edit with its path taken apart.
struct Step<'a> {
    names: Vec<&'a str>,
    edit: &'a FileEdit,
}

impl<'a> Step<'a> {
    fn of(edit: &'a FileEdit) -> Result<Self, EditError> {
        let names: Vec<&str> = edit.path.split('/').collect();
        let fault = |name: &&str| match fault_of_name(name.as_bytes()) {
            Some(why) => Some(format!("the name `{}` {why}", name.escape_debug())),
            None if name.is_empty() => Some("a name in it is empty".to_owned()),
            None if name.len() > 255 => Some("a name in it is too long".to_owned()),
            None => None,
        };
        let deep = (names.len() > DEPTH).then(|| format!("it is more than {DEPTH} deep"));
        match names.iter().find_map(fault).or(deep) {
            Some(reason) => Err(EditError::Path { path: edit.path.clone(), reason }),
            None => Ok(Self { names, edit }),
        }
    }

    /// The path down to a depth.
    fn above(&self, depth: usize) -> String {
        self.names[..=depth].join("/")
    }

    fn occupied(&self, depth: usize, kind: TreeEntryKind) -> EditError {
        let what = match kind {
            TreeEntryKind::Tree => "a folder",
            TreeEntryKind::Symlink => "a symbolic link",
            TreeEntryKind::Submodule => "a submodule",
            TreeEntryKind::File | TreeEntryKind::Executable => "a file",
        };
        let reason = format!("`{}` is {what}", self.above(depth));
        EditError::Occupied { path: self.edit.path.clone(), reason }
    }
}

/// The folder after the edits in it; nothing if it is empty.
fn edit_below(
    objects: &Objects,
    folder: Option<ObjectId>,
    steps: &[Step<'_>],
    depth: usize,
) -> Result<Option<ObjectId>, EditError> {
    let entries = folder.map(|tree| objects.read_tree(tree)).transpose()?.unwrap_or_default();
    let mut entries: HashMap<Box<[u8]>, TreeEntry> =
        entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    for group in steps.chunk_by(|a, b| a.names[depth] == b.names[depth]) {
        let name: Box<[u8]> = group[0].names[depth].as_bytes().into();
        let before = entries.get(&name);
        let after = match group {
            [step] if step.names.len() == depth + 1 => edit_file(objects, before, step, depth)?,
            _ => {
                let folder = match before {
                    Some(entry) if entry.kind != TreeEntryKind::Tree => {
                        return Err(group[0].occupied(depth, entry.kind));
                    }
                    before => before.map(|entry| entry.id),
                };
                let tree = edit_below(objects, folder, group, depth + 1)?;
                tree.map(|id| (TreeEntryKind::Tree, id))
            }
        };
        match after {
            None => drop(entries.remove(&name)),
            Some((kind, id)) => {
                entries.insert(name.clone(), TreeEntry { name, kind, id });
            }
        }
    }
    let entries: Vec<TreeEntry> = entries.into_values().collect();
    Ok((!entries.is_empty()).then(|| objects.put_tree(entries)))
}

fn edit_file(
    objects: &Objects,
    before: Option<&TreeEntry>,
    step: &Step<'_>,
    depth: usize,
) -> Result<Option<(TreeEntryKind, ObjectId)>, EditError> {
    let is_file = |kind| matches!(kind, TreeEntryKind::File | TreeEntryKind::Executable);
    if let Some(entry) = before.filter(|entry| !is_file(entry.kind)) {
        return Err(step.occupied(depth, entry.kind));
    }
    let found = before.map(|entry| entry.id);
    let is_expected = match step.edit.expected {
        Expected::Any => true,
        Expected::Absent => found.is_none(),
        Expected::File(id) => found == Some(id),
    };
    if !is_expected {
        return Err(EditError::Stale { path: step.edit.path.clone(), found });
    }
    let kind = before.map_or(TreeEntryKind::File, |entry| entry.kind);
    Ok(step.edit.content.as_deref().map(|bytes| match found {
        // The same again needs no object.
        Some(id) if id == hash_blob(&[bytes]) => (kind, id),
        _ => (kind, objects.blob(bytes)),
    }))
}
