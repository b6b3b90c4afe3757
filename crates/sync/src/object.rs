//! One Kubernetes object as JSON, with its identity.

use std::fmt;
use std::sync::Arc;

use model::ObjectKey;
use schema::objects::split_api_version;
use serde_json::{Map, Value};

/// The field manager of everything that this room applies.
pub const FIELD_MANAGER: &str = "res-edge";

/// Why a value is no Kubernetes object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is a scalar or a list.
    #[error("it is not a mapping")]
    NoMapping,
    /// A part of its identity is missing, empty or no text.
    #[error("`{0}` is missing, empty or not a text")]
    Missing(&'static str),
}

/// A Kubernetes object; cheap to clone.
///
/// `Debug` prints its identity only, since it may hold a Secret's data.
#[derive(Clone, PartialEq)]
pub struct Object(Arc<Value>);

impl Object {
    /// Takes a value that has `apiVersion`, `kind` and `metadata.name`.
    ///
    /// # Errors
    /// One of these is missing.
    pub fn new(value: Value) -> Result<Self, ObjectError> {
        if !value.is_object() {
            return Err(ObjectError::NoMapping);
        }
        let object = Self(Arc::new(value));
        for (shown, path) in [
            ("apiVersion", &["apiVersion"][..]),
            ("kind", &["kind"]),
            ("metadata.name", &["metadata", "name"]),
        ] {
            if object.text(path).is_none_or(str::is_empty) {
                return Err(ObjectError::Missing(shown));
            }
        }
        Ok(object)
    }

    /// The JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// A copy of the JSON to change.
    #[must_use]
    pub fn to_value(&self) -> Value {
        (*self.0).clone()
    }

    /// What stands at a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&*self.0, |value, key| value.get(key))
    }

    /// The text at a path of keys.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The whole number at a path of keys.
    #[must_use]
    pub fn number(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_i64()
    }

    /// The list at a path of keys; empty where there is none.
    #[must_use]
    pub fn list(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"]).unwrap_or_default()
    }

    /// The identity. A namespace that is empty is none.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        let text = |path: &[&str]| self.text(path).unwrap_or_default().to_owned();
        ObjectKey {
            group: split_api_version(self.api_version()).to_owned(),
            kind: text(&["kind"]),
            namespace: Some(text(&["metadata", "namespace"])).filter(|name| !name.is_empty()),
            name: text(&["metadata", "name"]),
        }
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.text(&["metadata", "annotations", name])
    }

    /// A label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.text(&["metadata", "labels", name])
    }

    /// `metadata.uid`; empty on an object that is not on a cluster.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.text(&["metadata", "uid"]).unwrap_or_default()
    }

    /// `metadata.resourceVersion`; empty on an object that is not on a cluster.
    #[must_use]
    pub fn resource_version(&self) -> &str {
        self.text(&["metadata", "resourceVersion"]).unwrap_or_default()
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.text(&["metadata", "deletionTimestamp"]).is_some()
    }

    /// The entries of `metadata.managedFields`.
    pub fn managed_fields(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.list(&["metadata", "managedFields"]).iter().filter_map(Value::as_object)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.key())
    }
}
