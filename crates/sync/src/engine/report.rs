//! How every application is, after a pass.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use model::{Generation, ObjectKey};

use super::fights::Fighting;
use super::look::Sights;
use super::sight::Since;
use super::trouble::{Trouble, Troubles};
use super::{Alarm, Mode};
use crate::health::{DEFAULT_DEADLINE, Health, State, past_deadline};
use crate::{
    ApplicationStatus, AppliedSet, Desired, Healthy, Held, HeldReason, Stopped, Synced,
    SyncedState, application_status,
};

/// A deletion that hangs for so long is an alarm.
const FINALIZER_DEADLINE: SignedDuration = SignedDuration::from_mins(5);

/// So many fields of an object are named.
const SHOWN: usize = 8;

/// What is known after a pass.
pub(super) struct Findings<'a> {
    pub(super) desired: &'a Desired,
    pub(super) set: Option<&'a AppliedSet>,
    pub(super) sights: &'a Sights,
    pub(super) mode: Mode,
    pub(super) held: &'a [Held],
    pub(super) stopped: &'a [Stopped],
    pub(super) troubles: &'a Troubles,
    pub(super) fighting: &'a [Fighting],
    /// Why the pass did not go to its end.
    pub(super) halted: Option<&'a str>,
    pub(super) now: Timestamp,
}

impl Findings<'_> {
    /// The status of every application of the tree, and of those that are going and have
    /// something that waits.
    pub(super) fn statuses(
        &self,
        before: &BTreeMap<String, ApplicationStatus>,
        since: &mut BTreeMap<ObjectKey, Since>,
    ) -> Vec<ApplicationStatus> {
        let healths = self.healths(since);
        let missing = self.missing();
        let held: BTreeMap<&str, Vec<&Held>> =
            self.held.iter().fold(BTreeMap::new(), |mut by, held| {
                by.entry(held.application.as_str()).or_default().push(held);
                by
            });
        let names = self.desired.applications.keys().chain(self.desired.unreadable.keys());
        let names: BTreeSet<&str> =
            names.map(String::as_str).chain(held.keys().copied()).chain(self.going()).collect();
        let mut statuses = Vec::with_capacity(names.len());
        for name in names {
            let none = Vec::new();
            let waits = held.get(name).unwrap_or(&none);
            let synced = self.synced(name, waits, missing.get(name).copied());
            let healthy =
                Healthy::of(healths.get(name).into_iter().flatten().map(|(k, h)| (*k, h)));
            let observed = (self.desired.generation, self.desired.tree);
            let before = before.get(name);
            statuses.push(application_status(name, observed, synced, healthy, before, self.now));
        }
        statuses
    }

    /// Applications that the tree no longer has and of which we still hold something.
    fn going(&self) -> impl Iterator<Item = &str> {
        let held = self.set.into_iter().flat_map(|set| set.objects.values());
        let names = held.map(|object| object.application.as_str());
        names
            .filter(|name| self.mode == Mode::Act && !self.desired.applications.contains_key(*name))
    }

    fn synced(&self, name: &str, held: &[&Held], missing: Option<&ObjectKey>) -> Synced {
        if let Some(stopped) = self.stopped.iter().find(|stopped| stopped.application == name) {
            return Synced::new(SyncedState::Failed, "Stopped", stopped.cause.clone());
        }
        if let Some(Trouble { state, reason, message, .. }) = self.troubles.get(name) {
            return Synced::new(*state, reason, message.clone());
        }
        if let Some(worst) =
            held.iter().map(|held| synced_held(held)).max_by_key(|s| weight(s.state))
        {
            return worst;
        }
        if let Some(cause) = self.halted {
            return Synced::new(SyncedState::Unknown, "Unavailable", cause);
        }
        if let Some(fight) = self.fighting.iter().find(|fight| fight.application == name) {
            return Synced::new(SyncedState::OutOfSync, "Fight", fight.message());
        }
        if !self.desired.applications.contains_key(name) {
            return Synced::new(SyncedState::OutOfSync, "Going", "what it had is being deleted");
        }
        if let Some(missing) = missing {
            let message = format!("{missing} is not on the cluster");
            return Synced::new(SyncedState::OutOfSync, "Missing", message);
        }
        if let Some(other) = self.first_other(name) {
            return other;
        }
        Synced::new(SyncedState::Synced, "Synced", "the cluster holds what the tree says")
    }

    /// The first object of each application that is not there.
    fn missing(&self) -> BTreeMap<&str, &ObjectKey> {
        let mut missing = BTreeMap::new();
        for (key, object) in &self.desired.objects {
            let seen = self.sights.get(key);
            if seen.is_none_or(|seen| seen.health.state == State::NotFound) {
                missing.entry(object.application.as_str()).or_insert(key);
            }
        }
        missing
    }

    /// Where nobody acts: an object that could not be looked at, or that differs by value.
    fn first_other(&self, name: &str) -> Option<Synced> {
        if self.mode == Mode::Act {
            return None;
        }
        let mut objects = self.desired.objects.values().filter(|o| o.application == name);
        objects.find_map(|object| {
            let (key, sight) = (&object.key, self.sights.get(&object.key)?);
            if sight.is_unknown() {
                let message = format!("{key}: {}", sight.health.message);
                return Some(Synced::new(SyncedState::Unknown, "Unread", message));
            }
            let (_, fields) = sight.compared.as_ref().filter(|(_, fields)| !fields.is_empty())?;
            let message = format!("{key} differs: {}", shown(fields));
            Some(Synced::new(SyncedState::OutOfSync, "Differs", message))
        })
    }

    /// Health by application; being on the way for too long is a failure.
    fn healths(
        &self,
        since: &mut BTreeMap<ObjectKey, Since>,
    ) -> BTreeMap<&str, Vec<(&ObjectKey, Health)>> {
        let mut by: BTreeMap<&str, Vec<(&ObjectKey, Health)>> = BTreeMap::new();
        let mut on_the_way = BTreeMap::new();
        for (key, object) in &self.desired.objects {
            let seen = self.sights.get(key).map(|sight| sight.health.clone());
            let mut health = seen.unwrap_or_else(|| Health::unknown("nobody looked at it"));
            if health.state == State::InProgress {
                let began = Since { what: object.digest.to_string(), at: self.now };
                let began = since.remove(key).filter(|old| old.what == began.what).unwrap_or(began);
                let deadline = object.marks.progress_deadline.unwrap_or(DEFAULT_DEADLINE);
                health = past_deadline(health, began.at, self.now, deadline);
                on_the_way.insert(key.clone(), began);
            }
            by.entry(object.application.as_str()).or_default().push((key, health));
        }
        self.keep_terminating(since, &mut on_the_way);
        *since = on_the_way;
        by
    }

    fn keep_terminating(
        &self,
        since: &mut BTreeMap<ObjectKey, Since>,
        kept: &mut BTreeMap<ObjectKey, Since>,
    ) {
        for (key, _) in self.sights.iter().filter(|(_, sight)| sight.terminating.is_some()) {
            let began = Since { what: "terminating".to_owned(), at: self.now };
            let began = since.remove(key).filter(|old| old.what == began.what).unwrap_or(began);
            kept.insert(key.clone(), began);
        }
    }

    /// What someone must look at.
    pub(super) fn alarms(&self, since: &BTreeMap<ObjectKey, Since>) -> Vec<Alarm> {
        let fights = self.fighting.iter().filter(|fight| fight.alarm).map(|fight| Alarm {
            key: fight.key.clone(),
            application: fight.application.clone(),
            reason: "Fight",
            message: fight.message(),
        });
        let hanging = self.held.iter().filter_map(|held| {
            let finalizers = self.sights.get(&held.key)?.terminating.as_ref()?;
            let began = since.get(&held.key)?;
            let is_late = self.now.duration_since(began.at) > FINALIZER_DEADLINE;
            is_late.then(|| Alarm {
                key: held.key.clone(),
                application: held.application.clone(),
                reason: "FinalizerHangs",
                message: format!("{} is not gone: its finalizers are {finalizers:?}", held.key),
            })
        });
        fights.chain(hanging).collect()
    }

    /// The generation that the cluster has begun.
    pub(super) fn generation(&self) -> Generation {
        self.set.map_or(self.desired.generation, |set| set.generation)
    }
}

/// The first fields of several, and how many more there are.
fn shown(fields: &[String]) -> String {
    let first = fields.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn weight(state: SyncedState) -> u8 {
    match state {
        SyncedState::Synced => 0,
        SyncedState::OutOfSync => 1,
        SyncedState::Held => 2,
        SyncedState::Unknown => 3,
        SyncedState::Failed => 4,
    }
}

fn synced_held(held: &Held) -> Synced {
    let key = &held.key;
    let (state, reason, message) = match &held.reason {
        HeldReason::DeletionBudget { n, limit } => (
            SyncedState::Held,
            "DeletionBudget",
            format!("{n} deletions at once are more than the {limit} that this cluster allows"),
        ),
        HeldReason::ChangeBudget { n, limit } => (
            SyncedState::Held,
            "ChangeBudget",
            format!("{n} changes at once are more than the {limit} that this cluster allows"),
        ),
        HeldReason::Emptied => {
            (SyncedState::Held, "Emptied", "the tree would empty the cluster".to_owned())
        }
        HeldReason::Protected => (
            SyncedState::Held,
            "Protected",
            format!("the deletion of {key} waits for a confirmation"),
        ),
        HeldReason::Foreign(owner) => {
            (SyncedState::Held, "Foreign", format!("{key} was made by {owner}"))
        }
        HeldReason::Unread(cause) => (SyncedState::Unknown, "Unread", format!("{key}: {cause}")),
        HeldReason::Terminating => {
            (SyncedState::OutOfSync, "Terminating", format!("{key} is being deleted"))
        }
        HeldReason::DriftReported(fields) => (
            SyncedState::OutOfSync,
            "Drifted",
            format!("{key} was changed by someone else: {}", fields.join(", ")),
        ),
    };
    Synced::new(state, reason, message)
}
