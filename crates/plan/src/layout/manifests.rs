//! The files of the layout `manifests` that come from no template.

/// A Kubernetes Namespace in the canonical form.
pub(crate) fn namespace_document(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n", super::scalar(name))
}
