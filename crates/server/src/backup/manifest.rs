//! What a backup holds, said at its beginning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The number of the format.
pub(super) const FORMAT: u32 = 1;

/// Its name in the archive.
pub(super) const NAME: &str = "manifest.json";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The number of the format.
    pub format: u32,
    /// The version of the program that wrote it.
    pub version: String,
    /// When.
    pub made: Timestamp,
    /// The last step of the ledger, as it was seen beside the backup.
    pub generation: Option<u32>,
    /// The commit of the source, as it was seen beside the backup.
    pub source: Option<String>,
    /// The parts, in their order.
    pub entries: Vec<Entry>,
}

/// A part of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Its name in the archive.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

impl Manifest {
    /// How long all parts are together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }

    /// As it stands in the archive.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}
