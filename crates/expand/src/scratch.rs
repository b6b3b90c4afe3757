//! The folder that a program reads: exactly the files of a request, and an empty home.

use std::path::{Component, Path, PathBuf};

use model::ExpansionRequest;
use tempfile::TempDir;

use crate::ExpandError;

/// A folder that is removed when it is no longer needed.
pub(crate) struct Scratch {
    root: TempDir,
}

impl Scratch {
    /// Writes files with these contents: one for each file of the request.
    pub(crate) fn new(
        request: &ExpansionRequest,
        contents: &[impl AsRef<[u8]>],
    ) -> Result<Self, ExpandError> {
        let failed = |path: &Path| {
            let (program, template) = (request.program.name(), request.template.to_string());
            let path = path.to_owned();
            move |source| ExpandError::Scratch { program, template, path, source }
        };
        let parent = std::env::temp_dir();
        let root =
            tempfile::Builder::new().prefix("res-edge-").tempdir().map_err(failed(&parent))?;
        let scratch = Self { root };
        for folder in [scratch.source(), scratch.home()] {
            std::fs::create_dir(&folder).map_err(failed(&folder))?;
        }
        for (file, bytes) in request.files.iter().zip(contents) {
            let path = scratch.source().join(&*file.path);
            write(&path, &file.path, bytes.as_ref()).map_err(failed(&path))?;
        }
        Ok(scratch)
    }

    /// Where the files are.
    pub(crate) fn source(&self) -> PathBuf {
        self.root.path().join("source")
    }

    /// Where nothing is.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }
}

/// Writes a new file; never over another one, or through a link.
fn write(path: &Path, inner: &str, bytes: &[u8]) -> std::io::Result<()> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if !Path::new(inner).components().all(is_plain) {
        let kind = std::io::ErrorKind::InvalidInput;
        return Err(std::io::Error::new(kind, "the path leaves the folder"));
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    std::io::Write::write_all(&mut file, bytes)
}
