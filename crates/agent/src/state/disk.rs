//! Where an agent keeps what must survive: a folder, or memory for simulated clusters.
//!
//! In: a name and bytes. Out: the bytes again. A write is durable when it returns. What a write
//! left that was cut in the middle is told from what is whole by the caller's checksums.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes of one file that are read.
const LIMIT: u64 = 512 << 20;

/// A place for files, by name.
#[derive(Clone, Debug)]
pub enum Disk {
    /// A folder of the file system.
    Folder(PathBuf),
    /// Memory, which clones share.
    Memory(Memory),
}

/// Files in memory, with the faults that disks have.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<MemoryState>>);

#[derive(Debug, Default)]
struct MemoryState {
    files: BTreeMap<String, Vec<u8>>,
    is_full: bool,
    cut: Option<usize>,
}

impl Disk {
    /// A folder, which is made if it is not there, for this user alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn folder(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self::Folder(path.to_owned()))
    }

    /// Memory with nothing in it.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    /// The bytes of a file; nothing if there is none.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Memory(memory) => Ok(memory.lock().files.get(name).cloned()),
            Self::Folder(folder) => match File::open(folder.join(name)) {
                Ok(file) => {
                    let mut bytes = Vec::new();
                    file.take(LIMIT).read_to_end(&mut bytes)?;
                    Ok(Some(bytes))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// Writes a file over what it held. A power cut may leave any start of the bytes, or none.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.write(name, bytes),
            Self::Folder(folder) => {
                let path = folder.join(name);
                let is_new = !path.exists();
                let mut file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(path)?;
                file.write_all(bytes)?;
                file.sync_all()?;
                // The name of a new file is durable when its folder is.
                if is_new { File::open(folder)?.sync_all() } else { Ok(()) }
            }
        }
    }

    /// The names of the files.
    ///
    /// # Errors
    /// What the system says.
    pub fn names(&self) -> io::Result<Vec<String>> {
        match self {
            Self::Memory(memory) => Ok(memory.lock().files.keys().cloned().collect()),
            Self::Folder(folder) => {
                let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
                let names = names.collect::<io::Result<Vec<_>>>()?;
                Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
            }
        }
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Memory(memory) => {
                memory.lock().files.remove(name);
                Ok(())
            }
            Self::Folder(folder) => match std::fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => File::open(folder)?.sync_all(),
            },
        }
    }
}

impl Memory {
    fn lock(&self) -> std::sync::MutexGuard<'_, MemoryState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether every write fails from now on, as on a full disk. What a full disk holds of a file
    /// that was being written is not whole.
    pub fn fill(&self, is_full: bool) {
        self.lock().is_full = is_full;
    }

    /// Cuts the power during the next write, after so many bytes.
    pub fn cut_next(&self, after: usize) {
        self.lock().cut = Some(after);
    }

    /// Changes the bytes of a file as a failing disk does.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.lock().files.get_mut(name) {
            change(bytes);
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        if state.is_full {
            state.files.insert(name.to_owned(), bytes[..bytes.len() / 2].to_vec());
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        if let Some(after) = state.cut.take() {
            state.files.insert(name.to_owned(), bytes[..after.min(bytes.len())].to_vec());
            return Err(io::Error::other("the power was cut"));
        }
        state.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}
