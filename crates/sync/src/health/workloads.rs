//! Workloads that keep a number of pods.

use super::Health;
use super::conditions::Conditions;
use crate::Object;

fn status(object: &Object, name: &str) -> i64 {
    object.number(&["status", name]).unwrap_or_default()
}

/// The first of these that is below the wanted number, as what is in progress.
fn below(wanted: i64, counts: &[(i64, &str, &str)]) -> Option<Health> {
    let (found, reason, what) = counts.iter().find(|(found, _, _)| *found < wanted)?;
    Some(Health::in_progress(reason, format!("{found} of {wanted} {what}")))
}

fn replicas(object: &Object) -> i64 {
    object.number(&["spec", "replicas"]).unwrap_or(1)
}

fn above(found: i64, wanted: i64) -> Option<Health> {
    (found > wanted)
        .then(|| Health::in_progress("ExtraPods", format!("{} pods still end", found - wanted)))
}

pub(super) fn deployment(object: &Object, conditions: &Conditions<'_>) -> Health {
    let progressing = conditions.get("Progressing");
    if let Some(late) = progressing.filter(|c| c.reason == "ProgressDeadlineExceeded") {
        return late.health(Health::failed, "ProgressDeadlineExceeded");
    }
    let (wanted, updated) = (replicas(object), status(object, "updatedReplicas"));
    let total = status(object, "replicas");
    if updated < wanted && object.at(&["spec", "paused"]).is_some_and(|paused| paused == true) {
        return Health::in_progress("Paused", format!("paused, {updated} of {wanted} updated"));
    }
    let first = [(total, "LessReplicas", "pods exist"), (updated, "LessUpdated", "are updated")];
    let last = [
        (status(object, "availableReplicas"), "LessAvailable", "are available"),
        (status(object, "readyReplicas"), "LessReady", "are ready"),
    ];
    let waits = below(wanted, &first).or_else(|| above(total, wanted));
    if let Some(health) = waits.or_else(|| below(wanted, &last)) {
        return failing(object, conditions, health);
    }
    match conditions.get("Available") {
        Some(available) if !available.is_true() => {
            available.health(Health::in_progress, "NotAvailable")
        }
        None if object.number(&["status", "observedGeneration"]).is_none() => {
            Health::in_progress("NotObserved", "no controller has looked at it yet")
        }
        _ => Health::current(format!("{wanted} replicas are ready")),
    }
}

/// What a quota or an admission webhook refuses will not come by waiting.
fn failing(object: &Object, conditions: &Conditions<'_>, health: Health) -> Health {
    let failure = conditions.get("ReplicaFailure").filter(|c| c.is_true());
    match failure {
        Some(failure) if status(object, "replicas") < replicas(object) => {
            failure.health(Health::failed, "ReplicaFailure")
        }
        _ => health,
    }
}

pub(super) fn replica_set(object: &Object, conditions: &Conditions<'_>) -> Health {
    let wanted = replicas(object);
    let total = status(object, "replicas");
    let counts = [
        (total, "LessReplicas", "pods exist"),
        (status(object, "availableReplicas"), "LessAvailable", "are available"),
        (status(object, "readyReplicas"), "LessReady", "are ready"),
    ];
    match below(wanted, &counts).or_else(|| above(total, wanted)) {
        Some(health) => failing(object, conditions, health),
        None => Health::current(format!("{wanted} replicas are ready")),
    }
}

pub(super) fn stateful_set(object: &Object) -> Health {
    if object.text(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Health::current("pods are updated when someone deletes them");
    }
    let (wanted, total) = (replicas(object), status(object, "replicas"));
    let counts = [
        (total, "LessReplicas", "pods exist"),
        (status(object, "readyReplicas"), "LessReady", "are ready"),
    ];
    if let Some(health) = below(wanted, &counts).or_else(|| above(total, wanted)) {
        return health;
    }
    let partition = ["spec", "updateStrategy", "rollingUpdate", "partition"];
    let updated = status(object, "updatedReplicas");
    if let Some(partition) = object.number(&partition).filter(|partition| *partition > 0) {
        let partly = below(wanted - partition, &[(updated, "PartitionRollout", "are updated")]);
        return partly.unwrap_or_else(|| {
            Health::current(format!("{updated} pods above the partition are updated"))
        });
    }
    let revision = |name| object.text(&["status", name]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return Health::in_progress("RollingUpdate", format!("{updated} of {wanted} are updated"));
    }
    match object.number(&["status", "observedGeneration"]) {
        None => Health::in_progress("NotObserved", "no controller has looked at it yet"),
        Some(_) => Health::current(format!("{wanted} replicas are ready")),
    }
}

pub(super) fn daemon_set(object: &Object) -> Health {
    let wanted = object.number(&["status", "desiredNumberScheduled"]);
    let (Some(wanted), Some(_)) = (wanted, object.number(&["status", "observedGeneration"])) else {
        return Health::in_progress("NoDesiredNumber", "no controller has counted its nodes yet");
    };
    let on_delete = object.text(&["spec", "updateStrategy", "type"]) == Some("OnDelete");
    let updated = if on_delete { wanted } else { status(object, "updatedNumberScheduled") };
    let counts = [
        (status(object, "currentNumberScheduled"), "LessCurrent", "nodes have a pod"),
        (updated, "LessUpdated", "pods are updated"),
        (status(object, "numberAvailable"), "LessAvailable", "pods are available"),
        (status(object, "numberReady"), "LessReady", "pods are ready"),
    ];
    below(wanted, &counts)
        .unwrap_or_else(|| Health::current(format!("a pod is ready on each of {wanted} nodes")))
}
