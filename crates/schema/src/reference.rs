//! The tables as a page of the reference.

use std::fmt::Write as _;

use crate::document::Kind;
use crate::shape::{API_VERSION, Field, Form, Presence, Shape, shape_of};

/// The reference of all kinds as Markdown: for each kind its fields with what they take, what
/// they mean without being given, and an example.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = format!(
        "# Documents\n\n\
         Every document starts with `apiVersion: {API_VERSION}` and its `kind`. Fields that are \
         not listed here are errors. Made from the tables of the reader: do not edit.\n"
    );
    for kind in Kind::ALL {
        write_kind(kind, &mut page);
    }
    page
}

fn write_kind(kind: Kind, page: &mut String) {
    let shape = shape_of(kind);
    let place = match kind {
        Kind::Fleet => "Stands in `fleet.yaml`.",
        Kind::Role => "Stands in `policies/`.",
        Kind::Cluster | Kind::Group | Kind::Namespace | Kind::Application => {
            "Stands in `inventory/`."
        }
    };
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {}\n\n{} {place}\n\n", kind.word(), shape.doc);
    page.push_str("| Field | Takes | Without it | Meaning |\n|---|---|---|---|\n");
    write_fields(shape, "", page);
}

fn write_fields(shape: &Shape, prefix: &str, page: &mut String) {
    for field in shape.fields {
        let path = format!("{prefix}{}", field.name);
        let inner = inner(&field.form);
        let is_frame = inner.is_some() && field.example.is_empty() && prefix.is_empty();
        if !is_frame {
            write_row(field, &path, page);
        }
        if let Some((shape, step)) = inner {
            write_fields(shape, &format!("{path}{step}."), page);
        }
    }
}

/// The mapping inside a field, and how its path goes on.
fn inner(form: &Form) -> Option<(&'static Shape, &'static str)> {
    match form {
        Form::Object(shape) => Some((shape, "")),
        Form::List(Form::Object(shape)) => Some((shape, "[]")),
        _ => None,
    }
}

fn write_row(field: &Field, path: &str, page: &mut String) {
    let without = match field.presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => String::new(),
        Presence::Default(value) => format!("`{value}`"),
        Presence::NotYet => "not supported yet".to_owned(),
    };
    let example = match field.example {
        "" => String::new(),
        example => format!(" Example: `{}: {example}`", field.name),
    };
    let takes = takes(&field.form);
    let _ = writeln!(page, "| `{path}` | {takes} | {without} | {}{example} |", field.doc);
}

/// A form in words, with its syntax.
fn takes(form: &Form) -> String {
    match form {
        Form::Text(syntax) | Form::Loose(syntax) if !syntax.words.is_empty() => {
            let words: Vec<String> = syntax.words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        Form::Text(syntax) | Form::Loose(syntax) => syntax.name.to_owned(),
        Form::List(item) => format!("a list: {}", takes(item)),
        Form::WordOr(word, other) => format!("`{word}`, or {}", takes(other)),
        Form::Pairs { key, value } => format!("a mapping: {} to {}", key.name, takes(value)),
        Form::Object(shape) if shape.one_of => "exactly one of its fields".to_owned(),
        Form::Integer([only]) => format!("`{only}`"),
        other => other.word(),
    }
}
