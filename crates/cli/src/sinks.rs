//! Sinks for renders that are looked at and not released.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{
    Base, Counter, Entry, ObjectId, Piece, Sink, hash_blob, hash_tree, hash_variant, tree_bytes,
};

/// Answers ids and keeps nothing.
pub(crate) struct Hashes;

impl Sink for Hashes {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        hash_blob(&[bytes])
    }

    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        hash_variant(base, pieces)
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        hash_tree(&tree_bytes(entries))
    }
}

/// Another sink, with what counts the bindings that are rendered into it.
pub(crate) struct Counted<'a> {
    pub(crate) sink: &'a dyn Sink,
    pub(crate) counter: &'a Counter,
}

impl Sink for Counted<'_> {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        self.sink.blob(bytes)
    }

    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        self.sink.variant(base, pieces)
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        self.sink.tree(entries)
    }

    fn counter(&self) -> Option<&Counter> {
        Some(self.counter)
    }
}

/// Keeps folders and forgets files, for listings.
#[derive(Default)]
pub(crate) struct Folders {
    trees: Mutex<HashMap<ObjectId, Arc<[Entry]>>>,
}

impl Folders {
    /// The entries of a folder in Git's order; nothing for one that was never put in.
    pub(crate) fn entries(&self, id: ObjectId) -> Arc<[Entry]> {
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.get(&id).cloned().unwrap_or_default()
    }
}

impl Sink for Folders {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        Hashes.blob(bytes)
    }

    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        Hashes.variant(base, pieces)
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        let mut sorted = entries.to_vec();
        sorted.sort_by(Entry::git_order);
        let id = hash_tree(&tree_bytes(&sorted));
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.entry(id).or_insert_with(|| sorted.into());
        id
    }
}
