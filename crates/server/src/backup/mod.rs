//! A server's folder as one file, and back.
//!
//! In: the folder of a server that may be running. Out: a tar file that holds the manifest, each
//! repository as a bundle that stock Git reads, the database as a file of SQLite, and the small
//! files beside them, such as keys. The ledger is taken before the source, and both before the
//! database: each of them may know more than the one before and never less, so that what is
//! restored starts as if the server had been stopped in between. Nothing stops for it.
//!
//! A restore writes beside the new folder, checks everything, and renames it at the end.

mod manifest;
mod restore;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use git::{BundleError, LedgerError, Repository, RepositoryError};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use store::StoreError;

pub use manifest::{Entry, Manifest};
pub use restore::{RestoreError, restore};

/// The repositories, in the order in which they are taken.
const REPOSITORIES: [&str; 2] = ["clusters.git", "source.git"];

/// The database, in the folder and in the archive.
const DATABASE: &str = "res-edge.db";

/// Where small files stand in the archive.
const FILES: &str = "files/";

/// What is in the folder and made anew: caches, locks, and what SQLite keeps while it is open.
const LEFT_OUT: [&str; 5] = ["cache", "lock", DATABASE, "res-edge.db-wal", "res-edge.db-shm"];

/// The largest of the small files: 1 MiB.
const LARGEST_FILE: u64 = 1 << 20;

/// How deep below the folder small files are looked for.
const DEEPEST: usize = 4;

/// Why a backup was not made. What was begun is gone again.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no server's folder.
    #[error("`{}` is not the data folder of a server", .0.display())]
    NoFolder(PathBuf),
    /// The file is there already.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// A file is larger than any that a server keeps.
    #[error("`{}` does not belong into the data folder of a server", .0.display())]
    Strange(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot read or write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A repository cannot be put into a file.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The database cannot be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn failure(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

/// A part of the archive, and the file that holds it for now.
struct Part {
    name: String,
    path: PathBuf,
}

/// Writes the folder of a server, which may be running, into a new file.
///
/// # Errors
/// [`BackupError`].
pub async fn backup(data: &Path, file: &Path) -> Result<Manifest, BackupError> {
    let folder = data.canonicalize().map_err(|_| BackupError::NoFolder(data.to_owned()))?;
    if !REPOSITORIES.iter().all(|name| folder.join(name).is_dir()) {
        return Err(BackupError::NoFolder(folder));
    }
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    // Beside the file: there is room for it there, and a rename does not copy.
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new(".")).canonicalize().map_err(failure(file))?;
    let work = tempfile::Builder::new().prefix(".res-edge-backup-").tempdir_in(&beside);
    let work = work.map_err(failure(&beside))?;
    let mut parts = Vec::new();
    for name in REPOSITORIES {
        let repository = Repository::open(folder.join(name))?;
        let path = work.path().join(format!("{name}.bundle"));
        if git::write_bundle(&repository, &path)? {
            parts.push(Part { name: format!("{name}.bundle"), path });
        }
    }
    if folder.join(DATABASE).exists() {
        let path = work.path().join(DATABASE);
        store::copy(&folder.join(DATABASE), &path).await?;
        parts.push(Part { name: DATABASE.to_owned(), path });
    }
    small_files(&folder, &folder, 0, &mut parts)?;
    let manifest = manifest(&folder, &parts)?;
    let archive = work.path().join("archive");
    write(&archive, &manifest, &parts)?;
    fs::hard_link(&archive, file).map_err(failure(file))?;
    File::open(&beside).and_then(|folder| folder.sync_all()).map_err(failure(file))?;
    Ok(manifest)
}

/// The regular files of a folder that are not made anew. Links are not followed.
fn small_files(
    root: &Path,
    folder: &Path,
    depth: usize,
    parts: &mut Vec<Part>,
) -> Result<(), BackupError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(failure(folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(failure(&path))?;
        let name = path.strip_prefix(root).ok().and_then(Path::to_str);
        let Some(name) = name else { return Err(BackupError::Strange(path)) };
        if depth == 0 && (LEFT_OUT.contains(&name) || REPOSITORIES.contains(&name)) {
            continue;
        }
        if kind.is_dir() && depth < DEEPEST {
            small_files(root, &path, depth + 1, parts)?;
        } else if kind.is_file() {
            if entry.metadata().map_err(failure(&path))?.len() > LARGEST_FILE {
                return Err(BackupError::Strange(path));
            }
            parts.push(Part { name: format!("{FILES}{name}"), path });
        }
    }
    Ok(())
}

fn manifest(folder: &Path, parts: &[Part]) -> Result<Manifest, BackupError> {
    let entry = |part: &Part| {
        let mut file = File::open(&part.path).map_err(failure(&part.path))?;
        let (bytes, sha256) = digest(&mut file, io::sink()).map_err(failure(&part.path))?;
        Ok(Entry { name: part.name.clone(), bytes, sha256: sha256.to_string() })
    };
    let entries = parts.iter().map(entry).collect::<Result<_, BackupError>>()?;
    // For people: a restore reads them from the repositories again.
    let ledger = git::read_ledger(&Repository::open(folder.join("clusters.git"))?)?;
    let source = Repository::open(folder.join("source.git"))?.reference("refs/heads/main")?;
    Ok(Manifest {
        format: manifest::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: Timestamp::now(),
        generation: ledger.map(|(_, ledger)| ledger.generation.0),
        source: source.map(|commit| commit.to_string()),
        entries,
    })
}

/// Copies everything, and answers how much it was and its SHA-256.
fn digest(from: &mut impl Read, mut to: impl Write) -> io::Result<(u64, model::Digest)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((bytes, model::Digest(hash.finalize().into()))),
            n => {
                hash.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
                bytes += n as u64;
            }
        }
    }
}

/// The archive: the manifest, and the parts in its order.
fn write(path: &Path, manifest: &Manifest, parts: &[Part]) -> Result<(), BackupError> {
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut archive = tar::Builder::new(open.map_err(failure(path))?);
    let text = manifest.text();
    let mut add = |name: &str, bytes: u64, data: &mut dyn Read| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(manifest.made.as_second()).unwrap_or(0));
        archive.append_data(&mut header, name, data)
    };
    add(manifest::NAME, text.len() as u64, &mut text.as_slice()).map_err(failure(path))?;
    for (part, entry) in parts.iter().zip(&manifest.entries) {
        let mut file = File::open(&part.path).map_err(failure(&part.path))?;
        add(&entry.name, entry.bytes, &mut file).map_err(failure(&part.path))?;
    }
    let file = archive.into_inner().map_err(failure(path))?;
    file.sync_all().map_err(failure(path))
}
