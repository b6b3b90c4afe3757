//! What was seen on the cluster, object by object: as little as decisions need.

use std::collections::BTreeMap;

use model::{Cause, Digest, ObjectKey, Observed};
use serde_json::Value;

use crate::drift::{fields_digest, is_scaled_by_another};
use crate::{AppliedObject, FIELD_MANAGER, Marks, Object, Prune};

/// What decisions need of one object that is on the cluster; its metadata is enough to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject {
    uid: Box<str>,
    is_terminating: bool,
    /// Whether anybody has a field of it.
    is_managed: bool,
    own_fields: Option<OwnFields>,
    controller: Option<Box<str>>,
    mark: Option<Box<str>>,
    prune: Prune,
    is_scaled: bool,
}

/// The fields that our field manager owns. They are compared by their digest in each pass, and
/// read only where that is another one.
#[derive(Clone, Debug, PartialEq)]
struct OwnFields {
    digest: Digest,
    text: Box<str>,
}

/// Who holds an object that is on the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// We do: the applied set names its uid, or our field manager applied it.
    Us,
    /// Nobody that we know of made it, but not we.
    Unknown,
    /// Someone who left a mark: `Helm release web`, `Flux`, `Argo CD`, `a Deployment`.
    Other(String),
}

/// What was seen on a cluster.
pub trait Seen {
    /// What was seen of one object: it, that it is not there, or that it is unknown. An object
    /// that nobody looked for is unknown.
    fn of(&self, key: &ObjectKey) -> Observed<Option<&LiveObject>>;
}

/// What was seen on a cluster, noted object by object.
#[derive(Clone, Debug, Default)]
pub struct Live {
    seen: BTreeMap<ObjectKey, Observed<Option<LiveObject>>>,
}

impl Live {
    /// Notes what was seen of one object: it, that it is not there, or that it is unknown.
    pub fn note(&mut self, key: ObjectKey, seen: Observed<Option<LiveObject>>) {
        self.seen.insert(key, seen);
    }
}

impl Seen for Live {
    fn of(&self, key: &ObjectKey) -> Observed<Option<&LiveObject>> {
        as_seen(self.seen.get(key))
    }
}

/// What was noted of an object, as [`Seen::of`] answers it.
pub(crate) fn as_seen(
    noted: Option<&Observed<Option<LiveObject>>>,
) -> Observed<Option<&LiveObject>> {
    match noted {
        Some(Observed::Known(object)) => Observed::Known(object.as_ref()),
        Some(Observed::Unknown(cause)) => Observed::Unknown(cause.clone()),
        None => Observed::Unknown(Cause("nobody looked for it".to_owned())),
    }
}

impl LiveObject {
    /// What decisions need of an object, the whole of it or its metadata.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let own_fields = own_fields(object).map(|fields| OwnFields {
            digest: fields_digest(fields),
            text: fields.to_string().into(),
        });
        Self {
            uid: object.uid().into(),
            is_terminating: object.is_terminating(),
            is_managed: object.managed_fields().next().is_some(),
            own_fields,
            controller: controller(object).map(Box::from),
            mark: mark(object).map(Box::from),
            prune: Marks::of(object).prune,
            is_scaled: is_scaled_by_another(object),
        }
    }

    /// Its uid.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.is_terminating
    }

    /// What its annotations say about its deletion.
    #[must_use]
    pub fn prune(&self) -> Prune {
        self.prune
    }

    /// Whether an autoscaler that is not in the tree has set its replicas.
    #[must_use]
    pub fn is_scaled_by_another(&self) -> bool {
        self.is_scaled
    }

    /// Whether another object owns it and collects it.
    #[must_use]
    pub fn has_controller(&self) -> bool {
        self.controller.is_some()
    }

    /// The digest of the fields that our field manager owns, as [`fields_digest`] gives it;
    /// nothing if it owns none.
    #[must_use]
    pub fn own_digest(&self) -> Option<Digest> {
        self.own_fields.as_ref().map(|fields| fields.digest)
    }

    /// These fields, as `fieldsV1` writes them.
    #[must_use]
    pub fn own_fields(&self) -> Option<Value> {
        // It was written from JSON.
        self.own_fields
            .as_ref()
            .map(|fields| serde_json::from_str(&fields.text).unwrap_or_default())
    }

    /// Who holds it, given what the applied set says of it.
    #[must_use]
    pub fn owner(&self, applied: Option<&AppliedObject>) -> Owner {
        let uid = applied.and_then(|applied| applied.uid.as_deref());
        let is_applied_by_us = self.own_fields.is_some();
        if uid == Some(&*self.uid) || (uid.is_none() && is_applied_by_us) {
            return Owner::Us;
        }
        // It was begun, and says no more than its name: then nobody has a field of it.
        let is_begun = applied.is_some_and(|applied| applied.uid.is_none());
        if is_begun && !self.is_managed {
            return Owner::Us;
        }
        match &self.mark {
            Some(mark) => Owner::Other(mark.to_string()),
            // The applied set knows another object of this name: ours is gone, and whoever made
            // this one did it by hand or is us after a restore.
            None if is_applied_by_us => Owner::Us,
            None => Owner::Unknown,
        }
    }
}

/// The fields that our field manager owns, in `managedFields`.
pub(crate) fn own_fields(object: &Object) -> Option<&Value> {
    object
        .managed_fields()
        .find(|entry| {
            entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER)
                && entry.get("operation").and_then(Value::as_str) == Some("Apply")
                && entry.get("subresource").and_then(Value::as_str).unwrap_or("").is_empty()
        })
        .and_then(|entry| entry.get("fieldsV1"))
}

fn controller(object: &Object) -> Option<&str> {
    let owners = object.list(&["metadata", "ownerReferences"]);
    owners.first().and_then(|owner| owner.get("kind")).and_then(Value::as_str)
}

/// The mark of another tool that keeps objects.
fn mark(object: &Object) -> Option<String> {
    if let Some(kind) = controller(object) {
        return Some(format!("a {kind}"));
    }
    if let Some(release) = object.annotation("meta.helm.sh/release-name") {
        return Some(format!("the Helm release `{release}`"));
    }
    if let Some(name) = object.label("kustomize.toolkit.fluxcd.io/name") {
        return Some(format!("the Flux Kustomization `{name}`"));
    }
    if let Some(name) = object.label("helm.toolkit.fluxcd.io/name") {
        return Some(format!("the Flux HelmRelease `{name}`"));
    }
    object
        .annotation("argocd.argoproj.io/tracking-id")
        .map(|id| format!("the Argo CD application `{}`", id.split(':').next().unwrap_or(id)))
}
