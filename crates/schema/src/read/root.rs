//! The root of a document: `apiVersion`, `kind`, and whether it stands in the right place.

use model::{Diagnostic, FileId, Span};

use super::check::Checker;
use super::{Folder, convert};
use crate::codes::{
    MISSING_FIELD, NOT_A_DOCUMENT, NOT_SUPPORTED_YET, UNKNOWN_KIND, WRONG_API_VERSION, WRONG_PLACE,
    WRONG_TYPE,
};
use crate::document::{Document, Kind};
use crate::nearest;
use crate::shape::{API_VERSION, NOT_YET_KINDS, shape_of};
use crate::yaml::Node;

/// Reads one document. Its mistakes are put to the others; with one, there is no document.
pub(super) fn read(
    file: FileId,
    folder: Folder,
    node: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let mut found = Vec::new();
    let document = read_into(file, folder, node, &mut found);
    let is_right = !found.iter().any(Diagnostic::is_error);
    found.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span.start));
    diagnostics.append(&mut found);
    document.filter(|_| is_right)
}

fn read_into(
    file: FileId,
    folder: Folder,
    node: &Node,
    found: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let Some(pairs) = node.pairs().filter(|pairs| !pairs.is_empty()) else {
        found.push(not_a_document(file, node));
        return None;
    };
    // The place of a mistake about the document as such: its first key.
    let start = span(file, &pairs[0].0);
    let kind = kind_of(file, node, start, found);
    if !is_foreign(node) || kind.is_some() {
        api_version(file, node, start, found);
    }
    let kind = kind?;
    place(file, folder, node, kind, found);
    Checker::new(file, found).document(node, shape_of(kind), start);
    if found.iter().any(Diagnostic::is_error) {
        return None;
    }
    convert::document(file, kind, node)
}

fn span(file: FileId, node: &Node) -> Span {
    Span::new(file, node.range.start, node.range.end)
}

fn not_a_document(file: FileId, node: &Node) -> Diagnostic {
    let at = Span::new(file, node.range.start, node.range.end.min(node.range.start + 1));
    Diagnostic::error(&NOT_A_DOCUMENT, at, "this is no document: expected a mapping")
        .hint(format!("start it with `apiVersion: {API_VERSION}` and `kind: Cluster`"))
}

/// The kind; without a known one the rest cannot be checked.
fn kind_of(file: FileId, node: &Node, start: Span, found: &mut Vec<Diagnostic>) -> Option<Kind> {
    let Some(value) = node.get("kind") else {
        let missing = Diagnostic::error(&MISSING_FIELD, start, "the document has no `kind`");
        found.push(missing.hint("add a line as in `kind: Cluster`"));
        return None;
    };
    let at = span(file, value);
    let Some(word) = value.as_str().filter(|_| !value.is_null()) else {
        found.push(Diagnostic::error(&WRONG_TYPE, at, "`kind` must be a string"));
        return None;
    };
    let kind = Kind::parse(word);
    if kind.is_none() {
        found.push(unknown_kind(node, word, at));
    }
    kind
}

fn unknown_kind(node: &Node, word: &str, at: Span) -> Diagnostic {
    if NOT_YET_KINDS.contains(&word) {
        let message = format!("documents of kind `{word}` are not supported yet");
        return Diagnostic::error(&NOT_SUPPORTED_YET, at, message).hint("remove the document");
    }
    let shown: String = word.chars().take(80).collect();
    let diagnostic =
        Diagnostic::error(&UNKNOWN_KIND, at, format!("there is no kind `{shown}` of documents"));
    if is_foreign(node) {
        return diagnostic.hint("manifests of applications stand in `apps/<name>/`");
    }
    match nearest::hint(word, Kind::ALL.map(Kind::word)) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// Whether the document says that it belongs to somebody else.
fn is_foreign(node: &Node) -> bool {
    node.get("apiVersion").and_then(Node::as_str).is_some_and(|version| {
        !version.starts_with("res-edge.dev") && nearest::nearest(version, [API_VERSION]).is_none()
    })
}

fn api_version(file: FileId, node: &Node, start: Span, found: &mut Vec<Diagnostic>) {
    let hint = format!("write `apiVersion: {API_VERSION}`");
    let Some(value) = node.get("apiVersion") else {
        let missing = Diagnostic::error(&MISSING_FIELD, start, "the document has no `apiVersion`");
        found.push(missing.hint(hint));
        return;
    };
    if value.as_str() != Some(API_VERSION) {
        let message = match value.as_str() {
            Some(text) => {
                let shown: String = text.chars().take(80).collect();
                format!("`{shown}` is not the version of these documents")
            }
            None => "`apiVersion` must be a string".to_owned(),
        };
        found.push(Diagnostic::error(&WRONG_API_VERSION, span(file, value), message).hint(hint));
    }
}

fn place(file: FileId, folder: Folder, node: &Node, kind: Kind, found: &mut Vec<Diagnostic>) {
    let right = Folder::of(kind);
    if right == folder {
        return;
    }
    let at = node.get("kind").map_or(span(file, node), |value| span(file, value));
    let message =
        format!("documents of kind `{}` do not stand in `{}`", kind.word(), folder.path());
    let hint = match right {
        Folder::Settings => "the settings stand in `fleet.yaml` only".to_owned(),
        _ => format!("move it to a `.yaml` file in `{}`", right.path()),
    };
    found.push(Diagnostic::error(&WRONG_PLACE, at, message).hint(hint));
}
