//! What is remembered of an object between passes: as little as decisions need.

use jiff::Timestamp;
use model::{Cause, Digest, Observed};
use serde_json::Value;

use crate::drift::{Scaled, differing, without_fields};
use crate::health::{Expression, Health, health};
use crate::{DesiredObject, Detail, Ignore, LiveObject, Marks, Object};

/// What was seen of an object.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// What decisions need of it, that it is not there, or why it is unknown.
    pub(super) live: Observed<Option<LiveObject>>,
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
            live: Observed::Known(Some(LiveObject::of(object))),
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
                let left_out = without_fields(desired, self.known(), left);
                differing(&desired.object, live, &left_out)
            }
        };
        self.compared = Some((desired.digest, differ.into()));
        self
    }

    /// Whether it must be looked at to be compared with what it should be.
    pub(super) fn is_other_than(&self, desired: &DesiredObject) -> bool {
        let with = self.compared.as_ref().map(|(with, _)| *with);
        self.known().is_some() && with != Some(desired.digest)
    }

    /// It is proven not to be there.
    pub(super) fn absent() -> Self {
        Self {
            live: Observed::Known(None),
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
            live: Observed::Unknown(Cause(cause)),
            resource_version: String::new(),
            terminating: None,
            compared: None,
        }
    }

    /// What decisions need of it, if it is known to be there.
    pub(super) fn known(&self) -> Option<&LiveObject> {
        self.live.known().and_then(Option::as_ref)
    }

    /// Whether it could not be looked at.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.live, Observed::Unknown(_))
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

/// Since when something is so, as this engine saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// What it was: another text starts anew.
    pub(super) what: String,
    /// Since when.
    pub(super) at: Timestamp,
}
