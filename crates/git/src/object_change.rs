//! Which Kubernetes objects come and go when one application tree gives way to another.
//!
//! In: two trees by id, or one and nothing. Out: identities of objects, or that they are not
//! known. In the layout `manifests` a path is an identity, so equal subtrees are passed over and
//! only files that vanish are read; in the layout `flux` the folder's kustomizations are
//! followed. What cannot be read or understood is unknown, never "no object".

use std::collections::{BTreeMap, BTreeSet};

use model::{Cause, Layout, MemoryObjects, ObjectChange, ObjectId, ObjectKey, Observed};
use schema::objects::{flux_objects, object_key, prune_confirm};

use crate::Objects;
use crate::reader::{Reader, TreeEntry, TreeEntryKind};

/// Where trees and files are read from.
pub trait ReadObjects {
    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read_entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, String>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read_bytes(&self, blob: ObjectId) -> Result<Vec<u8>, String>;
}

impl ReadObjects for Objects {
    fn read_entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, String> {
        self.read_tree(tree).map_err(|error| error.to_string())
    }

    fn read_bytes(&self, blob: ObjectId) -> Result<Vec<u8>, String> {
        self.read_blob(blob).map_err(|error| error.to_string())
    }
}

impl ReadObjects for Reader<'_> {
    fn read_entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, String> {
        self.tree(tree).map_err(|error| error.to_string())
    }

    fn read_bytes(&self, blob: ObjectId) -> Result<Vec<u8>, String> {
        self.blob(blob).map_err(|error| error.to_string())
    }
}

impl ReadObjects for MemoryObjects {
    fn read_entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, String> {
        let entries = self.get_tree(tree).ok_or_else(|| format!("the tree {tree} is missing"))?;
        let entry = |entry: &model::Entry| TreeEntry {
            name: entry.name.as_bytes().into(),
            kind: TreeEntryKind::of(entry.mode),
            id: entry.id,
        };
        Ok(entries.iter().map(entry).collect())
    }

    fn read_bytes(&self, blob: ObjectId) -> Result<Vec<u8>, String> {
        let bytes = self.get_blob(blob).ok_or_else(|| format!("the file {blob} is missing"))?;
        Ok(bytes.to_vec())
    }
}

/// The objects that appear and vanish between two trees of one application.
///
/// A vanished object waits for a person if its kind is protected, or its last content is marked
/// `res-edge.dev/prune: confirm`.
pub fn object_change(
    objects: &(impl ReadObjects + ?Sized),
    layout: Layout,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Observed<ObjectChange> {
    let change = match layout {
        Layout::Manifests => manifests(objects, old, new),
        Layout::Flux => flux(objects, old, new),
    };
    change.map_or_else(|reason| Observed::Unknown(Cause(reason)), Observed::Known)
}

/// Files of one tree that the other does not have at that path.
#[derive(Default)]
struct Files {
    vanished: Vec<(String, ObjectId)>,
    appeared: Vec<(String, ObjectId)>,
}

fn manifests(
    objects: &(impl ReadObjects + ?Sized),
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Result<ObjectChange, String> {
    let mut files = Files::default();
    compare(objects, "", old, new, &mut files)?;
    let key = |path: &str| {
        object_key(path).ok_or_else(|| format!("`{path}` is no file of a Kubernetes object"))
    };
    let mut change = ObjectChange::default();
    for (path, _) in &files.appeared {
        change.appeared.push(key(path)?);
    }
    for (path, id) in &files.vanished {
        let key = key(path)?;
        let waits = key.is_protected() || prune_confirm(&objects.read_bytes(*id)?);
        change.vanished.push((key, waits));
    }
    change.appeared.sort();
    change.vanished.sort();
    Ok(change)
}

/// Walks two trees at once, and passes over what is equal.
fn compare(
    objects: &(impl ReadObjects + ?Sized),
    prefix: &str,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    files: &mut Files,
) -> Result<(), String> {
    if old == new {
        return Ok(());
    }
    let read = |tree: Option<ObjectId>| match tree {
        Some(tree) => named(objects.read_entries(tree)?, prefix),
        None => Ok(BTreeMap::new()),
    };
    if let (Some(old), Some(new)) = (old, new)
        && let Some(folders) = same_names(objects.read_entries(old)?, objects.read_entries(new)?)
    {
        for (name, old, new) in folders {
            compare(objects, &format!("{prefix}{name}/"), Some(old), Some(new), files)?;
        }
        return Ok(());
    }
    let (old, new) = (read(old)?, read(new)?);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let path = format!("{prefix}{name}");
        let is_folder = |entry: &&(TreeEntryKind, ObjectId)| entry.0 == TreeEntryKind::Tree;
        let (old, new) = (old.get(name), new.get(name));
        let folder =
            |entry: Option<&(TreeEntryKind, ObjectId)>| entry.filter(is_folder).map(|e| e.1);
        let file = |entry: Option<&(TreeEntryKind, ObjectId)>| {
            entry.filter(|entry| !is_folder(entry)).map(|entry| entry.1)
        };
        compare(objects, &format!("{path}/"), folder(old), folder(new), files)?;
        match (file(old), file(new)) {
            (Some(id), None) => files.vanished.push((path, id)),
            (None, Some(id)) => files.appeared.push((path, id)),
            _ => {}
        }
    }
    Ok(())
}

/// The name of a folder that two trees have, and what it is in each.
type ChangedFolder = (String, ObjectId, ObjectId);

/// The folders that differ between two trees with the same names of files and folders; nothing
/// where the names are others, or one is neither. Of most changes this is all there is to see.
fn same_names(old: Vec<TreeEntry>, new: Vec<TreeEntry>) -> Option<Vec<ChangedFolder>> {
    if old.len() != new.len() {
        return None;
    }
    let mut folders = Vec::new();
    for (old, new) in old.into_iter().zip(new) {
        let is_folder = old.kind == TreeEntryKind::Tree;
        let is_same = old.name == new.name && is_folder == (new.kind == TreeEntryKind::Tree);
        if !is_same || old.kind.rendered().is_none() || new.kind.rendered().is_none() {
            return None;
        }
        if is_folder && old.id != new.id {
            folders.push((new.name_text()?.to_owned(), old.id, new.id));
        }
    }
    Some(folders)
}

fn named(
    entries: Vec<TreeEntry>,
    prefix: &str,
) -> Result<BTreeMap<String, (TreeEntryKind, ObjectId)>, String> {
    let entry = |entry: TreeEntry| match (entry.name_text(), entry.kind.rendered()) {
        (Some(name), Some(_)) => Ok((name.to_owned(), (entry.kind, entry.id))),
        _ => {
            let name = String::from_utf8_lossy(&entry.name);
            Err(format!("`{prefix}{name}` is neither a file nor a folder"))
        }
    };
    entries.into_iter().map(entry).collect()
}

fn flux(
    objects: &(impl ReadObjects + ?Sized),
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Result<ObjectChange, String> {
    if old == new {
        return Ok(ObjectChange::default());
    }
    let (old, new) = (applied(objects, old)?, applied(objects, new)?);
    let vanished = old.iter().filter(|(key, _)| !new.contains_key(key));
    let appeared = new.keys().filter(|key| !old.contains_key(key));
    Ok(ObjectChange {
        appeared: appeared.cloned().collect(),
        vanished: vanished
            .map(|(key, confirm)| (key.clone(), *confirm || key.is_protected()))
            .collect(),
    })
}

/// The objects that Flux applies from a tree, each with whether it is marked.
fn applied(
    objects: &(impl ReadObjects + ?Sized),
    tree: Option<ObjectId>,
) -> Result<BTreeMap<ObjectKey, bool>, String> {
    let Some(tree) = tree else { return Ok(BTreeMap::new()) };
    let mut files = Files::default();
    compare(objects, "", None, Some(tree), &mut files)?;
    let read = |(path, id): (String, ObjectId)| Ok((path, objects.read_bytes(id)?));
    let files: Vec<(String, Vec<u8>)> =
        files.appeared.into_iter().map(read).collect::<Result<_, String>>()?;
    let mut found = BTreeMap::new();
    for entry in entries_of(&files) {
        for (key, confirm) in flux_objects(&files, &entry) {
            *found.entry(key).or_default() |= confirm;
        }
    }
    Ok(found)
}

/// The folder that the Flux Kustomization names: the overlay, else the base, else the root. A
/// render holds one overlay; of several, any may be the one.
fn entries_of(files: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let overlay = |(path, _): &(String, Vec<u8>)| {
        let (version, _) = path.strip_prefix("overlays/")?.split_once('/')?;
        Some(format!("overlays/{version}"))
    };
    let overlays: BTreeSet<String> = files.iter().filter_map(overlay).collect();
    if !overlays.is_empty() {
        return overlays;
    }
    let has_base = files.iter().any(|(path, _)| path.starts_with("base/"));
    BTreeSet::from([if has_base { "base".to_owned() } else { String::new() }])
}
