//! Kinds that wait for the cluster rather than for pods: services, volumes, namespaces,
//! autoscalers, definitions.

use super::conditions::Conditions;
use super::{Health, State};
use crate::Object;

pub(super) fn service(object: &Object) -> Health {
    if object.text(&["spec", "type"]) != Some("LoadBalancer") {
        return Health::current("it is there");
    }
    match object.list(&["status", "loadBalancer", "ingress"]).is_empty() {
        true => Health::in_progress("NoLoadBalancer", "it has no address of a load balancer yet"),
        false => Health::current("it has an address of a load balancer"),
    }
}

pub(super) fn claim(object: &Object) -> Health {
    match object.text(&["status", "phase"]) {
        Some("Bound") => Health::current("it is bound"),
        Some("Lost") => Health::failed("VolumeLost", "its volume is gone"),
        _ => Health::in_progress("NotBound", "it is not bound to a volume yet"),
    }
}

pub(super) fn volume(object: &Object) -> Health {
    match object.text(&["status", "phase"]) {
        Some("Failed") => {
            let message = object.text(&["status", "message"]);
            Health::failed("VolumeFailed", message.unwrap_or("it could not be reclaimed"))
        }
        Some("Pending") | None => Health::in_progress("VolumePending", "it is not available yet"),
        Some(phase) => Health::current(format!("it is {}", phase.to_lowercase())),
    }
}

pub(super) fn namespace(object: &Object) -> Health {
    match object.text(&["status", "phase"]) {
        Some("Terminating") => {
            Health::new(State::Terminating, "Terminating", "it is being deleted")
        }
        _ => Health::current("it is active"),
    }
}

pub(super) fn autoscaler(conditions: &Conditions<'_>) -> Health {
    if let Some(unable) = conditions.get("AbleToScale").filter(|c| c.is_false()) {
        // It backs off between two steps: that is no fault.
        return match unable.reason {
            "BackoffBoth" | "BackoffDownscale" | "BackoffUpscale" => {
                Health::current("it waits before it scales again")
            }
            _ => unable.health(Health::failed, "UnableToScale"),
        };
    }
    match conditions.get("ScalingActive") {
        Some(active) if active.is_false() && active.reason == "ScalingDisabled" => {
            Health::current("its target has no replicas")
        }
        Some(active) if !active.is_true() => active.health(Health::in_progress, "NoMetrics"),
        Some(_) => Health::current("it scales its target"),
        None => Health::in_progress("NotObserved", "no controller has looked at it yet"),
    }
}

pub(super) fn definition(conditions: &Conditions<'_>) -> Health {
    if let Some(names) = conditions.get("NamesAccepted").filter(|c| c.is_false()) {
        return names.health(Health::failed, "NamesNotAccepted");
    }
    match conditions.get("Established") {
        Some(established) if established.is_true() => Health::current("it is established"),
        Some(established) if established.is_false() && established.reason != "Installing" => {
            established.health(Health::failed, "NotEstablished")
        }
        _ => Health::in_progress("Installing", "it is not established yet"),
    }
}

pub(super) fn api_service(conditions: &Conditions<'_>) -> Health {
    match conditions.get("Available") {
        Some(available) if available.is_true() => Health::current("it answers"),
        Some(available) => available.health(Health::in_progress, "NotAvailable"),
        None => Health::in_progress("NotObserved", "no controller has looked at it yet"),
    }
}
