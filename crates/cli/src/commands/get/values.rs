//! Pieces of documents as JSON and as cells.

use model::{Scalar, ScalarKind};
use schema::document::{ExpressionText, Pairs, Spanned};
use serde_json::{Map, Value, json};

/// The value of a label.
pub(crate) fn label<'a>(labels: &'a Pairs, key: &str) -> Option<&'a str> {
    labels.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| &*value.value.text)
}

/// `ring=beta,state=la`.
pub(crate) fn labels_cell(labels: &Pairs) -> String {
    let pairs = labels.iter().map(|(key, value)| format!("{}={}", key.value, value.value.text));
    pairs.collect::<Vec<_>>().join(",")
}

/// Keys with their values.
pub(crate) fn pairs(pairs: &Pairs) -> Value {
    let pairs = pairs.iter().map(|(key, value)| (key.value.to_string(), scalar(&value.value)));
    Value::Object(pairs.collect())
}

/// A scalar as JSON: a number only where JSON writes it as the author did.
pub(crate) fn scalar(scalar: &Scalar) -> Value {
    let text = Value::String(scalar.text.to_string());
    match scalar.kind {
        ScalarKind::String => text,
        ScalarKind::Null => Value::Null,
        ScalarKind::Boolean => json!(&*scalar.text == "true"),
        ScalarKind::Integer | ScalarKind::Float => {
            let same = |value: &Value| value.to_string().as_str() == &*scalar.text;
            serde_json::from_str(&scalar.text).ok().filter(same).unwrap_or(text)
        }
    }
}

/// The text of an optional scalar, empty where there is none.
pub(crate) fn cell(scalar: Option<&Spanned<Scalar>>) -> String {
    scalar.map(|scalar| scalar.value.text.to_string()).unwrap_or_default()
}

/// The text of an optional expression, empty where there is none.
pub(crate) fn expression_cell(expression: Option<&ExpressionText>) -> String {
    expression.map(|expression| expression.value.to_string()).unwrap_or_default()
}

/// A Kubernetes-shaped document, without what is empty.
pub(crate) struct Shape {
    kind: &'static str,
    metadata: Map<String, Value>,
    spec: Map<String, Value>,
    status: Map<String, Value>,
}

impl Shape {
    /// A document with a name.
    pub(crate) fn new(kind: &'static str, name: &str) -> Self {
        let metadata = Map::from_iter([("name".to_owned(), json!(name))]);
        Self { kind, metadata, spec: Map::new(), status: Map::new() }
    }

    /// With labels.
    pub(crate) fn labels(mut self, labels: &Pairs) -> Self {
        put(&mut self.metadata, "labels", pairs(labels));
        self
    }

    /// With a field of the spec.
    pub(crate) fn spec(mut self, key: &str, value: impl Into<Value>) -> Self {
        put(&mut self.spec, key, value.into());
        self
    }

    /// With a scalar of the spec.
    pub(crate) fn scalar(self, key: &str, value: Option<&Spanned<Scalar>>) -> Self {
        self.spec(key, value.map_or(Value::Null, |value| scalar(&value.value)))
    }

    /// With an expression of the spec.
    pub(crate) fn expression(self, key: &str, value: Option<&ExpressionText>) -> Self {
        self.spec(key, value.map(|value| value.value.to_string()))
    }

    /// With a field of the status.
    pub(crate) fn status(mut self, key: &str, value: impl Into<Value>) -> Self {
        put(&mut self.status, key, value.into());
        self
    }

    /// The document.
    pub(crate) fn build(self) -> Value {
        let mut document = Map::new();
        document.insert("apiVersion".to_owned(), json!("res-edge.dev/v1"));
        document.insert("kind".to_owned(), json!(self.kind));
        put(&mut document, "metadata", Value::Object(self.metadata));
        put(&mut document, "spec", Value::Object(self.spec));
        put(&mut document, "status", Value::Object(self.status));
        Value::Object(document)
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(pairs) => pairs.is_empty(),
        _ => false,
    };
    if !empty {
        map.insert(key.to_owned(), value);
    }
}
