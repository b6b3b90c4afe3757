//! The folders of a tree, found by path and replaced by path.
//!
//! In: a tree and the paths of folders. Out: the trees that stand there, or a new tree in which
//! some are others. Everything else in the tree stays as it is, whatever its kind.

use std::collections::HashMap;

use model::ObjectId;

use super::ProjectError;
use crate::Objects;
use crate::reader::{TreeEntry, TreeEntryKind};

/// The parts of a path.
pub(super) type Path = Vec<String>;

/// The trees below one root, each read once.
pub(super) struct Folders<'a> {
    objects: &'a Objects,
    root: Option<ObjectId>,
    /// The entries of a tree by their names.
    trees: HashMap<ObjectId, HashMap<Box<[u8]>, TreeEntry>>,
}

impl<'a> Folders<'a> {
    /// The folders of a tree, or of no tree.
    pub(super) fn new(objects: &'a Objects, root: Option<ObjectId>) -> Self {
        Self { objects, root, trees: HashMap::new() }
    }

    /// The tree at a path, if something stands there.
    ///
    /// # Errors
    /// If it is a file, or below one.
    pub(super) fn find(&mut self, path: &[String]) -> Result<Option<ObjectId>, ProjectError> {
        let mut at = self.root;
        for (depth, part) in path.iter().enumerate() {
            let Some(tree) = at else { return Ok(None) };
            at = match self.entry(tree, part)? {
                None => return Ok(None),
                Some(entry) if entry.kind == TreeEntryKind::Tree => Some(entry.id),
                Some(_) => return Err(no_folder(&path[..=depth])),
            };
        }
        Ok(at)
    }

    fn entry(&mut self, tree: ObjectId, name: &str) -> Result<Option<&TreeEntry>, ProjectError> {
        if !self.trees.contains_key(&tree) {
            let entries = self.objects.read_tree(tree)?;
            let entries = entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
            self.trees.insert(tree, entries);
        }
        Ok(self.trees.get(&tree).and_then(|entries| entries.get(name.as_bytes())))
    }
}

/// The tree in which each of these paths, which are in order, is this tree or absent; nothing if
/// nothing is left. Folders that become empty go too. Where one path is in another, the outer
/// one is replaced first.
pub(super) fn replace(
    objects: &Objects,
    root: Option<ObjectId>,
    changes: &[(Path, Option<ObjectId>)],
) -> Result<Option<ObjectId>, ProjectError> {
    let changes: Vec<(&[String], Option<ObjectId>)> =
        changes.iter().map(|(path, tree)| (path.as_slice(), *tree)).collect();
    replace_below(objects, root, &changes)
}

fn replace_below(
    objects: &Objects,
    tree: Option<ObjectId>,
    changes: &[(&[String], Option<ObjectId>)],
) -> Result<Option<ObjectId>, ProjectError> {
    let (tree, changes) = match changes {
        [([], tree)] => return Ok(*tree),
        [([], tree), below @ ..] => (*tree, below),
        _ => (tree, changes),
    };
    let entries = tree.map(|tree| objects.read_tree(tree)).transpose()?.unwrap_or_default();
    let mut entries: HashMap<Box<[u8]>, TreeEntry> =
        entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    let of_one_folder = |a: &(&[String], _), b: &(&[String], _)| a.0.first() == b.0.first();
    for group in changes.chunk_by(of_one_folder) {
        let Some(folder) = group[0].0.first() else { continue };
        let name: Box<[u8]> = folder.as_bytes().into();
        let before = match entries.get(&name) {
            Some(entry) if entry.kind != TreeEntryKind::Tree => {
                return Err(no_folder(std::slice::from_ref(folder)));
            }
            entry => entry.map(|entry| entry.id),
        };
        let below: Vec<_> = group.iter().map(|(path, tree)| (&path[1..], *tree)).collect();
        match replace_below(objects, before, &below)? {
            Some(id) => {
                let entry = TreeEntry { name: name.clone(), kind: TreeEntryKind::Tree, id };
                entries.insert(name, entry);
            }
            None => drop(entries.remove(&name)),
        }
    }
    let entries: Vec<TreeEntry> = entries.into_values().collect();
    Ok((!entries.is_empty()).then(|| objects.put_tree(entries)))
}

fn no_folder(path: &[String]) -> ProjectError {
    let reason = "a file stands there, where a folder must be".to_owned();
    ProjectError::Place { place: path.join("/"), reason }
}
