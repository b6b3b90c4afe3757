//! One repository on this machine: its objects and refs, read.
//!
//! In: a path, which is never a URL, and ids. Out: the bytes of blobs, the entries of trees,
//! commits, and what a name refers to. Objects are read by gix without any configuration besides
//! the repository's own, of which nothing is ever run, so the owner of the folder does not
//! matter. Replacement objects are not followed: an id always means its own bytes. Nothing is
//! written here.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use jiff::Timestamp;
use model::{Cause, CommitId, ObjectId, Observed};

use crate::ProgramError;

/// Why a repository, or something in it, could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is no repository at that path.
    #[error("there is no Git repository at `{}`", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// What was given is a URL.
    #[error("`{location}` is not a path on this machine")]
    Remote {
        /// What was given.
        location: String,
    },
    /// There is a repository, and it cannot be opened.
    #[error("cannot open the Git repository at `{}`: {reason}", path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Its objects have SHA-256 ids.
    #[error("the Git repository at `{}` has SHA-256 object ids, which are not supported yet", path.display())]
    ObjectFormat {
        /// The path.
        path: PathBuf,
    },
    /// An object is missing or damaged.
    #[error("cannot read the {kind} {id} in the repository `{}`: {reason}", path.display())]
    Object {
        /// The repository.
        path: PathBuf,
        /// `blob`, `tree`, `commit` or `object`.
        kind: &'static str,
        /// The id.
        id: String,
        /// Why.
        reason: String,
    },
    /// A ref cannot be read.
    #[error("cannot read `{name}` in the repository `{}`: {reason}", path.display())]
    Reference {
        /// The repository.
        path: PathBuf,
        /// The ref.
        name: String,
        /// Why.
        reason: String,
    },
    /// A revision names no commit.
    #[error("`{revision}` names no commit in the repository `{}`: {reason}", path.display())]
    Revision {
        /// The repository.
        path: PathBuf,
        /// What was given.
        revision: String,
        /// Why.
        reason: String,
    },
    /// The `git` program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl RepositoryError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { path } => {
                Some(format!("make an empty one with `git init --bare {}`", path.display()))
            }
            Self::Remote { .. } => Some(
                "give the path of a repository on this machine; for one that is elsewhere, clone \
                 it with `git clone --mirror` first"
                    .to_owned(),
            ),
            Self::ObjectFormat { .. } => {
                Some("make it with `git init --object-format=sha1`".to_owned())
            }
            Self::Revision { .. } => Some("give a branch, a tag or a commit id".to_owned()),
            _ => None,
        }
    }
}

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

/// A repository: a work tree's or a bare one. It may be used by many threads.
#[derive(Clone)]
pub struct Repository {
    inner: gix::ThreadSafeRepository,
    git_dir: PathBuf,
    location: PathBuf,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.location).finish()
    }
}

impl Repository {
    /// Opens the repository at exactly this path: a work tree, its `.git`, or a bare repository.
    ///
    /// # Errors
    /// If there is none, it cannot be opened, or its ids are SHA-256.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RepositoryError> {
        let path = path.as_ref();
        refuse_remote(path)?;
        if !is_repository(path) {
            return Err(RepositoryError::Missing { path: path.to_owned() });
        }
        let inner = gix::ThreadSafeRepository::open_opts(path, options())
            .map_err(|error| open_error(path, &error))?;
        let local = inner.to_thread_local();
        if local.object_hash() != gix::hash::Kind::Sha1 {
            return Err(RepositoryError::ObjectFormat { path: path.to_owned() });
        }
        let git_dir = local.common_dir().canonicalize().map_err(|error| RepositoryError::Open {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self { inner, git_dir, location: path.to_owned() })
    }

    /// Opens the repository that holds this path: there, or in the nearest folder above.
    ///
    /// # Errors
    /// If there is one and it cannot be opened; never because there is none.
    pub fn discover(path: impl AsRef<Path>) -> Result<Option<Self>, RepositoryError> {
        let path = path.as_ref();
        refuse_remote(path)?;
        let unreadable = |error: std::io::Error| RepositoryError::Open {
            path: path.into(),
            reason: error.to_string(),
        };
        let absolute = path.canonicalize().map_err(unreadable)?;
        let found = absolute.ancestors().find(|folder| is_repository(folder));
        found.map(Self::open).transpose()
    }

    /// The path that it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.location
    }

    /// The folder of its objects and refs; for a linked work tree, that of the main one.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The root of its work tree; a bare repository has none.
    #[must_use]
    pub fn work_tree(&self) -> Option<PathBuf> {
        self.inner.work_dir().map(Path::to_owned)
    }

    /// Whether it has no work tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.inner.work_dir().is_none()
    }

    /// Whether history before some commits was left out when it was cloned.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn is_shallow(&self) -> Result<bool, RepositoryError> {
        let reason = |error: gix::Error| self.open_error(&error.to_string());
        self.inner.to_thread_local().is_shallow().map_err(reason)
    }

    /// A reader of objects for one thread, which keeps what it has unpacked.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        let mut objects = self.inner.to_thread_local();
        objects.object_cache_size_if_unset(16 << 20);
        Reader { repository: self, objects }
    }

    /// The commit that a revision names, such as a branch, a tag, `HEAD~2` or a commit id.
    ///
    /// # Errors
    /// If it names none, or more than one.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, RepositoryError> {
        let no_commit = |reason: String| RepositoryError::Revision {
            path: self.location.clone(),
            revision: revision.to_owned(),
            reason,
        };
        let local = self.inner.to_thread_local();
        let id = local
            .rev_parse_single(revision.as_bytes().as_bstr())
            .map_err(|error| no_commit(one_line(&error.to_string())))?;
        let commit = id
            .object()
            .and_then(|object| object.peel_to_kind(gix::objs::Kind::Commit))
            .map_err(|error| no_commit(one_line(&error.to_string())))?;
        Ok(CommitId(bytes_of(&commit.id)))
    }

    /// The commit that a ref such as `refs/heads/main` or `HEAD` points at; nothing if there is
    /// no such ref, or it is a branch without a commit.
    ///
    /// # Errors
    /// If the ref is there and cannot be read.
    pub fn reference(&self, name: &str) -> Result<Option<CommitId>, RepositoryError> {
        let unreadable = |reason: String| self.reference_error(name, reason);
        let local = self.inner.to_thread_local();
        let found = local
            .try_find_reference(name)
            .map_err(|error| unreadable(one_line(&error.to_string())))?;
        let Some(mut reference) = found.filter(|found| found.name().as_bstr() == name) else {
            return Ok(None);
        };
        if let Some(target) = reference.target().try_name() {
            let unborn = local.try_find_reference(target).is_ok_and(|found| found.is_none());
            if unborn {
                return Ok(None);
            }
        }
        let commit =
            reference.peel_to_commit().map_err(|error| unreadable(one_line(&error.to_string())))?;
        Ok(Some(CommitId(bytes_of(&commit.id))))
    }

    /// Every ref below a prefix that ends with `/`, with the commit it points at, in the order of
    /// names.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn references(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, RepositoryError> {
        let unreadable = |reason: String| self.reference_error(prefix, reason);
        let local = self.inner.to_thread_local();
        let platform = local.references().map_err(|error| unreadable(error.to_string()))?;
        let found = platform.prefixed(prefix).map_err(|error| unreadable(error.to_string()))?;
        let mut refs = Vec::new();
        for reference in found {
            let reference = reference.map_err(|error| unreadable(error.to_string()))?;
            let name = reference.name().as_bstr().to_string();
            let Some(id) = reference.try_id() else {
                return Err(self.reference_error(&name, "it refers to another ref".to_owned()));
            };
            refs.push((name, CommitId(bytes_of(&id))));
        }
        refs.sort();
        Ok(refs)
    }

    /// The branches that are checked out in a work tree of this repository, as `refs/heads/...`.
    ///
    /// # Errors
    /// If a work tree's `HEAD` cannot be read.
    pub fn checked_out(&self) -> Result<Vec<String>, RepositoryError> {
        let mut heads = Vec::new();
        // The `HEAD` of a bare repository is no work tree's, even if it has linked ones.
        if self.inner.to_thread_local().config_snapshot().boolean("core.bare") != Some(true) {
            heads.push(self.git_dir.join("HEAD"));
        }
        let worktrees = self.git_dir.join("worktrees");
        if worktrees.is_dir() {
            let listed =
                std::fs::read_dir(&worktrees).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let listed =
                listed.map_err(|error| self.reference_error("worktrees", error.to_string()))?;
            heads.extend(listed.iter().map(|entry| entry.path().join("HEAD")));
        }
        let read = |path: PathBuf| -> Result<Option<String>, RepositoryError> {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                self.reference_error(&path.display().to_string(), error.to_string())
            })?;
            Ok(text.strip_prefix("ref:").map(|name| name.trim().to_owned()))
        };
        heads.into_iter().filter_map(|path| read(path).transpose()).collect()
    }

    /// Whether the repository's ignore rules leave a folder of its work tree out whole.
    ///
    /// # Errors
    /// If the `git` program fails.
    pub fn ignores(&self, folder: &Path) -> Result<bool, RepositoryError> {
        let Some(work_tree) = self.work_tree() else { return Ok(false) };
        let arguments = [
            "--work-tree",
            &work_tree.to_string_lossy(),
            "ls-files",
            "--others",
            "--ignored",
            "--exclude-standard",
            "--directory",
            "--",
            &folder.to_string_lossy(),
        ];
        Ok(!crate::program::run(&self.git_dir, &arguments, b"")?.is_empty())
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// If it is missing, damaged or no blob.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        self.reader().blob(id)
    }

    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// If it is missing, damaged or no tree.
    pub fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, RepositoryError> {
        self.reader().tree(id)
    }

    /// A commit.
    ///
    /// # Errors
    /// If it is missing, damaged or no commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, RepositoryError> {
        self.reader().commit(id)
    }

    fn open_error(&self, reason: &str) -> RepositoryError {
        RepositoryError::Open { path: self.location.clone(), reason: one_line(reason) }
    }

    pub(crate) fn reference_error(&self, name: &str, reason: String) -> RepositoryError {
        RepositoryError::Reference { path: self.location.clone(), name: name.to_owned(), reason }
    }
}

/// Reads objects for one thread. It remembers what it unpacked, so reading many at once through
/// one reader is faster than through the repository.
pub struct Reader<'a> {
    repository: &'a Repository,
    objects: gix::Repository,
}

impl Reader<'_> {
    /// Whether the repository holds an object.
    #[must_use]
    pub fn holds(&self, id: ObjectId) -> bool {
        self.objects.has_object(gix::ObjectId::from(id.0))
    }

    /// The size of an object in bytes, without unpacking it.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub fn size(&self, id: ObjectId) -> Result<u64, RepositoryError> {
        let header = self.objects.find_header(gix::ObjectId::from(id.0));
        header.map(|header| header.size()).map_err(|error| self.error("object", &id.0, &error))
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// If it is missing, damaged or no blob.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        let found = self.objects.find_blob(gix::ObjectId::from(id.0));
        let mut blob = found.map_err(|error| self.error("blob", &id.0, &error))?;
        Ok(blob.take_data())
    }

    /// The entries of a tree, in Git's order.
    ///
    /// # Errors
    /// If it is missing, damaged or no tree.
    pub fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, RepositoryError> {
        let found = self.objects.find_tree(gix::ObjectId::from(id.0));
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

    /// A commit.
    ///
    /// # Errors
    /// If it is missing, damaged or no commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, RepositoryError> {
        let error = |error: gix::Error| self.error("commit", &id.0, &error);
        let commit = self.objects.find_commit(gix::ObjectId::from(id.0)).map_err(error)?;
        let author = commit.author().map_err(error)?;
        let seconds = commit.time().map_err(error)?.seconds;
        let time =
            Timestamp::from_second(seconds).map_err(|time| self.error("commit", &id.0, &time))?;
        Ok(CommitInfo {
            tree: ObjectId(bytes_of(&commit.tree_id().map_err(error)?)),
            parents: commit.parent_ids().map(|parent| CommitId(bytes_of(&parent))).collect(),
            message: commit.message_raw().map_err(error)?.to_str_lossy().into_owned(),
            time,
            author: format!("{} <{}>", author.name, author.email),
        })
    }

    fn error(
        &self,
        kind: &'static str,
        id: &[u8; 20],
        error: &dyn std::fmt::Display,
    ) -> RepositoryError {
        RepositoryError::Object {
            path: self.repository.location.clone(),
            kind,
            id: ObjectId(*id).to_string(),
            reason: one_line(&error.to_string()),
        }
    }
}

/// Whether `ancestor` is the commit itself or one that it descends from.
///
/// It is unknown where the repository does not hold both commits and the whole history between:
/// in a shallow clone, or where the ancestor was never fetched.
#[must_use]
pub fn descends(repository: &Repository, commit: CommitId, ancestor: CommitId) -> Observed<bool> {
    if commit == ancestor {
        return Observed::Known(true);
    }
    let reader = repository.reader();
    for id in [commit, ancestor] {
        if let Err(error) = reader.commit(id) {
            return Observed::Unknown(Cause(error.to_string()));
        }
    }
    match walk_to(&reader, commit, ancestor) {
        Ok(true) => Observed::Known(true),
        Ok(false) => match repository.is_shallow() {
            Ok(false) => Observed::Known(false),
            Ok(true) => Observed::Unknown(Cause(format!(
                "the repository `{}` is a shallow clone, which does not hold the history from {ancestor} to {commit}",
                repository.location.display()
            ))),
            Err(error) => Observed::Unknown(Cause(error.to_string())),
        },
        Err(error) => Observed::Unknown(Cause(error.to_string())),
    }
}

fn walk_to(
    reader: &Reader<'_>,
    commit: CommitId,
    ancestor: CommitId,
) -> Result<bool, RepositoryError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder;
    let error = |error: gix::Error| reader.error("commit", &commit.0, &error);
    let order = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
    let walk = reader.objects.rev_walk([gix::ObjectId::from(commit.0)]).sorting(order);
    for found in walk.all().map_err(error)? {
        let found = found.map_err(|fault| reader.error("commit", &commit.0, &fault))?;
        if bytes_of(&found.id) == ancestor.0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads nothing but the repository's own configuration, and that as data only.
fn options() -> gix::open::Options {
    gix::open::Options::isolated()
        .with(gix::sec::Trust::Full)
        .filter_config_section(|_| true)
        .config_overrides(["core.useReplaceRefs=false"])
}

fn is_repository(path: &Path) -> bool {
    let git_file = path.join(".git");
    git_file.exists() || gix::discover::is_git(path).is_ok()
}

fn refuse_remote(path: &Path) -> Result<(), RepositoryError> {
    let text = path.to_string_lossy();
    let looks_remote = text.contains("://") || text.contains("::");
    let scp_like =
        text.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
    if (looks_remote || scp_like) && !path.exists() {
        return Err(RepositoryError::Remote { location: text.into_owned() });
    }
    Ok(())
}

fn open_error(path: &Path, error: &gix::Error) -> RepositoryError {
    let reason = one_line(&error.to_string());
    let chain = format!("{error:?}").to_lowercase();
    if chain.contains("sha256") || chain.contains("objectformat") {
        return RepositoryError::ObjectFormat { path: path.to_owned() };
    }
    RepositoryError::Open { path: path.to_owned(), reason }
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
fn bytes_of(id: &gix::oid) -> [u8; 20] {
    let mut bytes = [0; 20];
    let n_bytes = id.as_bytes().len().min(20);
    bytes[..n_bytes].copy_from_slice(&id.as_bytes()[..n_bytes]);
    bytes
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
