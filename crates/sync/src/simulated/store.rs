//! The objects of a simulated cluster, and what happens to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Weak;

use jiff::{SignedDuration, Timestamp};
use model::ObjectKey;
use serde_json::{Value, json};

use super::faults::{Faults, Settings};
use super::{kinds, merge, ready};
use crate::{Fault, Going, Notes, Object, Place, Scope, ServedKind, Trial, WorldError};

/// Who writes, and whether it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) manager: &'a str,
    pub(super) trial: Trial,
}

/// A part of a list.
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) next: Option<String>,
}

/// Something that happens later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The controllers of an object are done.
    Done,
    /// A namespace is emptied.
    Emptied,
}

/// Who is told of changes.
#[derive(Debug)]
struct Watcher {
    scope: Scope,
    notes: Notes,
    alive: Weak<()>,
}

#[derive(Debug)]
pub(super) struct Store {
    settings: Settings,
    pub(super) faults: Faults,
    /// Objects as text, which is a fraction of what they are as values.
    objects: BTreeMap<ObjectKey, Box<str>>,
    due: BTreeSet<(Timestamp, ObjectKey, Due)>,
    watchers: Vec<Watcher>,
    version: u64,
    uid: u64,
    now: Timestamp,
    pub(super) log: Vec<String>,
}

impl Store {
    pub(super) fn new(settings: Settings, now: Timestamp) -> Self {
        let mut store = Self {
            faults: settings.faults.clone(),
            settings,
            objects: BTreeMap::new(),
            due: BTreeSet::new(),
            watchers: Vec::new(),
            version: 1,
            uid: 0,
            now,
            log: Vec::new(),
        };
        for name in ["default", "kube-system"] {
            let namespace = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
                "spec": {"finalizers": ["kubernetes"]},
            });
            store.keep(namespace, None);
        }
        store
    }

    pub(super) fn object(&self, key: &ObjectKey) -> Option<Object> {
        Object::new(self.value(key)?).ok()
    }

    pub(super) fn keys(&self) -> Vec<ObjectKey> {
        self.objects.keys().cloned().collect()
    }

    fn value(&self, key: &ObjectKey) -> Option<Value> {
        serde_json::from_str(self.objects.get(key)?).ok()
    }

    /// Lets everything happen that was due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some(first) = self.due.first().filter(|(at, _, _)| *at <= self.now).cloned() {
            self.due.remove(&first);
            let (_, key, due) = first;
            match due {
                Due::Done => self.finish(&key),
                Due::Emptied => self.empty(&key),
            }
        }
    }

    fn finish(&mut self, key: &ObjectKey) {
        let Some(mut value) = self.value(key) else { return };
        if let Some(status) = ready::status(&value, true, &self.faults) {
            value["status"] = status;
            self.put(key, value);
        }
    }

    fn empty(&mut self, namespace: &ObjectKey) {
        let name = Some(namespace.name.clone());
        let within = self.objects.keys().filter(|key| key.namespace == name);
        for key in within.cloned().collect::<Vec<_>>() {
            self.begin_deletion(&key);
        }
        let is_empty = !self.objects.keys().any(|key| key.namespace == name);
        if is_empty {
            self.forget(namespace);
        } else {
            self.later(namespace.clone(), Due::Emptied, SignedDuration::from_secs(1));
        }
    }

    fn later(&mut self, key: ObjectKey, due: Due, time: SignedDuration) {
        let at = self.now.checked_add(time).unwrap_or(self.now);
        self.due.insert((at, key, due));
    }

    pub(super) fn kinds(&self, group: &str) -> Vec<ServedKind> {
        let definitions = self.objects.keys().filter(|key| key.kind == "CustomResourceDefinition");
        let definitions = definitions.filter_map(|key| self.object(key));
        let established = definitions.filter(|definition| {
            let conditions = definition.list(&["status", "conditions"]);
            conditions.iter().any(|c| c["type"] == "Established" && c["status"] == "True")
        });
        let custom = established.flat_map(|definition| kinds::defined(&definition));
        kinds::built_in(group).chain(custom.filter(|kind| kind.group() == group)).collect()
    }

    pub(super) fn read(
        &mut self,
        kind: &ServedKind,
        place: Place<'_>,
    ) -> Result<Object, WorldError> {
        let key = kind.key(place);
        self.admit_reader("get", kind, place.namespace, &key.name)?;
        self.object(&key).ok_or_else(|| missing(kind, place.name))
    }

    pub(super) fn list(&mut self, scope: &Scope, next: Option<&str>) -> Result<Page, WorldError> {
        self.admit_reader(
            "list",
            &scope.kind,
            scope.namespace.as_deref(),
            next.unwrap_or_default(),
        )?;
        if self.faults.gone > 0 {
            self.faults.gone -= 1;
            return Err(WorldError::new(Fault::Gone, "the provided continue parameter is too old"));
        }
        let is_ours = |key: &&ObjectKey| {
            key.group == scope.kind.group()
                && key.kind == scope.kind.kind
                && scope.namespace.as_ref().is_none_or(|name| key.namespace.as_ref() == Some(name))
        };
        let from = next.map(str::to_owned);
        let mut keys = self
            .objects
            .keys()
            .filter(is_ours)
            .filter(|key| from.as_ref().is_none_or(|from| place_text(key) > *from));
        let page: Vec<&ObjectKey> = keys.by_ref().take(self.settings.page.max(1)).collect();
        let next = keys.next().and_then(|_| page.last()).map(|key| place_text(key));
        let objects = page.into_iter().filter_map(|key| self.object(key)).collect();
        Ok(Page { objects, next })
    }

    pub(super) fn create(
        &mut self,
        kind: &ServedKind,
        object: &Object,
        writer: Writer<'_>,
    ) -> Result<Object, WorldError> {
        let key = kind.key(Place::of(&object.key()));
        self.admit("create", kind, object)?;
        if self.objects.contains_key(&key) {
            return Err(WorldError::new(Fault::Exists, format!("{key} already exists")));
        }
        let time = self.now.to_string();
        let value = merge::update(None, object.value(), writer.manager, &time);
        self.write(&key, None, value, writer.trial)
    }

    pub(super) fn apply(
        &mut self,
        kind: &ServedKind,
        object: &Object,
        writer: Writer<'_>,
    ) -> Result<Object, WorldError> {
        let key = kind.key(Place::of(&object.key()));
        let verb = if writer.trial == Trial::DryRun { "try" } else { "apply" };
        self.admit(verb, kind, object)?;
        if self.faults.conflicts > 0 && writer.trial == Trial::Act {
            self.faults.conflicts -= 1;
            return Err(conflict(&key));
        }
        let live = self.value(&key);
        self.match_state(&key, live.as_ref(), object)?;
        self.within_quota(&key, live.is_none(), kind)?;
        let time = self.now.to_string();
        let mut applied = object.to_value();
        if let Some(map) = applied.as_object_mut() {
            map.remove("status");
        }
        if let Some(metadata) = applied["metadata"].as_object_mut() {
            metadata.retain(|name, _| !matches!(name.as_str(), "uid" | "resourceVersion"));
        }
        let value = merge::apply(live.as_ref(), &applied, writer.manager, &time);
        self.write(&key, live.as_ref(), value, writer.trial)
    }

    /// A uid and a version that are sent must be those of what is there.
    fn match_state(
        &self,
        key: &ObjectKey,
        live: Option<&Value>,
        object: &Object,
    ) -> Result<(), WorldError> {
        let same = |name: &str, sent: &str| {
            sent.is_empty() || live.is_some_and(|live| live["metadata"][name] == sent)
        };
        let matches =
            same("uid", object.uid()) && same("resourceVersion", object.resource_version());
        if matches { Ok(()) } else { Err(conflict(key)) }
    }

    fn within_quota(
        &self,
        key: &ObjectKey,
        is_new: bool,
        kind: &ServedKind,
    ) -> Result<(), WorldError> {
        let quotas = self.objects.keys().filter(|quota| {
            quota.kind == "ResourceQuota" && quota.namespace == key.namespace && is_new
        });
        for quota in quotas {
            let Some(object) = self.object(quota) else { continue };
            let resource = match kind.group() {
                "" => format!("count/{}", kind.plural),
                group => format!("count/{}.{group}", kind.plural),
            };
            let Some(limit) = object.text(&["spec", "hard", &resource]) else { continue };
            let same = |other: &&ObjectKey| {
                (&other.group, &other.kind, &other.namespace)
                    == (&key.group, &key.kind, &key.namespace)
            };
            let used = self.objects.keys().filter(same).count();
            if limit.parse::<usize>().is_ok_and(|limit| used >= limit) {
                let message = format!(
                    "exceeded quota: {}, requested: {resource}=1, used: {resource}={used}, \
                     limited: {resource}={limit}",
                    quota.name,
                );
                return Err(WorldError::new(Fault::Quota, message));
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        key: &ObjectKey,
        live: Option<&Value>,
        mut value: Value,
        trial: Trial,
    ) -> Result<Object, WorldError> {
        if trial == Trial::DryRun {
            let metadata = &mut value["metadata"];
            metadata["uid"] = live.map_or(json!("dry-run"), |live| live["metadata"]["uid"].clone());
        } else {
            value = self.keep(value, live);
            let _ = key;
        }
        Object::new(value).map_err(|error| WorldError::new(Fault::Refused, error.to_string()))
    }

    /// Another writer changes, makes or removes an object.
    pub(super) fn edit(
        &mut self,
        key: &ObjectKey,
        manager: &str,
        change: impl FnOnce(Option<Value>) -> Option<Value>,
    ) -> Result<(), WorldError> {
        let live = self.value(key);
        let Some(written) = change(live.clone()) else {
            self.forget(key);
            return Ok(());
        };
        if let Some(namespace) = key.namespace.as_deref() {
            self.admit_namespace(namespace, live.is_none())?;
        }
        let time = self.now.to_string();
        let value = merge::update(live.as_ref(), &written, manager, &time);
        let object = Object::new(value.clone());
        object.map_err(|error| WorldError::new(Fault::Refused, error.to_string()))?;
        let kept = self.keep(value, live.as_ref());
        let finalizers = kept["metadata"]["finalizers"].as_array();
        let is_free = finalizers.is_none_or(Vec::is_empty);
        if !kept["metadata"]["deletionTimestamp"].is_null() && is_free && key.kind != "Namespace" {
            self.forget(key);
        }
        Ok(())
    }

    /// Writes an object down, as its controllers find it.
    fn keep(&mut self, mut value: Value, live: Option<&Value>) -> Value {
        if live.is_some_and(|live| is_same(live, &value)) {
            return live.cloned().unwrap_or(value);
        }
        let spec_changed = live.is_none_or(|live| without_status(live) != without_status(&value));
        let metadata = &mut value["metadata"];
        if live.is_none() {
            self.uid += 1;
            metadata["uid"] = json!(format!("00000000-0000-4000-8000-{:012x}", self.uid));
            metadata["creationTimestamp"] = json!(self.now.to_string());
            metadata["generation"] = json!(1);
        } else if spec_changed {
            let generation = metadata["generation"].as_u64().unwrap_or_default();
            metadata["generation"] = json!(generation + 1);
        }
        let Ok(object) = Object::new(value.clone()) else { return value };
        let key = object.key();
        if spec_changed {
            self.begin(&key, &mut value);
        }
        self.put(&key, value.clone());
        self.value(&key).unwrap_or(value)
    }

    /// Controllers see a new spec.
    fn begin(&mut self, key: &ObjectKey, value: &mut Value) {
        let is_slow = ready::takes_time(&key.kind);
        if let Some(status) = ready::status(value, !is_slow, &self.faults) {
            value["status"] = status;
        }
        if is_slow {
            let time = match key.kind.as_str() {
                "CustomResourceDefinition" => self.settings.established_after,
                _ => self.settings.ready_after,
            };
            self.later(key.clone(), Due::Done, SignedDuration::try_from(time).unwrap_or_default());
        }
    }

    fn put(&mut self, key: &ObjectKey, mut value: Value) {
        self.version += 1;
        let version = self.version.to_string();
        value["metadata"]["resourceVersion"] = json!(version);
        self.objects.insert(key.clone(), value.to_string().into());
        self.tell(key, &version);
    }

    fn forget(&mut self, key: &ObjectKey) {
        if self.objects.remove(key).is_none() {
            return;
        }
        self.tell(key, "");
        if key.kind == "CustomResourceDefinition" {
            let (plural, group) = key.name.split_once('.').unwrap_or((&key.name, ""));
            let is_its = |other: &&ObjectKey| {
                other.group == group && format!("{}s", other.kind.to_lowercase()) == plural
            };
            let custom: Vec<ObjectKey> = self.objects.keys().filter(is_its).cloned().collect();
            custom.iter().for_each(|key| self.forget(key));
        }
    }

    pub(super) fn delete(
        &mut self,
        kind: &ServedKind,
        place: Place<'_>,
        uid: &str,
    ) -> Result<Going, WorldError> {
        let key = kind.key(place);
        self.admit_reader("delete", kind, place.namespace, place.name)?;
        let object = self.object(&key).ok_or_else(|| missing(kind, place.name))?;
        if object.uid() != uid {
            return Err(conflict(&key));
        }
        self.begin_deletion(&key);
        Ok(if self.objects.contains_key(&key) { Going::Terminating } else { Going::Gone })
    }

    fn begin_deletion(&mut self, key: &ObjectKey) {
        let Some(mut value) = self.value(key) else { return };
        let is_namespace = key.kind == "Namespace";
        let finalizers = value["metadata"]["finalizers"].as_array();
        if !is_namespace && finalizers.is_none_or(Vec::is_empty) {
            return self.forget(key);
        }
        if !value["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        value["metadata"]["deletionTimestamp"] = json!(self.now.to_string());
        if is_namespace {
            value["status"] = json!({"phase": "Terminating"});
            let time = self.settings.namespace_gone_after;
            self.later(
                key.clone(),
                Due::Emptied,
                SignedDuration::try_from(time).unwrap_or_default(),
            );
        }
        self.put(key, value);
    }

    pub(super) fn watch(&mut self, scope: Scope, notes: Notes, alive: Weak<()>) {
        self.watchers.retain(|watcher| watcher.alive.strong_count() > 0);
        self.watchers.push(Watcher { scope, notes, alive });
    }

    fn tell(&self, key: &ObjectKey, version: &str) {
        let hears = |scope: &Scope| {
            scope.kind.kind == key.kind
                && scope.kind.group() == key.group
                && scope.namespace.as_ref().is_none_or(|name| key.namespace.as_ref() == Some(name))
        };
        let hearing = self.watchers.iter().filter(|watcher| hears(&watcher.scope));
        let hearing = hearing.filter(|watcher| watcher.alive.strong_count() > 0);
        hearing.for_each(|watcher| watcher.notes.changed(key, version));
    }

    fn admit_reader(
        &mut self,
        verb: &str,
        kind: &ServedKind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<(), WorldError> {
        self.note(verb, &kind.kind, namespace, name);
        if self.faults.forbids(&kind.kind, namespace) {
            let message = format!("cannot {verb} resource \"{}\"", kind.plural);
            return Err(WorldError::new(Fault::Forbidden, message));
        }
        let is_served = self.kinds(kind.group()).iter().any(|served| served.kind == kind.kind);
        if is_served { Ok(()) } else { Err(missing(kind, name)) }
    }

    fn admit(&mut self, verb: &str, kind: &ServedKind, object: &Object) -> Result<(), WorldError> {
        let key = object.key();
        self.admit_reader(verb, kind, key.namespace.as_deref(), &key.name)?;
        if let Some(message) = self.faults.refused.get(&kind.kind) {
            let message = format!("admission webhook denied the request: {message}");
            return Err(WorldError::new(Fault::Refused, message));
        }
        match key.namespace.as_deref() {
            Some(namespace) => {
                let is_new = !self.objects.contains_key(&kind.key(Place::of(&key)));
                self.admit_namespace(namespace, is_new)
            }
            None => Ok(()),
        }
    }

    fn admit_namespace(&self, name: &str, is_new: bool) -> Result<(), WorldError> {
        let kind = ServedKind::known("v1", "Namespace", "namespaces", false);
        let key = kind.key(Place { namespace: None, name });
        let namespace = self.object(&key).ok_or_else(|| missing(&kind, name))?;
        if is_new && namespace.is_terminating() {
            let message =
                format!("namespace {name} is being terminated: nothing new comes into it");
            return Err(WorldError::new(Fault::Forbidden, message));
        }
        Ok(())
    }

    fn note(&mut self, verb: &str, kind: &str, namespace: Option<&str>, name: &str) {
        if self.settings.log {
            let namespace = namespace.map(|name| format!("{name}/")).unwrap_or_default();
            self.log.push(format!("{verb} {kind} {namespace}{name}"));
        }
    }
}

fn place_text(key: &ObjectKey) -> String {
    format!("{}/{}", key.namespace.as_deref().unwrap_or_default(), key.name)
}

fn missing(kind: &ServedKind, name: &str) -> WorldError {
    WorldError::new(Fault::NotFound, format!("{} \"{name}\" not found", kind.plural))
}

fn conflict(key: &ObjectKey) -> WorldError {
    WorldError::new(Fault::Conflict, format!("{key} is another one now, or in another state"))
}

/// Everything but metadata and status: what counts as a generation.
fn without_status(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.retain(|name, _| !matches!(name.as_str(), "metadata" | "status"));
    }
    value
}

/// Equal but for the times at which fields were written.
fn is_same(live: &Value, value: &Value) -> bool {
    let timeless = |value: &Value| {
        let mut value = value.clone();
        let entries = value["metadata"]["managedFields"].as_array_mut();
        entries.into_iter().flatten().for_each(|entry| entry["time"] = Value::Null);
        value["status"] = Value::Null;
        value
    };
    timeless(live) == timeless(value)
}
