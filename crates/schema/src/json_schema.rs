//! The tables as JSON Schema (draft 2020-12), for editors and other tools.
//!
//! An editor that knows the schema completes fields, shows what they mean and marks most
//! mistakes while one types. The reader checks more than a schema can say.

use serde_json::{Map, Value, json};

use crate::document::Kind;
use crate::shape::syntax::Syntax;
use crate::shape::{API_VERSION, Field, Form, Presence, Shape, shape_of};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of one document of a kind.
#[must_use]
pub fn json_schema(kind: Kind) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DIALECT));
    schema.insert("$id".to_owned(), json!(format!("https://{API_VERSION}/{}.json", kind.word())));
    schema.extend(root(kind));
    Value::Object(schema)
}

/// The JSON Schema of any document, whatever its kind: for a file of several documents, which
/// editors check one by one.
#[must_use]
pub fn json_schema_of_any() -> Value {
    let kinds: Vec<Value> = Kind::ALL.into_iter().map(|kind| Value::Object(root(kind))).collect();
    json!({
        "$schema": DIALECT,
        "$id": format!("https://{API_VERSION}/document.json"),
        "title": "A document of Res-Edge",
        "oneOf": kinds,
    })
}

fn root(kind: Kind) -> Map<String, Value> {
    let shape = shape_of(kind);
    let mut schema = object(shape);
    let mut properties = Map::new();
    properties.insert("apiVersion".to_owned(), json!({"const": API_VERSION}));
    properties.insert("kind".to_owned(), json!({"const": kind.word()}));
    if let Some(Value::Object(fields)) = schema.get_mut("properties").map(Value::take) {
        properties.extend(fields);
    }
    let own = shape.fields.iter().filter(|field| field.presence == Presence::Required);
    let required: Vec<&str> =
        ["apiVersion", "kind"].into_iter().chain(own.map(|f| f.name)).collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema
}

fn object(shape: &Shape) -> Map<String, Value> {
    let usable = || shape.fields.iter().filter(|field| field.presence != Presence::NotYet);
    let required: Vec<&str> =
        usable().filter(|field| field.presence == Presence::Required).map(|f| f.name).collect();
    let mut schema = Map::new();
    schema.insert("title".to_owned(), json!(shape.name));
    schema.insert("description".to_owned(), json!(shape.doc));
    schema.insert("type".to_owned(), json!("object"));
    let properties = usable().map(|field| (field.name.to_owned(), property(field))).collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if shape.one_of {
        schema.insert("minProperties".to_owned(), json!(1));
        schema.insert("maxProperties".to_owned(), json!(1));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = form(&field.form);
    // What the field means says more than what its type means.
    if !field.doc.is_empty() {
        schema.insert("description".to_owned(), json!(field.doc));
    }
    Value::Object(schema)
}

fn form(form_of: &Form) -> Map<String, Value> {
    match form_of {
        Form::Text(syntax) => text(syntax, json!("string")),
        Form::Loose(syntax) => text(syntax, json!(["string", "number", "boolean"])),
        Form::Scalar => map(json!({"type": ["string", "number", "boolean"]})),
        Form::Integer([]) => map(json!({"type": "integer", "minimum": 0})),
        Form::Integer(known) => map(json!({"type": "integer", "enum": known})),
        Form::Flag => map(json!({"type": "boolean"})),
        Form::Object(shape) => object(shape),
        Form::List(item) => map(json!({"type": "array", "items": form(item)})),
        Form::WordOr(word, other) => map(json!({"oneOf": [{"const": word}, form(other)]})),
        Form::Pairs { key, value } => {
            let mut schema = map(json!({"type": "object", "additionalProperties": form(value)}));
            if !key.pattern.is_empty() {
                schema.insert("propertyNames".to_owned(), json!({"pattern": key.pattern}));
            }
            schema
        }
    }
}

fn text(syntax: &Syntax, kind: Value) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), kind);
    if !syntax.words.is_empty() {
        schema.insert("enum".to_owned(), json!(syntax.words));
    }
    if !syntax.pattern.is_empty() {
        schema.insert("pattern".to_owned(), json!(syntax.pattern));
    }
    schema
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
