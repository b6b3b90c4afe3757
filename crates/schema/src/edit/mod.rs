//! Edits that keep comments: only the bytes of what is edited differ.
//!
//! In: the text of a file, and changes that name a document, a place in it and what to do there.
//! Out: the new text, or why it cannot be made. An edit is a splice of the text, never a printing
//! of the document, so comments, quotes, order and line breaks of everything else stay. The
//! result is parsed again and must say exactly what was meant: otherwise there is an error and
//! no text.

mod document;
mod encode;
mod place;
mod remove;
mod several;
mod splice;
mod value;

use model::Digest;

pub use document::{changes_between, document_text, tree, without_document};
pub use encode::encode;
pub use several::{
    DocumentEdit, Identity, edit_documents, split_documents, text_of, with_document,
};

use crate::document::Kind;
use crate::yaml::{Limits, Node, Stream, SyntaxError, parse};
use value::Value;

/// Which document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRef {
    /// By its position among those that are not empty, from 0.
    Index(usize),
    /// By its kind and `metadata.name`; a group by its whole path.
    Named {
        /// The kind.
        kind: Kind,
        /// The name, or the path of a group.
        name: Box<str>,
    },
}

/// One step from a node to a node in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// The value of that key.
    Key(Box<str>),
    /// The item at that position, from 0.
    Index(usize),
}

/// What to do at a place. Texts are YAML on one line that also stands inside brackets, as
/// [`encode()`] makes it of a scalar: `3`, `"a: b"`, `{a: 1}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put this in place of the node.
    Set(Box<str>),
    /// Remove the node: with its key from a mapping, with its dash from a sequence.
    Remove,
    /// Add a pair at the end of the mapping at the path.
    Insert {
        /// The key, as text.
        key: Box<str>,
        /// The value.
        value: Box<str>,
    },
    /// Add an item at the end of the sequence at the path.
    Append(Box<str>),
}

/// One change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The document.
    pub document: DocumentRef,
    /// From the document's root to the node.
    pub path: Vec<PathPart>,
    /// What to do there.
    pub action: Action,
}

/// Why an edit was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not YAML.
    #[error("the file cannot be parsed: {0}")]
    Syntax(#[from] SyntaxError),
    /// No such document, or several.
    #[error("there is {0} document {1} in the file")]
    Document(&'static str, String),
    /// No node at the path.
    #[error("there is nothing at `{0}`")]
    NotFound(String),
    /// The key is there already.
    #[error("the key `{0}` is there already")]
    Exists(String),
    /// The node is of another kind than the action needs.
    #[error("`{0}` is no {1}")]
    WrongNode(String, &'static str),
    /// The document was changed meanwhile.
    #[error("the document was changed meanwhile: it is {found}, not {expected}")]
    Conflict {
        /// The digest that was expected.
        expected: Digest,
        /// The digest that it has.
        found: Digest,
    },
    /// An expected digest is of one document; the changes concern several.
    #[error("changes of several documents cannot be held against one digest")]
    SeveralDocuments,
    /// The new value is not one node on one line.
    #[error("`{0}` is not a value on one line")]
    Value(String),
    /// The text is written in a way that cannot be edited without losing something.
    #[error("`{0}` is written in a way that cannot be edited in place: edit the file by hand")]
    Layout(String),
}

/// Makes the changes one after another.
///
/// With an expected digest (see [`document_digest`]), all changes concern one document, and it
/// must still have that digest.
///
/// # Errors
/// The first change that cannot be made; then none is.
pub fn edit(text: &str, expected: Option<Digest>, changes: &[Change]) -> Result<String, EditError> {
    if let (Some(expected), Some(first)) = (expected, changes.first()) {
        if changes.iter().any(|change| change.document != first.document) {
            return Err(EditError::SeveralDocuments);
        }
        let found = document_digest(text, &first.document)?;
        if found != expected {
            return Err(EditError::Conflict { expected, found });
        }
    }
    let mut text = text.to_owned();
    for change in changes {
        text = edit_one(&text, change)?;
    }
    Ok(text)
}

/// The digest of a document's text: what an `If-Match` holds. Comments inside count, those before
/// and after the document do not.
///
/// # Errors
/// A text that is not YAML, or a document that is not there.
pub fn document_digest(text: &str, document: &DocumentRef) -> Result<Digest, EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let index = find(&stream, document)?;
    Ok(model::sha256(&text.as_bytes()[stream.documents[index].range.clone()]))
}

fn edit_one(text: &str, change: &Change) -> Result<String, EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let index = find(&stream, &change.document)?;
    let mut meant: Vec<Value> = stream.documents.iter().map(Value::of).collect();
    meant[index].apply(&change.path, &change.action)?;
    let splice = splice::plan(text, &stream, index, change)?;
    let edited = splice.apply(text);
    let is_meant = parse(&edited, &Limits::INVENTORY)
        .is_ok_and(|stream| stream.documents.iter().map(Value::of).collect::<Vec<_>>() == meant);
    if is_meant { Ok(edited) } else { Err(EditError::Layout(shown(&change.path))) }
}

fn find(stream: &Stream, document: &DocumentRef) -> Result<usize, EditError> {
    let found: Vec<usize> = match document {
        DocumentRef::Index(index) => (*index..stream.documents.len()).take(1).collect(),
        DocumentRef::Named { kind, name } => (0..stream.documents.len())
            .filter(|index| is_called(&stream.documents[*index], *kind, name))
            .collect(),
    };
    let shown = || match document {
        DocumentRef::Index(index) => format!("number {index}"),
        DocumentRef::Named { kind, name } => format!("{} `{name}`", kind.word()),
    };
    match found[..] {
        [index] => Ok(index),
        [] => Err(EditError::Document("no", shown())),
        _ => Err(EditError::Document("more than one", shown())),
    }
}

fn is_called(document: &Node, kind: Kind, name: &str) -> bool {
    if document.get("kind").and_then(Node::as_str) != Some(kind.word()) {
        return false;
    }
    let own = document.get("metadata").and_then(|metadata| metadata.get("name"));
    let own = own.and_then(Node::as_str);
    if kind != Kind::Group {
        return own == Some(name);
    }
    let parent = document.get("spec").and_then(|spec| spec.get("parent"));
    let parent = parent.and_then(Node::as_str).unwrap_or("");
    own.is_some_and(|own| name == format!("{parent}/{own}"))
}

/// A path as people write it.
fn shown(path: &[PathPart]) -> String {
    let mut text = String::new();
    for part in path {
        match part {
            PathPart::Key(key) if text.is_empty() => text.push_str(key),
            PathPart::Key(key) => text.push_str(&format!(".{key}")),
            PathPart::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    if text.is_empty() { "the document".to_owned() } else { text }
}
