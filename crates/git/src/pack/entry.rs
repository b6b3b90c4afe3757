//! Entries of a pack: a header with kind and size, then a zlib stream.
//!
//! In: content, or a delta with the distance to its base. Out: the bytes of an entry; and back
//! again. See <https://git-scm.com/docs/gitformat-pack>.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::delta;

/// What kind of object an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// The type of a delta whose base is given by its distance in the pack, `OFS_DELTA`.
const NEAR_DELTA: u8 = 6;
/// The type of a delta whose base is given by its id, `REF_DELTA`. It is copied, never made here.
const FAR_DELTA: u8 = 7;

/// Content shorter than this is stored: a zlib stream saves less than it costs.
const TINY: usize = 128;

/// How much is made room for before it is there: what a damaged header says may be anything.
const MOST_AT_ONCE: u64 = 1 << 20;

/// The most bytes of one stored block of a zlib stream.
const BLOCK: usize = 0xffff;

/// The start of an entry, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) form: Form,
    /// The size of the content, or of the delta.
    pub(crate) size: u64,
    /// How many bytes the header takes, with what says where the base is.
    pub(crate) length: u64,
}

/// How an entry gives its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All of it.
    Whole(Kind),
    /// As a delta against the entry that starts so many bytes before this one.
    NearDelta(u64),
    /// As a delta against an object that is named.
    FarDelta,
}

impl Kind {
    fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
        }
    }
}

/// Appends the start of an entry with the whole content of an object.
pub(crate) fn write_whole(kind: Kind, size: usize, out: &mut Vec<u8>) {
    write_type(kind.number(), size as u64, out);
}

/// Appends the start of an entry with a delta of so many bytes, whose base starts `distance`
/// bytes before.
pub(crate) fn write_near_delta(size: u64, distance: u64, out: &mut Vec<u8>) {
    write_type(NEAR_DELTA, size, out);
    let mut bytes = [0; 10];
    let mut start = bytes.len() - 1;
    bytes[start] = (distance & 0x7f) as u8;
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        start -= 1;
        bytes[start] = 0x80 | (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.extend_from_slice(&bytes[start..]);
}

fn write_type(number: u8, size: u64, out: &mut Vec<u8>) {
    let mut byte = (number << 4) | (size & 15) as u8;
    let mut rest = size >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.push(byte);
}

/// Appends bytes as a zlib stream that stores them as they are (RFC 1950, RFC 1951 section 3.2.4).
pub(crate) fn store(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x78, 0x01]);
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(BLOCK));
        let length = block.len() as u16;
        out.push(u8::from(after.is_empty()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend_from_slice(&adler32(bytes).to_be_bytes());
}

/// The checksum at the end of a zlib stream (RFC 1950 section 8.2).
fn adler32(bytes: &[u8]) -> u32 {
    /// As many bytes as can be summed before a 32-bit number overflows.
    const RUN: usize = 5552;
    let (mut a, mut b) = (1_u32, 0_u32);
    for run in bytes.chunks(RUN) {
        for byte in run {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    (b << 16) | a
}

/// Makes zlib streams; one for each thread, since a new one costs more than a small object.
pub(crate) struct Deflater(Compress);

impl Deflater {
    pub(crate) fn new() -> Self {
        Self(Compress::new(Compression::fast(), true))
    }

    /// Appends bytes as a zlib stream: compressed, or stored if they are few.
    pub(crate) fn deflate(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        if bytes.len() < TINY || self.compress(bytes, out).is_err() {
            out.truncate(start);
            store(bytes, out);
        }
    }

    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), flate2::CompressError> {
        self.0.reset();
        out.reserve(bytes.len() / 2 + 64);
        loop {
            let done = self.0.total_in() as usize;
            let status = self.0.compress_vec(&bytes[done..], out, FlushCompress::Finish)?;
            if status == Status::StreamEnd {
                return Ok(());
            }
            out.reserve(bytes.len() / 4 + 64);
        }
    }
}

/// Reads the start of an entry. `name_length` is how many bytes an id has.
///
/// # Errors
/// If it ends early, or is of no known type.
pub(crate) fn read_header(from: &mut impl Read, name_length: usize) -> io::Result<Header> {
    let mut length = 0;
    let mut byte = || -> io::Result<u8> {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        length += 1;
        Ok(byte[0])
    };
    let first = byte()?;
    let (mut size, mut shift, mut next) = (u64::from(first & 15), 4_u32, first);
    while next & 0x80 != 0 {
        next = byte()?;
        let part = u64::from(next & 0x7f);
        size |= part.checked_shl(shift).ok_or_else(damaged)?;
        shift += 7;
    }
    let form = match (first >> 4) & 7 {
        1 => Form::Whole(Kind::Commit),
        2 => Form::Whole(Kind::Tree),
        3 => Form::Whole(Kind::Blob),
        4 => Form::Whole(Kind::Tag),
        NEAR_DELTA => Form::NearDelta(read_distance(&mut byte)?),
        FAR_DELTA => {
            for _ in 0..name_length {
                byte()?;
            }
            Form::FarDelta
        }
        _ => return Err(damaged()),
    };
    Ok(Header { form, size, length })
}

fn read_distance(byte: &mut impl FnMut() -> io::Result<u8>) -> io::Result<u64> {
    let mut next = byte()?;
    let mut distance = u64::from(next & 0x7f);
    while next & 0x80 != 0 {
        next = byte()?;
        let shifted = distance.checked_add(1).and_then(|more| more.checked_mul(128));
        distance = shifted.ok_or_else(damaged)? | u64::from(next & 0x7f);
    }
    Ok(distance)
}

/// A pack whose entries can be read, each from its start.
pub(crate) trait Entries {
    /// The bytes from an entry's start.
    fn at(&self, offset: u64) -> io::Result<impl BufRead>;
}

/// The object whose entry starts there; its deltas are against entries of the same pack, given by
/// distance, as they are in packs that are written here.
///
/// # Errors
/// If it is damaged.
pub(crate) fn read_object(pack: &impl Entries, offset: u64) -> io::Result<(Kind, Vec<u8>)> {
    let mut deltas = Vec::new();
    let mut offset = offset;
    let (kind, mut content) = loop {
        let mut from = pack.at(offset)?;
        let header = read_header(&mut from, 0)?;
        let content = inflate(from, header.size)?;
        match header.form {
            Form::Whole(kind) => break (kind, content),
            Form::NearDelta(distance) => {
                deltas.push(content);
                let base = offset.checked_sub(distance).filter(|base| *base < offset);
                offset = base.ok_or_else(damaged)?;
            }
            Form::FarDelta => return Err(damaged()),
        }
    };
    for one in deltas.iter().rev() {
        content = delta::apply(one, &content).ok_or_else(damaged)?;
    }
    Ok((kind, content))
}

/// The content of a zlib stream, in a decompressor that each thread keeps: making one costs more
/// than a small object.
fn inflate(mut from: impl BufRead, size: u64) -> io::Result<Vec<u8>> {
    thread_local! {
        static STREAM: RefCell<Decompress> = RefCell::new(Decompress::new(true));
    }
    STREAM.with_borrow_mut(|stream| {
        stream.reset(true);
        let mut content = Vec::new();
        loop {
            let left = size.saturating_sub(content.len() as u64).min(MOST_AT_ONCE);
            // A byte more, so that a stream that is too long shows.
            content.reserve(usize::try_from(left).unwrap_or_default() + 1);
            let (read, had) = (stream.total_in(), content.len());
            let input = from.fill_buf()?;
            let status = stream
                .decompress_vec(input, &mut content, FlushDecompress::None)
                .map_err(|_| damaged())?;
            let n_read = stream.total_in() - read;
            from.consume(usize::try_from(n_read).unwrap_or_default());
            if content.len() as u64 > size {
                return Err(damaged());
            }
            match status {
                Status::StreamEnd if content.len() as u64 == size => return Ok(content),
                Status::Ok if n_read > 0 || content.len() > had => {}
                _ => return Err(damaged()),
            }
        }
    })
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the pack is damaged")
}
