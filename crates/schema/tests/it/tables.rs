//! What is made from the tables: JSON Schemas, the reference page, and the tables themselves.

use schema::Kind;
use schema::shape::{Field, Form, Presence, Shape, shape_of};
use serde_json::Value;

#[test]
fn reference_page() {
    insta::assert_snapshot!("reference", schema::reference_markdown());
}

#[test]
fn json_schema_of_a_cluster() {
    let schema = schema::json_schema(Kind::Cluster);
    insta::assert_snapshot!("cluster_schema", serde_json::to_string_pretty(&schema).unwrap());
}

#[test]
fn json_schemas_are_closed_and_described() {
    for kind in Kind::ALL {
        let schema = schema::json_schema(kind);
        assert_eq!(schema["properties"]["kind"]["const"], kind.word());
        closed(&schema, kind.word());
    }
    let any = schema::json_schema_of_any();
    assert_eq!(any["oneOf"].as_array().unwrap().len(), Kind::ALL.len());
}

/// Every mapping with known fields refuses others, and every field says what it means.
fn closed(schema: &Value, path: &str) {
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{path}");
        for (name, property) in properties {
            let described = property["description"].is_string() || property["const"].is_string();
            assert!(described, "{path}.{name} has no description");
            closed(property, &format!("{path}.{name}"));
        }
    }
    if schema["items"].is_object() {
        closed(&schema["items"], &format!("{path}[]"));
    }
}

/// Every field with its path, those inside lists too.
fn each_field(shape: &'static Shape, path: &str, visit: &mut impl FnMut(&str, &'static Field)) {
    for field in shape.fields {
        let path = format!("{path}.{}", field.name);
        visit(&path, field);
        match &field.form {
            Form::Object(shape) | Form::List(Form::Object(shape)) => {
                each_field(shape, &path, visit)
            }
            _ => {}
        }
    }
}

/// A document in which exactly this field stands, besides those that must, is read without a
/// word when the field has its example.
#[test]
fn every_example_is_right() {
    let mut n_examples = 0;
    for kind in Kind::ALL {
        each_field(shape_of(kind), kind.word(), &mut |path, field| {
            let mut names: Vec<&str> = path.split('.').skip(1).collect();
            names.pop();
            if field.example.is_empty() || field.presence == Presence::NotYet {
                return;
            }
            let text = document(kind, &names, field);
            let file = match kind {
                Kind::Fleet => "fleet.yaml",
                Kind::Role => "policies/a.yaml",
                _ => "inventory/a.yaml",
            };
            let (files, documents, diagnostics) = crate::read(file, &text);
            assert_eq!(crate::render(&files, &diagnostics), "", "{path}\n{text}");
            assert_eq!(documents.len(), 1, "{text}");
            n_examples += 1;
        });
    }
    assert!(n_examples > 40);
}

/// A document of a kind with what must stand in it, and one more field at a path.
fn document(kind: Kind, parents: &[&str], extra: &Field) -> String {
    let body = fields(shape_of(kind), parents, extra);
    format!("{{apiVersion: res-edge.dev/v1, kind: {}, {body}}}\n", kind.word())
}

fn fields(shape: &'static Shape, parents: &[&str], extra: &Field) -> String {
    let (next, rest) = match parents.split_first() {
        Some((next, rest)) => (Some(*next), rest),
        None => (None, &[][..]),
    };
    let mut parts = Vec::new();
    for field in shape.fields {
        let is_extra = next.is_none() && std::ptr::eq(field, extra);
        let on_path = next == Some(field.name);
        if !is_extra && !on_path && field.presence != Presence::Required {
            continue;
        }
        let value = match &field.form {
            _ if is_extra => field.example.to_owned(),
            Form::Object(shape) if on_path => format!("{{{}}}", fields(shape, rest, extra)),
            Form::List(Form::Object(shape)) if on_path => {
                format!("[{{{}}}]", fields(shape, rest, extra))
            }
            Form::Object(shape) => format!("{{{}}}", fields(shape, &["-"], extra)),
            Form::List(_) if field.example.is_empty() => "[]".to_owned(),
            _ => field.example.to_owned(),
        };
        parts.push(format!("{}: {value}", field.name));
    }
    parts.join(", ")
}

#[test]
fn codes_are_distinct_and_explained() {
    let mut names: Vec<&str> = schema::codes::ALL.iter().map(|code| code.name).collect();
    assert!(schema::codes::ALL.iter().all(|code| code.meaning.ends_with('.')));
    let sorted = names.is_sorted();
    names.dedup();
    assert!(sorted && names.len() == schema::codes::ALL.len());
}
