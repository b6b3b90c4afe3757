//! One repository on this machine: its objects and refs, read.
//!
//! In: a path, which is never a URL, and ids. Out: the bytes of blobs, the entries of trees,
//! commits, and what a name refers to. Objects are read by gix without any configuration besides
//! the repository's own, of which nothing is ever run, so the owner of the folder does not
//! matter. Replacement objects are not followed: an id always means its own bytes. Nothing is
//! written here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{CommitId, ObjectId};

use crate::ProgramError;
use crate::reader::{CommitInfo, Pool, Reader, TreeEntry, bytes_of, one_line};
use crate::revision::NoCommit;

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
        reason: NoCommit,
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
            Self::Revision { path, reason, .. } => Some(reason.hint(path)),
            Self::Object { path, .. } | Self::Reference { path, .. } => Some(format!(
                "`git -C {0} fsck` says what is damaged; what is missing can be fetched again",
                path.display()
            )),
            _ => None,
        }
    }
}

/// A repository: a work tree's or a bare one. It may be used by many threads.
#[derive(Clone)]
pub struct Repository {
    inner: gix::ThreadSafeRepository,
    /// Idle readers: those that look for new packs, and those that do not.
    pools: Arc<[Pool; 2]>,
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
        Ok(Self { inner, pools: Arc::default(), git_dir, location: path.to_owned() })
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
        Reader::new(self, &self.pools[0])
    }

    /// A reader that does not look for packs that others are just writing.
    pub(crate) fn quick_reader(&self) -> Reader<'_> {
        Reader::without_refresh(self, &self.pools[1])
    }

    /// A setting of the repository, as it is written.
    pub(crate) fn setting(&self, key: &str) -> Option<String> {
        self.inner.to_thread_local().config_snapshot().string(key).map(|value| value.to_string())
    }

    pub(crate) fn local(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// The commit that a revision names, such as a branch, a tag, `HEAD~2` or a commit id.
    ///
    /// # Errors
    /// If it names none, or more than one.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, RepositoryError> {
        crate::revision::resolve(&self.local(), revision).map_err(|reason| {
            RepositoryError::Revision {
                path: self.location.clone(),
                revision: revision.to_owned(),
                reason,
            }
        })
    }

    /// The commit that a ref such as `refs/heads/main` or `HEAD` points at; nothing if there is
    /// no such ref, or it is a branch without a commit.
    ///
    /// # Errors
    /// If the ref is there and cannot be read.
    pub fn reference(&self, name: &str) -> Result<Option<CommitId>, RepositoryError> {
        // Those that are ours, and at commits.
        if ["refs/heads/", "refs/changes/"].iter().any(|ours| name.starts_with(ours))
            && let Some(found) = crate::refs::read(self, name)
        {
            return found;
        }
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
        if let Some(found) = crate::refs::read_below(self, prefix) {
            return found;
        }
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

/// How many packs a process can see come while it has a repository open. A step leaves one, and
/// those that were merged into others count until nobody reads from them.
const PACKS: gix::odb::store::init::Slots =
    gix::odb::store::init::Slots::AsNeededByDiskState { multiplier: 2.0, minimum: 1024 };

/// Reads nothing but the repository's own configuration, and that as data only.
fn options() -> gix::open::Options {
    gix::open::Options::isolated()
        .with(gix::sec::Trust::Full)
        .filter_config_section(|_| true)
        .config_overrides(["core.useReplaceRefs=false"])
        .object_store_slots(PACKS)
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
