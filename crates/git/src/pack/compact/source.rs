//! A pack that is merged: read whole, entry by entry.

use std::fs;
use std::io;
use std::path::Path;

use super::super::entry::{Form, Header, damaged, read_header};
use super::super::growing::{Growing, HEADER};
use super::super::index::read_index;
use crate::hash::Algorithm;

/// A pack and its index in memory.
pub(super) struct Source<H: Algorithm> {
    bytes: Vec<u8>,
    /// Its objects in the order of the pack: where each starts, its id, and its checksum.
    entries: Vec<(u32, H::Id, u32)>,
}

impl<H: Algorithm> Source<H> {
    /// Reads a pack by the path that its files have without their ends.
    ///
    /// # Errors
    /// What the system says, or that the pack and its index do not belong together.
    pub(super) fn read(stem: &Path) -> io::Result<Self> {
        let bytes = fs::read(stem.with_extension("pack"))?;
        let index = fs::read(stem.with_extension("idx"))?;
        let (mut entries, checksum) = read_index::<H>(&index)?;
        let is_its_own = bytes.len() >= HEADER + H::LENGTH
            && bytes.starts_with(b"PACK\0\0\0\x02")
            && bytes[8..HEADER] == (entries.len() as u32).to_be_bytes()
            && bytes.ends_with(checksum.as_ref());
        entries.sort_unstable_by_key(|entry| entry.0);
        if is_its_own { Ok(Self { bytes, entries }) } else { Err(damaged()) }
    }

    /// Copies every entry that is not there yet. The streams are copied as they are; only the
    /// distance to the base of a delta changes.
    ///
    /// # Errors
    /// If an entry is damaged.
    pub(super) fn copy_to(&self, growing: &mut Growing<H>) -> io::Result<()> {
        let end = (self.bytes.len() - H::LENGTH) as u32;
        let ends = self.entries.iter().skip(1).map(|next| next.0).chain([end]);
        let mut places = Vec::with_capacity(self.entries.len());
        for ((start, id, checksum), end) in self.entries.iter().zip(ends) {
            let entry = self.bytes.get(*start as usize..end as usize).ok_or_else(damaged)?;
            if crc32fast::hash(entry) != *checksum {
                return Err(damaged());
            }
            let place = match growing.find(*id) {
                Some(place) => place,
                None => self.copy_entry(*id, *start, entry, &places, growing)?,
            };
            places.push(place);
        }
        Ok(())
    }

    /// `places` says where the entries before this one are now.
    fn copy_entry(
        &self,
        id: H::Id,
        start: u32,
        entry: &[u8],
        places: &[u64],
        growing: &mut Growing<H>,
    ) -> io::Result<u64> {
        let Header { form, size, length } = read_header(&mut &*entry, H::LENGTH)?;
        let Form::NearDelta(distance) = form else { return Ok(growing.add_entry(id, entry)) };
        let base = u64::from(start).checked_sub(distance).ok_or_else(damaged)?;
        let base = self.entries.binary_search_by_key(&base, |entry| entry.0.into());
        let place = base.ok().and_then(|base| places.get(base)).ok_or_else(damaged)?;
        Ok(growing.add_copied_delta(id, size, *place, &entry[length as usize..]))
    }
}
