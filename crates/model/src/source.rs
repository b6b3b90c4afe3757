//! The source as it was read, before anything is understood.

use std::sync::Arc;

use crate::{CommitId, Diagnostic, Digest, FileId, ObjectId, Place, Span};

/// One file of a source.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path from the root of the source, with `/` between parts.
    pub path: Arc<str>,
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// The id that Git gives these bytes.
    pub id: ObjectId,
    /// Whether the file may be executed.
    pub executable: bool,
}

/// Files in the order of their paths; a [`FileId`] is a position here.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
    /// How many at the start are in the order of paths; the rest are texts that were added.
    n_sorted: usize,
}

impl Files {
    /// Takes files and puts them in the order of their paths.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { n_sorted: files.len(), files }
    }

    /// Adds a text that is no file of the source, such as an expression of the command line, so
    /// that diagnostics can point into it.
    pub fn add_text(&mut self, label: &str, text: &str) -> FileId {
        self.files.push(SourceFile {
            path: label.into(),
            bytes: text.as_bytes().into(),
            id: crate::hash_blob(&[text.as_bytes()]),
            executable: false,
        });
        FileId(self.files.len() as u32 - 1)
    }

    /// The position that the next text has that is added.
    #[must_use]
    pub fn next(&self) -> FileId {
        FileId(self.files.len() as u32)
    }

    /// The file at a position.
    #[must_use]
    pub fn get(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(file.0 as usize)
    }

    /// The position of a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let sorted = &self.files[..self.n_sorted];
        let index = sorted.binary_search_by(|file| (*file.path).cmp(path)).ok()?;
        Some(FileId(index as u32))
    }

    /// Every file of the source with its position, in the order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files[..self.n_sorted]
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(index as u32), file))
    }

    /// The texts that were added, with their positions.
    pub fn added(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        let position = |(index, file)| (FileId(index as u32), file);
        self.files.iter().enumerate().skip(self.n_sorted).map(position)
    }

    /// The files below a folder (`apps/web`, without a slash at the end), in order.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (FileId, &'a SourceFile)> {
        let sorted = &self.files[..self.n_sorted];
        let start = sorted.partition_point(|file| &*file.path < folder);
        sorted[start..]
            .iter()
            .enumerate()
            .map(move |(index, file)| (FileId((start + index) as u32), file))
            .take_while(move |(_, file)| file.path.starts_with(folder))
            .filter(move |(_, file)| file.path[folder.len()..].starts_with('/'))
    }

    /// Line and column of the start of a span; a span of no known file has an empty path.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let Some(file) = self.get(span.file) else {
            return Place { path: String::new(), line: 1, column: 1 };
        };
        let before = &file.bytes[..(span.start as usize).min(file.bytes.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Place {
            path: file.path.to_string(),
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        }
    }

    /// The text of a span, if the file is UTF-8 there.
    #[must_use]
    pub fn text(&self, span: Span) -> Option<&str> {
        let bytes = &self.get(span.file)?.bytes;
        std::str::from_utf8(bytes.get(span.start as usize..span.end as usize)?).ok()
    }
}

/// Where a source came from, and so whether its descent can be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder in no repository: it has no history.
    Folder,
    /// A work tree whose source folders are exactly those of its `HEAD`, or a revision that was
    /// named.
    Commit(CommitId),
    /// A work tree with changes that are in no commit; `HEAD` is missing before the first.
    WorkTree {
        /// The commit that is checked out.
        head: Option<CommitId>,
        /// Some of the paths that differ, for the message.
        changed: Vec<String>,
    },
}

impl Origin {
    /// The commit, where the source is one.
    #[must_use]
    pub fn commit(&self) -> Option<CommitId> {
        match self {
            Self::Commit(commit) => Some(*commit),
            Self::Folder | Self::WorkTree { .. } => None,
        }
    }
}

/// A source, read whole: `fleet.yaml`, `inventory/`, `policies/` and `apps/`.
#[derive(Clone, Debug)]
pub struct Source {
    /// The files.
    pub files: Files,
    /// The identity: SHA-256 over path, mode and id of every file. Two commits with the same
    /// folders are the same source.
    pub digest: Digest,
    /// Where it came from.
    pub origin: Origin,
    /// What could not be taken: symlinks, submodules, names that leave the root, files over the
    /// limits. The errors among them refuse the source when they stand in the inventory, and
    /// break the template when they stand in `apps/`.
    pub faults: Vec<Diagnostic>,
}
