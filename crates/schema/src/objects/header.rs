//! What a manifest says about itself: the identity of each object, and the few marks that
//! Res-Edge reads.

use std::ops::Range;

use model::ObjectKey;

use crate::yaml::{Limits, Node, SyntaxError, parse};

/// The annotation that protects an object from being deleted without a person.
pub const PRUNE_ANNOTATION: &str = "res-edge.dev/prune";

/// The head of one object of a manifest, with placeholders unfilled if the text has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHeader {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`, if it says something.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// Annotated with `res-edge.dev/prune: confirm`.
    pub confirm: bool,
    /// The bytes of `data` or `stringData` of a Secret that holds some in plain text.
    pub plain_secret: Option<Range<usize>>,
    /// Encrypted by SOPS.
    pub encrypted: bool,
    /// Where the name stands.
    pub range: Range<usize>,
}

impl ObjectHeader {
    /// The identity.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: split_api_version(&self.api_version).to_owned(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// The group of an `apiVersion`: what stands before the slash, nothing for the core group.
#[must_use]
pub fn split_api_version(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The heads of the objects in a manifest; the items of a `List` are objects of their own, and
/// what has no kind or no name is left out.
///
/// # Errors
/// The text is not YAML, or more of it than [`Limits::TEMPLATE`] allows.
pub fn read_headers(text: &str) -> Result<Vec<ObjectHeader>, SyntaxError> {
    let stream = parse(text, &Limits::TEMPLATE)?;
    let mut headers = Vec::new();
    stream.documents.iter().for_each(|node| collect(node, &mut headers));
    Ok(headers)
}

/// Whether a manifest holds an object that is marked `res-edge.dev/prune: confirm`.
#[must_use]
pub fn prune_confirm(bytes: &[u8]) -> bool {
    let headers = std::str::from_utf8(bytes).ok().and_then(|text| read_headers(text).ok());
    headers.is_some_and(|headers| headers.iter().any(|header| header.confirm))
}

fn collect(node: &Node, headers: &mut Vec<ObjectHeader>) {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    if kind.ends_with("List")
        && let Some(items) = node.get("items").and_then(Node::items)
    {
        items.iter().for_each(|item| collect(item, headers));
        return;
    }
    headers.extend(header(node, kind));
}

fn header(node: &Node, kind: &str) -> Option<ObjectHeader> {
    let metadata = node.get("metadata")?;
    let name = metadata.get("name")?;
    let text = |node: &Node| node.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let annotations = metadata.get("annotations");
    let prune = annotations.and_then(|node| node.get(PRUNE_ANNOTATION));
    let api_version = node.get("apiVersion").and_then(text).unwrap_or_default();
    let encrypted = node.get("sops").is_some();
    let is_secret = kind == "Secret" && split_api_version(&api_version).is_empty();
    Some(ObjectHeader {
        plain_secret: (is_secret && !encrypted).then(|| secret_data(node)).flatten(),
        api_version,
        kind: Some(kind).filter(|kind| !kind.is_empty())?.to_owned(),
        namespace: metadata.get("namespace").filter(|node| !node.is_null()).and_then(text),
        name: text(name)?,
        confirm: prune.and_then(Node::as_str) == Some("confirm"),
        encrypted,
        range: name.range.clone(),
    })
}

/// Where a Secret holds data; an empty mapping holds none.
fn secret_data(node: &Node) -> Option<Range<usize>> {
    let holds = |value: &Node| !value.is_null() && value.pairs().is_none_or(|p| !p.is_empty());
    let pairs = node.pairs()?.iter();
    pairs
        .filter(|(key, value)| matches!(key.as_str(), Some("data" | "stringData")) && holds(value))
        .map(|(key, _)| key.range.clone())
        .next()
}
