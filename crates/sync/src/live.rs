//! What was seen on the cluster, object by object.

use std::collections::BTreeMap;

use model::{Cause, ObjectKey, Observed};
use serde_json::Value;

use crate::{AppliedObject, FIELD_MANAGER, Object};

/// One object as the cluster has it: the whole of it, or its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject(pub Object);

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

/// What was seen on the cluster. An object that nobody looked for is unknown.
#[derive(Clone, Debug, Default)]
pub struct Live {
    seen: BTreeMap<ObjectKey, Observed<Option<LiveObject>>>,
}

impl Live {
    /// Notes what was seen of one object: it, that it is not there, or that it is unknown.
    pub fn note(&mut self, key: ObjectKey, seen: Observed<Option<LiveObject>>) {
        self.seen.insert(key, seen);
    }

    /// What was seen of one object.
    #[must_use]
    pub fn of(&self, key: &ObjectKey) -> Observed<Option<&LiveObject>> {
        match self.seen.get(key) {
            Some(Observed::Known(object)) => Observed::Known(object.as_ref()),
            Some(Observed::Unknown(cause)) => Observed::Unknown(cause.clone()),
            None => Observed::Unknown(Cause("nobody looked for it".to_owned())),
        }
    }
}

impl LiveObject {
    /// Who holds it, given what the applied set says of it.
    #[must_use]
    pub fn owner(&self, applied: Option<&AppliedObject>) -> Owner {
        let uid = applied.and_then(|applied| applied.uid.as_deref());
        if uid == Some(self.0.uid()) || (uid.is_none() && self.is_applied_by_us()) {
            return Owner::Us;
        }
        // It was begun, and says no more than its name: then nobody has a field of it.
        let is_begun = applied.is_some_and(|applied| applied.uid.is_none());
        if is_begun && self.0.managed_fields().next().is_none() {
            return Owner::Us;
        }
        match self.mark() {
            Some(mark) => Owner::Other(mark),
            // The applied set knows another object of this name: ours is gone, and whoever made
            // this one did it by hand or is us after a restore.
            None if self.is_applied_by_us() => Owner::Us,
            None => Owner::Unknown,
        }
    }

    /// The entry of our field manager in `managedFields`.
    #[must_use]
    pub fn own_fields(&self) -> Option<&Value> {
        self.0
            .managed_fields()
            .find(|entry| {
                entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER)
                    && entry.get("operation").and_then(Value::as_str) == Some("Apply")
                    && entry.get("subresource").and_then(Value::as_str).unwrap_or("").is_empty()
            })
            .and_then(|entry| entry.get("fieldsV1"))
    }

    fn is_applied_by_us(&self) -> bool {
        self.own_fields().is_some()
    }

    /// Whether another object owns it and collects it.
    #[must_use]
    pub fn has_controller(&self) -> bool {
        self.controller().is_some()
    }

    fn controller(&self) -> Option<&str> {
        let owners = self.0.list(&["metadata", "ownerReferences"]);
        owners.first().and_then(|owner| owner.get("kind")).and_then(Value::as_str)
    }

    /// The mark of another tool that keeps objects.
    fn mark(&self) -> Option<String> {
        let object = &self.0;
        if let Some(kind) = self.controller() {
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
}
