//! Where the refs of one repository are, and how their files are made.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::lock::{Lock, NoLock, Owner};
use super::{Failure, MoveError};
use crate::Repository;
use crate::durable::sync_folder;

/// The files of a repository's refs.
pub(super) struct Store<'a> {
    pub(super) repository: &'a Repository,
    pub(super) git_dir: &'a Path,
    /// What `core.sharedRepository` adds to the permissions of a file.
    shared: Shared,
}

/// `core.sharedRepository`: <https://git-scm.com/docs/git-config>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shared {
    /// As the process makes files.
    Umask,
    /// These permissions.
    Mode(u32),
}

impl Shared {
    fn of(setting: Option<&str>) -> Self {
        match setting.map(str::to_ascii_lowercase).as_deref() {
            Some("group" | "true" | "1" | "yes" | "on") => Self::Mode(0o660),
            Some("all" | "world" | "everybody" | "2") => Self::Mode(0o664),
            Some(octal) if octal.starts_with('0') => {
                let mode = u32::from_str_radix(octal, 8).ok().filter(|mode| *mode > 2);
                mode.map_or(Self::Umask, |mode| Self::Mode(mode & 0o666))
            }
            _ => Self::Umask,
        }
    }
}

impl<'a> Store<'a> {
    /// The refs of a repository, if they are files.
    pub(super) fn of(repository: &'a Repository) -> Option<Self> {
        let git_dir = repository.git_dir();
        if git_dir.join("reftable").exists() {
            return None;
        }
        let shared = Shared::of(repository.setting("core.sharedRepository").as_deref());
        Some(Self { repository, git_dir, shared })
    }

    pub(super) fn owner(&self) -> Result<Owner, Failure> {
        Owner::new(self.git_dir)
            .map_err(|source| failed(&self.git_dir.join("res-edge"), source).into())
    }

    /// The file of a ref.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.git_dir.join(name)
    }

    pub(super) fn packed(&self) -> PathBuf {
        self.git_dir.join("packed-refs")
    }

    /// Locks the file of a ref, in a folder that is made if need be.
    pub(super) fn lock(&self, owner: &Owner, path: &Path) -> Result<Lock, Failure> {
        for _ in 0..3 {
            match owner.lock(path) {
                Ok(lock) => return Ok(lock),
                Err(NoLock::Held(path)) => return Err(Failure::Busy(path)),
                Err(NoLock::Unsupported) => return Err(Failure::Unsupported),
                Err(NoLock::File(path, source)) => return Err(failed(&path, source).into()),
                // Git removes folders that became empty, also between this and the next try.
                Err(NoLock::NoFolder) => self.make_folder(path.parent().unwrap_or(path))?,
            }
        }
        Err(Failure::Busy(path.to_owned()))
    }

    /// Makes a folder below `refs/` with those above it, durably. Git may remove it again before
    /// something stands in it.
    fn make_folder(&self, folder: &Path) -> Result<(), Failure> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|one| !one.is_dir()).collect();
        for folder in missing.into_iter().rev() {
            match self.make_one(folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                // The file of a ref stands there, or what was a folder until just now.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::AlreadyExists | ErrorKind::NotADirectory
                    ) =>
                {
                    if folder.ancestors().any(Path::is_file) {
                        return Err(self.occupied(folder).into());
                    }
                }
                Err(error) => return Err(failed(folder, error).into()),
            }
        }
        Ok(())
    }

    /// Makes one folder. One that another has just made is not durable before it is synced, either.
    fn make_one(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
        self.share_folder(folder)?;
        sync_folder(folder.parent().unwrap_or(folder))
    }

    /// A ref's file stands where a folder must be.
    pub(super) fn occupied(&self, folder: &Path) -> MoveError {
        let name =
            |path: &Path| path.strip_prefix(self.git_dir).unwrap_or(path).display().to_string();
        let file = folder.ancestors().find(|path| path.is_file()).unwrap_or(folder);
        MoveError::Occupied { name: format!("{}/", name(folder)), other: name(file) }
    }

    fn share_folder(&self, folder: &Path) -> io::Result<()> {
        match self.shared {
            Shared::Umask => Ok(()),
            // Who may read it may enter it, and new files are the group's.
            Shared::Mode(mode) => {
                let mode = mode | ((mode & 0o444) >> 2) | 0o2000;
                fs::set_permissions(folder, fs::Permissions::from_mode(mode))
            }
        }
    }

    /// The permissions of a new file, if they are not the process's own.
    pub(super) fn mode(&self) -> Option<u32> {
        match self.shared {
            Shared::Umask => None,
            Shared::Mode(mode) => Some(mode),
        }
    }
}

/// A failure of the file system.
pub(super) fn failed(path: &Path, source: io::Error) -> MoveError {
    MoveError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_those_that_the_setting_names() {
        let cases = [
            (None, Shared::Umask),
            (Some("umask"), Shared::Umask),
            (Some("false"), Shared::Umask),
            (Some("group"), Shared::Mode(0o660)),
            (Some("true"), Shared::Mode(0o660)),
            (Some("1"), Shared::Mode(0o660)),
            (Some("all"), Shared::Mode(0o664)),
            (Some("2"), Shared::Mode(0o664)),
            (Some("0640"), Shared::Mode(0o640)),
            (Some("0"), Shared::Umask),
        ];
        for (setting, expected) in cases {
            assert_eq!(Shared::of(setting), expected, "{setting:?}");
        }
    }
}
