//! What gives way to what: each pair of trees is walked once, each pair of files compared once,
//! however many clusters have it, and on all processors.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Entry, Layout, Mode, ObjectChange, ObjectId, Observed, RequestChange, tree_bytes};
use rayon::prelude::*;

use super::Contents;
use super::lines::{Key, Side, compare};
use crate::difference::Transition;

/// How deep folders of a tree may lie in each other.
const MAX_DEPTH: usize = 50;

/// A file that differs between two trees, by its path below them.
pub(super) type FilePair = (Arc<str>, FileSides);

/// A file on both sides.
pub(super) type FileSides = (Side, Side);

/// One tree that gives way to another.
#[derive(Default)]
pub(super) struct Walked {
    /// The files that differ, in the order of paths; only where both trees are there.
    pub(super) files: Vec<FilePair>,
    /// Folders that could not be read, or lie too deep.
    pub(super) unread: Vec<Arc<str>>,
    /// The objects that come and go.
    pub(super) objects: Option<Observed<ObjectChange>>,
    /// The folders of the newer tree that the older one does not have, with their sizes.
    pub(super) folders: Vec<(ObjectId, u64)>,
    /// The files of a tree that is new, with their sizes.
    pub(super) added: Vec<(ObjectId, u64)>,
    /// The files of a tree that goes.
    pub(super) removed: Vec<ObjectId>,
}

/// Walks all transitions.
pub(super) fn walk_all(
    contents: &dyn Contents,
    layout: Layout,
    transitions: &[Transition],
) -> Vec<Walked> {
    transitions.par_iter().map(|transition| walk(contents, layout, *transition)).collect()
}

fn walk(contents: &dyn Contents, layout: Layout, transition: Transition) -> Walked {
    let mut walk = Walk { contents, walked: Walked::default() };
    let Transition { old, new } = transition;
    match (old, new) {
        (Some(_), Some(_)) => walk.trees((old, new), "", 0),
        (None, Some(new)) => walk.new_tree(new, 0),
        (Some(old), None) => walk.old_tree(old, 0),
        (None, None) => {}
    }
    let mut walked = walk.walked;
    // In the layout `manifests` a file is an object.
    let come_and_go = |pair: &FilePair| pair.1.0.is_none() || pair.1.1.is_none();
    let may_differ = layout == Layout::Flux
        || old.is_none()
        || new.is_none()
        || !walked.unread.is_empty()
        || walked.files.iter().any(come_and_go);
    walked.objects = may_differ.then(|| contents.objects(transition));
    walked
}

/// The tree before and after.
type TreePair = (Option<ObjectId>, Option<ObjectId>);

struct Walk<'a> {
    contents: &'a dyn Contents,
    walked: Walked,
}

impl Walk<'_> {
    fn trees(&mut self, sides: TreePair, prefix: &str, depth: usize) {
        let [Some(old), Some(new)] = [sides.0, sides.1].map(|id| self.entries(id)) else {
            return self.walked.unread.push(prefix.trim_end_matches('/').into());
        };
        if let Some(id) = sides.1 {
            self.walked.folders.push((id, tree_bytes(&new).len() as u64));
        }
        let mut names: Vec<&str> = old.iter().chain(&*new).map(|entry| &*entry.name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let side = |entries: &[Entry]| -> Side {
                let entry = entries.iter().find(|entry| &*entry.name == name)?;
                Some((entry.mode, entry.id))
            };
            let sides = (side(&old), side(&new));
            if sides.0 != sides.1 {
                self.entry(sides, format!("{prefix}{name}"), depth);
            }
        }
    }

    fn entry(&mut self, sides: FileSides, path: String, depth: usize) {
        let folder = |side: Side| side.filter(|(mode, _)| *mode == Mode::Tree).map(|side| side.1);
        let file = |side: Side| side.filter(|(mode, _)| *mode != Mode::Tree);
        let folders = (folder(sides.0), folder(sides.1));
        let files = (file(sides.0), file(sides.1));
        if folders != (None, None) && depth < MAX_DEPTH {
            self.trees(folders, &format!("{path}/"), depth + 1);
        } else if folders != (None, None) {
            self.walked.unread.push(path.as_str().into());
        }
        if files != (None, None) {
            self.walked.files.push((path.into(), files));
        }
    }

    /// The sizes of what a new tree brings.
    fn new_tree(&mut self, id: ObjectId, depth: usize) {
        let Some(entries) = self.contents.tree(id).filter(|_| depth < MAX_DEPTH) else { return };
        self.walked.folders.push((id, tree_bytes(&entries).len() as u64));
        for entry in &*entries {
            if entry.mode == Mode::Tree {
                self.new_tree(entry.id, depth + 1);
            } else if let Some(bytes) = self.contents.blob(entry.id) {
                self.walked.added.push((entry.id, bytes.len() as u64));
            }
        }
    }

    /// The files of what goes.
    fn old_tree(&mut self, id: ObjectId, depth: usize) {
        let Some(entries) = self.contents.tree(id).filter(|_| depth < MAX_DEPTH) else { return };
        for entry in &*entries {
            match entry.mode {
                Mode::Tree => self.old_tree(entry.id, depth + 1),
                _ => self.walked.removed.push(entry.id),
            }
        }
    }

    /// The entries of a tree; an absent tree has none, an unread one is nothing.
    fn entries(&self, id: Option<ObjectId>) -> Option<Arc<[Entry]>> {
        id.map_or_else(|| Some(Arc::from([])), |id| self.contents.tree(id))
    }
}

/// What differs between two files.
pub(super) struct Compared {
    /// The number of the difference: equal numbers are equal differences.
    pub(super) change: u32,
    /// How many bytes the newer file has.
    pub(super) n_bytes: u64,
    /// How the requests of what is in them change.
    pub(super) requests: RequestChange,
}

/// Every pair of files, compared.
pub(super) struct Comparison {
    /// The differences by their numbers.
    pub(super) keys: Vec<Key>,
    pairs: HashMap<FileSides, Compared>,
}

impl Comparison {
    /// Compares pairs, of which some may be the same.
    pub(super) fn new(contents: &dyn Contents, pairs: impl Iterator<Item = FileSides>) -> Self {
        let distinct: BTreeMap<FileSides, ()> = pairs.map(|pair| (pair, ())).collect();
        let distinct: Vec<FileSides> = distinct.into_keys().collect();
        let compared: Vec<(Key, u64, RequestChange)> =
            distinct.par_iter().map(|(old, new)| compare(contents, *old, *new)).collect();
        let mut numbers: HashMap<Key, u32> = HashMap::new();
        let mut keys = Vec::new();
        let mut known = HashMap::with_capacity(distinct.len());
        for (pair, (key, n_bytes, requests)) in distinct.into_iter().zip(compared) {
            let next = keys.len() as u32;
            let change = *numbers.entry(key).or_insert_with_key(|key| {
                keys.push(key.clone());
                next
            });
            known.insert(pair, Compared { change, n_bytes, requests });
        }
        Self { keys, pairs: known }
    }

    /// What differs between two files that were compared.
    pub(super) fn get(&self, pair: &FileSides) -> &Compared {
        &self.pairs[pair]
    }
}
