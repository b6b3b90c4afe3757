//! The files of packs: under names that Git ignores until they are whole, then under their own.
//!
//! A draft is locked while its writer lives, so that what a dead one left is known by its lock
//! being free, in whatever container it ran. `git gc` removes drafts too once they are old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, flock};

/// What the names of our drafts start with, after `tmp_` and what kind of file it is. Git takes
/// files that start with `tmp_` for its own unfinished ones.
const OURS: &str = "res-edge_";
/// The kinds of a draft's files, as its names have them and as the finished ones end. A reader
/// looks for the index, so that comes last.
const KINDS: [&str; 3] = ["pack", "rev", "idx"];
/// What a file that keeps a pack says first.
const KEEPER: &str = "res-edge";

/// The files of a pack before they have their names; they go away with this.
#[derive(Debug)]
pub(super) struct Draft {
    folder: PathBuf,
    name: String,
    /// Its pack, locked.
    pack: File,
}

impl Draft {
    /// Makes an empty pack in a folder, which is made too.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(folder)?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{OURS}{}_{number}", process::id());
            let path = draft_path(folder, "pack", &name);
            match create(&path) {
                // Another process may have this number in another container, or may just be
                // cleaning up what it took for left over.
                Ok(pack) if !lock(&pack) || pack.metadata()?.nlink() == 0 => {}
                Ok(pack) => return Ok(Self { folder: folder.to_owned(), name, pack }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The pack, for reading and writing.
    pub(super) fn pack(&self) -> &File {
        &self.pack
    }

    /// Makes another of its files, for reading and writing.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn create_kind(&self, kind: &str) -> io::Result<File> {
        create(&draft_path(&self.folder, kind, &self.name))
    }

    /// Gives its pack a name that nothing has yet.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] where something has the name.
    fn publish(&self, to: &Path) -> io::Result<()> {
        let from = draft_path(&self.folder, "pack", &self.name);
        match fs::hard_link(&from, to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !to.exists() => {
                // As Git does where a file system has no links.
                fs::rename(&from, to)
            }
            linked => linked,
        }
    }

    /// Gives the files their names: the index last, so that a reader sees the whole pack or none.
    ///
    /// # Errors
    /// What the system says; then it can be done again.
    pub(super) fn finish(&self, name: &str) -> io::Result<()> {
        for kind in KINDS {
            let to = self.folder.join(format!("{name}.{kind}"));
            match fs::rename(draft_path(&self.folder, kind, &self.name), &to) {
                // Done before, by an attempt that failed later.
                Err(error) if error.kind() == io::ErrorKind::NotFound && to.exists() => {}
                other => other?,
            }
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        remove_draft(&self.folder, &self.name);
    }
}

fn draft_path(folder: &Path, kind: &str, name: &str) -> PathBuf {
    folder.join(format!("tmp_{kind}_{name}"))
}

fn remove_draft(folder: &Path, name: &str) {
    for kind in KINDS {
        // Gone already if it was finished, or not made yet.
        let _ = fs::remove_file(draft_path(folder, kind, name));
    }
}

/// Packs are read-only for everybody, as Git makes them.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o444).open(path)
}

/// Locks a file, if nobody else has. Where files cannot be locked, nothing is ever left over.
fn lock(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockExclusive) != Err(rustix::io::Errno::WOULDBLOCK)
}

/// Removes what writers left that are gone: drafts, and what kept their packs.
///
/// What cannot be removed stays for the next time, or for `git gc`.
pub(crate) fn remove_left_over(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let Some(draft) = name.strip_prefix("tmp_pack_").filter(|name| name.starts_with(OURS)) {
            if is_left_over(&entry.path()) {
                remove_draft(folder, draft);
            }
        } else if name.ends_with(".keep")
            && fs::read_to_string(entry.path()).is_ok_and(|text| text.starts_with(KEEPER))
            && is_left_over(&entry.path())
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_left_over(path: &Path) -> bool {
    let lock = |file: File| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
    File::open(path).is_ok_and(lock)
}

/// Keeps packs out of every `git repack` until their objects are reachable, as `git receive-pack`
/// does: without it, one that runs before a ref moves takes them for garbage.
///
/// Drop it when the refs have moved.
#[derive(Debug, Default)]
pub struct Keep {
    files: Vec<(PathBuf, File)>,
}

impl Keep {
    /// Keeps a pack that is about to get this name.
    ///
    /// The file has its text and its lock before it has its name: what a killed process leaves is
    /// known for ours at every moment, and an empty file may be anybody's.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn add(&mut self, folder: &Path, name: &str) -> io::Result<()> {
        let path = folder.join(format!("{name}.keep"));
        let draft = Draft::create(folder)?;
        writeln!(draft.pack(), "{KEEPER} {}", process::id())?;
        match draft.publish(&path) {
            Ok(()) => {
                self.files.push((path, draft.pack().try_clone()?));
                Ok(())
            }
            // Somebody keeps this very pack already, and knows until when.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Moves every pack of one folder into another of the same file system. They must be durable, and
/// their names are once the other folder is synced. Equal packs have equal names.
///
/// # Errors
/// What the system says; then some may have moved.
pub(crate) fn adopt(from: &Path, to: &Path) -> io::Result<Keep> {
    let mut keep = Keep::default();
    for entry in fs::read_dir(from)? {
        let Ok(file) = entry?.file_name().into_string() else { continue };
        let Some(name) = file.strip_suffix(".idx") else { continue };
        keep.add(to, name)?;
        for kind in KINDS {
            let file = format!("{name}.{kind}");
            match fs::rename(from.join(&file), to.join(&file)) {
                // Git writes one only if it is told to.
                Err(error) if error.kind() == io::ErrorKind::NotFound && kind == "rev" => {}
                moved => moved?,
            }
        }
    }
    Ok(keep)
}

impl Drop for Keep {
    fn drop(&mut self) {
        for (path, _) in &self.files {
            // It is left over then, and removed by the next writer.
            let _ = fs::remove_file(path);
        }
    }
}
