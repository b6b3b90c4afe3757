//! Edits of whole documents: what someone sends as JSON becomes changes of the text.
//!
//! In: a document as it is and as it shall be, both as JSON, or a document that is new or shall
//! go. Out: the smallest [`Change`]s that say the difference, or the text of the file. Comments
//! stay where they are, unless what they stand in is taken away.

use model::{Scalar, ScalarKind};
use serde_json::{Map, Value};

use super::value::Value as Said;
use super::{Action, Change, DocumentRef, EditError, PathPart, encode, find};
use crate::yaml::emit::{self, Leaf, Mapping};
use crate::yaml::{Limits, parse};

/// The changes that make one document of another. Both are as [`crate::json::document_json`]
/// gives them; `status` and `metadata.resourceVersion` do not count.
#[must_use]
pub fn changes_between(
    document: &DocumentRef,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Vec<Change> {
    let mut differences = Differences { document, changes: Vec::new() };
    differences.mapping(&[], &meant(old), &meant(new));
    differences.changes
}

/// A document without what only answers hold.
fn meant(document: &Map<String, Value>) -> Map<String, Value> {
    let mut meant = document.clone();
    meant.remove("status");
    if let Some(Value::Object(metadata)) = meant.get_mut("metadata") {
        metadata.remove("resourceVersion");
    }
    meant
}

struct Differences<'a> {
    document: &'a DocumentRef,
    changes: Vec<Change>,
}

impl Differences<'_> {
    fn push(&mut self, path: &[PathPart], action: Action) {
        let document = self.document.clone();
        self.changes.push(Change { document, path: path.to_vec(), action });
    }

    fn mapping(&mut self, path: &[PathPart], old: &Map<String, Value>, new: &Map<String, Value>) {
        let below = |key: &str| {
            let mut below = path.to_vec();
            below.push(PathPart::Key(key.into()));
            below
        };
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            self.push(&below(key), Action::Remove);
        }
        for (key, value) in new {
            match old.get(key) {
                Some(before) => self.value(&below(key), before, value),
                None => {
                    let (key, value) = (key.as_str().into(), inline(value).into());
                    self.push(path, Action::Insert { key, value });
                }
            }
        }
    }

    fn value(&mut self, path: &[PathPart], old: &Value, new: &Value) {
        match (old, new) {
            _ if old == new => {}
            (Value::Object(old), Value::Object(new)) => self.mapping(path, old, new),
            (Value::Array(old), Value::Array(new)) if new.len() >= old.len() && !old.is_empty() => {
                self.list(path, old, new);
            }
            _ => self.push(path, Action::Set(inline(new).into())),
        }
    }

    /// A list that stays or grows: items are edited in place, and the rest is added at its end.
    fn list(&mut self, path: &[PathPart], old: &[Value], new: &[Value]) {
        for (index, (before, after)) in old.iter().zip(new).enumerate() {
            let mut item = path.to_vec();
            item.push(PathPart::Index(index));
            self.value(&item, before, after);
        }
        for item in &new[old.len()..] {
            self.push(path, Action::Append(inline(item).into()));
        }
    }
}

/// A value on one line that also stands inside brackets.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => encode(&Scalar::string(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(pairs) => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{}: {}", encode(&Scalar::string(key)), inline(value))
            };
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Null => encode(&Scalar { text: "".into(), kind: ScalarKind::Null }),
        // Numbers and booleans are written as JSON writes them.
        other => other.to_string(),
    }
}

/// A document as YAML in the canonical form, for a file of its own or at the end of one.
#[must_use]
pub fn document_text(document: &Map<String, Value>) -> String {
    emit::emit(&tree(&Value::Object(meant(document))))
}

/// A JSON value in the canonical form of YAML.
#[must_use]
pub fn tree(value: &Value) -> emit::Value {
    match value {
        Value::String(text) => text.into(),
        Value::Array(items) => items.iter().map(tree).collect(),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (Leaf::string(key.as_str()), tree(value)));
            emit::Value::Mapping(pairs.collect::<Mapping>())
        }
        other => emit::Value::Leaf(Leaf::as_written(other.to_string())),
    }
}

/// The text of a file without one of its documents; nothing if it was the only one.
///
/// # Errors
/// There is no such document, or it cannot be told where it begins and ends.
pub fn without_document(text: &str, document: &DocumentRef) -> Result<Option<String>, EditError> {
    let stream = parse(text, &Limits::INVENTORY)?;
    let index = find(&stream, document)?;
    if stream.documents.len() == 1 {
        return Ok(None);
    }
    let range = stream.documents[index].range.clone();
    let before = last_marker(&text[..range.start]);
    let after = first_marker(&text[range.end..]).map(|at| range.end + at);
    let cut = match (before, after) {
        // What stands between two markers goes, with the first of them.
        (Some(before), Some(after)) => before..after,
        (Some(before), None) => before..text.len(),
        (None, Some(after)) => 0..next_line(text, after),
        (None, None) => return Err(EditError::Layout("the document".to_owned())),
    };
    let rest = [&text[..cut.start], &text[cut.end..]].concat();
    let mut meant: Vec<Said> = stream.documents.iter().map(Said::of).collect();
    meant.remove(index);
    let found = parse(&rest, &Limits::INVENTORY)?;
    match found.documents.iter().map(Said::of).eq(meant) {
        true => Ok(Some(rest)),
        false => Err(EditError::Layout("the document".to_owned())),
    }
}

/// The last line that is a marker `---`, before a document.
fn last_marker(text: &str) -> Option<usize> {
    let lines = text.match_indices("---").map(|(at, _)| at);
    lines.filter(|at| is_marker(text, *at)).last()
}

/// The first line that is a marker `---`.
pub(super) fn first_marker(text: &str) -> Option<usize> {
    let mut lines = text.match_indices("---").map(|(at, _)| at);
    lines.find(|at| is_marker(text, *at))
}

/// Whether a line starts here with `---` and a blank or nothing after it.
fn is_marker(text: &str, at: usize) -> bool {
    let starts_line = at == 0 || text.as_bytes()[at - 1] == b'\n';
    starts_line && text[at + 3..].chars().next().is_none_or(char::is_whitespace)
}

fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}
