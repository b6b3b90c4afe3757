//! How a cluster and its applications are, from what it said last. Pure: the time is an argument.

use api::agent::{HealthyWord, SyncedWord};
use api::{AbnormalApplication, ActualState, ClusterReport, ClusterWord};
use jiff::Timestamp;
use model::{LedgerCell, LedgerCluster, ObjectId};
use serde::de::DeserializeOwned;
use store::Abnormal;

use super::presence::{Reach, Seen};

/// The words that say that something failed.
const FAILED: [&str; 2] = ["failed", "degraded"];

/// How a cluster is, in one word.
pub(crate) fn word(seen: Option<&Seen>, released: Option<ObjectId>, now: Timestamp) -> ClusterWord {
    let Some(seen) = seen else { return ClusterWord::Unknown };
    let row = &seen.row;
    let failed = |one: &Abnormal| FAILED.contains(&&*one.synced) || FAILED.contains(&&*one.healthy);
    let is_whole = row.synced == row.applications && row.healthy == row.applications;
    if row.reported.is_none() {
        ClusterWord::Unknown
    } else if seen.reach(now) == Reach::Unreachable {
        ClusterWord::Unreachable
    } else if row.hold.is_some() || seen.abnormal.values().any(|one| one.synced == "held") {
        ClusterWord::Held
    } else if seen.abnormal.values().any(failed) {
        ClusterWord::Degraded
    } else if row.tree != released || !is_whole {
        ClusterWord::Progressing
    } else {
        ClusterWord::Ready
    }
}

/// How a cluster is, with the applications that may be told of.
pub(crate) fn report(
    name: &str,
    in_ledger: Option<&LedgerCluster>,
    seen: Option<&Seen>,
    may_tell: impl Fn(&str) -> bool,
    now: Timestamp,
) -> ClusterReport {
    let released = in_ledger.map(|cluster| cluster.tree);
    let row = seen.map(|seen| &seen.row);
    let told = row.filter(|row| row.reported.is_some());
    let is_reachable = seen.is_some_and(|seen| seen.reach(now) == Reach::Reachable);
    let abnormal = seen.into_iter().flat_map(|seen| seen.abnormal.values());
    let abnormal = abnormal.filter(|one| may_tell(&one.application)).map(|one| {
        let actual = of_abnormal(one, is_reachable);
        AbnormalApplication { application: one.application.clone(), actual }
    });
    ClusterReport {
        cluster: name.to_owned(),
        uid: in_ledger.map(|cluster| cluster.uid.to_string()),
        state: word(seen, released, now),
        released: released.map(|tree| tree.to_string()),
        tree: told.and_then(|row| row.tree).map(|tree| tree.to_string()),
        generation: told.and_then(|row| row.generation),
        applications: told.map_or(0, |row| row.applications),
        synced: told.map_or(0, |row| row.synced),
        healthy: told.map_or(0, |row| row.healthy),
        seen: row.map(|row| row.seen),
        reported: row.and_then(|row| row.reported),
        is_listening: seen.is_some_and(Seen::is_listening),
        is_report_only: row.is_some_and(|row| row.is_report_only),
        agent: told.map(|row| row.agent.clone()),
        hold: row.and_then(|row| read(row.hold.as_deref()?)),
        alarms: row.and_then(|row| read(&row.alarms)).unwrap_or_default(),
        abnormal: abnormal.collect(),
    }
}

/// What was kept as JSON; nothing of what cannot be read.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// The words of both axes, as they were kept.
pub(super) fn words(one: &Abnormal) -> (SyncedWord, HealthyWord) {
    let word = |text: &str| serde_json::Value::String(text.to_owned());
    (
        serde_json::from_value(word(&one.synced)).unwrap_or(SyncedWord::Unknown),
        serde_json::from_value(word(&one.healthy)).unwrap_or(HealthyWord::Unknown),
    )
}

fn of_abnormal(one: &Abnormal, is_reachable: bool) -> ActualState {
    let (synced, healthy) = words(one);
    ActualState {
        synced,
        healthy,
        reason: one.reason.clone(),
        message: one.message.clone(),
        tree: one.tree.clone(),
        since: Some(one.since),
        is_reachable,
    }
}

/// How an application is on a cluster, of which a tree is released; nothing where its cluster never
/// said.
///
/// What is not told of as abnormal runs the tree that was released up to the generation that the
/// cluster took.
pub(crate) fn of_cell(
    seen: &Seen,
    application: &str,
    released: Option<LedgerCell>,
    now: Timestamp,
) -> Option<ActualState> {
    seen.row.reported?;
    let is_reachable = seen.reach(now) == Reach::Reachable;
    if let Some(one) = seen.abnormal.get(application) {
        return Some(of_abnormal(one, is_reachable));
    }
    let released = released?;
    let has_it = seen.row.generation.is_some_and(|taken| released.released.0 <= taken);
    let (synced, healthy, reason) = match has_it {
        true => (SyncedWord::Synced, HealthyWord::Healthy, "Healthy"),
        false => (SyncedWord::OutOfSync, HealthyWord::Unknown, "NotTaken"),
    };
    Some(ActualState {
        synced,
        healthy,
        reason: reason.to_owned(),
        message: (!has_it).then(|| "the cluster has not taken this release yet".to_owned()),
        tree: has_it.then(|| released.fragment.tree.to_string()),
        since: None,
        is_reachable,
    })
}
