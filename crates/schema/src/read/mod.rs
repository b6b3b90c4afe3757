//! Reading documents: from files to types, with every mistake of a file in one run.
//!
//! In: the files of a source. Out: documents that are right by themselves, in the order of files
//! and places, and diagnostics in the same order. What documents refer to is not looked up here.

mod again;
mod check;
mod convert;
mod root;

use std::sync::Arc;

use model::{Diagnostic, FileId, Files, ObjectId, Source, SourceFile, Span};
use rayon::prelude::*;

use crate::codes::{LIMIT_PASSED, NOT_UTF8, UNREAD_FILE};
use crate::document::{Document, Kind};
use crate::yaml::{Documents, Limits, SyntaxError};

/// How many mistakes of one file are told.
const MOST_MISTAKES: usize = 1_000;

/// What stands in a file by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Documents of these kinds.
    Documents(Folder),
    /// Documents, by the looks of its name, that would not be read.
    Unread,
    /// Something else.
    Nothing,
}

/// The three places where documents stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folder {
    Settings,
    Inventory,
    Policies,
}

impl Folder {
    /// The folder of a kind.
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Fleet => Self::Settings,
            Kind::Role => Self::Policies,
            Kind::Cluster | Kind::Group | Kind::Namespace | Kind::Application => Self::Inventory,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Settings => "fleet.yaml",
            Self::Inventory => "inventory/",
            Self::Policies => "policies/",
        }
    }
}

fn holds(path: &str) -> Holds {
    let folder = match path {
        "fleet.yaml" => return Holds::Documents(Folder::Settings),
        _ if path.starts_with("inventory/") => Folder::Inventory,
        _ if path.starts_with("policies/") => Folder::Policies,
        _ => return Holds::Nothing,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("yaml") => Holds::Documents(folder),
        Some(ending) if is_like_yaml(ending) => Holds::Unread,
        _ => Holds::Nothing,
    }
}

fn is_like_yaml(ending: &str) -> bool {
    ["yaml", "yml", "json"].iter().any(|other| ending.eq_ignore_ascii_case(other))
}

/// Reads the documents of every file that holds some: `fleet.yaml`, `inventory/**/*.yaml` and
/// `policies/**/*.yaml`.
///
/// Files are read in parallel; the result is in the order of files. Faults of the source in
/// those files are among the diagnostics.
#[must_use]
pub fn read_source(source: &Source) -> (Vec<Document>, Vec<Diagnostic>) {
    let read = ReadSource::new(source, &[]);
    let diagnostics = read.diagnostics();
    let files = read.files.into_iter().map(|file| file.content);
    let documents = files.flat_map(|content| {
        Arc::try_unwrap(content).map_or_else(|shared| shared.documents.clone(), |own| own.documents)
    });
    (documents.collect(), diagnostics)
}

/// The documents of a source by file, so that a file that did not change is not read again.
#[derive(Clone, Debug)]
pub struct ReadSource {
    files: Vec<ReadFile>,
    faults: Vec<Diagnostic>,
}

/// A file that holds documents, and what was read of it.
#[derive(Clone, Debug)]
pub struct ReadFile {
    /// The file.
    pub file: FileId,
    path: Arc<str>,
    id: ObjectId,
    bytes: Arc<[u8]>,
    /// What was read.
    pub content: Arc<FileContent>,
}

/// What was read of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The documents that are right.
    pub documents: Vec<Document>,
    /// The mistakes in the others.
    pub diagnostics: Vec<Diagnostic>,
}

impl ReadSource {
    /// Reads a source. A file that stands at the same position with the same path and the same
    /// bytes in one that was read `before` is not read again; of one with other bytes only the
    /// documents around what differs are.
    #[must_use]
    pub fn new(source: &Source, before: &[&Self]) -> Self {
        let holding = source.files.iter().filter(|(_, file)| holds(&file.path) != Holds::Nothing);
        let files: Vec<(FileId, &SourceFile)> = holding.collect();
        let files = files.into_par_iter().map(|(id, file)| {
            let known: Vec<&ReadFile> =
                before.iter().filter_map(|before| before.find(id, &file.path)).collect();
            let same = known.iter().find(|known| known.id == file.id);
            let read = || ReadFile::new(source, id, file, known.first().copied());
            same.map_or_else(read, |same| ReadFile::clone(same))
        });
        let files = files.collect();
        let faults = source.faults.iter().filter(|fault| !is_of_template(source, fault));
        Self { files, faults: faults.cloned().collect() }
    }

    /// The file at a position, if it has this path.
    fn find(&self, id: FileId, path: &str) -> Option<&ReadFile> {
        let position = self.files.binary_search_by_key(&id, |file| file.file).ok()?;
        Some(&self.files[position]).filter(|known| *known.path == *path)
    }

    /// What was read of the files that are not the same, before and now; nothing if other files
    /// hold documents than did.
    #[must_use]
    pub fn changed<'a>(
        &'a self,
        before: &'a Self,
    ) -> Option<Vec<(&'a FileContent, &'a FileContent)>> {
        if self.files.len() != before.files.len() || self.faults != before.faults {
            return None;
        }
        let mut changed = Vec::new();
        for (old, new) in before.files.iter().zip(&self.files) {
            if old.file != new.file {
                return None;
            }
            if !Arc::ptr_eq(&old.content, &new.content) {
                changed.push((&*old.content, &*new.content));
            }
        }
        Some(changed)
    }

    /// The files that hold documents, in order.
    #[must_use]
    pub fn files(&self) -> &[ReadFile] {
        &self.files
    }

    /// The documents of all files, in order.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.files.iter().flat_map(|file| &file.content.documents)
    }

    /// What is wrong, in order.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let found = self.files.iter().flat_map(|file| &file.content.diagnostics);
        self.faults.iter().chain(found).cloned().collect()
    }
}

impl ReadFile {
    /// Reads a file, of which another version may be known.
    fn new(source: &Source, id: FileId, file: &SourceFile, known: Option<&Self>) -> Self {
        let edited = known.and_then(|known| known.edited(file));
        let (documents, diagnostics) = match edited {
            Some(documents) => (documents, Vec::new()),
            None => read(&source.files, id),
        };
        let content = Arc::new(FileContent { documents, diagnostics });
        let (path, bytes) = (Arc::clone(&file.path), Arc::clone(&file.bytes));
        Self { file: id, path, id: file.id, bytes, content }
    }

    /// The documents of another version of this file, where few of them need be read.
    fn edited(&self, file: &SourceFile) -> Option<Vec<Document>> {
        let Holds::Documents(Folder::Inventory) = holds(&file.path) else { return None };
        let (old, new) = (std::str::from_utf8(&self.bytes), std::str::from_utf8(&file.bytes));
        again::again(self.file, (old.ok()?, &self.content), new.ok()?)
    }
}

/// Whether a fault surely concerns a template only. In doubt it refuses the source.
fn is_of_template(source: &Source, fault: &Diagnostic) -> bool {
    let file = fault.labels.first().and_then(|label| source.files.get(label.span.file));
    file.is_some_and(|file| file.path.starts_with("apps/"))
}

/// Reads the documents of one file. A file that holds none by its path gives nothing.
///
/// A document with a mistake is left out and its mistakes are told, all of them. After a mistake
/// of YAML itself nothing more of the file can be read; what stands before it is.
#[must_use]
pub fn read(files: &Files, file: FileId) -> (Vec<Document>, Vec<Diagnostic>) {
    let Some(content) = files.get(file) else { return (Vec::new(), Vec::new()) };
    match holds(&content.path) {
        Holds::Nothing => (Vec::new(), Vec::new()),
        Holds::Unread => (Vec::new(), vec![unread(file, content)]),
        Holds::Documents(folder) => match std::str::from_utf8(&content.bytes) {
            Ok(text) => read_text(file, folder, text),
            Err(error) => (Vec::new(), vec![not_utf8(file, error.valid_up_to())]),
        },
    }
}

fn read_text(file: FileId, folder: Folder, text: &str) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut documents = Vec::new();
    let mut diagnostics = Vec::new();
    for node in Documents::new(text, &Limits::INVENTORY) {
        match node {
            Ok(node) if node.is_null() => {}
            Ok(node) => documents.extend(root::read(file, folder, &node, &mut diagnostics)),
            Err(error) => diagnostics.push(syntax(file, text, &error)),
        }
        if diagnostics.len() >= MOST_MISTAKES {
            diagnostics.truncate(MOST_MISTAKES);
            let message = format!("{MOST_MISTAKES} mistakes or more: the rest is not read");
            diagnostics.push(Diagnostic::error(&LIMIT_PASSED, Span::new(file, 0, 0), message));
            break;
        }
    }
    (documents, diagnostics)
}

fn syntax(file: FileId, text: &str, error: &SyntaxError) -> Diagnostic {
    let width = text[error.at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let span = Span::new(file, error.at, error.at + width);
    let diagnostic = Diagnostic::error(error.code, span, error.message.clone());
    match error.hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

fn unread(file: FileId, content: &SourceFile) -> Diagnostic {
    let stem = content.path.rsplit_once('.').map_or(&*content.path, |(stem, _)| stem);
    let message = format!("`{}` would not be read: documents stand in `.yaml` files", content.path);
    Diagnostic::error(&UNREAD_FILE, Span::new(file, 0, 0), message)
        .hint(format!("rename it to `{stem}.yaml`, or move it out of this folder"))
}

fn not_utf8(file: FileId, at: usize) -> Diagnostic {
    let message = "the file is not encoded as UTF-8";
    Diagnostic::error(&NOT_UTF8, Span::new(file, at, at + 1), message)
        .hint("save it as UTF-8; this is the first byte that is not")
}
