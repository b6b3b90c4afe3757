//! The index of a pack and its reverse: written, and searched in the file.
//!
//! In: where each object stands. Out: `.idx` and `.rev`, byte for byte what `git index-pack`
//! writes; and the place of one object in an index that was written here.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use super::entry::damaged;
use super::growing::{Placed, start_of};
use crate::hash::Algorithm;

/// `\377tOc` and the version.
const SIGNATURE: [u8; 8] = *b"\xfftOc\0\0\0\x02";
/// What stands before the ids: the signature, and how many ids start with at most each byte.
const BEFORE_IDS: u64 = 8 + 256 * 4;
/// How many bytes are gathered before they are hashed and written.
const CHUNK: usize = 1 << 16;
/// How many ids around the place where one should be are read at once.
const AROUND: u64 = 96;

/// The objects of a pack in the order of their ids.
pub(super) struct Sorted<'a, I> {
    placed: &'a [Placed<I>],
    /// Positions in `placed`.
    order: Vec<u32>,
}

impl<'a, I: Copy + Ord + AsRef<[u8]>> Sorted<'a, I> {
    pub(super) fn new(placed: &'a [Placed<I>]) -> Self {
        let starts = placed.iter().enumerate();
        let mut keys: Vec<(u64, u32)> =
            starts.map(|(position, one)| (start_of(one.id), position as u32)).collect();
        keys.sort_unstable();
        for equal in keys.chunk_by_mut(|a, b| a.0 == b.0) {
            if equal.len() > 1 {
                equal.sort_unstable_by_key(|(_, position)| placed[*position as usize].id);
            }
        }
        Self { placed, order: keys.into_iter().map(|(_, position)| position).collect() }
    }

    fn ids(&self) -> impl Iterator<Item = I> {
        self.order.iter().map(|position| self.placed[*position as usize].id)
    }

    /// For each first byte, how many ids start with it or a smaller one.
    fn counts(&self) -> [u32; 256] {
        let mut counts = [0; 256];
        for one in self.placed {
            counts[usize::from(one.id.as_ref()[0])] += 1;
        }
        let mut sum = 0;
        counts.map(|count| {
            sum += count;
            sum
        })
    }
}

/// Writes a version 2 index: a table of 256 counts, the ids in order, the checksum of each entry,
/// and the offsets, which are below the 2 GiB where they would need another table.
///
/// `checksums` are in the order of the pack.
///
/// # Errors
/// What the system says.
pub(super) fn write_index<H: Algorithm>(
    file: &File,
    sorted: &Sorted<'_, H::Id>,
    checksums: &[u32],
    pack: H::Id,
) -> io::Result<()> {
    let mut out = Hashed::<H>::new(file);
    out.write(&SIGNATURE)?;
    for count in sorted.counts() {
        out.write(&count.to_be_bytes())?;
    }
    for id in sorted.ids() {
        out.write(id.as_ref())?;
    }
    for position in &sorted.order {
        out.write(&checksums[*position as usize].to_be_bytes())?;
    }
    for position in &sorted.order {
        out.write(&sorted.placed[*position as usize].offset.to_be_bytes())?;
    }
    out.write(pack.as_ref())?;
    out.finish()
}

/// Writes a version 1 reverse index: for each entry in the order of the pack, its position in the
/// index.
///
/// # Errors
/// What the system says.
pub(super) fn write_reverse<H: Algorithm>(
    file: &File,
    sorted: &Sorted<'_, H::Id>,
    pack: H::Id,
) -> io::Result<()> {
    let mut positions = vec![0_u32; sorted.order.len()];
    for (position, in_pack) in sorted.order.iter().enumerate() {
        positions[*in_pack as usize] = position as u32;
    }
    let mut out = Hashed::<H>::new(file);
    out.write(b"RIDX\0\0\0\x01")?;
    out.write(&H::NUMBER.to_be_bytes())?;
    for position in positions {
        out.write(&position.to_be_bytes())?;
    }
    out.write(pack.as_ref())?;
    out.finish()
}

/// A file that ends with the hash of everything before, as indexes do.
struct Hashed<'a, H> {
    file: &'a File,
    hash: H,
    chunk: Vec<u8>,
}

impl<'a, H: Algorithm> Hashed<'a, H> {
    fn new(file: &'a File) -> Self {
        Self { file, hash: H::start(), chunk: Vec::with_capacity(CHUNK + 64) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hash.update(&self.chunk);
        self.file.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.hash.update(&self.chunk);
        self.chunk.extend_from_slice(self.hash.finish().as_ref());
        self.file.write_all(&self.chunk)
    }
}

/// The objects of a version 2 index that was read whole, in the order of their ids: where each
/// stands, its id, and the checksum of its entry; and the checksum of the pack.
///
/// # Errors
/// If it is damaged, of another version, or of a pack of 2 GiB or more.
pub(super) fn read_index<H: Algorithm>(index: &[u8]) -> io::Result<IndexEntries<H::Id>> {
    let Some((table, rest)) = index.split_at_checked(BEFORE_IDS as usize) else {
        return Err(damaged());
    };
    let count = number(&table[table.len() - 4..]);
    let n_objects = count as usize;
    let sizes = [H::LENGTH, 4, 4].map(|size| size.checked_mul(n_objects));
    let [Some(ids), Some(checksums), Some(offsets)] = sizes else { return Err(damaged()) };
    let is_whole = rest.len() == ids + checksums + offsets + 2 * H::LENGTH;
    if !table.starts_with(&SIGNATURE) || !is_whole {
        return Err(damaged());
    }
    let (ids, rest) = rest.split_at(ids);
    let (checksums, rest) = rest.split_at(checksums);
    let (offsets, rest) = rest.split_at(offsets);
    let numbers = offsets.chunks_exact(4).zip(checksums.chunks_exact(4));
    let entries = ids
        .chunks_exact(H::LENGTH)
        .zip(numbers)
        .map(|(id, (offset, checksum))| Some((number(offset), H::id(id)?, number(checksum))));
    let entries: Option<Vec<_>> = entries.collect();
    let pack = H::id(&rest[..H::LENGTH]);
    entries.zip(pack).ok_or_else(damaged)
}

/// See [`read_index`].
pub(super) type IndexEntries<I> = (Vec<(u32, I, u32)>, I);

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
}

/// An index in a file, searched without reading it whole.
pub(crate) struct IndexFile {
    file: File,
    counts: Box<[u32; 256]>,
}

impl IndexFile {
    /// The index of these objects, which was just written to a file.
    pub(super) fn new<I: Copy + Ord + AsRef<[u8]>>(file: File, sorted: &Sorted<'_, I>) -> Self {
        Self { file, counts: Box::new(sorted.counts()) }
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// How many objects it has.
    fn n_objects(&self) -> usize {
        self.counts[255] as usize
    }

    /// Where an object stands in the pack.
    ///
    /// Ids are spread evenly, so a look at where it should be among those with its first byte
    /// nearly always finds it, or shows that it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn find<H: Algorithm>(&self, id: H::Id) -> io::Result<Option<u64>> {
        let first = usize::from(id.as_ref()[0]);
        let mut low = if first == 0 { 0 } else { u64::from(self.counts[first - 1]) };
        let mut high = u64::from(self.counts[first]);
        let rest = (start_of(id) << 8) >> 32;
        let mut guess = low + (((high - low) * rest) >> 32);
        let mut ids = [0; (2 * AROUND as usize) * 32];
        while low < high {
            let from = guess.saturating_sub(AROUND).max(low);
            let to = (guess + AROUND).min(high);
            let ids = &mut ids[..(to - from) as usize * H::LENGTH];
            self.file.read_exact_at(ids, BEFORE_IDS + from * H::LENGTH as u64)?;
            let n_smaller = ids.chunks_exact(H::LENGTH).filter(|one| *one < id.as_ref()).count();
            if ids.chunks_exact(H::LENGTH).nth(n_smaller) == Some(id.as_ref()) {
                return self.offset::<H>(from + n_smaller as u64).map(Some);
            }
            if n_smaller == 0 {
                high = from;
            } else if from + n_smaller as u64 == to {
                low = to;
            } else {
                return Ok(None);
            }
            guess = low + (high - low) / 2;
        }
        Ok(None)
    }

    fn offset<H: Algorithm>(&self, position: u64) -> io::Result<u64> {
        let before = BEFORE_IDS + self.n_objects() as u64 * (H::LENGTH as u64 + 4);
        let mut offset = [0; 4];
        self.file.read_exact_at(&mut offset, before + position * 4)?;
        Ok(u32::from_be_bytes(offset).into())
    }
}
