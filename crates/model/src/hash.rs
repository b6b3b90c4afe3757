//! The ids that Git gives to content.
//!
//! SHA-1 with collision detection: a crafted collision (the SHAttered files, say) gets the
//! mitigated digest that no other content has, never the id of its twin. See
//! <https://git-scm.com/docs/hash-function-transition> and RUSTSEC-2025-0021.

use sha1dc::mitigate::Hasher;
use sha2::{Digest as _, Sha256};

use crate::sink::Entry;
use crate::{CommitId, Digest, ObjectId};

fn hash(kind: &str, parts: &[&[u8]]) -> [u8; 20] {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let mut hasher = Hasher::new();
    hasher.update(format!("{kind} {size}\0").as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().unwrap_or_else(|attack| attack.digest()).to_bytes()
}

/// The id of a blob with these bytes, given in one or more parts.
#[must_use]
pub fn hash_blob(parts: &[&[u8]]) -> ObjectId {
    ObjectId(hash("blob", parts))
}

/// The id of a tree with this encoding (see [`tree_bytes`]).
#[must_use]
pub fn hash_tree(encoded: &[u8]) -> ObjectId {
    ObjectId(hash("tree", &[encoded]))
}

/// The id of a commit with this text.
#[must_use]
pub fn hash_commit(text: &[u8]) -> CommitId {
    CommitId(hash("commit", &[text]))
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The bytes of a tree object: entries in Git's order, in which a folder sorts as if its name
/// ended with `/`.
///
/// The entries may come in any order; names must be distinct and hold neither `/` nor NUL.
#[must_use]
pub fn tree_bytes(entries: &[Entry]) -> Vec<u8> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.git_order(b));
    let mut bytes = Vec::with_capacity(sorted.iter().map(|entry| entry.name.len() + 28).sum());
    for entry in sorted {
        bytes.extend_from_slice(entry.mode.octal().as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(entry.name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&entry.id.0);
    }
    bytes
}
