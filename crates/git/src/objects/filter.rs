//! Which ids a full pack may hold: a Bloom filter, so that asking a dozen packs about an object
//! that is in none of them touches a dozen lines of memory and no file.

use model::ObjectId;

/// The bits of one block: one line of a processor's cache.
const BLOCK: usize = 512;
/// How many bits each id has in the filter: about one answer in two hundred is wrongly "maybe".
const BITS: usize = 16;
/// How many bits of its block an id sets.
const SET: u32 = 4;

/// A set of ids that never denies what is in it.
pub(super) struct Filter {
    blocks: Box<[[u64; BLOCK / 64]]>,
}

impl Filter {
    /// The filter of some ids.
    pub(super) fn of(ids: impl ExactSizeIterator<Item = ObjectId>) -> Self {
        let n_blocks = (ids.len() * BITS).div_ceil(BLOCK).max(1);
        let mut filter = Self { blocks: vec![[0; BLOCK / 64]; n_blocks].into() };
        for id in ids {
            let block = filter.block(id);
            for bit in bits(id) {
                filter.blocks[block][bit / 64] |= 1 << (bit % 64);
            }
        }
        filter
    }

    /// Whether an id may be in the set.
    pub(super) fn may_hold(&self, id: ObjectId) -> bool {
        let block = &self.blocks[self.block(id)];
        bits(id).all(|bit| block[bit / 64] >> (bit % 64) & 1 == 1)
    }

    fn block(&self, id: ObjectId) -> usize {
        let part = u64::from(u32::from_be_bytes([id.0[16], id.0[17], id.0[18], id.0[19]]));
        ((part * self.blocks.len() as u64) >> 32) as usize
    }
}

/// Which bits of its block: ids are hashes, so each part of one is as good as another hash.
fn bits(id: ObjectId) -> impl Iterator<Item = usize> {
    let mut part = [0; 8];
    part.copy_from_slice(&id.0[8..16]);
    let part = u64::from_be_bytes(part);
    (0..SET).map(move |index| (part >> (index * 9)) as usize % BLOCK)
}

#[cfg(test)]
mod tests {
    use model::hash_blob;

    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_little_else() {
        let ids = |range: std::ops::Range<u32>| {
            range.map(|n| hash_blob(&[&n.to_le_bytes()])).collect::<Vec<_>>()
        };
        let filter = Filter::of(ids(0..20_000).into_iter());
        assert!(ids(0..20_000).into_iter().all(|id| filter.may_hold(id)));
        let wrong = ids(20_000..40_000).into_iter().filter(|id| filter.may_hold(*id)).count();
        assert!(wrong < 400, "{wrong} of 20,000");
    }
}
