//! How one object is, by the rules of kstatus
//! (<https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus>).
//!
//! In: the object as the cluster has it. Out: whether it is what its spec says, on the way, or
//! failed. Pure: deadlines are a function of times that are given.

mod conditions;
mod deadline;
mod expression;
mod network;
mod pods;
mod workloads;

use std::fmt;

pub use deadline::{DEFAULT_DEADLINE, past_deadline};
pub use expression::{Expression, ExpressionError};

use crate::Object;
use conditions::Conditions;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It is what its spec says.
    Current,
    /// It is on the way there.
    InProgress,
    /// It is being deleted.
    Terminating,
    /// It is not on the cluster.
    NotFound,
    /// It cannot be said.
    Unknown,
    /// It will not get there by itself.
    Failed,
}

/// How an object is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it is.
    pub state: State,
    /// A word in CamelCase for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

impl State {
    /// The word that conditions and reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
            Self::Failed => "Failed",
        }
    }
}

impl Health {
    pub(crate) fn new(state: State, reason: &str, message: impl Into<String>) -> Self {
        Self { state, reason: reason.to_owned(), message: message.into() }
    }

    /// It is what its spec says.
    #[must_use]
    pub fn current(message: impl Into<String>) -> Self {
        Self::new(State::Current, "Current", message)
    }

    pub(crate) fn in_progress(reason: &str, message: impl Into<String>) -> Self {
        Self::new(State::InProgress, reason, message)
    }

    pub(crate) fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self::new(State::Failed, reason, message)
    }

    /// It is not on the cluster.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(State::NotFound, "NotFound", "it is not on the cluster")
    }

    /// It cannot be said.
    #[must_use]
    pub fn unknown(cause: impl Into<String>) -> Self {
        Self::new(State::Unknown, "Unknown", cause)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.state.word(), self.reason, self.message)
    }
}

/// How an object is.
#[must_use]
pub fn health(object: &Object) -> Health {
    if object.is_terminating() {
        return Health::new(State::Terminating, "Terminating", "it is being deleted");
    }
    let conditions = Conditions::of(object);
    if let Some(health) = not_observed(object) {
        return health;
    }
    let key = object.key();
    match (key.group.as_str(), key.kind.as_str()) {
        ("apps", "Deployment") => workloads::deployment(object, &conditions),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps", "DaemonSet") => workloads::daemon_set(object),
        ("apps", "ReplicaSet") => workloads::replica_set(object, &conditions),
        ("", "ReplicationController") => workloads::replica_set(object, &conditions),
        ("batch", "Job") => pods::job(object, &conditions),
        ("batch", "CronJob") => Health::current("it runs on its schedule"),
        ("", "Pod") => pods::pod(object, &conditions),
        ("", "PersistentVolumeClaim") => network::claim(object),
        ("", "PersistentVolume") => network::volume(object),
        ("", "Service") => network::service(object),
        ("", "Namespace") => network::namespace(object),
        ("networking.k8s.io", "Ingress") => Health::current("it is there"),
        ("policy", "PodDisruptionBudget") => Health::current("it is observed"),
        ("autoscaling", "HorizontalPodAutoscaler") => network::autoscaler(&conditions),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => network::definition(&conditions),
        ("apiregistration.k8s.io", "APIService") => network::api_service(&conditions),
        _ => conditions.generic(),
    }
}

/// A controller that has not seen the newest spec says nothing about it.
fn not_observed(object: &Object) -> Option<Health> {
    let observed = object.number(&["status", "observedGeneration"])?;
    let generation = object.number(&["metadata", "generation"])?;
    (observed != generation).then(|| {
        Health::in_progress(
            "LatestGenerationNotObserved",
            format!("generation {generation} is not observed yet, the last was {observed}"),
        )
    })
}
