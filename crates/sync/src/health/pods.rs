//! Pods, and jobs that end.

use serde_json::Value;

use super::Health;
use super::conditions::Conditions;
use crate::Object;

/// Reasons of a waiting container that do not go away by waiting a little.
const BROKEN: &[&str] = &[
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

pub(super) fn pod(object: &Object, conditions: &Conditions<'_>) -> Health {
    let message = object.text(&["status", "message"]).unwrap_or("a container failed");
    match object.text(&["status", "phase"]).unwrap_or_default() {
        "Succeeded" => Health::current("it has ended well"),
        "Failed" => {
            let reason = object.text(&["status", "reason"]).unwrap_or("PodFailed");
            Health::failed(reason, message)
        }
        "Running" | "Pending" => living(object, conditions),
        _ => Health::in_progress("PodPending", "the cluster has not accepted it yet"),
    }
}

fn living(object: &Object, conditions: &Conditions<'_>) -> Health {
    if let Some(ready) = conditions.get("Ready").filter(|c| c.is_true()) {
        return Health::current(ready.message_or("it is ready"));
    }
    if let Some(broken) = broken_container(object) {
        return broken;
    }
    if let Some(scheduled) = conditions.get("PodScheduled").filter(|c| c.is_false()) {
        return scheduled.health(Health::in_progress, "Unschedulable");
    }
    let waits = conditions.get("Ready").map(|ready| ready.health(Health::in_progress, "NotReady"));
    waits.unwrap_or_else(|| Health::in_progress("PodNotReady", "it is not ready yet"))
}

fn broken_container(object: &Object) -> Option<Health> {
    let of = |name| object.list(&["status", name]).iter();
    let mut containers = of("initContainerStatuses").chain(of("containerStatuses"));
    containers.find_map(|container| {
        let waiting = container.get("state")?.get("waiting")?;
        let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let reason = text(waiting, "reason").filter(|reason| BROKEN.contains(&reason.as_str()))?;
        let name = text(container, "name").unwrap_or_default();
        let message = text(waiting, "message").unwrap_or_else(|| "it does not start".to_owned());
        Some(Health::failed(&reason, format!("container {name}: {message}")))
    })
}

pub(super) fn job(object: &Object, conditions: &Conditions<'_>) -> Health {
    for name in ["Failed", "FailureTarget"] {
        if let Some(failed) = conditions.get(name).filter(|c| c.is_true()) {
            return failed.health(Health::failed, "JobFailed");
        }
    }
    if conditions.get("Complete").is_some_and(super::conditions::Condition::is_true) {
        return Health::current("it has ended well");
    }
    if object.at(&["spec", "suspend"]).is_some_and(|suspend| suspend == true) {
        return Health::current("it is suspended");
    }
    let count = |name| object.number(&["status", name]).unwrap_or_default();
    match object.text(&["status", "startTime"]) {
        None => Health::in_progress("JobNotStarted", "it has not started yet"),
        Some(_) => Health::in_progress(
            "JobInProgress",
            format!(
                "{} active, {} succeeded, {} failed",
                count("active"),
                count("succeeded"),
                count("failed")
            ),
        ),
    }
}
