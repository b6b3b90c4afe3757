//! Where rendered content goes.
//!
//! Rendering asks a sink for the id of each file and folder. The sink hashes, and keeps what it
//! has not seen: in memory for a dry run, in a pack for a release, nowhere when only the id is
//! wanted. It is called from many threads at once.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::hash::{hash_blob, hash_tree, tree_bytes};
use crate::{Counter, ObjectId};

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A folder.
    Tree,
}

impl Mode {
    /// The mode as Git writes it in a tree object.
    #[must_use]
    pub fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Tree => "40000",
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// One path component.
    pub name: Arc<str>,
    /// What it is.
    pub mode: Mode,
    /// The content.
    pub id: ObjectId,
}

impl Entry {
    /// An entry.
    #[must_use]
    pub fn new(name: &str, mode: Mode, id: ObjectId) -> Self {
        Self { name: name.into(), mode, id }
    }

    /// The order of entries in a tree object: by bytes, a folder as if its name ended with `/`.
    #[must_use]
    pub fn git_order(&self, other: &Self) -> Ordering {
        let (left, right) = (self.name.as_bytes(), other.name.as_bytes());
        let common = left.len().min(right.len());
        let next = |entry: &Self, name: &[u8]| {
            name.get(common).copied().or_else(|| (entry.mode == Mode::Tree).then_some(b'/'))
        };
        let start = left[..common].cmp(&right[..common]);
        start.then_with(|| next(self, left).cmp(&next(other, right)))
    }
}

/// The text that the variants of one template file have in common: the file with its
/// placeholders unfilled.
///
/// A sink that writes packs stores it once and every variant as a delta against it.
#[derive(Clone, Debug)]
pub struct Base {
    /// Distinct for each base of one render.
    pub number: u32,
    /// The text.
    pub bytes: Arc<[u8]>,
}

/// A stretch of a rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// These bytes of the base.
    Copy(Range<u32>),
    /// These bytes, which are not in the base.
    Insert(&'a [u8]),
}

impl<'a> Piece<'a> {
    /// The bytes that it stands for.
    ///
    /// # Panics
    /// If it copies what the base does not have.
    #[must_use]
    pub fn bytes(&self, base: &'a Base) -> &'a [u8] {
        match self {
            Self::Copy(range) => &base.bytes[range.start as usize..range.end as usize],
            Self::Insert(text) => text,
        }
    }
}

/// Takes rendered content and answers its id.
pub trait Sink: Sync {
    /// A file as it is.
    fn blob(&self, bytes: &[u8]) -> ObjectId;

    /// A file made of stretches of a base and of values.
    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        self.blob(&assemble(base, pieces))
    }

    /// A folder. An empty one has an id too, but never stands in another folder.
    fn tree(&self, entries: &[Entry]) -> ObjectId;

    /// What counts the bindings that are rendered, for somebody who waits.
    fn counter(&self) -> Option<&Counter> {
        None
    }
}

/// The bytes of a file given as stretches.
#[must_use]
pub fn assemble(base: &Base, pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(base.bytes.len() + 64);
    for piece in pieces {
        bytes.extend_from_slice(piece.bytes(base));
    }
    bytes
}

/// A sink that keeps everything in memory, for dry runs and tests.
#[derive(Default)]
pub struct MemoryObjects {
    blobs: Mutex<HashMap<ObjectId, Arc<[u8]>>>,
    trees: Mutex<HashMap<ObjectId, Arc<[Entry]>>>,
}

impl MemoryObjects {
    /// The bytes of a blob that was put in.
    pub fn get_blob(&self, id: ObjectId) -> Option<Arc<[u8]>> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// The entries of a tree that was put in, in Git's order.
    pub fn get_tree(&self, id: ObjectId) -> Option<Arc<[Entry]>> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Every file below a tree with its path, in Git's order.
    pub fn list(&self, tree: ObjectId) -> Vec<(String, Mode, ObjectId)> {
        let mut files = Vec::new();
        self.list_into(tree, "", &mut files);
        files
    }

    fn list_into(&self, tree: ObjectId, prefix: &str, files: &mut Vec<(String, Mode, ObjectId)>) {
        for entry in self.get_tree(tree).iter().flat_map(|entries| entries.iter()) {
            let path = format!("{prefix}{}", entry.name);
            match entry.mode {
                Mode::Tree => self.list_into(entry.id, &format!("{path}/"), files),
                mode => files.push((path, mode, entry.id)),
            }
        }
    }
}

impl Sink for MemoryObjects {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        let id = hash_blob(&[bytes]);
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.entry(id).or_insert_with(|| bytes.into());
        id
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        let id = hash_tree(&tree_bytes(entries));
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.entry(id).or_insert_with(|| {
            let mut sorted = entries.to_vec();
            sorted.sort_by(Entry::git_order);
            sorted.into()
        });
        id
    }
}
