//! Locks that Git respects, and that end with the process that holds them.
//!
//! In: the path of a ref's file. Out: a lock, the file `<path>.lock`, which exists for as long as
//! the value does. Git takes a lock by making that file, and gives it back by removing it, so a
//! process that is killed leaves it behind, and nobody can know. Here the lock is a hard link to
//! a file of the transaction that says who made it and on which the process holds `flock(2)`. The
//! system takes that away when the process ends, however it ends, in whichever container. So a
//! lock that says it is ours and on which nobody holds `flock` is left over, and is removed by
//! whoever meets it, and by the next run of ours: the file also names every lock that it made.
//! What it says may be gone when the power was cut, for nothing waits for the disk here; but an
//! empty lock that is a link to another file is ours too, since Git makes no links. A lock that
//! says anything else is Git's, and is never removed.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What the file of a transaction, and so each of its locks, begins with.
const MARK: &[u8] = b"lock of res-edge\n";

/// Where the files of transactions are, in the repository's own folder.
const FOLDER: &str = "res-edge";

/// The ending of the file of a transaction.
const OWNER: &str = "owner";

/// One transaction: what its locks are links to, and the files that it is about to rename.
pub(super) struct Owner {
    git_dir: PathBuf,
    path: PathBuf,
    /// Holds `flock` until it is dropped.
    file: File,
    n_files: Cell<u32>,
}

/// A lock; dropping it gives it back.
pub(super) struct Lock {
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If it cannot be removed, it is left over and whoever meets it removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Why there is no lock.
pub(super) enum NoLock {
    /// Someone else has it.
    Held(PathBuf),
    /// The folder of the ref is not there.
    NoFolder,
    /// The file system has no hard links, or not so many.
    Unsupported,
    File(PathBuf, io::Error),
}

impl Owner {
    /// Starts a transaction, after what others left behind is removed.
    pub(super) fn new(git_dir: &Path) -> io::Result<Self> {
        let folder = git_dir.join(FOLDER);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => sweep(&folder)?,
        }
        for number in 0_u64.. {
            let name = format!("{}-{number}.{OWNER}", std::process::id());
            if let Some(owner) = Self::claim(git_dir, folder.join(name))? {
                return Ok(owner);
            }
        }
        Err(io::Error::other("every name is taken"))
    }

    /// Makes the file, unless it is there, or was swept away before it was locked.
    fn claim(git_dir: &Path, path: PathBuf) -> io::Result<Option<Self>> {
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            file => Self::begin(git_dir, path, file?),
        }
    }

    /// Locks the file and marks it. Where it was swept away meanwhile there is no owner, not even
    /// one to drop: its name may be that of another transaction by now.
    fn begin(git_dir: &Path, path: PathBuf, mut file: File) -> io::Result<Option<Self>> {
        file.lock()?;
        file.write_all(MARK)?;
        writeln!(file, "process {}", std::process::id())?;
        if !is_at(&file, &path)? {
            return Ok(None);
        }
        Ok(Some(Self { git_dir: git_dir.to_owned(), path, file, n_files: Cell::new(0) }))
    }

    /// Takes the lock of a file, or says who has it. It does not wait.
    pub(super) fn lock(&self, target: &Path) -> Result<Lock, NoLock> {
        let path = lock_path(target);
        // Named before it is made, so that it is found if we are killed in between.
        let name = path.strip_prefix(&self.git_dir).unwrap_or(&path).display();
        writeln!(&self.file, "{name}").map_err(|error| NoLock::File(path.clone(), error))?;
        for _ in 0..2 {
            let Err(error) = fs::hard_link(&self.path, &path) else { return Ok(Lock { path }) };
            match error.kind() {
                ErrorKind::AlreadyExists => match is_held(&path) {
                    Ok(true) => return Err(NoLock::Held(path)),
                    Ok(false) => {}
                    Err(error) => return Err(NoLock::File(path, error)),
                },
                ErrorKind::NotFound | ErrorKind::NotADirectory => return Err(NoLock::NoFolder),
                ErrorKind::TooManyLinks
                | ErrorKind::Unsupported
                | ErrorKind::CrossesDevices
                | ErrorKind::PermissionDenied => return Err(NoLock::Unsupported),
                _ => return Err(NoLock::File(path, error)),
            }
        }
        Err(NoLock::Held(path))
    }

    /// Writes a file that is about to be renamed into place; it is durable.
    pub(super) fn stage(&self, bytes: &[u8], mode: Option<u32>) -> io::Result<PathBuf> {
        self.n_files.set(self.n_files.get() + 1);
        let path = self.path.with_extension(self.n_files.get().to_string());
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        if let Some(mode) = mode {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        file.write_all(bytes)?;
        rustix::fs::fsync(&file)?;
        Ok(path)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        for number in 1..=self.n_files.get() {
            // Most were renamed. One that is left is swept away by the next transaction.
            let _ = fs::remove_file(self.path.with_extension(number.to_string()));
        }
        let _ = fs::remove_file(&self.path);
    }
}

/// The lock of a file, as Git calls it.
pub(super) fn lock_path(target: &Path) -> PathBuf {
    let mut path = target.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Whether somebody holds a lock. One that a killed process of ours left is removed.
fn is_held(path: &Path) -> io::Result<bool> {
    match Left::open(path)? {
        Some(Left::Ours(file)) => release(path, &file).map(|removed| !removed),
        Some(Left::Held | Left::Others) => Ok(true),
        None => Ok(false),
    }
}

/// Whether a running process of ours holds a lock.
pub(super) fn is_held_by_us(path: &Path) -> io::Result<bool> {
    Ok(matches!(Left::open(path)?, Some(Left::Held)))
}

/// Who made a file that is there.
enum Left {
    /// One of ours that is gone; the file is locked by us now.
    Ours(File),
    /// One of ours that is running.
    Held,
    /// Git, or someone else.
    Others,
}

impl Left {
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut start = Vec::new();
        Read::by_ref(&mut file).take(MARK.len() as u64).read_to_end(&mut start)?;
        let is_link = start.is_empty() && file.metadata()?.nlink() > 1;
        if start != MARK && !is_link {
            return Ok(Some(Self::Others));
        }
        match file.try_lock() {
            Ok(()) => Ok(Some(Self::Ours(file))),
            Err(TryLockError::WouldBlock) => Ok(Some(Self::Held)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Removes the locks that are links to the file of a transaction, of which the disk kept the
/// links and not the text.
fn release_unnamed(git_dir: &Path, owner: &File) -> io::Result<()> {
    release(&lock_path(&git_dir.join("packed-refs")), owner)?;
    let mut folders = vec![git_dir.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|ending| ending == "lock") {
                release(&entry.path(), owner)?;
            }
        }
    }
    Ok(())
}

/// Removes a file that was left over, if it is still this one: whoever wants to remove it must
/// hold `flock` on it, as the caller does.
fn release(path: &Path, file: &File) -> io::Result<bool> {
    let is_it = is_at(file, path)?;
    if is_it {
        fs::remove_file(path)?;
    }
    Ok(is_it)
}

/// Whether a file that is open is the one at a path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    let here = file.metadata()?;
    Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
}

/// Removes what killed processes of ours left in a repository: locks, and files that they were
/// about to rename.
pub(super) fn clean(git_dir: &Path) -> io::Result<()> {
    match sweep(&git_dir.join(FOLDER)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        swept => swept,
    }
}

/// Removes the files and locks of transactions whose process is gone.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != OWNER) {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        sweep_one(folder, &path, file)?;
    }
    Ok(())
}

/// Removes the file of one transaction and what it names, if its process is gone.
fn sweep_one(folder: &Path, path: &Path, mut file: File) -> io::Result<()> {
    // A file that is no longer at its path was given back by its own process, and the name may be
    // another transaction's by now. One that has no mark yet is just being made, or its maker was
    // killed right then.
    if file.try_lock().is_err() || !is_at(&file, path)? {
        return Ok(());
    }
    let git_dir = folder.parent().unwrap_or(folder);
    release_all(git_dir, &mut file)?;
    if file.metadata()?.nlink() > 1 {
        release_unnamed(git_dir, &file)?;
    }
    for number in 1_u32.. {
        if fs::remove_file(path.with_extension(number.to_string())).is_err() {
            break;
        }
    }
    release(path, &file)?;
    Ok(())
}

/// Removes the locks that a transaction names and that are still links to its file.
fn release_all(git_dir: &Path, owner: &mut File) -> io::Result<()> {
    let mut text = Vec::new();
    owner.read_to_end(&mut text)?;
    let names = text.strip_prefix(MARK).map(String::from_utf8_lossy).unwrap_or_default();
    // The first line says which process it was.
    for name in names.lines().skip(1).filter(|name| name.ends_with(".lock")) {
        release(&git_dir.join(name), owner)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_that_comes_late_leaves_the_next_transaction_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Owner::new(folder.path()).unwrap();
        let path = first.path.clone();
        let opened = File::open(&path).unwrap();
        drop(first);
        let next = Owner::claim(folder.path(), path.clone()).unwrap().unwrap();
        let staged = next.stage(b"packed", None).unwrap();

        sweep_one(&folder.path().join(FOLDER), &path, opened).unwrap();

        assert!(staged.exists() && path.exists());
    }

    #[test]
    fn who_lost_a_name_leaves_it_to_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1-0.owner");
        let lost = File::create(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let owner = Owner::claim(folder.path(), path.clone()).unwrap();

        assert!(Owner::begin(folder.path(), path.clone(), lost).unwrap().is_none());
        assert!(owner.is_some() && path.exists());
    }
}
