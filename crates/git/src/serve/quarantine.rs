//! Where the objects of a push are until it is accepted: a repository of its own, inside the real
//! one's folder of objects, which borrows the real one's objects.
//!
//! Whatever reads it sees both; the real repository sees nothing of it. Git's own quarantine is a
//! folder of the same kind of name, so `git prune` removes one that was left over for long.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};

use crate::durable::sync_folder;
use crate::pack::{Keep, adopt};
use crate::{Repository, RepositoryError};

/// What the names of quarantines start with.
const PREFIX: &str = "tmp_objdir-res-edge-";

/// The folder of one push. Dropped, it is gone with everything in it.
#[derive(Debug)]
pub(super) struct Quarantine {
    folder: PathBuf,
    /// The folder, locked while its process lives.
    _lock: File,
}

impl Quarantine {
    /// Makes one, and removes those that killed processes left.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn create(repository: &Repository) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let objects = repository.git_dir().join("objects");
        sweep(&objects);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder = objects.join(format!("{PREFIX}{}-{number}", process::id()));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            // Another process may take it for left over before it is locked.
            let Ok(lock) = File::open(&folder) else { continue };
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() || !folder.exists() {
                continue;
            }
            let quarantine = Self { folder, _lock: lock };
            quarantine.fill(repository)?;
            return Ok(quarantine);
        }
    }

    /// What makes it a repository.
    fn fill(&self, repository: &Repository) -> io::Result<()> {
        let shared = repository.setting("core.sharedRepository").unwrap_or_default();
        let is_word = !shared.is_empty() && shared.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let shared =
            if is_word { format!("\tsharedRepository = {shared}\n") } else { String::new() };
        let config = format!("[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n{shared}");
        fs::write(self.folder.join("config"), config)?;
        fs::write(self.folder.join("HEAD"), "ref: refs/heads/none\n")?;
        fs::create_dir(self.folder.join("refs"))?;
        fs::create_dir_all(self.folder.join("objects/info"))?;
        fs::create_dir(self.folder.join("objects/pack"))?;
        // Read from its own folder of objects, two above which the real ones are.
        fs::write(self.folder.join("objects/info/alternates"), "../..\n")?;
        let shallow = repository.git_dir().join("shallow");
        if shallow.exists() {
            fs::copy(shallow, self.folder.join("shallow"))?;
        }
        Ok(())
    }

    /// Its folder, as the `git` program wants it.
    pub(super) fn git_dir(&self) -> &Path {
        &self.folder
    }

    /// What can be read: the objects of the push and of the real repository.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn open(&self) -> Result<Repository, RepositoryError> {
        Repository::open(&self.folder)
    }

    /// Moves its packs, which are durable, into the real repository, durably. What is answered
    /// keeps them there until refs have moved.
    ///
    /// # Errors
    /// What the system says; then some may have moved, which nothing refers to.
    pub(super) fn publish(&self, repository: &Repository) -> io::Result<Keep> {
        let to = repository.git_dir().join("objects/pack");
        fs::create_dir_all(&to)?;
        let keep = adopt(&self.folder.join("objects/pack"), &to)?;
        sync_folder(&to)?;
        Ok(keep)
    }
}

impl Drop for Quarantine {
    fn drop(&mut self) {
        // What cannot be removed goes with the next push.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the quarantines of processes that are gone.
fn sweep(objects: &Path) {
    for entry in fs::read_dir(objects).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(folder) = File::open(entry.path()) else { continue };
        if flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
