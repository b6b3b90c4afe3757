//! What a pass gives.

use jiff::Timestamp;
use model::{Generation, ObjectKey};

use crate::{ApplicationStatus, Held, Refusal, Stopped};

/// How a pass ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went through; what failed or waits is told per application.
    Done,
    /// Nothing was done.
    Refused(Refusal),
    /// The cluster could not be asked; nothing, or not everything, was done.
    Unavailable(String),
    /// The applied set could not be kept, so nothing more was done.
    NotKept(String),
}

/// Someone must look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The object.
    pub key: ObjectKey,
    /// Its application.
    pub application: String,
    /// A word in CamelCase: `Fight`, `FinalizerHangs`.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
}

/// How many objects a pass acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// Made.
    pub created: usize,
    /// Given another text.
    pub changed: usize,
    /// Given back fields that others took.
    pub corrected: usize,
    /// Taken over.
    pub adopted: usize,
    /// Deleted.
    pub deleted: usize,
}

/// What a pass gives.
#[derive(Clone, Debug)]
pub struct Pass {
    /// How it ended.
    pub outcome: Outcome,
    /// The generation that the cluster has begun.
    pub generation: Generation,
    /// How every application of the tree is, by name, and those that are going.
    pub applications: Vec<ApplicationStatus>,
    /// What waits.
    pub held: Vec<Held>,
    /// Applications that cannot go on.
    pub stopped: Vec<Stopped>,
    /// What someone must look at.
    pub alarms: Vec<Alarm>,
    /// What was done.
    pub acts: Acts,
    /// When to run again at the latest.
    pub next: Timestamp,
}

impl Pass {
    /// A pass that could not ask the cluster.
    pub(super) fn unavailable(generation: Generation, cause: String, next: Timestamp) -> Self {
        Self::without_act(Outcome::Unavailable(cause), generation, next)
    }

    pub(super) fn without_act(outcome: Outcome, generation: Generation, next: Timestamp) -> Self {
        Self {
            outcome,
            generation,
            applications: Vec::new(),
            held: Vec::new(),
            stopped: Vec::new(),
            alarms: Vec::new(),
            acts: Acts::default(),
            next,
        }
    }

    /// Whether every application is synced and healthy and nothing waits.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let well = |status: &ApplicationStatus| {
            status.synced.state == crate::SyncedState::Synced
                && status.healthy.state == crate::HealthyState::Healthy
        };
        self.outcome == Outcome::Done && self.held.is_empty() && self.applications.iter().all(well)
    }
}

impl Acts {
    /// Whether nothing was done.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
