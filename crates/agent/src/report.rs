//! What the centre is told: how the cluster is, as little as says it.
//!
//! In: how it is now, and what the centre was told last. Out: a report of what changed, or of all.
//! Pure. A report that was not taken is never kept for later: the next one says how it is then.

use std::collections::BTreeMap;

use api::agent::{
    AgentAlarm, AgentCounts, AgentHold, AgentReport, ApplicationReport, HealthyWord, SyncedWord,
    state_digest,
};
use jiff::Timestamp;
use model::ObjectId;
use sync::{ApplicationStatus, HealthyState, SyncedState};

use crate::verify::Release;

/// The longest sentence of a report, in bytes.
const SENTENCE: usize = 500;
/// The most alarms of a report.
const ALARMS: usize = 32;

/// How the cluster is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest statement that was taken: its generation and tree.
    pub release: Option<(u32, String)>,
    /// Every application.
    pub applications: BTreeMap<String, ApplicationReport>,
    /// That the site holds releases back.
    pub hold: Option<AgentHold>,
    /// What someone must look at.
    pub alarms: Vec<AgentAlarm>,
    /// Whether the agent only looks.
    pub is_report_only: bool,
    /// Whether another agent acts on this cluster, and tells the centre how it is.
    pub stands_by: bool,
}

/// The report that brings the centre from what it was told to how it is; nothing if it knows.
#[must_use]
pub fn report(told: Option<&Standing>, now: &Standing, time: Timestamp) -> Option<AgentReport> {
    let all = whole(now, time);
    let Some(told) = told else { return Some(all) };
    if told == now {
        return None;
    }
    let before = &told.applications;
    let is_new = |one: &ApplicationReport| before.get(&one.name) != Some(one);
    let gone = before.keys().filter(|name| !now.applications.contains_key(*name));
    Some(AgentReport {
        after: Some(state_digest(before)),
        applications: all.applications.iter().filter(|one| is_new(one)).cloned().collect(),
        gone: gone.cloned().collect(),
        ..all
    })
}

/// The report that says everything.
#[must_use]
pub fn whole(now: &Standing, time: Timestamp) -> AgentReport {
    AgentReport {
        after: None,
        state: state_digest(&now.applications),
        time,
        generation: now.release.as_ref().map(|(generation, _)| *generation),
        tree: now.release.as_ref().map(|(_, tree)| tree.clone()),
        counts: counts(&now.applications),
        applications: now.applications.values().cloned().collect(),
        gone: Vec::new(),
        hold: now.hold.clone(),
        alarms: now.alarms.iter().take(ALARMS).cloned().collect(),
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        is_report_only: now.is_report_only,
    }
}

fn counts(applications: &BTreeMap<String, ApplicationReport>) -> AgentCounts {
    let count = |is: fn(&ApplicationReport) -> bool| {
        u32::try_from(applications.values().filter(|one| is(one)).count()).unwrap_or(u32::MAX)
    };
    AgentCounts {
        applications: count(|_| true),
        synced: count(|one| one.synced == SyncedWord::Synced),
        healthy: count(|one| one.healthy == HealthyWord::Healthy),
    }
}

/// How every application is, by name, seen from the newest release that is here.
///
/// `statuses` are those of the last pass, and `trees` what was applied last. A pass says nothing of
/// a release that came after it: until the next one, an application is synced only where both
/// releases have the same tree of it. What no pass looked at is unknown, and never left out.
#[must_use]
pub fn applications<'a>(
    newest: Option<&Release>,
    statuses: impl Iterator<Item = &'a ApplicationStatus>,
    trees: &BTreeMap<String, ObjectId>,
) -> BTreeMap<String, ApplicationReport> {
    let folders = newest.map(|release| (release.statement.generation, &release.folders));
    let mut told: BTreeMap<_, _> = statuses
        .map(|status| {
            let tree = trees.get(&status.application).copied();
            let mut said = application(status, tree);
            if let Some((generation, folders)) = folders
                && said.synced == SyncedWord::Synced
                && folders.get(&status.application) != tree.as_ref()
            {
                said.synced = SyncedWord::OutOfSync;
                said.reason = "NotApplied".to_owned();
                said.message = Some(format!("release {generation} is here, and not applied yet"));
            }
            (status.application.clone(), said)
        })
        .collect();
    for name in folders.into_iter().flat_map(|(_, folders)| folders.keys()) {
        told.entry(name.clone()).or_insert_with(|| not_looked_at(name, trees.get(name)));
    }
    told
}

fn not_looked_at(name: &str, tree: Option<&ObjectId>) -> ApplicationReport {
    ApplicationReport {
        name: name.to_owned(),
        tree: tree.map(ToString::to_string),
        synced: SyncedWord::Unknown,
        healthy: HealthyWord::Unknown,
        reason: "NotLookedAt".to_owned(),
        message: Some("the agent could not look at it yet".to_owned()),
    }
}

/// How one application is, in the words of the wire. `tree` is the one that was applied last.
fn application(status: &ApplicationStatus, tree: Option<ObjectId>) -> ApplicationReport {
    let is_synced = status.synced.state == SyncedState::Synced;
    let is_well = is_synced && status.healthy.state == HealthyState::Healthy;
    let (reason, message) = match is_synced {
        true => (&status.healthy.reason, &status.healthy.message),
        false => (&status.synced.reason, &status.synced.message),
    };
    ApplicationReport {
        name: status.application.clone(),
        tree: tree.map(|tree| tree.to_string()),
        synced: synced(status.synced.state),
        healthy: healthy(status.healthy.state),
        reason: reason.clone(),
        message: (!is_well).then(|| sentence(message)),
    }
}

/// An alarm.
#[must_use]
pub fn alarm(reason: &str, message: impl AsRef<str>) -> AgentAlarm {
    AgentAlarm { reason: reason.to_owned(), message: sentence(message.as_ref()) }
}

/// A sentence, cut to what a report may hold.
fn sentence(text: &str) -> String {
    let mut end = text.len().min(SENTENCE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn synced(state: SyncedState) -> SyncedWord {
    match state {
        SyncedState::Synced => SyncedWord::Synced,
        SyncedState::OutOfSync => SyncedWord::OutOfSync,
        SyncedState::Held => SyncedWord::Held,
        SyncedState::Failed => SyncedWord::Failed,
        SyncedState::Unknown => SyncedWord::Unknown,
    }
}

fn healthy(state: HealthyState) -> HealthyWord {
    match state {
        HealthyState::Healthy => HealthyWord::Healthy,
        HealthyState::Progressing => HealthyWord::Progressing,
        HealthyState::Unknown => HealthyWord::Unknown,
        HealthyState::Missing => HealthyWord::Missing,
        HealthyState::Degraded => HealthyWord::Degraded,
    }
}
