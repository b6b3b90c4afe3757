//! What is remembered of an object between passes: as little as decisions need.

use jiff::Timestamp;
use model::{Cause, Digest, Observed};
use serde_json::{Map, Value, json};

use crate::drift::{Scaled, differing, without_fields};
use crate::health::{Expression, Health, health};
use crate::{DesiredObject, Detail, FIELD_MANAGER, Ignore, LiveObject, Marks, Object};

/// What was seen of an object.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// The slim object as text, that it is not there, or why it is unknown.
    slim: Observed<Option<Box<str>>>,
    /// How it is.
    pub(super) health: Health,
    /// `metadata.resourceVersion`; empty if it is not there.
    pub(super) resource_version: String,
    /// Its finalizers, if it is being deleted.
    pub(super) terminating: Option<Box<[String]>>,
    /// What it was compared with, and the fields that differ; nothing where we apply.
    pub(super) compared: Option<(Digest, Box<[String]>)>,
}

impl Sight {
    /// An object was seen.
    pub(super) fn of(object: &Object, detail: Detail) -> Self {
        let terminating = object.is_terminating().then(|| {
            let finalizers = object.list(&["metadata", "finalizers"]).iter();
            finalizers.filter_map(Value::as_str).map(str::to_owned).collect()
        });
        Self {
            slim: Observed::Known(Some(slim(object).to_string().into())),
            health: health_of(object, detail),
            resource_version: object.resource_version().to_owned(),
            terminating,
            compared: None,
        }
    }

    /// The same, compared with what it should be, as far as it was read.
    pub(super) fn compared_with(
        mut self,
        desired: &DesiredObject,
        live: &Object,
        left: &Scaled,
    ) -> Self {
        let differ = match desired.marks.ignore {
            Ignore::All => Vec::new(),
            _ => {
                let seen = LiveObject(live.clone());
                let left_out = without_fields(desired, Some(&seen), left);
                differing(&desired.object, live, &left_out)
            }
        };
        self.compared = Some((desired.digest, differ.into()));
        self
    }

    /// Whether it must be looked at to be compared with what it should be.
    pub(super) fn is_other_than(&self, desired: &DesiredObject) -> bool {
        let with = self.compared.as_ref().map(|(with, _)| *with);
        matches!(self.slim, Observed::Known(Some(_))) && with != Some(desired.digest)
    }

    /// It is proven not to be there.
    pub(super) fn absent() -> Self {
        Self {
            slim: Observed::Known(None),
            health: Health::not_found(),
            resource_version: String::new(),
            terminating: None,
            compared: None,
        }
    }

    /// It could not be looked at.
    pub(super) fn unknown(cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self {
            health: Health::unknown(cause.clone()),
            slim: Observed::Unknown(Cause(cause)),
            resource_version: String::new(),
            terminating: None,
            compared: None,
        }
    }

    /// The object as decisions see it.
    pub(super) fn live(&self) -> Observed<Option<LiveObject>> {
        self.slim.clone().map(|text| {
            let value = serde_json::from_str::<Value>(&text?).ok()?;
            Object::new(value).ok().map(LiveObject)
        })
    }

    /// Whether it could not be looked at.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.slim, Observed::Unknown(_))
    }
}

/// How an object is: by its own expression, else by the rules of its kind.
fn health_of(object: &Object, detail: Detail) -> Health {
    if detail == Detail::Metadata && !object.is_terminating() {
        return Health::current("it is there");
    }
    match Marks::of(object).health.as_deref().map(Expression::compile) {
        None => health(object),
        Some(Ok(expression)) => expression.health(object),
        Some(Err(error)) => Health::unknown(error.to_string()),
    }
}

/// Without its spec, its status and the fields of managers that decide nothing.
fn slim(object: &Object) -> Value {
    let mut metadata = Map::new();
    let kept = ["name", "namespace", "uid", "generation", "deletionTimestamp", "annotations"];
    for name in kept.into_iter().chain(["labels", "ownerReferences"]) {
        if let Some(value) = object.at(&["metadata", name]) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let managed: Vec<Value> = object.managed_fields().map(slim_entry).collect();
    metadata.insert("managedFields".to_owned(), Value::Array(managed));
    let kind = object.text(&["kind"]).unwrap_or_default();
    json!({"apiVersion": object.api_version(), "kind": kind, "metadata": metadata})
}

/// The fields of those who decide something; of others, that they have some.
fn slim_entry(entry: &Map<String, Value>) -> Value {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let decides = text("manager") == Some(FIELD_MANAGER) || text("subresource") == Some("scale");
    let names = ["manager", "operation", "subresource", "fieldsV1"];
    let kept = names.into_iter().filter(|name| decides || *name != "fieldsV1");
    let pairs = kept.filter_map(|name| Some((name.to_owned(), entry.get(name)?.clone())));
    Value::Object(pairs.collect())
}

/// Since when something is so, as this engine saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// What it was: another text starts anew.
    pub(super) what: String,
    /// Since when.
    pub(super) at: Timestamp,
}
