//! Packs, written whole: `.pack`, `.idx` and `.rev`.
//!
//! In: objects with their ids, each once. Out: three files in `objects/pack/`, durable before
//! this returns. The formats are those of <https://git-scm.com/docs/gitformat-pack>: pack version
//! 2, index version 2 and reverse index version 1 (without which each `git` process sorts the
//! index again). Nothing is compared or searched for similar content.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use model::ObjectId;
use rayon::prelude::*;
use sha1dc::mitigate::Hasher;

use crate::durable::sync_folder;

/// What kind of object an entry is, in the order in which a pack lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Commit,
    Tree,
    Blob,
}

impl Kind {
    /// The type in the first byte of a pack entry.
    fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
        }
    }
}

/// How the content of an object is given. A delta against an object earlier in the same pack
/// (type 6, `OFS_DELTA`) will be another form.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// All its bytes.
    Whole(Box<[u8]>),
}

/// One object of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) content: Content,
}

/// How many objects are compressed at once: bounds the memory that compressed objects take.
const BATCH: usize = 1 << 15;

/// The most a 32-bit offset of the index holds; larger ones stand in a table of 64-bit ones.
const LARGE: u64 = 1 << 31;

/// Where one object stands in the pack.
struct Placed {
    id: ObjectId,
    offset: u64,
    crc: u32,
}

/// Writes one pack with its indexes into `objects/pack/` and answers its name.
///
/// The index comes last and by rename, so that a reader sees the whole pack or none of it.
///
/// # Errors
/// What the system says; an unfinished pack has a name that Git ignores and cleans up.
pub(crate) fn write(folder: &Path, mut objects: Vec<Object>) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    objects.sort_unstable_by_key(|object| (object.kind, object.id));
    let unfinished = Unfinished::new(folder, &objects);
    let (mut placed, trailer) = write_objects(&unfinished.path("pack"), &objects)?;
    let in_order_of_pack: Vec<ObjectId> = placed.iter().map(|object| object.id).collect();
    placed.sort_unstable_by_key(|object| object.id);
    write_reverse(&unfinished.path("rev"), &placed, &in_order_of_pack, &trailer)?;
    write_index(&unfinished.path("idx"), &placed, &trailer)?;
    let name = format!("pack-{}", ObjectId(trailer));
    unfinished.finish(folder, &name)?;
    Ok(name)
}

/// The files of a pack before they have their names.
struct Unfinished {
    stem: PathBuf,
}

impl Unfinished {
    fn new(folder: &Path, objects: &[Object]) -> Self {
        // `git gc` removes files that start with `tmp_` once they are old.
        let first = objects.first().map_or(ObjectId([0; 20]), |object| object.id);
        let (process, thread) = (std::process::id(), std::thread::current().id());
        let thread: String = format!("{thread:?}").chars().filter(char::is_ascii_digit).collect();
        Self { stem: folder.join(format!("tmp_pack_{first}_{process}_{thread}")) }
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.stem.with_extension(extension)
    }

    fn finish(&self, folder: &Path, name: &str) -> io::Result<()> {
        for extension in ["pack", "rev", "idx"] {
            if extension == "idx" {
                sync_folder(folder)?;
            }
            fs::rename(self.path(extension), folder.join(name).with_extension(extension))?;
        }
        sync_folder(folder)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for extension in ["pack", "rev", "idx"] {
            // Gone already when the pack was finished.
            let _ = fs::remove_file(self.path(extension));
        }
    }
}

fn write_objects(path: &Path, objects: &[Object]) -> io::Result<(Vec<Placed>, [u8; 20])> {
    let count = u32::try_from(objects.len())
        .map_err(|_| io::Error::other("a pack holds at most 4,294,967,295 objects"))?;
    let mut out = Hashed::create(path)?;
    out.write(b"PACK")?;
    out.write(&2_u32.to_be_bytes())?;
    out.write(&count.to_be_bytes())?;
    let mut placed = Vec::with_capacity(objects.len());
    for batch in objects.chunks(BATCH) {
        let entries: Vec<io::Result<Vec<u8>>> = batch.par_iter().map(encode).collect();
        for (object, entry) in batch.iter().zip(entries) {
            let entry = entry?;
            let crc = crc32fast::hash(&entry);
            placed.push(Placed { id: object.id, offset: out.written, crc });
            out.write(&entry)?;
        }
    }
    let trailer = out.finish()?;
    Ok((placed, trailer))
}

/// One entry: type and size in a variable-length header, then the deflated content.
fn encode(object: &Object) -> io::Result<Vec<u8>> {
    let Content::Whole(bytes) = &object.content;
    let mut entry = Vec::with_capacity(bytes.len() / 2 + 32);
    let mut rest = bytes.len() >> 4;
    let mut byte = (object.kind.number() << 4) | (bytes.len() & 15) as u8;
    while rest > 0 {
        entry.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    entry.push(byte);
    let mut deflate = ZlibEncoder::new(entry, Compression::fast());
    deflate.write_all(bytes)?;
    deflate.finish()
}

/// Version 2: a table of 256 counts, the ids in order, the checksum of each entry, and the
/// offsets.
fn write_index(path: &Path, sorted: &[Placed], pack: &[u8; 20]) -> io::Result<()> {
    let mut out = Hashed::create(path)?;
    out.write(b"\xfftOc")?;
    out.write(&2_u32.to_be_bytes())?;
    for first in 0..=255_u8 {
        let count = sorted.partition_point(|object| object.id.0[0] <= first);
        out.write(&(count as u32).to_be_bytes())?;
    }
    for object in sorted {
        out.write(&object.id.0)?;
    }
    for object in sorted {
        out.write(&object.crc.to_be_bytes())?;
    }
    let mut large = Vec::new();
    for object in sorted {
        let offset = if object.offset < LARGE {
            object.offset as u32
        } else {
            large.push(object.offset);
            (LARGE as u32) | (large.len() as u32 - 1)
        };
        out.write(&offset.to_be_bytes())?;
    }
    for offset in large {
        out.write(&offset.to_be_bytes())?;
    }
    out.write(pack)?;
    out.finish().map(drop)
}

/// Version 1: for each entry in the order of the pack, its position in the index.
fn write_reverse(
    path: &Path,
    sorted: &[Placed],
    in_order_of_pack: &[ObjectId],
    pack: &[u8; 20],
) -> io::Result<()> {
    let mut out = Hashed::create(path)?;
    out.write(b"RIDX")?;
    out.write(&1_u32.to_be_bytes())?;
    out.write(&1_u32.to_be_bytes())?; // The ids are SHA-1.
    for id in in_order_of_pack {
        let position = sorted.partition_point(|object| object.id < *id);
        out.write(&(position as u32).to_be_bytes())?;
    }
    out.write(pack)?;
    out.finish().map(drop)
}

/// A file that ends with the SHA-1 of everything before, as all three do.
struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
    written: u64,
}

impl Hashed {
    fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        Ok(Self { file, hasher: Hasher::new(), written: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.written += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Writes the checksum, syncs the file, makes it read-only, and answers the checksum.
    fn finish(mut self) -> io::Result<[u8; 20]> {
        let digest = self.hasher.finalize().unwrap_or_else(|attack| attack.digest()).to_bytes();
        self.file.write_all(&digest)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)?;
        rustix::fs::fsync(&file)?;
        Ok(digest)
    }
}
