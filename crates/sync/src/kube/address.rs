//! Addresses of the Kubernetes API. Names come from manifests, so each is looked at before it
//! becomes a part of one.

use crate::{Fault, ServedKind, WorldError};

/// Where the objects of a kind are.
pub(super) struct Address(String);

impl Address {
    /// The objects of a kind in a namespace, or of the cluster, or in all namespaces.
    pub(super) fn of(kind: &ServedKind, namespace: Option<&str>) -> Result<Self, WorldError> {
        let root = match kind.api_version.contains('/') {
            true => "apis",
            false => "api",
        };
        let within = match namespace {
            Some(name) if kind.namespaced => format!("namespaces/{}/", checked(name, name)?),
            _ => String::new(),
        };
        Ok(Self(format!("/{root}/{}/{within}{}", kind.api_version, kind.plural)))
    }

    /// One of them.
    pub(super) fn object(&self, name: &str) -> Result<String, WorldError> {
        Ok(format!("{}/{}", self.0, checked(name, name)?))
    }

    /// All of them, with parameters.
    pub(super) fn objects(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}?{}", self.0, query(parameters))
    }
}

/// Parameters as text.
pub(super) fn query(parameters: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(parameters).finish()
}

/// An address, if a name in it can stand in one: no separator, no escape, not `.` and `..`
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names>).
pub(super) fn checked(address: &str, name: &str) -> Result<String, WorldError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:@$*()!,;=+~".contains(c);
    if matches!(name, "" | "." | "..") || !name.chars().all(is_plain) {
        let message = format!("`{}` cannot be a name", name.escape_default());
        return Err(WorldError::new(Fault::Refused, message));
    }
    Ok(address.to_owned())
}
