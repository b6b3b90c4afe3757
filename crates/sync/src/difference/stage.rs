//! In which order objects are applied.

use std::collections::{BTreeMap, BTreeSet};

use model::ObjectKey;

use super::{ApplyStep, Stage, StageKind, Stopped};
use crate::Desired;

/// The layer of each application: 0 without dependencies, else one above its highest dependency.
pub(super) type Layers = BTreeMap<String, usize>;

/// Layers of the applications, and those that wait for themselves.
///
/// A dependency that the cluster does not have is none: it is not placed here.
pub(super) fn layers(desired: &Desired) -> (Layers, BTreeSet<String>) {
    let present = |name: &String| {
        desired.applications.contains_key(name) || desired.unreadable.contains_key(name)
    };
    let mut layers = Layers::new();
    let mut waiting: BTreeSet<String> = desired.applications.keys().cloned().collect();
    loop {
        let ready: Vec<(String, usize)> = waiting
            .iter()
            .filter_map(|name| {
                let dependencies = desired.dependencies.get(name).into_iter().flatten();
                let mut layer = 0;
                for dependency in dependencies.filter(|name| present(name)) {
                    // What cannot be read keeps what it had; it does not hold others for ever.
                    if !desired.unreadable.contains_key(dependency) {
                        layer = layer.max(layers.get(dependency)? + 1);
                    }
                }
                Some((name.clone(), layer))
            })
            .collect();
        if ready.is_empty() {
            return (layers, waiting);
        }
        ready.iter().for_each(|(name, _)| _ = waiting.remove(name));
        layers.extend(ready);
    }
}

/// Applications that cannot go on: unread, or waiting for themselves.
pub(super) fn stopped(desired: &Desired, circular: &BTreeSet<String>) -> Vec<Stopped> {
    let unread = desired.unreadable.iter().filter_map(|(application, files)| {
        let first = files.first()?;
        let more = match files.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        Some(Stopped {
            application: application.clone(),
            cause: format!("{}: {}{more}", first.path, first.cause),
        })
    });
    let circular = circular.iter().map(|application| Stopped {
        application: application.clone(),
        cause: format!("`{application}` waits for itself through dependsOn"),
    });
    unread.chain(circular).collect()
}

/// Puts steps into stages; empty stages are left out.
pub(super) fn stages(steps: Vec<ApplyStep>, layers: &Layers) -> Vec<Stage> {
    let mut stages: BTreeMap<StageKind, Vec<ApplyStep>> = BTreeMap::new();
    for step in steps {
        let kind = match kind_of(&step.desired.key) {
            StageKind::Applications(_) => {
                let layer = layers.get(&step.desired.application).copied();
                StageKind::Applications(layer.unwrap_or_default())
            }
            kind => kind,
        };
        stages.entry(kind).or_default().push(step);
    }
    stages.into_iter().map(|(kind, steps)| Stage { kind, steps }).collect()
}

/// The stage of an object by its kind alone.
pub(crate) fn kind_of(key: &ObjectKey) -> StageKind {
    match (key.group.as_str(), key.kind.as_str(), &key.namespace) {
        ("apiextensions.k8s.io", "CustomResourceDefinition", _) => StageKind::Definitions,
        ("", "Namespace", None) => StageKind::Namespaces,
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            _,
        ) => StageKind::Webhooks,
        (_, _, None) => StageKind::ClusterScoped,
        _ => StageKind::Applications(0),
    }
}
