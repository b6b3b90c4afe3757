//! Deltas by construction: what a rendered file has in common with another is known, not searched.
//!
//! In: the stretches that a file is made of, or the bytes of two trees with the same names. Out:
//! a delta of copies and inserts as packs hold it. See
//! <https://git-scm.com/docs/gitformat-pack#_deltified_representation>.

use model::{Base, Piece};

/// The most bytes of one copy, as Git makes them.
const COPY: usize = 0x10000;
/// The most bytes of one insert.
const INSERT: usize = 0x7f;

/// Writes the instructions of one delta. Copies that follow each other become one.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where a copy that is not written yet starts, and how long it is.
    copy: (usize, usize),
}

impl<'a> Writer<'a> {
    fn new(base: usize, result: usize, out: &'a mut Vec<u8>) -> Self {
        write_size(base, out);
        write_size(result, out);
        Self { out, copy: (0, 0) }
    }

    fn copy(&mut self, start: usize, length: usize) {
        if self.copy.0 + self.copy.1 == start && self.copy.1 > 0 {
            self.copy.1 += length;
        } else {
            self.flush();
            self.copy = (start, length);
        }
    }

    fn insert(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.flush();
        for part in bytes.chunks(INSERT) {
            self.out.push(part.len() as u8);
            self.out.extend_from_slice(part);
        }
    }

    fn flush(&mut self) {
        let (mut start, mut rest) = std::mem::take(&mut self.copy);
        while rest > 0 {
            let length = rest.min(COPY);
            self.write_copy(start, length);
            start += length;
            rest -= length;
        }
    }

    /// One byte says which bytes of offset and length follow; those that are zero do not, and a
    /// length of zero means the most.
    fn write_copy(&mut self, start: usize, length: usize) {
        let at = self.out.len();
        self.out.push(0x80);
        let length = if length == COPY { 0 } else { length };
        let offset = (0..4).map(|index| (index, start >> (8 * index)));
        let length = (0..3).map(|index| (index + 4, length >> (8 * index)));
        for (bit, value) in offset.chain(length) {
            let byte = value as u8;
            if byte != 0 {
                self.out[at] |= 1 << bit;
                self.out.push(byte);
            }
        }
    }
}

fn write_size(size: usize, out: &mut Vec<u8>) {
    let mut rest = size;
    while rest >= 0x80 {
        out.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The first variant of a base in a pack, which the later ones are deltas against.
///
/// It takes the place of the base itself: so nothing is in the pack that no tree names, and a
/// base with one variant costs no more than that.
pub(crate) struct First {
    /// How long it is.
    size: usize,
    /// Where it has which stretches of the base, in its order.
    stretches: Box<[Stretch]>,
}

struct Stretch {
    /// Where it starts and ends in the base.
    start: usize,
    end: usize,
    /// Where it starts in the variant.
    at: usize,
}

impl First {
    /// The variant that is made of these pieces.
    pub(crate) fn new(base: &Base, pieces: &[Piece<'_>]) -> Self {
        let (mut size, mut stretches) = (0, Vec::new());
        for piece in pieces {
            if let Piece::Copy(range) = piece {
                let (start, end) = (range.start as usize, range.end as usize);
                stretches.push(Stretch { start, end, at: size });
            }
            size += piece.bytes(base).len();
        }
        Self { size, stretches: stretches.into() }
    }

    /// Appends the delta that makes another variant of the same base from this one.
    pub(crate) fn write_delta(&self, base: &Base, pieces: &[Piece<'_>], out: &mut Vec<u8>) {
        let result = pieces.iter().map(|piece| piece.bytes(base).len()).sum();
        let mut writer = Writer::new(self.size, result, out);
        let mut next = 0;
        for piece in pieces {
            let stretch = match piece {
                Piece::Copy(range) => self.find(range.start as usize, range.end as usize, next),
                Piece::Insert(_) => None,
            };
            match (stretch, piece) {
                (Some((index, at)), Piece::Copy(range)) => {
                    writer.copy(at, (range.end - range.start) as usize);
                    next = index + 1;
                }
                _ => writer.insert(piece.bytes(base)),
            }
        }
        writer.flush();
    }

    /// Where the variant has a stretch of the base: usually in the next place.
    fn find(&self, start: usize, end: usize, next: usize) -> Option<(usize, usize)> {
        let holds = |stretch: &Stretch| stretch.start <= start && end <= stretch.end;
        let found = match self.stretches.get(next).is_some_and(holds) {
            true => next,
            false => self.stretches.iter().position(holds)?,
        };
        let stretch = &self.stretches[found];
        Some((found, stretch.at + (start - stretch.start)))
    }
}

/// Appends the delta between two trees with the same modes and names, and answers whether they
/// have: if not, what was appended is worth nothing.
pub(crate) fn write_tree_delta(base: &[u8], tree: &[u8], id: usize, out: &mut Vec<u8>) -> bool {
    if base.len() != tree.len() {
        return false;
    }
    let mut writer = Writer::new(base.len(), tree.len(), out);
    let mut start = 0;
    for end in ids(tree, id) {
        if base[start..end] != tree[start..end] {
            return false;
        }
        writer.copy(start, end - start);
        match base[end..end + id] == tree[end..end + id] {
            true => writer.copy(end, id),
            false => writer.insert(&tree[end..end + id]),
        }
        start = end + id;
    }
    writer.flush();
    start == tree.len()
}

/// Equal for trees with the same modes and names, and rarely else.
pub(crate) fn tree_shape(tree: &[u8], id: usize) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    let mut start = 0;
    for end in ids(tree, id) {
        hasher.write(&tree[start..end]);
        start = end + id;
    }
    hasher.finish()
}

/// Where each id of an encoded tree starts.
fn ids(tree: &[u8], id: usize) -> impl Iterator<Item = usize> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let name = tree.get(start..)?.iter().position(|byte| *byte == 0)?;
        let end = start + name + 1;
        start = end + id;
        (start <= tree.len()).then_some(end)
    })
}

/// What a delta makes of a base; nothing if it is damaged.
pub(crate) fn apply(delta: &[u8], base: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    if read_size(&mut rest)? != base.len() {
        return None;
    }
    let size = read_size(&mut rest)?;
    let mut result = Vec::with_capacity(size.min(base.len() + delta.len()));
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if first & 0x80 == 0 {
            result.extend_from_slice(rest.get(..usize::from(*first)).filter(|_| *first > 0)?);
            rest = &rest[usize::from(*first)..];
            continue;
        }
        let mut numbers = [0_usize; 2];
        for bit in (0..7).filter(|bit| first >> bit & 1 == 1) {
            let (byte, after) = rest.split_first()?;
            let (number, index) = if bit < 4 { (0, bit) } else { (1, bit - 4) };
            numbers[number] |= usize::from(*byte) << (8 * index);
            rest = after;
        }
        let length = if numbers[1] == 0 { COPY } else { numbers[1] };
        result.extend_from_slice(base.get(numbers[0]..)?.get(..length)?);
    }
    (result.len() == size).then_some(result)
}

/// How many bytes a delta says that its result has; nothing if it is damaged.
pub(crate) fn result_size(delta: &[u8]) -> Option<u64> {
    let mut rest = delta;
    read_size(&mut rest)?;
    read_size(&mut rest).map(|size| size as u64)
}

fn read_size(from: &mut &[u8]) -> Option<usize> {
    let (mut size, mut shift) = (0_usize, 0);
    loop {
        let (byte, after) = from.split_first()?;
        *from = after;
        size |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
}
