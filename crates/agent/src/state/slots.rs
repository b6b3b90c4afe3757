//! One value on disk, safe against a power cut at any moment: two files, written in turn.
//!
//! Each file has a line with its format, a number that grows, and the SHA-256 of the rest. A write
//! goes to the file that does not hold the newest value; so whatever a cut leaves there, the value
//! before is whole. What neither file holds whole is unknown, never empty.

use std::io;

use model::{Cause, Observed, sha256};

use super::Disk;

const FORMAT: &str = "res-edge-agent 1";

/// What was found of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No such value was ever written.
    Never,
    /// It is this.
    Known(Vec<u8>),
    /// There was one, and it cannot be read.
    Damaged(Cause),
}

/// One value on disk.
#[derive(Clone, Debug)]
pub struct Slots {
    disk: Disk,
    name: &'static str,
    /// The number of the newest value, and the file that holds it.
    newest: Option<(u64, usize)>,
}

impl Slots {
    /// Opens the value with this name, and answers what it is.
    #[must_use]
    pub fn open(disk: &Disk, name: &'static str) -> (Self, Found) {
        let slots: Vec<Slot> = (0..2).map(|index| read(disk, &file(name, index))).collect();
        let newest = slots
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| Some((slot.number()?, index)))
            .max();
        let found = match newest {
            Some((_, index)) => slots[index].found(),
            None if slots.iter().all(|slot| *slot == Slot::Absent) => Found::Never,
            None => Found::Damaged(damage(name, &slots)),
        };
        (Self { disk: disk.clone(), name, newest }, found)
    }

    /// Writes another value. When this fails, the value before is still there.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self, body: &[u8]) -> io::Result<()> {
        let number = self.newest.map_or(1, |(number, _)| number + 1);
        let index = self.newest.map_or(0, |(_, index)| 1 - index);
        let head = format!("{FORMAT} {number} {}\n", sha256(body));
        self.disk.write(&file(self.name, index), &[head.as_bytes(), body].concat())?;
        self.newest = Some((number, index));
        Ok(())
    }
}

/// The name of one of the two files.
fn file(name: &str, index: usize) -> String {
    format!("{name}.{index}")
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    Absent,
    Whole(u64, Vec<u8>),
    Damaged(String),
}

impl Slot {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Whole(number, _) => Some(*number),
            _ => None,
        }
    }

    fn found(&self) -> Found {
        match self {
            Self::Whole(_, body) => Found::Known(body.clone()),
            Self::Absent => Found::Never,
            Self::Damaged(why) => Found::Damaged(Cause(why.clone())),
        }
    }
}

fn read(disk: &Disk, name: &str) -> Slot {
    match disk.read(name) {
        Ok(None) => Slot::Absent,
        Ok(Some(bytes)) => parse(&bytes).unwrap_or_else(|why| Slot::Damaged(why.to_owned())),
        Err(error) => Slot::Damaged(error.to_string()),
    }
}

fn parse(bytes: &[u8]) -> Result<Slot, &'static str> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it is cut off")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "its first line is no text")?;
    let rest = head.strip_prefix(FORMAT).ok_or("it has another format")?;
    let (number, digest) = rest.trim_start().split_once(' ').ok_or("its first line is cut off")?;
    let number = number.parse().map_err(|_| "its number is none")?;
    let body = &bytes[end + 1..];
    match sha256(body).to_string() == digest {
        true => Ok(Slot::Whole(number, body.to_vec())),
        false => Err("it does not match its checksum"),
    }
}

fn damage(name: &str, slots: &[Slot]) -> Cause {
    let said = slots.iter().enumerate().map(|(index, slot)| match slot {
        Slot::Damaged(why) => format!("`{}`: {why}", file(name, index)),
        _ => format!("`{}` is not there", file(name, index)),
    });
    Cause(said.collect::<Vec<_>>().join("; "))
}

impl Found {
    /// The value as something is made of it; nothing where there never was one.
    pub fn read<T>(self, decode: impl FnOnce(&[u8]) -> Result<T, String>) -> Observed<Option<T>> {
        match self {
            Self::Never => Observed::Known(None),
            Self::Damaged(cause) => Observed::Unknown(cause),
            Self::Known(bytes) => match decode(&bytes) {
                Ok(value) => Observed::Known(Some(value)),
                Err(why) => Observed::Unknown(Cause(why)),
            },
        }
    }
}
