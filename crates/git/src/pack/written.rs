//! A pack in files: written from one that has grown, and given its name.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::entry::Entries;
use super::files::{Draft, Keep};
use super::growing::{Growing, HEADER};
use super::index::{IndexFile, Sorted, write_index, write_reverse};
use crate::hash::Algorithm;

/// A pack in files that have no name yet. Its objects can be read; dropped, it leaves nothing.
pub(crate) struct Written<H: Algorithm> {
    draft: Draft,
    reverse: File,
    index: IndexFile,
    checksum: H::Id,
}

/// Writes a pack with its indexes into a folder, without names. It is durable only once the file
/// system is synced.
///
/// # Errors
/// What the system says; then nothing is left, and it can be tried again.
pub(crate) fn write<H: Algorithm>(folder: &Path, growing: &Growing<H>) -> io::Result<Written<H>> {
    let draft = Draft::create(folder)?;
    let checksum = write_pack(draft.pack(), growing)?;
    let sorted = Sorted::new(growing.placed());
    let reverse = draft.create_kind("rev")?;
    write_reverse::<H>(&reverse, &sorted, checksum)?;
    let index = draft.create_kind("idx")?;
    write_index::<H>(&index, &sorted, &checksums(growing), checksum)?;
    let index = IndexFile::new(index, &sorted);
    Ok(Written { draft, reverse, index, checksum })
}

fn write_pack<H: Algorithm>(file: &File, growing: &Growing<H>) -> io::Result<H::Id> {
    let count = growing.n_objects() as u32;
    let mut start = [0; HEADER];
    start.copy_from_slice(&growing.bytes()[..HEADER]);
    start[8..].copy_from_slice(&count.to_be_bytes());
    let rest = &growing.bytes()[HEADER..];
    let mut hash = H::start();
    hash.update(&start);
    hash.update(rest);
    let checksum = hash.finish();
    let mut file = file;
    file.write_all(&start)?;
    file.write_all(rest)?;
    file.write_all(checksum.as_ref())?;
    Ok(checksum)
}

/// The checksum of each entry, in the order of the pack.
fn checksums<H: Algorithm>(growing: &Growing<H>) -> Vec<u32> {
    let placed = growing.placed();
    let end = growing.bytes().len() as u32;
    let ends = placed.iter().skip(1).map(|next| next.offset).chain([end]);
    let entries = placed.iter().zip(ends);
    entries
        .map(|(one, end)| crc32fast::hash(&growing.bytes()[one.offset as usize..end as usize]))
        .collect()
}

impl<H: Algorithm> Written<H> {
    /// Makes what it holds durable before the file system is synced, which then takes no longer
    /// than for a small one.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn sync(&self) -> io::Result<()> {
        for file in [self.draft.pack(), &self.reverse, self.index.file()] {
            rustix::fs::fdatasync(file)?;
        }
        Ok(())
    }

    /// The name that its files get, without their ends.
    pub(crate) fn name(&self) -> String {
        format!("pack-{}", self.checksum)
    }

    /// Gives the files their names and keeps the pack. The files must be durable already, so that
    /// no power cut leaves a name of something torn; the names are when their folder is synced.
    ///
    /// # Errors
    /// What the system says; then it can be tried again.
    pub(crate) fn publish(&self, folder: &Path, keep: &mut Keep) -> io::Result<()> {
        let name = self.name();
        keep.add(folder, &name)?;
        self.draft.finish(&name)
    }

    /// Where an object stands.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn find(&self, id: H::Id) -> io::Result<Option<u64>> {
        self.index.find::<H>(id)
    }
}

impl<H: Algorithm> Entries for Written<H> {
    fn at(&self, offset: u64) -> io::Result<impl io::BufRead> {
        Ok(BufReader::with_capacity(1 << 12, From { file: self.draft.pack(), offset }))
    }
}

/// Reads a file from an offset, whatever others do with it.
struct From<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for From<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n_read = self.file.read_at(into, self.offset)?;
        self.offset += n_read as u64;
        Ok(n_read)
    }
}
