//! Identities by content and identities by name.

use std::fmt;
use std::str::FromStr;

use crate::hash::sha256;

/// A text that should have been a hexadecimal id and was not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of {digits} hexadecimal digits")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// How many digits were expected.
    pub digits: usize,
}

/// The longest id, in bytes.
const LONGEST: usize = 32;

/// Writes all digits at once: ids are written far more often than anything else.
fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; LONGEST * 2];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    let digits = &text[..bytes.len().min(LONGEST) * 2];
    f.write_str(std::str::from_utf8(digits).unwrap_or_default())
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let error = || IdError { text: text.chars().take(80).collect(), digits: N * 2 };
    if text.len() != N * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(error());
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let pair = text.get(index * 2..index * 2 + 2).ok_or_else(error)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
    }
    Ok(bytes)
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

hex_id!(
    /// The id that Git gives a blob or a tree: SHA-1 of its kind, size and bytes.
    ObjectId,
    20
);
hex_id!(
    /// The id of a Git commit.
    CommitId,
    20
);
hex_id!(
    /// A SHA-256: of a source, of a plan.
    Digest,
    32
);
hex_id!(
    /// The identity of a fleet: `metadata.uid` of `fleet.yaml`.
    FleetUid,
    16
);
hex_id!(
    /// The identity of a cluster through its renames.
    ClusterUid,
    16
);

impl FleetUid {
    /// The uid of a fleet whose `fleet.yaml` names none: the first 128 bits of SHA-256 of
    /// `fleet/<name>`.
    #[must_use]
    pub fn derived(name: &str) -> Self {
        Self(first_half(sha256(format!("fleet/{name}").as_bytes())))
    }
}

impl ClusterUid {
    /// The uid of a cluster that appears for the first time: the first 128 bits of SHA-256 of
    /// `<fleet uid>/<name>/<generation>`.
    #[must_use]
    pub fn derived(fleet: FleetUid, name: &str, generation: Generation) -> Self {
        Self(first_half(sha256(format!("{fleet}/{name}/{generation}").as_bytes())))
    }

    /// The folder of the ledger that the cluster is in: the first two hexadecimal digits.
    #[must_use]
    pub fn shard(&self) -> String {
        format!("{:02x}", self.0[0])
    }
}

fn first_half(digest: Digest) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest.0[..16]);
    half
}

/// The number of a step of the ledger; the first step is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
