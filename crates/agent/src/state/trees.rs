//! Released trees on disk: every object of one, in one file under the id of the tree.
//!
//! The file needs no checksum: each object is hashed when the tree is read, and a tree of which
//! anything is missing or altered is fetched again.

use std::io;
use std::sync::Arc;

use git::{Received, ReceivedKind, ReceivedObjects};
use model::ObjectId;

use super::Disk;

const PREFIX: &str = "tree-";

/// Keeps the objects of a tree. It is durable when this returns.
///
/// # Errors
/// What the disk says.
pub fn keep_tree(disk: &Disk, tree: ObjectId, objects: &ReceivedObjects) -> io::Result<()> {
    let mut bytes = Vec::new();
    for object in objects.values() {
        let kind = match object.kind {
            ReceivedKind::Tree => b't',
            _ => b'b',
        };
        bytes.push(kind);
        bytes.extend_from_slice(&(object.bytes.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&object.bytes);
    }
    disk.write(&format!("{PREFIX}{tree}"), &bytes)
}

/// The objects of a tree, as far as they can be read: whether they are all of it is seen when it
/// is walked.
#[must_use]
pub fn read_tree_objects(disk: &Disk, tree: ObjectId) -> ReceivedObjects {
    let bytes = disk.read(&format!("{PREFIX}{tree}")).ok().flatten().unwrap_or_default();
    let mut objects = ReceivedObjects::new();
    let mut rest = bytes.as_slice();
    while let Some((object, after)) = take(rest) {
        objects.insert(object.id(), object);
        rest = after;
    }
    objects
}

fn take(bytes: &[u8]) -> Option<(Received, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    let kind = match kind {
        b't' => ReceivedKind::Tree,
        b'b' => ReceivedKind::Blob,
        _ => return None,
    };
    Some((Received { kind, bytes: Arc::from(content) }, rest))
}

/// Removes every tree but these. What cannot be removed only takes room.
pub fn forget_trees(disk: &Disk, keep: &[ObjectId]) {
    let kept: Vec<String> = keep.iter().map(|tree| format!("{PREFIX}{tree}")).collect();
    for name in disk.names().unwrap_or_default() {
        if name.starts_with(PREFIX) && !kept.contains(&name) {
            let _ = disk.remove(&name);
        }
    }
}
