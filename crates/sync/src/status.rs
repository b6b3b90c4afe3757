//! How an application is on a cluster: synced and healthy, two axes.
//!
//! In: the plan, what happened to its applies, the health of its objects, what was reported
//! before. Out: a status whose conditions follow the conventions of the Kubernetes API
//! (<https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties>).

use jiff::Timestamp;
use model::{Generation, ObjectId, ObjectKey};

use crate::health::{Health, State};

/// Whether the cluster holds what the tree says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncedState {
    /// It does.
    Synced,
    /// It does not yet.
    OutOfSync,
    /// Something waits for a person.
    Held,
    /// It cannot be reached by going on.
    Failed,
    /// It cannot be said.
    Unknown,
}

/// Whether the cluster holds what the tree says, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// Whether.
    pub state: SyncedState,
    /// A word in CamelCase for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

/// Whether what runs is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthyState {
    /// Every object is what its spec says.
    Healthy,
    /// Some are on the way.
    Progressing,
    /// It cannot be said.
    Unknown,
    /// Some are not on the cluster, or are going.
    Missing,
    /// Some have failed.
    Degraded,
}

/// Whether what runs is well, and the object that is worst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthy {
    /// Whether.
    pub state: HealthyState,
    /// The reason of the worst object.
    pub reason: String,
    /// What is worst, as a sentence for people.
    pub message: String,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `Synced`, `Healthy`, `Ready`, `Reconciling` or `Stalled`.
    pub kind: &'static str,
    /// `True`, `False`, or nothing for `Unknown`.
    pub status: Option<bool>,
    /// A word in CamelCase.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// Since when the status is what it is.
    pub last_transition: Timestamp,
    /// The generation that was looked at.
    pub observed_generation: Generation,
}

/// How an application is on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationStatus {
    /// The application.
    pub application: String,
    /// The generation that was looked at.
    pub observed_generation: Generation,
    /// The id of the tree that was looked at.
    pub observed_tree: Option<ObjectId>,
    /// The generation that was last applied whole, if any.
    pub applied_generation: Option<Generation>,
    /// The first axis.
    pub synced: Synced,
    /// The second axis.
    pub healthy: Healthy,
    /// Both as conditions.
    pub conditions: Vec<Condition>,
}

impl HealthyState {
    fn of(state: State) -> Self {
        match state {
            State::Current => Self::Healthy,
            State::InProgress => Self::Progressing,
            State::Terminating | State::NotFound => Self::Missing,
            State::Unknown => Self::Unknown,
            State::Failed => Self::Degraded,
        }
    }
}

impl Healthy {
    /// The worst of some objects; without any, it is healthy.
    #[must_use]
    pub fn of<'a>(objects: impl IntoIterator<Item = (&'a ObjectKey, &'a Health)>) -> Self {
        let mut n = 0;
        let mut worst: Option<(&ObjectKey, &Health)> = None;
        for (key, health) in objects {
            n += 1;
            let worse =
                |than: &Health| HealthyState::of(health.state) > HealthyState::of(than.state);
            if worst.is_none_or(|(_, than)| worse(than)) {
                worst = Some((key, health));
            }
        }
        match worst {
            Some((key, health)) if health.state != State::Current => Self {
                state: HealthyState::of(health.state),
                reason: health.reason.clone(),
                message: format!("{key}: {}", health.message),
            },
            _ => Self {
                state: HealthyState::Healthy,
                reason: "Healthy".to_owned(),
                message: format!("{n} objects are what their specs say"),
            },
        }
    }
}

impl Synced {
    /// A state with its reason.
    #[must_use]
    pub fn new(state: SyncedState, reason: &str, message: impl Into<String>) -> Self {
        Self { state, reason: reason.to_owned(), message: message.into() }
    }
}

/// Puts the two axes together; a condition that did not change keeps its time.
#[must_use]
pub fn application_status(
    application: &str,
    observed: (Generation, Option<ObjectId>),
    synced: Synced,
    healthy: Healthy,
    before: Option<&ApplicationStatus>,
    now: Timestamp,
) -> ApplicationStatus {
    let is_synced = synced.state == SyncedState::Synced;
    let applied_before = before.and_then(|before| before.applied_generation);
    let mut conditions = conditions(&synced, &healthy, observed.0, now);
    let earlier = before.map_or(&[][..], |before| &before.conditions);
    for condition in &mut conditions {
        let same = |old: &&Condition| old.kind == condition.kind && old.status == condition.status;
        if let Some(old) = earlier.iter().find(same) {
            condition.last_transition = old.last_transition;
        }
    }
    ApplicationStatus {
        application: application.to_owned(),
        observed_generation: observed.0,
        observed_tree: observed.1,
        applied_generation: if is_synced { Some(observed.0) } else { applied_before },
        synced,
        healthy,
        conditions,
    }
}

fn conditions(
    synced: &Synced,
    healthy: &Healthy,
    generation: Generation,
    now: Timestamp,
) -> Vec<Condition> {
    let is_synced = match synced.state {
        SyncedState::Synced => Some(true),
        SyncedState::Unknown => None,
        _ => Some(false),
    };
    let is_healthy = match healthy.state {
        HealthyState::Healthy => Some(true),
        HealthyState::Unknown => None,
        _ => Some(false),
    };
    let ready = match (is_synced, is_healthy) {
        (Some(true), Some(true)) => Some(true),
        (Some(false), _) | (_, Some(false)) => Some(false),
        _ => None,
    };
    let first = (synced.reason.as_str(), synced.message.as_str());
    let second = (healthy.reason.as_str(), healthy.message.as_str());
    let worst = if is_synced == Some(true) { second } else { first };
    let reconciling = synced.state == SyncedState::OutOfSync
        || (is_synced == Some(true) && healthy.state == HealthyState::Progressing);
    let stalled = matches!(synced.state, SyncedState::Failed | SyncedState::Held)
        || healthy.state == HealthyState::Degraded;
    let rows = [
        ("Ready", ready, worst),
        ("Synced", is_synced, first),
        ("Healthy", is_healthy, second),
        ("Reconciling", Some(reconciling), worst),
        ("Stalled", Some(stalled), worst),
    ];
    rows.into_iter()
        .map(|(kind, status, (reason, message))| Condition {
            kind,
            status,
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_transition: now,
            observed_generation: generation,
        })
        .collect()
}
