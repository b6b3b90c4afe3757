//! The simulated cluster, on which scenarios are played.

use std::future::Future;

use jiff::Timestamp;
use model::ObjectKey;
use serde_json::{Value, json};
use sync::Object;
use sync::simulated::{Clock, Cluster, Settings};

use crate::play::{Outside, Play};

/// Runs a scenario.
pub(crate) fn run(scenario: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(scenario);
}

/// The namespace of a scenario.
pub(crate) fn namespace(name: &str) -> String {
    let short: String = name.chars().filter(|c| *c != '_').take(24).collect();
    format!("t-{short}")
}

/// A play on a cluster in memory, with one object in each part of a list and a clock that stands.
pub(crate) fn simulated(name: &str) -> Play<Cluster, Cluster> {
    let settings = Settings { page: 1, log: true, ..Settings::default() };
    let start = Timestamp::from_second(1_800_000_000).expect("a time");
    let cluster = Cluster::new(settings, Clock::manual(start));
    Play::new(cluster.clone(), cluster, &namespace(name))
}

/// A merge patch (RFC 7386).
fn merge(value: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else { return value.clone_from(patch) };
    if !value.is_object() {
        *value = json!({});
    }
    let map = value.as_object_mut().expect("it was just made one");
    for (name, patch) in patch {
        match patch {
            Value::Null => _ = map.remove(name),
            patch => merge(map.entry(name.clone()).or_insert(Value::Null), patch),
        }
    }
}

impl Outside for Cluster {
    async fn make(&self, object: Value, manager: &str) {
        let key = Object::new(object.clone()).expect("an object").key();
        self.edit(&key, manager, |_| Some(object)).expect("it can be made");
    }

    async fn patch(&self, key: &ObjectKey, patch: Value, manager: &str) {
        let change = |value: Option<Value>| {
            let mut value = value.expect("it is there");
            merge(&mut value, &patch);
            Some(value)
        };
        self.edit(key, manager, change).expect("it can be changed");
    }

    async fn remove(&self, key: &ObjectKey) {
        self.edit(key, "someone", |_| None).expect("it can be removed");
    }

    async fn object(&self, key: &ObjectKey) -> Option<Object> {
        Cluster::object(self, key)
    }

    async fn refuse_services(&self, _ns: &str) -> String {
        let by = "services.example.com";
        self.set_faults(|faults| {
            _ = faults.refused.insert("Service".to_owned(), format!("`{by}`: no services here"));
        });
        by.to_owned()
    }

    /// It has no policies: what refuses is told in the same way.
    async fn forbid_services(&self, ns: &str) -> String {
        self.refuse_services(ns).await
    }

    async fn close(&self, ns: &str) {
        self.set_faults(|faults| {
            _ = faults.forbidden.insert(("ServiceAccount".to_owned(), Some(ns.to_owned())));
        });
    }

    async fn stop(&self) {
        self.set_faults(|faults| faults.offline = true);
    }

    async fn start(&self) {
        self.set_faults(|faults| faults.offline = false);
    }
}
