//! Objects, read and unpacked.
//!
//! In: ids. Out: the bytes of blobs, the entries of trees, commits. Readers are for one thread
//! each; a repository keeps idle ones, since a new one has to map the packs again.

use std::sync::{Mutex, PoisonError};

use gix::bstr::ByteSlice;
use jiff::Timestamp;
use model::{CommitId, Mode, ObjectId};

use crate::{Repository, RepositoryError};

/// What an entry of a tree is, with the kinds that a source must not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeEntryKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A folder.
    Tree,
    /// A symbolic link; its blob is the path it points to.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

impl TreeEntryKind {
    /// The mode as Git writes it in a tree object.
    pub(crate) fn octal(self) -> &'static str {
        match self {
            Self::File => Mode::File.octal(),
            Self::Executable => Mode::Executable.octal(),
            Self::Tree => Mode::Tree.octal(),
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// The kind of a mode that was written by [`Self::octal`].
    pub(crate) fn from_octal(mode: &[u8]) -> Self {
        let kinds = [Self::Executable, Self::Tree, Self::Symlink, Self::Submodule];
        let found = kinds.into_iter().find(|kind| kind.octal().as_bytes() == mode);
        found.unwrap_or(Self::File)
    }

    /// The kind of an entry that was rendered.
    pub(crate) fn of(mode: Mode) -> Self {
        match mode {
            Mode::File => Self::File,
            Mode::Executable => Self::Executable,
            Mode::Tree => Self::Tree,
        }
    }

    /// The same among the kinds that a rendered tree holds.
    pub(crate) fn rendered(self) -> Option<Mode> {
        match self {
            Self::File => Some(Mode::File),
            Self::Executable => Some(Mode::Executable),
            Self::Tree => Some(Mode::Tree),
            Self::Symlink | Self::Submodule => None,
        }
    }
}

/// One entry of a tree, as it stands in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The name: any bytes but `/` and NUL.
    pub name: Box<[u8]>,
    /// What it is.
    pub kind: TreeEntryKind,
    /// The content. For a submodule, a commit of the other repository.
    pub id: ObjectId,
}

impl TreeEntry {
    /// The name, if it is UTF-8.
    #[must_use]
    pub fn name_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.name).ok()
    }
}

/// What a commit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<CommitId>,
    /// The whole message.
    pub message: String,
    /// The time of the committer.
    pub time: Timestamp,
    /// The author, as `Name <mail>`.
    pub author: String,
    /// The committer, as `Name <mail>`.
    pub committer: String,
}

impl CommitInfo {
    /// The first line of the message.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The value of a trailer: of the last line `Key: value` in the last paragraph, which is not
    /// the first.
    #[must_use]
    pub fn trailer(&self, key: &str) -> Option<&str> {
        let (_, last) = self.message.trim_end().rsplit_once("\n\n")?;
        let value = |line: &'_ str| -> Option<usize> {
            line.strip_prefix(key)?.starts_with(": ").then_some(key.len() + 2)
        };
        last.lines().rev().find_map(|line| value(line).map(|start| line[start..].trim()))
    }
}

/// Idle handles of gix, taken and given back by readers.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<gix::Repository>>,
}

impl Pool {
    fn take(&self) -> Option<gix::Repository> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give(&self, objects: gix::Repository) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(objects);
    }
}

/// Reads objects for one thread. It remembers what it unpacked, so reading many at once through
/// one reader is faster than through the repository.
pub struct Reader<'a> {
    repository: &'a Repository,
    pool: &'a Pool,
    /// There until the reader is dropped.
    objects: Option<gix::Repository>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(objects) = self.objects.take() {
            self.pool.give(objects);
        }
    }
}

impl<'a> Reader<'a> {
    /// A reader that looks for new packs before it calls an object missing.
    pub(crate) fn new(repository: &'a Repository, pool: &'a Pool) -> Self {
        let objects = pool.take().unwrap_or_else(|| {
            let mut objects = repository.local();
            objects.object_cache_size_if_unset(16 << 20);
            objects
        });
        Self { repository, pool, objects: Some(objects) }
    }

    /// A reader that calls an object missing at once, for asking about very many that are.
    pub(crate) fn without_refresh(repository: &'a Repository, pool: &'a Pool) -> Self {
        let objects = pool.take().unwrap_or_else(|| {
            let mut objects = repository.local();
            objects.objects.refresh_never();
            objects
        });
        Self { repository, pool, objects: Some(objects) }
    }

    pub(crate) fn objects(&self) -> &gix::Repository {
        self.objects.as_ref().expect("it is taken only when the reader is dropped")
    }

    /// Looks a second time before an object is missing: where several threads look for new packs
    /// at once, gix may tell one of them that there are none when another has just found them.
    fn twice<'o, T>(
        &'o self,
        find: impl Fn(&'o gix::Repository) -> Result<T, gix::Error>,
    ) -> Result<T, gix::Error> {
        find(self.objects()).or_else(|_| find(self.objects()))
    }

    /// Whether the repository holds an object.
    #[must_use]
    pub fn holds(&self, id: ObjectId) -> bool {
        self.objects().has_object(gix::ObjectId::from(id.0))
    }

    /// The size of an object in bytes, without unpacking it.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub fn size(&self, id: ObjectId) -> Result<u64, RepositoryError> {
        let header = self.twice(|objects| objects.find_header(gix::ObjectId::from(id.0)));
        header.map(|header| header.size()).map_err(|error| self.error("object", &id.0, &error))
    }

    /// What an object is, without unpacking it.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub(crate) fn kind(&self, id: ObjectId) -> Result<gix::objs::Kind, RepositoryError> {
        let header = self.twice(|objects| objects.find_header(gix::ObjectId::from(id.0)));
        header.map(|header| header.kind()).map_err(|error| self.error("object", &id.0, &error))
    }

    /// What a tag stands for, through tags of tags, and what that is; any other object stands for
    /// itself.
    ///
    /// # Errors
    /// If an object is missing or damaged.
    pub(crate) fn peel(
        &self,
        id: ObjectId,
    ) -> Result<(ObjectId, gix::objs::Kind), RepositoryError> {
        let (mut id, mut kind) = (id, self.kind(id)?);
        while kind == gix::objs::Kind::Tag {
            let error = |error: &dyn std::fmt::Display| self.error("tag", &id.0, error);
            let found = self.twice(|objects| objects.find_tag(gix::ObjectId::from(id.0)));
            let tag = found.map_err(|fault| error(&fault))?;
            let target = tag.target_id().map_err(|fault| error(&fault))?;
            id = ObjectId(bytes_of(&target));
            kind = self.kind(id)?;
        }
        Ok((id, kind))
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// If it is missing, damaged or no blob.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        let found = self.twice(|objects| objects.find_blob(gix::ObjectId::from(id.0)));
        let mut blob = found.map_err(|error| self.error("blob", &id.0, &error))?;
        Ok(blob.take_data())
    }

    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// If it is missing, damaged or no tree.
    pub fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, RepositoryError> {
        let found = self.twice(|objects| objects.find_tree(gix::ObjectId::from(id.0)));
        let tree = found.map_err(|error| self.error("tree", &id.0, &error))?;
        let entries = tree.iter().map(|entry| {
            let entry = entry.map_err(|error| self.error("tree", &id.0, &error))?;
            Ok(TreeEntry {
                name: entry.filename().to_vec().into(),
                kind: kind_of(entry.mode()),
                id: ObjectId(bytes_of(entry.oid())),
            })
        });
        entries.collect()
    }

    /// A tree as it is stored.
    ///
    /// # Errors
    /// If it is missing, damaged or no tree.
    pub(crate) fn tree_bytes(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        let found = self.twice(|objects| objects.find_tree(gix::ObjectId::from(id.0)));
        let mut tree = found.map_err(|error| self.error("tree", &id.0, &error))?;
        Ok(tree.take_data())
    }

    /// Visits the entries of a tree in Git's order, without keeping any: a ledger has millions.
    ///
    /// # Errors
    /// If it is missing, damaged or no tree.
    pub(crate) fn each_entry(
        &self,
        id: ObjectId,
        mut visit: impl FnMut(&[u8], TreeEntryKind, ObjectId),
    ) -> Result<(), RepositoryError> {
        let found = self.objects().find_tree(gix::ObjectId::from(id.0));
        let tree = found.map_err(|error| self.error("tree", &id.0, &error))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| self.error("tree", &id.0, &error))?;
            visit(entry.filename(), kind_of(entry.mode()), ObjectId(bytes_of(entry.oid())));
        }
        Ok(())
    }

    /// A commit.
    ///
    /// # Errors
    /// If it is missing, damaged or no commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, RepositoryError> {
        let error = |error: gix::Error| self.error("commit", &id.0, &error);
        let commit =
            self.twice(|objects| objects.find_commit(gix::ObjectId::from(id.0))).map_err(error)?;
        let author = commit.author().map_err(error)?;
        let committer = commit.committer().map_err(error)?;
        let seconds = commit.time().map_err(error)?.seconds;
        let time =
            Timestamp::from_second(seconds).map_err(|time| self.error("commit", &id.0, &time))?;
        Ok(CommitInfo {
            tree: ObjectId(bytes_of(&commit.tree_id().map_err(error)?)),
            parents: commit.parent_ids().map(|parent| CommitId(bytes_of(&parent))).collect(),
            message: commit.message_raw().map_err(error)?.to_str_lossy().into_owned(),
            time,
            author: format!("{} <{}>", author.name, author.email),
            committer: format!("{} <{}>", committer.name, committer.email),
        })
    }

    /// A commit as it is stored.
    ///
    /// # Errors
    /// If it is missing, damaged or no commit.
    pub(crate) fn commit_bytes(&self, id: CommitId) -> Result<Vec<u8>, RepositoryError> {
        let found = self.twice(|objects| objects.find_commit(gix::ObjectId::from(id.0)));
        let mut commit = found.map_err(|error| self.error("commit", &id.0, &error))?;
        Ok(commit.take_data())
    }

    pub(crate) fn error(
        &self,
        kind: &'static str,
        id: &[u8; 20],
        error: &dyn std::fmt::Display,
    ) -> RepositoryError {
        RepositoryError::Object {
            path: self.repository.path().to_owned(),
            kind,
            id: ObjectId(*id).to_string(),
            reason: one_line(&error.to_string()),
        }
    }
}

fn kind_of(mode: gix::objs::tree::EntryMode) -> TreeEntryKind {
    use gix::objs::tree::EntryKind;
    match mode.kind() {
        EntryKind::Tree => TreeEntryKind::Tree,
        EntryKind::Blob => TreeEntryKind::File,
        EntryKind::BlobExecutable => TreeEntryKind::Executable,
        EntryKind::Link => TreeEntryKind::Symlink,
        EntryKind::Commit => TreeEntryKind::Submodule,
    }
}

/// The twenty bytes of a SHA-1; a repository with longer ids is never opened.
pub(crate) fn bytes_of(id: &gix::oid) -> [u8; 20] {
    let mut bytes = [0; 20];
    let n_bytes = id.as_bytes().len().min(20);
    bytes[..n_bytes].copy_from_slice(&id.as_bytes()[..n_bytes]);
    bytes
}

/// A message of several lines in one.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
