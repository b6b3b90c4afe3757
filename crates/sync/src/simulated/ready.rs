//! What controllers would write into the status of an object.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Faults;

/// Whether controllers take a while to make an object what its spec says.
pub(super) fn takes_time(kind: &str) -> bool {
    matches!(
        kind,
        "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "Job"
            | "Pod"
            | "PersistentVolumeClaim"
            | "CustomResourceDefinition"
    )
}

/// The status of an object before or after its controllers are done; nothing where its kind has
/// none.
pub(super) fn status(object: &Value, is_done: bool, faults: &Faults) -> Option<Value> {
    let kind = object["kind"].as_str()?;
    let generation = &object["metadata"]["generation"];
    let fails = images(object).any(|image| faults.fails(image));
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let ready = if is_done && !fails { wanted } else { 0 };
    Some(match kind {
        "Deployment" => json!({
            "observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": ready, "availableReplicas": ready,
            "conditions": [available(ready >= wanted), progressing(is_done && fails)],
        }),
        "StatefulSet" | "ReplicaSet" => json!({
            "observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": ready, "availableReplicas": ready,
            "currentRevision": "1", "updateRevision": "1",
        }),
        "DaemonSet" => {
            let ready = i64::from(is_done && !fails);
            json!({
                "observedGeneration": generation, "desiredNumberScheduled": 1,
                "currentNumberScheduled": 1, "updatedNumberScheduled": 1,
                "numberAvailable": ready, "numberReady": ready,
            })
        }
        "Job" if is_done && !fails => json!({
            "succeeded": 1, "startTime": Timestamp::UNIX_EPOCH.to_string(),
            "conditions": [{"type": "Complete", "status": "True", "reason": "Completed"}],
        }),
        "Job" => json!({"active": 1, "startTime": Timestamp::UNIX_EPOCH.to_string()}),
        "Pod" if is_done && !fails => json!({
            "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
        }),
        "Pod" => json!({"phase": "Pending"}),
        "PersistentVolumeClaim" => json!({"phase": if is_done { "Bound" } else { "Pending" }}),
        "Namespace" => json!({"phase": "Active"}),
        "CustomResourceDefinition" => json!({"conditions": [
            {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts"},
            {"type": "Established", "status": if is_done { "True" } else { "False" },
             "reason": if is_done { "InitialNamesAccepted" } else { "Installing" }},
        ]}),
        _ => return None,
    })
}

fn available(is_true: bool) -> Value {
    let (status, reason) = match is_true {
        true => ("True", "MinimumReplicasAvailable"),
        false => ("False", "MinimumReplicasUnavailable"),
    };
    json!({"type": "Available", "status": status, "reason": reason})
}

fn progressing(is_late: bool) -> Value {
    let (status, reason) = match is_late {
        true => ("False", "ProgressDeadlineExceeded"),
        false => ("True", "ReplicaSetUpdated"),
    };
    json!({"type": "Progressing", "status": status, "reason": reason})
}

fn images(object: &Value) -> impl Iterator<Item = &str> {
    let pod = match object["kind"].as_str() {
        Some("Pod") => &object["spec"],
        _ => &object["spec"]["template"]["spec"],
    };
    let containers = pod["containers"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["image"].as_str())
}
