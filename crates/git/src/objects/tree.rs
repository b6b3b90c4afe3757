//! Trees with entries of every kind, of which some may be someone else's.

use model::ObjectId;

use crate::reader::{TreeEntry, TreeEntryKind};

/// The bytes of a tree with these entries, in whatever order they come.
pub(crate) fn encode(mut entries: Vec<TreeEntry>) -> Vec<u8> {
    let key = |entry: &TreeEntry| {
        let mut key = entry.name.to_vec();
        key.extend((entry.kind == TreeEntryKind::Tree).then_some(b'/'));
        key
    };
    entries.sort_by_cached_key(key);
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(entry.kind.octal().as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(&entry.id.0);
    }
    bytes
}

/// The entries of a tree that was encoded here.
pub(super) fn decode(bytes: &[u8]) -> Vec<TreeEntry> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some(space) = rest.iter().position(|byte| *byte == b' ')
        && let Some(end) = rest.iter().position(|byte| *byte == 0)
        && let Some(id) = rest.get(end + 1..end + 21)
    {
        let mut entry = TreeEntry {
            name: rest[space + 1..end].into(),
            kind: TreeEntryKind::from_octal(&rest[..space]),
            id: ObjectId([0; 20]),
        };
        entry.id.0.copy_from_slice(id);
        entries.push(entry);
        rest = &rest[end + 21..];
    }
    entries
}
