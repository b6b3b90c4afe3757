//! The ids that Git gives to content.
//!
//! SHA-1 with collision detection: a crafted collision (the SHAttered files, say) gets the
//! mitigated digest that no other content has, never the id of its twin. See
//! <https://git-scm.com/docs/hash-function-transition> and RUSTSEC-2025-0021.

use sha1dc::mitigate::Hasher;
use sha2::{Digest as _, Sha256};

use crate::sink::{Base, Entry, Piece};
use crate::{CommitId, Digest, ObjectId};

fn hash<'a>(kind: &str, parts: impl Iterator<Item = &'a [u8]> + Clone) -> [u8; 20] {
    let size = parts.clone().map(<[u8]>::len).sum();
    let mut hasher = Hasher::new();
    hasher.update(kind.as_bytes());
    update_with_size(&mut hasher, size);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().unwrap_or_else(|attack| attack.digest()).to_bytes()
}

/// What stands between the kind and the bytes: a space, the size and a NUL.
fn update_with_size(hasher: &mut Hasher, size: usize) {
    let mut text = [0; 24];
    let mut start = text.len() - 1;
    let mut rest = size;
    loop {
        start -= 1;
        text[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text[start - 1] = b' ';
    hasher.update(&text[start - 1..]);
}

/// The id of a blob with these bytes, given in one or more parts.
#[must_use]
pub fn hash_blob(parts: &[&[u8]]) -> ObjectId {
    ObjectId(hash("blob", parts.iter().copied()))
}

/// The id of the blob that these stretches of a base and of values make, which is not put
/// together for it.
#[must_use]
pub fn hash_variant(base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
    ObjectId(hash("blob", pieces.iter().map(|piece| piece.bytes(base))))
}

/// The id of a tree with this encoding (see [`tree_bytes`]).
#[must_use]
pub fn hash_tree(encoded: &[u8]) -> ObjectId {
    ObjectId(hash("tree", std::iter::once(encoded)))
}

/// The id of a commit with this text.
#[must_use]
pub fn hash_commit(text: &[u8]) -> CommitId {
    CommitId(hash("commit", std::iter::once(text)))
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
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.name.len() + 28).sum());
    if entries.is_sorted_by(|a, b| a.git_order(b).is_lt()) {
        entries.iter().for_each(|entry| write_entry(entry, &mut bytes));
    } else {
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sorted.sort_by(|a, b| a.git_order(b));
        sorted.into_iter().for_each(|entry| write_entry(entry, &mut bytes));
    }
    bytes
}

fn write_entry(entry: &Entry, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(entry.mode.octal().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(entry.name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&entry.id.0);
}
