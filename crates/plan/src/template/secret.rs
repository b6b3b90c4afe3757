//! Which parts of a document may be secret, so that no message quotes them.

use schema::yaml::{Content, Node};

use super::scan::{What, scan};

/// Whether a mapping is a Secret, or may become one when its kind is filled.
pub(crate) fn is_secret(mapping: &Node) -> bool {
    let kind = mapping.get("kind").and_then(Node::as_str).unwrap_or_default();
    let filled = || scan(kind.as_bytes()).iter().any(|token| matches!(token.what, What::Hole(..)));
    kind == "Secret" || filled()
}

/// Whether what stands behind this key is made into Secrets, as kustomize does it.
pub(crate) fn holds_secret(key: &Node) -> bool {
    matches!(&key.content, Content::Scalar { text, .. } if &**text == "secretGenerator")
}
