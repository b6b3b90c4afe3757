//! What stops an application in a pass, and when it is tried again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{Generation, ObjectKey};

use crate::{Fault, SyncedState, WorldError};

/// What stops an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What it is on the first axis.
    pub(super) state: SyncedState,
    /// A word in CamelCase.
    pub(super) reason: String,
    /// A sentence.
    pub(super) message: String,
    /// Whether it may go away by itself in a moment.
    pub(super) is_passing: bool,
}

/// What stops applications, by name.
pub(super) type Troubles = BTreeMap<String, Trouble>;

impl Trouble {
    /// The cluster did not do what an object of the application needs.
    pub(super) fn answered(key: &ObjectKey, error: &WorldError) -> Self {
        let state = match error.fault {
            Fault::Unavailable | Fault::Unauthorized => SyncedState::Unknown,
            Fault::Conflict | Fault::Gone => SyncedState::OutOfSync,
            _ => SyncedState::Failed,
        };
        Self {
            state,
            reason: error.fault.reason().to_owned(),
            message: format!("{key}: {}", error.message),
            is_passing: error.fault.is_passing(),
        }
    }

    /// It waits for another application.
    pub(super) fn waits(dependency: &str, why: &str) -> Self {
        Self {
            state: SyncedState::OutOfSync,
            reason: "DependencyNotReady".to_owned(),
            message: format!("it waits for `{dependency}`, {why}"),
            is_passing: true,
        }
    }

    /// Whether it is looked at in every pass, since that costs no request.
    fn is_waiting(&self) -> bool {
        self.reason == "DependencyNotReady"
    }
}

/// An application that failed, and when it is tried again.
#[derive(Clone, Debug)]
struct Failure {
    generation: Generation,
    attempts: u32,
    next: Timestamp,
    trouble: Trouble,
}

/// Applications that failed.
#[derive(Debug, Default)]
pub(super) struct Failures(BTreeMap<String, Failure>);

const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
const FIRST_PASSING_WAIT: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);

impl Failures {
    /// Applications that are not tried now, with what stopped them. Another generation, and a
    /// clock that went backwards, are tried at once.
    pub(super) fn resting(&self, generation: Generation, now: Timestamp) -> Troubles {
        let rests = |failure: &Failure| {
            let left = failure.next.duration_since(now);
            failure.generation == generation && left > SignedDuration::ZERO && left <= LONGEST_WAIT
        };
        let resting = self.0.iter().filter(|(_, failure)| rests(failure));
        resting.map(|(name, failure)| (name.clone(), failure.trouble.clone())).collect()
    }

    /// Remembers what stopped applications in a pass; those of `resting` were not tried.
    pub(super) fn remember(
        &mut self,
        troubles: &Troubles,
        resting: &Troubles,
        generation: Generation,
        now: Timestamp,
    ) {
        self.0.retain(|name, _| troubles.contains_key(name));
        for (name, trouble) in troubles {
            if resting.contains_key(name) || trouble.is_waiting() {
                continue;
            }
            let same = self.0.get(name).filter(|failure| failure.generation == generation);
            let attempts = same.map_or(0, |failure| failure.attempts) + 1;
            let wait = wait(attempts, trouble.is_passing);
            let next = now.checked_add(wait).unwrap_or(now);
            let failure = Failure { generation, attempts, next, trouble: trouble.clone() };
            self.0.insert(name.clone(), failure);
        }
    }

    /// When the first of them is tried again.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.values().map(|failure| failure.next).min()
    }
}

fn wait(attempts: u32, is_passing: bool) -> SignedDuration {
    let first = if is_passing { FIRST_PASSING_WAIT } else { FIRST_WAIT };
    (first * (1_i32 << attempts.saturating_sub(1).min(12))).min(LONGEST_WAIT)
}
