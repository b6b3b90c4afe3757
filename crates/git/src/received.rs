//! Trees among objects that were received, walked whole or not at all.
//!
//! In: the id of a tree, and a way to get objects by id. Out: every file with its path, and every
//! object on the way; what is missing, altered, or no file or folder is an error, since whoever
//! prunes by a tree must have all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::ObjectId;

use crate::objects::encode_tree;
use crate::reader::{TreeEntry, TreeEntryKind};
use crate::{Received, ReceivedKind, ReceivedObjects, Repository, RepositoryError};

/// How many folders may stand in each other.
const DEPTH: usize = 32;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedFile {
    /// The path from the root, with `/`.
    pub path: String,
    /// The content.
    pub bytes: Arc<[u8]>,
}

/// A tree, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedTree {
    /// Every file, in the order of Git.
    pub files: Vec<ReceivedFile>,
    /// The tree itself and every object below it.
    pub objects: ReceivedObjects,
    /// The folders of the root by name, with the ids of their trees.
    pub folders: BTreeMap<String, ObjectId>,
}

/// Why a tree cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// An object is not there.
    #[error("the tree is not whole: {id}, which is `{path}`, is missing")]
    Missing {
        /// The object.
        id: ObjectId,
        /// What it would be; empty for the root.
        path: String,
    },
    /// An object is not what its id says, or of another kind.
    #[error("the object {id}, which is `{path}`, is not what its id says")]
    Altered {
        /// The object.
        id: ObjectId,
        /// What it would be.
        path: String,
    },
    /// Something that is neither a file nor a folder, or has no name that is text.
    #[error("`{0}` is neither a file nor a folder")]
    Strange(String),
}

/// Walks a tree. Each object is hashed, so that the result is what the id says.
///
/// # Errors
/// [`TreeError`] where anything of it is missing or altered.
pub fn received_tree(
    root: ObjectId,
    object: impl Fn(&ObjectId) -> Option<Received>,
) -> Result<ReceivedTree, TreeError> {
    let mut tree = ReceivedTree::default();
    walk(root, String::new(), 0, &object, &mut tree)?;
    Ok(tree)
}

fn walk(
    id: ObjectId,
    path: String,
    depth: usize,
    object: &impl Fn(&ObjectId) -> Option<Received>,
    tree: &mut ReceivedTree,
) -> Result<(), TreeError> {
    if depth > DEPTH {
        return Err(TreeError::Strange(path));
    }
    let found = take(id, &path, ReceivedKind::Tree, object, tree)?;
    let altered = || TreeError::Altered { id, path: path.clone() };
    for entry in tree_entries(&found.bytes).ok_or_else(altered)? {
        let name = entry.name_text().filter(|name| is_plain(name));
        let shown = || format!("{path}/{}", String::from_utf8_lossy(&entry.name));
        let name = name.ok_or_else(|| TreeError::Strange(shown()))?;
        let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        match entry.kind {
            TreeEntryKind::Tree => {
                if depth == 0 {
                    tree.folders.insert(below.clone(), entry.id);
                }
                walk(entry.id, below, depth + 1, object, tree)?;
            }
            TreeEntryKind::File | TreeEntryKind::Executable => {
                let blob = take(entry.id, &below, ReceivedKind::Blob, object, tree)?;
                tree.files.push(ReceivedFile { path: below, bytes: blob.bytes });
            }
            TreeEntryKind::Symlink | TreeEntryKind::Submodule => {
                return Err(TreeError::Strange(below));
            }
        }
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "." | "..") && !name.contains('/')
}

/// An object of this kind, which is what its id says.
fn take(
    id: ObjectId,
    path: &str,
    kind: ReceivedKind,
    object: &impl Fn(&ObjectId) -> Option<Received>,
    tree: &mut ReceivedTree,
) -> Result<Received, TreeError> {
    if let Some(found) = tree.objects.get(&id).filter(|found| found.kind == kind) {
        return Ok(found.clone());
    }
    let missing = || TreeError::Missing { id, path: path.to_owned() };
    let found = object(&id).ok_or_else(missing)?;
    if found.kind != kind || found.id() != id {
        return Err(TreeError::Altered { id, path: path.to_owned() });
    }
    tree.objects.insert(id, found.clone());
    Ok(found)
}

/// The entries of an encoded tree; nothing if it is not one from start to end.
fn tree_entries(bytes: &[u8]) -> Option<Vec<TreeEntry>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (mode, name) = split_once(&rest[..end], b' ')?;
        let id = ObjectId(rest.get(end + 1..end + 21)?.try_into().ok()?);
        let kind = match mode {
            b"100644" | b"100755" => TreeEntryKind::File,
            b"40000" => TreeEntryKind::Tree,
            b"120000" => TreeEntryKind::Symlink,
            b"160000" => TreeEntryKind::Submodule,
            _ => return None,
        };
        entries.push(TreeEntry { name: name.into(), kind, id });
        rest = &rest[end + 21..];
    }
    Some(entries)
}

fn split_once(bytes: &[u8], by: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == by)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// One object of a repository as it would be received; nothing if it is not there as that.
///
/// # Errors
/// If the repository cannot be read.
pub fn stored_tree(
    repository: &Repository,
    root: ObjectId,
) -> Result<ReceivedObjects, RepositoryError> {
    let reader = repository.reader();
    let mut objects = ReceivedObjects::new();
    let mut folders = vec![root];
    while let Some(id) = folders.pop() {
        let entries = reader.tree(id)?;
        for entry in &entries {
            match entry.kind {
                TreeEntryKind::Tree => folders.push(entry.id),
                TreeEntryKind::File | TreeEntryKind::Executable => {
                    let bytes = reader.blob(entry.id)?.into();
                    objects.insert(entry.id, Received { kind: ReceivedKind::Blob, bytes });
                }
                TreeEntryKind::Symlink | TreeEntryKind::Submodule => {}
            }
        }
        let bytes = encode_tree(entries).into();
        objects.insert(id, Received { kind: ReceivedKind::Tree, bytes });
    }
    Ok(objects)
}
