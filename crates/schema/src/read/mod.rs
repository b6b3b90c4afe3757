//! Reading documents: from files to types, with every mistake of a file in one run.
//!
//! In: the files of a source. Out: documents that are right by themselves, in the order of files
//! and places, and diagnostics in the same order. What documents refer to is not looked up here.

mod check;
mod convert;
mod root;

use model::{Diagnostic, FileId, Files, Source, SourceFile, Span};
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
    let files: Vec<FileId> = source
        .files
        .iter()
        .filter(|(_, file)| holds(&file.path) != Holds::Nothing)
        .map(|(id, _)| id)
        .collect();
    let parts: Vec<_> = files.into_par_iter().map(|file| read(&source.files, file)).collect();
    let mut documents = Vec::with_capacity(parts.iter().map(|(part, _)| part.len()).sum());
    let mut diagnostics: Vec<Diagnostic> =
        source.faults.iter().filter(|fault| !is_of_template(source, fault)).cloned().collect();
    for (part, found) in parts {
        documents.extend(part);
        diagnostics.extend(found);
    }
    (documents, diagnostics)
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
