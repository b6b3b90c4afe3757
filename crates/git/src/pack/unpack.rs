//! Packs that came over a wire, read in memory without a repository.
//!
//! In: the bytes of one pack, and the objects that its deltas may be against. Out: each object
//! under the id that its own bytes have, or why the pack is none. Nothing of a pack that is cut
//! off, altered or too large is given out.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use flate2::bufread::ZlibDecoder;
use model::ObjectId;

use super::delta;
use super::entry::{Form, Kind, read_header};
use crate::hash::{Algorithm, Sha1};

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceivedKind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// The content of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

/// One object, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it is.
    pub kind: ReceivedKind,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// Objects under the ids that their bytes have.
pub type ReceivedObjects = BTreeMap<ObjectId, Received>;

/// How much a pack may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// How many objects.
    pub objects: u32,
    /// How many bytes they have, unpacked.
    pub bytes: u64,
}

impl Default for UnpackLimits {
    /// 100,000 objects of 256 MiB.
    fn default() -> Self {
        Self { objects: 100_000, bytes: 256 << 20 }
    }
}

/// Why bytes are no pack that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// They do not start as a pack of version 2 does.
    #[error("it is no pack of version 2")]
    NoPack,
    /// Its checksum is not that of its bytes: it was cut off or altered.
    #[error("the pack is cut off or altered: its checksum is not that of its bytes")]
    Checksum,
    /// An entry cannot be read.
    #[error("entry {0} of the pack is damaged")]
    Entry(u32),
    /// Deltas are against objects that are neither in the pack nor known.
    #[error("{n} objects are deltas against what is not there, such as {base}")]
    Base {
        /// How many.
        n: usize,
        /// One of the missing objects.
        base: ObjectId,
    },
    /// There are more objects or bytes than may be.
    #[error("the pack holds more than {} objects or {} bytes", .0.objects, .0.bytes)]
    TooLarge(UnpackLimits),
}

/// The bytes before the first entry: the signature, the version and the number of objects.
const HEAD: usize = 12;

/// How many times the objects that wait for their bases are gone through. A chain of deltas
/// against named objects that is longer is made by nobody.
const ROUNDS: usize = 64;

/// What is known of an entry before its base is.
enum Waiting {
    Near(u64, Vec<u8>),
    Far(ObjectId, Vec<u8>),
}

/// Reads every object of a pack. `known` answers what its deltas may be against besides.
///
/// # Errors
/// [`UnpackError`]; then nothing of it is to be used.
pub fn unpack(
    pack: &[u8],
    known: impl Fn(&ObjectId) -> Option<Received>,
    limits: UnpackLimits,
) -> Result<ReceivedObjects, UnpackError> {
    let (body, n_objects) = open(pack)?;
    if n_objects > limits.objects {
        return Err(UnpackError::TooLarge(limits));
    }
    let mut unpacking = Unpacking::new(body, limits);
    unpacking.read_entries(n_objects)?;
    unpacking.resolve(known)?;
    Ok(unpacking.objects)
}

/// Checks the start and the end of a pack; answers all but its checksum, and how many objects it
/// has.
fn open(pack: &[u8]) -> Result<(&[u8], u32), UnpackError> {
    let is_pack = pack.len() >= HEAD + Sha1::LENGTH && pack.starts_with(b"PACK\0\0\0\x02");
    let end = pack.len().checked_sub(Sha1::LENGTH).filter(|_| is_pack);
    let (body, checksum) = pack.split_at(end.ok_or(UnpackError::NoPack)?);
    let mut hash = Sha1::start();
    hash.update(body);
    if hash.finish().as_ref() != checksum {
        return Err(UnpackError::Checksum);
    }
    let number = body.get(8..HEAD).and_then(|bytes| bytes.try_into().ok());
    Ok((body, u32::from_be_bytes(number.ok_or(UnpackError::NoPack)?)))
}

struct Unpacking<'a> {
    body: &'a [u8],
    limits: UnpackLimits,
    /// How many bytes more may come out.
    left: u64,
    objects: ReceivedObjects,
    /// The object whose entry starts there.
    starts: BTreeMap<u64, ObjectId>,
    waiting: Vec<(u32, u64, Waiting)>,
}

impl<'a> Unpacking<'a> {
    fn new(body: &'a [u8], limits: UnpackLimits) -> Self {
        Self {
            body,
            limits,
            left: limits.bytes,
            objects: ReceivedObjects::new(),
            starts: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    fn read_entries(&mut self, n_objects: u32) -> Result<(), UnpackError> {
        let mut at = HEAD;
        for number in 0..n_objects {
            at += self.read_entry(number, at)?;
        }
        match at == self.body.len() {
            true => Ok(()),
            false => Err(UnpackError::Entry(n_objects)),
        }
    }

    /// Reads the entry that starts there, and answers how many bytes it has.
    fn read_entry(&mut self, number: u32, at: usize) -> Result<usize, UnpackError> {
        let damaged = UnpackError::Entry(number);
        let mut rest = self.body.get(at..).unwrap_or_default();
        let header = read_header(&mut rest, Sha1::LENGTH).map_err(|_| damaged.clone())?;
        self.left = self.left.checked_sub(header.size).ok_or(UnpackError::TooLarge(self.limits))?;
        let length = header.length as usize;
        let mut content = Vec::new();
        let mut stream = ZlibDecoder::new(rest);
        let read = (&mut stream).take(header.size).read_to_end(&mut content);
        // The stream must end where the content does: one more read finds its end.
        let ends = read.is_ok() && stream.read(&mut [0]).is_ok_and(|more| more == 0);
        if !ends || content.len() as u64 != header.size {
            return Err(damaged);
        }
        let start = at as u64;
        match header.form {
            Form::Whole(kind) => self.put(start, kind.into(), content),
            Form::NearDelta(distance) => {
                let base = start.checked_sub(distance).ok_or(damaged)?;
                self.waiting.push((number, start, Waiting::Near(base, content)));
            }
            Form::FarDelta => {
                let end = at + length;
                let id = self.body.get(end - Sha1::LENGTH..end).and_then(Sha1::id);
                self.waiting.push((number, start, Waiting::Far(id.ok_or(damaged)?, content)));
            }
        }
        Ok(length + stream.total_in() as usize)
    }

    fn put(&mut self, start: u64, kind: ReceivedKind, content: Vec<u8>) {
        let received = Received { kind, bytes: content.into() };
        let id = received.id();
        self.starts.insert(start, id);
        self.objects.insert(id, received);
    }

    /// Applies deltas until none is left.
    fn resolve(
        &mut self,
        known: impl Fn(&ObjectId) -> Option<Received>,
    ) -> Result<(), UnpackError> {
        for _ in 0..ROUNDS {
            let waiting = std::mem::take(&mut self.waiting);
            if waiting.is_empty() {
                return Ok(());
            }
            let n = waiting.len();
            for (number, start, entry) in waiting {
                match self.base_of(&entry, &known) {
                    Some(base) => self.apply(number, start, &base, &entry)?,
                    None => self.waiting.push((number, start, entry)),
                }
            }
            if self.waiting.len() == n {
                break;
            }
        }
        let n = self.waiting.len();
        let far = self.waiting.iter().find_map(|(_, _, entry)| match entry {
            Waiting::Far(base, _) => Some(*base),
            Waiting::Near(..) => None,
        });
        let first = self.waiting.first().map_or(0, |(number, ..)| *number);
        Err(far.map_or(UnpackError::Entry(first), |base| UnpackError::Base { n, base }))
    }

    fn base_of(
        &self,
        entry: &Waiting,
        known: impl Fn(&ObjectId) -> Option<Received>,
    ) -> Option<Received> {
        match entry {
            Waiting::Near(base, _) => self.objects.get(self.starts.get(base)?).cloned(),
            Waiting::Far(base, _) => self.objects.get(base).cloned().or_else(|| known(base)),
        }
    }

    fn apply(
        &mut self,
        number: u32,
        start: u64,
        base: &Received,
        entry: &Waiting,
    ) -> Result<(), UnpackError> {
        let (Waiting::Near(_, delta) | Waiting::Far(_, delta)) = entry;
        let size = delta::result_size(delta).ok_or(UnpackError::Entry(number))?;
        self.left = self.left.checked_sub(size).ok_or(UnpackError::TooLarge(self.limits))?;
        let content = delta::apply(delta, &base.bytes).ok_or(UnpackError::Entry(number))?;
        self.put(start, base.kind, content);
        Ok(())
    }
}

impl Received {
    /// The id that Git gives these bytes.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        match self.kind {
            ReceivedKind::Blob => model::hash_blob(&[&self.bytes]),
            ReceivedKind::Tree => model::hash_tree(&self.bytes),
            ReceivedKind::Commit => ObjectId(model::hash_commit(&self.bytes).0),
            ReceivedKind::Tag => {
                let mut hash = Sha1::start();
                hash.update(format!("tag {}\0", self.bytes.len()).as_bytes());
                hash.update(&self.bytes);
                hash.finish()
            }
        }
    }
}

impl From<Kind> for ReceivedKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Self::Commit,
            Kind::Tree => Self::Tree,
            Kind::Blob => Self::Blob,
            Kind::Tag => Self::Tag,
        }
    }
}
