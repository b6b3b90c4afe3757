//! What one document says about its keys: fields, labels, values.

use std::borrow::Cow;

use model::{Delivery, FanOut, Scalar, Span, sha256};
use schema::document::{ApplicationDocument, ClusterDocument, NamespaceDocument, Pairs, Spanned};

/// The keys of clusters that are fields, whether a document has them or not: a value of a group
/// must not take the place of one.
pub(crate) const CLUSTER_FIELDS: [&str; 4] = ["description", "name", "path", "timeZone"];
/// The fields of namespaces.
pub(crate) const NAMESPACE_FIELDS: [&str; 2] = ["description", "name"];
/// The fields of applications.
pub(crate) const APPLICATION_FIELDS: [&str; 5] =
    ["description", "name", "namespace", "owner", "template"];

/// As what a document has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// One of the closed list of fields.
    Field,
    /// A label.
    Label,
    /// A value.
    Value,
}

impl By {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Label => "label",
            Self::Value => "value",
        }
    }
}

/// A key with its value, as one document has it.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    pub(crate) scalar: Cow<'a, Scalar>,
    pub(crate) by: By,
    /// Where the value stands.
    pub(crate) span: Span,
    /// Where the key stands, or the value of a field.
    pub(crate) key_span: Span,
}

fn text(key: &'static str, text: &str, span: Span) -> Entry<'static> {
    let scalar = Cow::Owned(Scalar::string(text));
    Entry { key, scalar, by: By::Field, span, key_span: span }
}

fn field<'a>(key: &'static str, value: Option<&'a Spanned<Scalar>>) -> Option<Entry<'a>> {
    let Spanned { value, span } = value?;
    let (span, key_span) = (*span, *span);
    Some(Entry { key, scalar: Cow::Borrowed(value), by: By::Field, span, key_span })
}

fn pairs(pairs: &Pairs, by: By) -> impl Iterator<Item = Entry<'_>> {
    pairs.iter().map(move |(key, value)| Entry {
        key: &key.value,
        scalar: Cow::Borrowed(&value.value),
        by,
        span: value.span,
        key_span: key.span,
    })
}

/// A cluster's own entries; `path` is its folder in the delivery.
pub(crate) fn of_cluster<'a>(
    document: &'a ClusterDocument,
    delivery: &Spanned<Delivery>,
) -> Vec<Entry<'a>> {
    let name = &document.metadata.name;
    let mut entries = vec![
        text("name", name.value.as_str(), name.span),
        text("path", &path(document, &delivery.value), delivery.span),
    ];
    entries.extend(field("description", document.description.as_ref()));
    entries.extend(field("timeZone", document.time_zone.as_ref()));
    entries.extend(pairs(&document.metadata.labels, By::Label));
    entries.extend(pairs(&document.values, By::Value));
    entries
}

/// The folder of a cluster. Under `hex2` it is below the first two digits of SHA-256 of the
/// first name that the document tells.
fn path(document: &ClusterDocument, delivery: &Delivery) -> String {
    let Delivery::Directory { path, fan_out, .. } = delivery else { return ".".to_owned() };
    let name = &document.metadata.name.value;
    let folder = match fan_out {
        FanOut::None => name.to_string(),
        FanOut::Hex2 => {
            let first = document.metadata.former.as_ref().map_or(name, |former| &former.value);
            format!("{:02x}/{name}", sha256(first.as_str().as_bytes()).0[0])
        }
    };
    if path.is_empty() { folder } else { format!("{path}/{folder}") }
}

/// A Namespace document's entries.
pub(crate) fn of_namespace(document: &NamespaceDocument) -> Vec<Entry<'_>> {
    let name = &document.metadata.name;
    let mut entries = vec![text("name", name.value.as_str(), name.span)];
    entries.extend(field("description", document.description.as_ref()));
    entries.extend(pairs(&document.metadata.labels, By::Label));
    entries.extend(pairs(&document.values, By::Value));
    entries
}

/// An Application document's entries.
pub(crate) fn of_application(document: &ApplicationDocument) -> Vec<Entry<'_>> {
    let name = &document.metadata.name;
    let mut entries = vec![
        text("name", name.value.as_str(), name.span),
        text("namespace", document.namespace.value.as_str(), document.namespace.span),
        text("template", &document.template.value, document.template.span),
    ];
    entries.extend(field("description", document.description.as_ref()));
    entries.extend(field("owner", document.owner.as_ref()));
    entries.extend(pairs(&document.metadata.labels, By::Label));
    entries.extend(pairs(&document.values, By::Value));
    entries
}
