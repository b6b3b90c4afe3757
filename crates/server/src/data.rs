//! The folder of a server: its repositories and its database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::ssh::SigningKey;
use git::{MoveError, Repository, RepositoryError, ScratchError};

/// How long a start waits for the one before to end. The system lets go of the folder when the last
/// process ends that has the lock's file: a killed server's, or a program's that it just started.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be made, or a file in it cannot be.
    #[error("cannot use the data folder `{}`: {source}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server runs on it.
    #[error("another server runs on the data folder `{}`", .0.display())]
    Busy(PathBuf),
    /// A repository in it cannot be opened.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A repository in it cannot be made.
    #[error(transparent)]
    Make(#[from] ScratchError),
    /// The locks that a killed server left in a repository cannot be removed.
    #[error(transparent)]
    Clean(#[from] MoveError),
}

/// The folder of a server. While it is held, no other server of this machine can use it.
#[derive(Debug)]
pub struct Data {
    folder: PathBuf,
    /// Locked; the system lets go of it when the process ends, however it ends.
    _lock: File,
    /// What people write.
    pub source: Repository,
    /// The ledger, and what clusters read.
    pub clusters: Repository,
    /// What signs releases.
    pub(crate) release_key: Arc<SigningKey>,
}

impl Data {
    /// Opens the folder, and makes what is not there.
    ///
    /// # Errors
    /// It cannot be made, or another server has it.
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let failure = |source| DataError::Folder { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failure)?;
        let folder = folder.canonicalize().map_err(failure)?;
        let lock = lock(&folder)?;
        let source = repository(&folder.join("source.git"))?;
        let clusters = repository(&folder.join("clusters.git"))?;
        let path = folder.join("release.key");
        let release_key = crate::agents::open_release_key(&path);
        let release_key = release_key.map_err(|source| DataError::Folder { path, source })?;
        Ok(Self { folder, _lock: lock, source, clusters, release_key: Arc::new(release_key) })
    }

    /// The same, once the server before has ended. It waits for that, and not for long.
    ///
    /// # Errors
    /// It cannot be made, or another server still has it.
    pub(crate) async fn open_when_free(folder: &Path) -> Result<Self, DataError> {
        let end = Instant::now() + PATIENCE;
        loop {
            match Self::open(folder) {
                Err(DataError::Busy(_)) if Instant::now() < end => tokio::time::sleep(LOOK).await,
                opened => return opened,
            }
        }
    }

    /// Where the embedded database is.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("res-edge.db")
    }
}

fn lock(folder: &Path) -> Result<File, DataError> {
    let path = folder.join("lock");
    let failure = |source| DataError::Folder { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(failure)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataError::Busy(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failure(source)),
    }
}

fn repository(path: &Path) -> Result<Repository, DataError> {
    if !path.exists() {
        return Ok(git::init_bare(path)?);
    }
    let repository = Repository::open(path)?;
    git::clean(&repository)?;
    Ok(repository)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_lock_that_a_killed_server_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        drop(Data::open(folder.path()).unwrap());
        let source = folder.path().join("source.git");
        let (left, lock) = (source.join("res-edge/1-0.owner"), source.join("refs/heads/main.lock"));
        fs::create_dir_all(source.join("res-edge")).unwrap();
        fs::write(&left, "lock of res-edge\nprocess 1\nrefs/heads/main.lock\n").unwrap();
        fs::hard_link(&left, &lock).unwrap();

        Data::open(folder.path()).unwrap();

        assert!(!left.exists() && !lock.exists());
    }

    #[tokio::test]
    async fn a_start_waits_for_the_one_before_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let before = Data::open(folder.path()).unwrap();
        // On the same thread: while a start waits, what is ending goes on.
        let end = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(before);
        });

        Data::open_when_free(folder.path()).await.unwrap();

        end.await.unwrap();
    }
}
