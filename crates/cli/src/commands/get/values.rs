//! Pieces of documents as JSON and as cells.

use model::Scalar;
use plan::documents::{DocumentId, Row, document_json};
use schema::document::{ExpressionText, Pairs, Spanned};
use serde_json::Value;

use crate::source::Checked;

/// The value of a label.
pub(crate) fn label<'a>(labels: &'a Pairs, key: &str) -> Option<&'a str> {
    labels.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| &*value.value.text)
}

/// `ring=beta,state=la`.
pub(crate) fn labels_cell(labels: &Pairs) -> String {
    let pairs = labels.iter().map(|(key, value)| format!("{}={}", key.value, value.value.text));
    pairs.collect::<Vec<_>>().join(",")
}

/// The text of an optional scalar, empty where there is none.
pub(crate) fn cell(scalar: Option<&Spanned<Scalar>>) -> String {
    scalar.map(|scalar| scalar.value.text.to_string()).unwrap_or_default()
}

/// The text of an optional expression, empty where there is none.
pub(crate) fn expression_cell(expression: Option<&ExpressionText>) -> String {
    expression.map(|expression| expression.value.to_string()).unwrap_or_default()
}

/// A document as the server shows it too.
pub(crate) fn document(checked: &Checked, id: DocumentId) -> Value {
    let document = document_json(&checked.fleet, &checked.source.files, id);
    document.map_or(Value::Null, Value::Object)
}

/// What a query asks of a document.
pub(crate) fn row(checked: &Checked, id: DocumentId) -> Row<'_> {
    Row::Document(&checked.fleet, id)
}
