//! A pack that takes objects, in memory.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use hashbrown::HashTable;
use model::{Base, Piece};

use super::delta::{First, write_tree_delta};
use super::entry::{Entries, Kind, store, write_near_delta, write_whole};
use crate::hash::Algorithm;

/// What stands before the first entry: `PACK`, the version and the number of objects.
pub(super) const HEADER: usize = 12;

/// A pack with so many objects is full: larger ones take more memory while they are written, and
/// stock `git index-pack` takes seconds for each million.
pub(crate) const N_OBJECTS: usize = 1_000_000;
/// A pack with so many bytes is full, far below where offsets need more than 31 bits.
const N_BYTES: usize = 80 << 20;

/// How many bytes of trees are kept for the deltas of later ones.
const N_TREE_BYTES: usize = 8 << 20;

/// Where an object stands in a pack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<I> {
    pub(crate) id: I,
    pub(crate) offset: u32,
}

/// A pack to which objects are added, each once.
pub(crate) struct Growing<H: Algorithm> {
    /// The file so far, without its checksum. The number of objects is filled in at the end.
    bytes: Vec<u8>,
    /// In the order of the pack.
    placed: Vec<Placed<H::Id>>,
    /// Positions in `placed`, by id.
    positions: HashTable<u32>,
    /// The first variant of each base, by the address of the base, which lives as long as this.
    firsts: HashMap<usize, FirstVariant>,
    /// The first tree of each shape.
    trees: HashMap<u64, FirstTree>,
    n_tree_bytes: usize,
    delta: Vec<u8>,
}

struct FirstVariant {
    _base: Arc<[u8]>,
    offset: u32,
    first: First,
}

struct FirstTree {
    offset: u32,
    bytes: Box<[u8]>,
}

impl<H: Algorithm> Growing<H> {
    /// A pack without objects.
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::with_capacity(1 << 12);
        start(&mut bytes);
        Self {
            bytes,
            placed: Vec::new(),
            positions: HashTable::new(),
            firsts: HashMap::new(),
            trees: HashMap::new(),
            n_tree_bytes: 0,
            delta: Vec::new(),
        }
    }

    /// Forgets all objects and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        start(&mut self.bytes);
        self.placed.clear();
        self.positions.clear();
        self.firsts.clear();
        self.trees.clear();
        self.n_tree_bytes = 0;
    }

    /// Whether it should take no more, given how many objects it may have.
    pub(crate) fn is_full(&self, n_objects: usize) -> bool {
        self.placed.len() >= n_objects || self.bytes.len() >= N_BYTES
    }

    /// How many objects it has.
    pub(crate) fn n_objects(&self) -> usize {
        self.placed.len()
    }

    /// The objects in the order of the pack.
    pub(super) fn placed(&self) -> &[Placed<H::Id>] {
        &self.placed
    }

    /// Their ids.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = H::Id> {
        self.placed.iter().map(|placed| placed.id)
    }

    /// The file so far; see [`HEADER`].
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where an object stands.
    pub(crate) fn find(&self, id: H::Id) -> Option<u64> {
        let is_it = |position: &u32| self.placed[*position as usize].id == id;
        let position = self.positions.find(start_of(id), is_it)?;
        Some(self.placed[*position as usize].offset.into())
    }

    /// Adds an object whose content is given as a zlib stream.
    pub(crate) fn add(&mut self, id: H::Id, kind: Kind, size: usize, stream: &[u8]) {
        self.place(id);
        write_whole(kind, size, &mut self.bytes);
        self.bytes.extend_from_slice(stream);
    }

    /// Adds an object that is short as it is.
    fn add_stored(&mut self, id: H::Id, kind: Kind, content: &[u8]) {
        self.place(id);
        write_whole(kind, content.len(), &mut self.bytes);
        store(content, &mut self.bytes);
    }

    /// Adds a variant given as a zlib stream; if it is the first of its base, the next ones
    /// resemble it.
    pub(crate) fn add_whole_variant(
        &mut self,
        id: H::Id,
        (base, pieces): (&Base, &[Piece<'_>]),
        size: usize,
        stream: &[u8],
    ) {
        let (_base, offset) = (Arc::clone(&base.bytes), self.bytes.len() as u32);
        self.add(id, Kind::Blob, size, stream);
        self.firsts.entry(address(base)).or_insert_with(|| FirstVariant {
            _base,
            offset,
            first: First::new(base, pieces),
        });
    }

    /// Adds a variant as a delta against the first one, and answers whether it did: there may be
    /// none, or the delta may not be worth it.
    pub(crate) fn add_variant(&mut self, id: H::Id, base: &Base, pieces: &[Piece<'_>]) -> bool {
        let Some(found) = self.firsts.get(&address(base)) else { return false };
        self.delta.clear();
        found.first.write_delta(base, pieces, &mut self.delta);
        let (offset, size) = (found.offset, pieces.iter().map(|one| one.bytes(base).len()).sum());
        if self.delta.len() * 2 <= size {
            self.add_delta(id, offset);
            return true;
        }
        false
    }

    /// Adds a tree that others with its shape are likely to resemble, given as a zlib stream.
    pub(crate) fn add_first_tree(&mut self, id: H::Id, shape: u64, tree: &[u8], stream: &[u8]) {
        let offset = self.bytes.len() as u32;
        self.add(id, Kind::Tree, tree.len(), stream);
        let is_new = !self.trees.contains_key(&shape);
        if is_new && self.n_tree_bytes + tree.len() <= N_TREE_BYTES {
            self.n_tree_bytes += tree.len();
            self.trees.insert(shape, FirstTree { offset, bytes: tree.into() });
        }
    }

    /// Adds a tree as a delta against the first one with its shape, and answers whether it did.
    pub(crate) fn add_tree(&mut self, id: H::Id, shape: u64, tree: &[u8]) -> bool {
        let Some(first) = self.trees.get(&shape) else { return false };
        self.delta.clear();
        let offset = first.offset;
        if !write_tree_delta(&first.bytes, tree, H::LENGTH, &mut self.delta) {
            return false;
        }
        if self.delta.len() < tree.len() {
            self.add_delta(id, offset);
        } else {
            self.add_stored(id, Kind::Tree, tree);
        }
        true
    }

    /// Adds the delta that was just made.
    fn add_delta(&mut self, id: H::Id, base: u32) {
        let distance = self.bytes.len() as u64 - u64::from(base);
        self.place(id);
        write_near_delta(self.delta.len() as u64, distance, &mut self.bytes);
        store(&self.delta, &mut self.bytes);
    }

    /// Adds an object by its entry in another pack, which is no delta by distance, and answers
    /// where it stands.
    pub(super) fn add_entry(&mut self, id: H::Id, entry: &[u8]) -> u64 {
        let offset = self.bytes.len();
        self.place(id);
        self.bytes.extend_from_slice(entry);
        offset as u64
    }

    /// Adds an object by its delta in another pack, of so many bytes, against what stands at
    /// `base` here, and answers where it stands.
    pub(super) fn add_copied_delta(
        &mut self,
        id: H::Id,
        size: u64,
        base: u64,
        stream: &[u8],
    ) -> u64 {
        let offset = self.bytes.len() as u64;
        self.place(id);
        write_near_delta(size, offset - base, &mut self.bytes);
        self.bytes.extend_from_slice(stream);
        offset
    }

    /// The next entry is this object's.
    fn place(&mut self, id: H::Id) {
        let position = self.placed.len() as u32;
        self.placed.push(Placed { id, offset: self.bytes.len() as u32 });
        let placed = &self.placed;
        let hash = |position: &u32| start_of(placed[*position as usize].id);
        self.positions.insert_unique(start_of(id), position, hash);
    }
}

impl<H: Algorithm> Entries for Growing<H> {
    fn at(&self, offset: u64) -> io::Result<impl io::BufRead> {
        Ok(self.bytes.get(offset as usize..).unwrap_or_default())
    }
}

fn start(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend_from_slice(b"PACK\0\0\0\x02\0\0\0\0");
}

/// Ids are hashes already: eight bytes of one spread well.
pub(super) fn start_of(id: impl AsRef<[u8]>) -> u64 {
    let mut start = [0; 8];
    start.copy_from_slice(&id.as_ref()[..8]);
    u64::from_be_bytes(start)
}

/// Bases are told apart by where they are: two renders may number theirs alike.
fn address(base: &Base) -> usize {
    base.bytes.as_ptr() as usize
}
