//! Edits of several documents of one file, and of a document as text.
//!
//! In: the text of a file, and what shall become of some of its documents. Out: the new text, in
//! which everything else stands as it stood. Each document is edited by itself, so that a file of
//! a thousand documents is parsed a few times and not once for each edit; the whole text is then
//! parsed, and must hold exactly the documents that were meant.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::document::first_marker;
use super::value::Value;
use super::{Change, DocumentRef, EditError, edit, find};
use crate::document::Kind;
use crate::yaml::{Limits, Node, Stream, parse};

/// What shall become of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentEdit {
    /// These changes; which document they name does not count.
    Changes(Vec<Change>),
    /// This text of one document, with its comments, in its place.
    Text(String),
}

/// Edits documents of a file, each at most once.
///
/// # Errors
/// There is no such document, or the first edit that cannot be made; then none is.
pub fn edit_documents(
    text: &str,
    edits: &[(DocumentRef, DocumentEdit)],
) -> Result<String, EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let mut made = Vec::with_capacity(edits.len());
    for (document, edit) in edits {
        let index = find(&stream, document)?;
        let range = match edit {
            DocumentEdit::Changes(_) => region(text, &stream, index),
            // What brings comments of its own takes the place of those above, too.
            DocumentEdit::Text(new) if one(new)?.0.starts_with('#') => {
                with_comments_above(text, own(text, &stream, index))
            }
            DocumentEdit::Text(_) => own(text, &stream, index),
        };
        let (edited, value) = edited(&text[range.clone()], edit)?;
        made.push((index, range, edited, value));
    }
    made.sort_by_key(|(index, ..)| *index);
    if made.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(EditError::SeveralDocuments);
    }
    let mut meant: Vec<Value> = stream.documents.iter().map(Value::of).collect();
    let mut result = text.to_owned();
    for (index, range, edited, value) in made.into_iter().rev() {
        result.replace_range(range, &edited);
        meant[index] = value;
    }
    only_if_meant(result, &meant)
}

/// The text of a file with one more document at its end.
///
/// # Errors
/// The file or the document cannot be parsed, or the document is not one.
pub fn with_document(text: &str, document: &str) -> Result<String, EditError> {
    let (document, value) = one(document)?;
    let stream = parse(text, &Limits::INVENTORY)?;
    let mut meant: Vec<Value> = stream.documents.iter().map(Value::of).collect();
    meant.push(value);
    let before = text.trim_end();
    let result = match before.is_empty() {
        true => document,
        false => format!("{before}\n---\n{document}"),
    };
    only_if_meant(result, &meant)
}

/// The text of a document as people edit it: as it stands in its file, with the comments in it.
///
/// # Errors
/// The file cannot be parsed, or holds no such document.
pub fn text_of(text: &str, document: &DocumentRef) -> Result<String, EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let index = find(&stream, document)?;
    let own = &text[own(text, &stream, index)];
    Ok(format!("{}\n", own.trim_end()))
}

/// The parts of a text that each hold one document, with their comments: what stands between two
/// lines `---`. A part that holds nothing but blanks and comments is left out.
#[must_use]
pub fn split_documents(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        if rest.is_some_and(|rest| rest.trim().is_empty() || rest.starts_with([' ', '\t'])) {
            parts.push(&text[start..at]);
            // What stands beside the marker belongs to the document after it.
            start = if rest.is_some_and(is_blank) { at + line.len() } else { at };
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.lines().all(is_blank));
    parts
}

/// Whether a line holds at most a comment.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// Which document a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its kind.
    pub kind: Kind,
    /// Its name, or the path of a group.
    pub name: String,
    /// What it was called before, where it says so.
    pub former: Option<String>,
}

impl Identity {
    /// Which document a value of JSON is; nothing where it does not say so.
    #[must_use]
    pub fn of(document: &Map<String, Json>) -> Option<Self> {
        let text = |part: &str, key: &str| document.get(part)?.get(key)?.as_str();
        Self::from_parts(document.get("kind")?.as_str()?, text)
    }

    /// Which document a text is; nothing where it does not say so.
    ///
    /// # Errors
    /// The text is not YAML, or is not one document.
    pub fn of_text(text: &str) -> Result<Option<Self>, EditError> {
        let stream = parse(text, &Limits::INVENTORY)?;
        let [document] = &stream.documents[..] else { return Err(not_one(stream.documents.len())) };
        let text = |part: &str, key: &str| document.get(part)?.get(key)?.as_str();
        let kind = document.get("kind").and_then(Node::as_str);
        Ok(kind.and_then(|kind| Self::from_parts(kind, text)))
    }

    fn from_parts<'a>(kind: &str, text: impl Fn(&str, &str) -> Option<&'a str>) -> Option<Self> {
        let kind = Kind::parse(kind)?;
        let name = text("metadata", "name")?;
        let (name, former) = match kind {
            Kind::Group => {
                let parent = text("spec", "parent").unwrap_or_default();
                (format!("{parent}/{name}"), text("metadata", "formerPath"))
            }
            _ => (name.to_owned(), text("metadata", "formerName")),
        };
        Some(Self { kind, name, former: former.map(str::to_owned) })
    }
}

fn edited(text: &str, edit_of: &DocumentEdit) -> Result<(String, Value), EditError> {
    match edit_of {
        DocumentEdit::Changes(changes) => {
            let of_it =
                |change: &Change| Change { document: DocumentRef::Index(0), ..change.clone() };
            let changes: Vec<Change> = changes.iter().map(of_it).collect();
            let edited = edit(text, None, &changes)?;
            let stream = parse(&edited, &Limits::INVENTORY)?;
            let value = stream.documents.first().map(Value::of);
            Ok((edited, value.ok_or_else(|| not_one(0))?))
        }
        DocumentEdit::Text(new) => {
            let (mut new, value) = one(new)?;
            if !text.ends_with('\n') {
                new.truncate(new.trim_end().len());
            }
            Ok((new, value))
        }
    }
}

/// A text of exactly one document, without markers around it, and what it says.
fn one(text: &str) -> Result<(String, Value), EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let [document] = &stream.documents[..] else { return Err(not_one(stream.documents.len())) };
    let value = Value::of(document);
    let mut from = 0;
    while let Some(at) = first_marker(&text[from..document.range.start]) {
        from += at + text[from + at..].find('\n').map_or(text.len() - from - at, |end| end + 1);
        if from > document.range.start {
            return Err(EditError::Layout("the document".to_owned()));
        }
    }
    let lines = text[from..document_end(text, document.range.end)].trim_end();
    let lines = lines.trim_start_matches(['\n', '\r']);
    Ok((format!("{lines}\n"), value))
}

/// Where the lines after a place stop that belong to the same document.
fn document_end(text: &str, after: usize) -> usize {
    let mut at = text[after..].find('\n').map_or(text.len(), |end| after + end + 1);
    for line in text[at..].split_inclusive('\n') {
        let is_marker = |marker: &str| {
            line.strip_prefix(marker)
                .is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
        };
        if is_marker("---") || is_marker("...") {
            break;
        }
        at += line.len();
    }
    at
}

fn not_one(n: usize) -> EditError {
    EditError::Document("not exactly one", format!("but {n}"))
}

/// From the line in which a document begins to the marker after it: comments below it are its own.
fn region(text: &str, stream: &Stream, index: usize) -> Range<usize> {
    let range = &stream.documents[index].range;
    let end = first_marker(&text[range.end..]).map_or(text.len(), |at| range.end + at);
    line_start(text, range.start)..end
}

/// From the line in which a document begins to the end of its last one.
fn own(text: &str, stream: &Stream, index: usize) -> Range<usize> {
    let range = &stream.documents[index].range;
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    line_start(text, range.start)..end
}

/// A range with the lines of comments right above it.
fn with_comments_above(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start;
    while let Some(above) = text[..start].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |end| end + 1);
        if !above[line..].trim_start().starts_with('#') {
            break;
        }
        start = line;
    }
    start..range.end
}

/// Where the line of a place begins, if nothing but blanks stands before the place.
fn line_start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    if text[start..at].trim().is_empty() { start } else { at }
}

fn only_if_meant(text: String, meant: &[Value]) -> Result<String, EditError> {
    let found = parse(&text, &Limits::INVENTORY)?;
    match found.documents.iter().map(Value::of).eq(meant.iter().cloned()) {
        true => Ok(text),
        false => Err(EditError::Layout("the document".to_owned())),
    }
}
