//! The new objects of one publish over a repository.
//!
//! In: rendered files and folders, through [`Sink`], and commits. Out: their ids at once, their
//! bytes again on request, and, at the end, one pack with what the repository did not hold. What
//! the repository holds already is never kept. It is filled from many threads at once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use model::{CommitId, Entry, ObjectId, Sink, hash_blob, hash_commit, hash_tree, tree_bytes};

use crate::durable::sync_file_system;
use crate::pack::{self, Content, Kind, Object};
use crate::reader::{TreeEntry, TreeEntryKind};
use crate::{Repository, RepositoryError};

/// How many parts the table of new objects has, each with a lock of its own.
const SHARDS: usize = 64;

/// The blob and the tree of nothing, which readers make up where they are missing, so that asking
/// whether they are there proves nothing.
const EMPTY: [ObjectId; 2] = [
    ObjectId(*b"\xe6\x9d\xe2\x9b\xb2\xd1\xd6CK\x8b)\xaewZ\xd8\xc2\xe4\x8cS\x91"),
    ObjectId(*b"K\x82]\xc6B\xcbn\xb9\xa0`\xe5K\xf8\xd6\x92\x88\xfb\xeeI\x04"),
];

/// The new objects could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write a pack to the repository `{}`: {source}", path.display())]
pub struct PackError {
    /// The repository.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// New objects over a repository, in memory until they are written as one pack.
pub struct Objects {
    repository: Repository,
    shards: Vec<Mutex<HashMap<ObjectId, (Kind, Content)>>>,
}

/// A commit to be made. Its author is its committer, and its time is in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: ObjectId,
    pub(crate) parents: &'a [CommitId],
    /// As `Name <mail>`.
    pub(crate) author: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) message: &'a str,
}

impl NewCommit<'_> {
    /// The id that the commit will have.
    pub(crate) fn id(&self) -> CommitId {
        hash_commit(self.text().as_bytes())
    }

    fn text(&self) -> String {
        let mut text = format!("tree {}\n", self.tree);
        for parent in self.parents {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "parent {parent}");
        }
        let person = signature(self.author);
        let seconds = self.at.as_second().max(0);
        let _ = writeln!(text, "author {person} {seconds} +0000");
        let _ = writeln!(text, "committer {person} {seconds} +0000\n");
        text.push_str(self.message.replace('\0', " ").trim_end());
        text.push('\n');
        text
    }
}

impl Objects {
    /// No new objects yet.
    #[must_use]
    pub fn new(repository: &Repository) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self { repository: repository.clone(), shards }
    }

    /// The repository that they are new to.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// How many objects the repository did not hold.
    #[must_use]
    pub fn n_new(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether an object is new, or in the repository.
    #[must_use]
    pub fn holds(&self, id: ObjectId) -> bool {
        lock(self.shard(id)).contains_key(&id) || self.repository.reader().holds(id)
    }

    /// The bytes of a blob, new or in the repository.
    ///
    /// # Errors
    /// If it is neither, or damaged, or no blob.
    pub fn read_blob(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        match self.pending(id, Kind::Blob) {
            Some(bytes) => Ok(bytes),
            None => self.repository.reader().blob(id),
        }
    }

    /// The entries of a tree, new or in the repository, in Git's order.
    ///
    /// # Errors
    /// If it is neither, or damaged, or no tree.
    pub fn read_tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, RepositoryError> {
        match self.pending(id, Kind::Tree) {
            Some(bytes) => Ok(decode_tree(&bytes)),
            None => self.repository.reader().tree(id),
        }
    }

    /// Writes all new objects as one pack, durable when this returns; nothing if there are none.
    ///
    /// # Errors
    /// If the files cannot be written. The objects are kept, so that it can be tried again.
    pub fn write(&self) -> Result<(), PackError> {
        let mut objects = Vec::with_capacity(self.n_new());
        for shard in &self.shards {
            objects.extend(lock(shard).iter().map(|(id, (kind, content))| Object {
                id: *id,
                kind: *kind,
                content: content.clone(),
            }));
        }
        if objects.is_empty() {
            return Ok(());
        }
        let written: Vec<ObjectId> = objects.iter().map(|object| object.id).collect();
        let folder = self.repository.git_dir().join("objects/pack");
        let error = |source| PackError { path: self.repository.path().to_owned(), source };
        pack::write(&folder, objects).map_err(error)?;
        sync_file_system(&folder).map_err(error)?;
        for id in written {
            lock(self.shard(id)).remove(&id);
        }
        Ok(())
    }

    /// A tree with entries of every kind, of which some may be someone else's.
    pub(crate) fn put_tree(&self, mut entries: Vec<TreeEntry>) -> ObjectId {
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
        self.put(hash_tree(&bytes), Kind::Tree, bytes)
    }

    /// A commit. Its tree must be there, or among the new objects, or empty.
    pub(crate) fn commit(&self, commit: &NewCommit<'_>) -> CommitId {
        if EMPTY.contains(&commit.tree) {
            self.tree(&[]);
        }
        let text = commit.text();
        let id = hash_commit(text.as_bytes());
        self.put(ObjectId(id.0), Kind::Commit, text.into_bytes());
        id
    }

    fn put(&self, id: ObjectId, kind: Kind, bytes: impl Into<Box<[u8]>>) -> ObjectId {
        if !self.is_known(id) {
            let content = Content::Whole(bytes.into());
            lock(self.shard(id)).entry(id).or_insert((kind, content));
        }
        id
    }

    fn is_known(&self, id: ObjectId) -> bool {
        let is_new = lock(self.shard(id)).contains_key(&id);
        is_new || (!EMPTY.contains(&id) && self.repository.quick_reader().holds(id))
    }

    fn pending(&self, id: ObjectId, kind: Kind) -> Option<Vec<u8>> {
        match lock(self.shard(id)).get(&id) {
            Some((found, Content::Whole(bytes))) if *found == kind => Some(bytes.to_vec()),
            _ => None,
        }
    }

    fn shard(&self, id: ObjectId) -> &Mutex<HashMap<ObjectId, (Kind, Content)>> {
        &self.shards[id.0[0] as usize % SHARDS]
    }
}

impl Sink for Objects {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        self.put(hash_blob(&[bytes]), Kind::Blob, bytes)
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        let bytes = tree_bytes(entries);
        self.put(hash_tree(&bytes), Kind::Tree, bytes)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `Name <mail>` without what would break the line of a commit.
fn signature(author: &str) -> String {
    let (name, mail) = author.split_once('<').unwrap_or((author, ""));
    let clean = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()).collect()
    };
    let (name, mail) = (clean(name), clean(mail));
    let name = if name.trim().is_empty() { "unknown" } else { name.trim() };
    format!("{name} <{}>", mail.trim())
}

/// The entries of a tree that was encoded here.
fn decode_tree(bytes: &[u8]) -> Vec<TreeEntry> {
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
