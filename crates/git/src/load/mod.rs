//! Reads a source: a folder as it is on disk, or any revision of any repository.
//!
//! In: a place, and perhaps a revision. Out: a [`Source`] that was read whole, or an error that
//! says what could not be read; never a part. Links are not followed, submodules are not
//! entered, nothing is checked out.

mod folder;
mod loader;
mod revision;

pub use loader::Loader;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{
    Code, Diagnostic, Digest, FileId, Files, ObjectId, Source, SourceFile, Span, hash_blob, sha256,
};

use crate::RepositoryError;
use crate::codes::FILE_NAME;

/// The folders of a source besides `fleet.yaml`.
const FOLDERS: [&str; 3] = ["inventory", "policies", "apps"];
/// The file that makes a folder a source.
const SETTINGS: &str = "fleet.yaml";
/// The largest file that is read. Forges advise 1 MiB; the largest inventory file that was seen
/// in use, 30,000 clusters in one, has 9 MiB.
pub const MAX_FILE: u64 = 16 << 20;
/// How many files a source may have.
pub const MAX_FILES: usize = 500_000;
/// How deep folders may nest; GitHub advises at most 50.
pub const MAX_DEPTH: usize = 50;

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing stands there.
    #[error("`{0}` does not exist")]
    Missing(PathBuf),
    /// It is a file.
    #[error("`{0}` is neither a folder nor a repository")]
    NotAFolder(PathBuf),
    /// A folder or a revision without `fleet.yaml`.
    #[error("{0} holds no fleet.yaml, so it is no source")]
    NotASource(String),
    /// More files than a source may have.
    #[error("{0} holds more than {MAX_FILES} files")]
    TooMany(String),
    /// A revision was asked for where there is no repository.
    #[error("`{0}` is in no Git repository, so it has no revisions")]
    NoRepository(PathBuf),
    /// The disk refused.
    #[error("cannot read `{path}`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The repository refused.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Reads the source at a place.
///
/// Without a revision a folder is read as it is on disk, and a bare repository at its `HEAD`.
/// `location` may be a folder below the root of a repository.
///
/// # Errors
/// When anything of it could not be read, or it is no source.
pub fn load(location: &Path, revision: Option<&str>) -> Result<Source, LoadError> {
    Loader::open(location)?.load(revision)
}

/// Files as they are gathered, with what could not be taken among them.
///
/// A file that cannot be taken still has its place, with no bytes, so that a diagnostic can point
/// at it.
#[derive(Default)]
struct Gathered {
    files: Vec<SourceFile>,
    faults: Vec<(Arc<str>, String, &'static Code)>,
}

impl Gathered {
    fn take(&mut self, path: &str, bytes: Vec<u8>, executable: bool) {
        let id = hash_blob(&[&bytes]);
        self.files.push(SourceFile { path: path.into(), bytes: bytes.into(), id, executable });
    }

    fn refuse(&mut self, path: &str, code: &'static Code, message: String) {
        self.faults.push((path.into(), message, code));
        self.take(path, Vec::new(), false);
    }

    /// Whether a name may stand in a source; a refusal is noted.
    fn accepts_name(&mut self, parent: &str, name: &[u8]) -> bool {
        let Some(why) = fault_of_name(name) else { return true };
        let shown = String::from_utf8_lossy(name).replace(|c: char| c.is_control(), "\u{fffd}");
        self.refuse(&join(parent, &shown), &FILE_NAME, format!("the name `{shown}` {why}"));
        false
    }

    fn check_count(&self, whole: impl Fn() -> String) -> Result<(), LoadError> {
        if self.files.len() > MAX_FILES { Err(LoadError::TooMany(whole())) } else { Ok(()) }
    }

    /// The files in order, the digest and the faults with their places.
    fn finish(mut self) -> (Files, Digest, Vec<Diagnostic>) {
        // Folders are listed in whatever order the disk keeps them.
        self.faults.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let files = Files::new(self.files);
        let faults = self
            .faults
            .into_iter()
            .map(|(path, message, code)| {
                let file = files.find(&path).unwrap_or(FileId(0));
                Diagnostic::error(code, Span::new(file, 0, 0), message).hint(hint(code))
            })
            .collect();
        let digest = digest(&files);
        (files, digest, faults)
    }
}

/// Why a file or folder of a source cannot have a name; nothing if it can.
pub(crate) fn fault_of_name(name: &[u8]) -> Option<&'static str> {
    let broken = |c: char| c.is_control() || c == '\\';
    match std::str::from_utf8(name) {
        Err(_) => Some("is not UTF-8"),
        Ok(text) if text.chars().any(broken) => Some("holds a control character or a backslash"),
        Ok(text) if text.eq_ignore_ascii_case(".git") || text == ".." || text == "." => {
            Some("is kept by Git for itself")
        }
        Ok(_) => None,
    }
}

fn hint(code: &Code) -> &'static str {
    match code.name {
        "file-too-large" => "split it into several files, or remove it",
        "file-name" => "rename it",
        "folder-too-deep" => "move it up",
        _ => "put a plain file in its place, or remove it",
    }
}

/// The identity of a source: SHA-256 over a line `<mode> <id>\t<path>` for every file.
pub(crate) fn digest(files: &Files) -> Digest {
    let mut text = String::new();
    for (_, file) in files.iter() {
        text.push_str(&line(file.executable, file.id, &file.path));
    }
    sha256(text.as_bytes())
}

fn line(executable: bool, id: ObjectId, path: &str) -> String {
    let mode = if executable { "100755" } else { "100644" };
    format!("{mode} {id}\t{path}\n")
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
}

/// Whether a path is one of a source.
fn is_ours(path: &str) -> bool {
    path == SETTINGS
        || FOLDERS
            .iter()
            .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}
