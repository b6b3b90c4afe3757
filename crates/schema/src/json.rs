//! A document as JSON, every field as it was written.
//!
//! In: the files of a source, and the place of a document that was read from them. Out: the
//! document as the API answers it and as `-o json` prints it, with the digest of its text as
//! `metadata.resourceVersion`. What the fleet says about the document is added by others.

use model::{Digest, Files, Scalar, ScalarKind, Span};
use serde_json::{Map, Value};

use crate::document::Kind;
use crate::shape::{API_VERSION, Form, Shape, shape_of};
use crate::yaml::{Limits, Node, parse};

/// The document at a place, as JSON; nothing if no document of that kind stands there.
///
/// Numbers are JSON numbers only where JSON writes them as the author did, so that `0230` and
/// `1.10` stay as they are; labels and quantities are strings.
#[must_use]
pub fn document_json(files: &Files, kind: Kind, span: Span) -> Option<Map<String, Value>> {
    let text = standing_text(files, span)?;
    let stream = parse(&text, &Limits::INVENTORY).ok()?;
    let node = stream.documents.first()?;
    let mut document = Map::new();
    document.insert("apiVersion".to_owned(), API_VERSION.into());
    document.insert("kind".to_owned(), kind.word().into());
    let fields = fields(node, shape_of(kind));
    for part in ["metadata", "spec"] {
        if let Some(value) = fields.get(part) {
            document.insert(part.to_owned(), value.clone());
        }
    }
    if let Some(Value::Object(metadata)) = document.get_mut("metadata") {
        let version = text_digest(files, span)?.to_string();
        metadata.insert("resourceVersion".to_owned(), version.into());
    }
    Some(document)
}

/// The digest of a document's text, as [`crate::edit::document_digest`] finds it; nothing if the
/// place is not in these files.
#[must_use]
pub fn text_digest(files: &Files, span: Span) -> Option<Digest> {
    files.text(span).map(|text| model::sha256(text.as_bytes()))
}

/// The place of the only document of a file, such as `fleet.yaml`.
#[must_use]
pub fn only_document(files: &Files, path: &str) -> Option<Span> {
    let file = files.find(path)?;
    let text = std::str::from_utf8(&files.get(file)?.bytes).ok()?;
    let stream = parse(text, &Limits::INVENTORY).ok()?;
    let range = stream.documents.first()?.range.clone();
    Some(Span::new(file, range.start, range.end))
}

/// A scalar as JSON: a number only where JSON writes it as the author did.
#[must_use]
pub fn scalar_json(scalar: &Scalar) -> Value {
    let text = || Value::String(scalar.text.to_string());
    match scalar.kind {
        ScalarKind::String => text(),
        ScalarKind::Null => Value::Null,
        ScalarKind::Boolean => Value::Bool(scalar.text.eq_ignore_ascii_case("true")),
        ScalarKind::Integer | ScalarKind::Float => {
            let same = |value: &Value| value.to_string().as_str() == &*scalar.text;
            serde_json::from_str(&scalar.text).ok().filter(same).unwrap_or_else(text)
        }
    }
}

/// The text of a place, its first line as far in as it stands in the file.
fn standing_text(files: &Files, span: Span) -> Option<String> {
    let text = files.text(span)?;
    let column = files.place(span).column;
    Some(format!("{}{text}", " ".repeat(column.saturating_sub(1))))
}

fn fields(node: &Node, shape: &Shape) -> Map<String, Value> {
    let pairs = node.pairs().unwrap_or_default().iter().filter(|(_, value)| !value.is_null());
    let known = pairs.filter_map(|(key, node)| {
        let (_, field) = shape.field(key.as_str()?)?;
        Some((field.name.to_owned(), value(node, &field.form)))
    });
    known.collect()
}

fn value(node: &Node, form: &Form) -> Value {
    match form {
        Form::Text(_) | Form::Loose(_) => node.as_str().unwrap_or_default().into(),
        Form::Scalar | Form::Integer(_) | Form::Flag => scalar(node),
        Form::Object(shape) => Value::Object(fields(node, shape)),
        Form::List(item) => {
            let items = node.items().unwrap_or_default();
            Value::Array(items.iter().map(|node| value(node, item)).collect())
        }
        Form::WordOr(_, other) => match node.as_str() {
            Some(word) => word.into(),
            None => value(node, other),
        },
        Form::Pairs { value: form, .. } => {
            let pairs = node.pairs().unwrap_or_default().iter();
            let pair =
                |(key, node): &(Node, Node)| Some((key.as_str()?.to_owned(), value(node, form)));
            Value::Object(pairs.filter_map(pair).collect())
        }
    }
}

fn scalar(node: &Node) -> Value {
    let kind = node.scalar_kind().unwrap_or(ScalarKind::String);
    scalar_json(&Scalar { text: node.as_str().unwrap_or_default().into(), kind })
}
