//! One place of sources, read again and again.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use model::{CommitId, ObjectId, Source, SourceFile};

use super::{LoadError, folder, join, revision};
use crate::Repository;

/// Reads the source of one place at one revision after another, and only what differs from the
/// last: folders and files are told apart by their ids.
pub struct Loader {
    location: PathBuf,
    repository: Option<Repository>,
    last: Option<Last>,
}

/// The source that was read last, with the ids of its folders by their paths.
pub(super) struct Last {
    pub(super) source: Source,
    pub(super) folders: BTreeMap<String, ObjectId>,
}

impl Loader {
    /// Looks for what stands at a place, and reads nothing yet.
    ///
    /// # Errors
    /// There is nothing, or no folder, or a repository that cannot be opened.
    pub fn open(location: &Path) -> Result<Self, LoadError> {
        let metadata = std::fs::metadata(location).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LoadError::Missing(location.to_owned()),
            _ => LoadError::Io { path: location.to_owned(), source },
        })?;
        if !metadata.is_dir() {
            return Err(LoadError::NotAFolder(location.to_owned()));
        }
        let repository = Repository::discover(location)?;
        Ok(Self { location: location.to_owned(), repository, last: None })
    }

    /// The repository of the place, if there is one.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// Reads a revision; without one a folder as it is on disk, and a bare repository at its
    /// `HEAD`.
    ///
    /// # Errors
    /// When anything of it could not be read, or it is no source.
    pub fn load(&mut self, revision: Option<&str>) -> Result<Source, LoadError> {
        match (&self.repository, revision) {
            (Some(_), Some(revision)) => self.load_revision(revision),
            (Some(repository), None) if repository.is_bare() => self.load_revision("HEAD"),
            (repository, None) => folder::load(&self.location, repository.as_ref()),
            (None, Some(_)) => Err(LoadError::NoRepository(self.location.clone())),
        }
    }

    /// Reads a commit of another view of the repository of this place, such as one that shows the
    /// objects of a push that is not accepted yet.
    ///
    /// # Errors
    /// As those of [`Loader::load`].
    pub fn load_from(&mut self, view: &Repository, commit: CommitId) -> Result<Source, LoadError> {
        self.read(view, &commit.to_string())
    }

    /// The commit that a revision names at the moment.
    ///
    /// # Errors
    /// It names none, or there is no repository.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, LoadError> {
        match &self.repository {
            Some(repository) => Ok(repository.resolve(revision)?),
            None => Err(LoadError::NoRepository(self.location.clone())),
        }
    }

    fn load_revision(&mut self, revision: &str) -> Result<Source, LoadError> {
        let Some(repository) = self.repository.clone() else {
            return Err(LoadError::NoRepository(self.location.clone()));
        };
        self.read(&repository, revision)
    }

    fn read(&mut self, repository: &Repository, revision: &str) -> Result<Source, LoadError> {
        // What could not be taken is looked at anew.
        let last = self.last.as_ref().filter(|last| last.source.faults.is_empty());
        let read = revision::load(repository, &self.location, revision, last)?;
        let source = read.source.clone();
        self.last = Some(read);
        Ok(source)
    }
}

impl Last {
    /// Whether a folder was the same. The root also holds what is no part of a source, so it is
    /// always looked at.
    pub(super) fn has(&self, path: &str, tree: ObjectId) -> bool {
        !path.is_empty() && self.folders.get(path) == Some(&tree)
    }

    /// The file of a path, if it was the same.
    pub(super) fn file(&self, path: &str, id: ObjectId, executable: bool) -> Option<&SourceFile> {
        let file = self.source.files.get(self.source.files.find(path)?)?;
        (file.id == id && file.executable == executable).then_some(file)
    }

    /// Takes over everything below a folder that was the same.
    pub(super) fn copy(
        &self,
        path: &str,
        files: &mut Vec<SourceFile>,
        folders: &mut BTreeMap<String, ObjectId>,
    ) {
        files.extend(self.source.files.below(path).map(|(_, file)| file.clone()));
        let prefix = join(path, "");
        let from = self.folders.range(prefix.clone()..);
        let below = from.take_while(|(name, _)| name.starts_with(&prefix));
        folders.extend(below.map(|(name, id)| (name.clone(), *id)));
        folders.extend(self.folders.get_key_value(path).map(|(name, id)| (name.clone(), *id)));
    }
}
