//! The folder of a server: its repositories and its database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use git::{Repository, RepositoryError, ScratchError};

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
        Ok(Self { folder, _lock: lock, source, clusters })
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
    if path.exists() { Ok(Repository::open(path)?) } else { Ok(git::init_bare(path)?) }
}
