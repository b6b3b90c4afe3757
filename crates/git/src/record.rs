//! What the ledger's steps did to one cluster or one application.
//!
//! In: the ledger, and a cluster or an application by name. Out: the steps that changed something
//! for it, newest first. A cluster is followed through its renames; an application is its name.
//! Steps that left the cluster's folder, or the application's file, as it was cost a comparison.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use model::{
    ApplicationName, ClusterName, ClusterUid, CommitId, Digest, Generation, HoldKind, LedgerCell,
    LedgerCluster, ObjectId,
};

use crate::ledger::{History, placements_at};
use crate::{LedgerError, Repository, read_ledger_at};

/// Whose history is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A cluster, by the name that it has, or had when it left.
    Cluster(ClusterName),
    /// An application.
    Application(ApplicationName),
}

/// One thing that a step changed for the subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordedChange {
    /// The cluster appeared.
    Appeared,
    /// The cluster left the ledger; what runs there was not touched.
    Left,
    /// The cluster was renamed from this name.
    Renamed(ClusterName),
    /// An application came to the cluster, or the application to a cluster.
    Added(String),
    /// An application got another tree on the cluster, or the application on a cluster.
    Updated(String),
    /// An application went from the cluster, or the application from a cluster.
    Removed(String),
    /// Namespaces or files of the cluster besides its applications changed.
    Other,
    /// The cluster was held because its folder or branch was changed by someone else.
    Held,
    /// A foreign tree was adopted.
    Adopted,
    /// The hold ended.
    Freed,
}

/// A step that changed something for the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The step.
    pub generation: Generation,
    /// Its commit in the ledger.
    pub commit: CommitId,
    /// Its time.
    pub time: Timestamp,
    /// Who made it, as `Name <mail>`.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// The source that it released.
    pub source: Digest,
    /// The commit of that source, where it was one.
    pub source_commit: Option<CommitId>,
    /// Who confirmed it, if it needed that.
    pub approved_by: Option<String>,
    /// What it changed, in order.
    pub changes: Vec<RecordedChange>,
}

/// The steps that changed something for a cluster or an application, newest first; none if the
/// ledger never held it.
///
/// # Errors
/// If a step of the ledger cannot be read.
pub fn history(repository: &Repository, subject: &Subject) -> Result<Vec<Record>, LedgerError> {
    let Some(history) = History::open(repository)? else { return Ok(Vec::new()) };
    let mut records = match subject {
        Subject::Cluster(name) => cluster_records(&history, name)?,
        Subject::Application(name) => application_records(&history, name)?,
    };
    records.reverse();
    Ok(records)
}

fn record(
    history: &History<'_>,
    generation: Generation,
    mut changes: Vec<RecordedChange>,
) -> Result<Record, LedgerError> {
    changes.sort();
    let commit = history.commit(generation)?;
    let info = history.info(commit)?;
    let settings = history.settings(commit)?;
    Ok(Record {
        generation,
        commit,
        time: info.time,
        author: info.author.clone(),
        subject: info.subject().to_owned(),
        source: settings.source,
        source_commit: settings.source_commit,
        approved_by: info.trailer("Approved-by").map(str::to_owned),
        changes,
    })
}

/// The cluster that has the name now, or else the last one that had it.
fn uid_of(history: &History<'_>, name: &ClusterName) -> Result<Option<ClusterUid>, LedgerError> {
    let heads = history.heads(history.generation())?;
    if let Some(head) = heads.iter().find(|head| head.name == *name) {
        return Ok(Some(head.uid));
    }
    let reader = history.repository().reader();
    for before in (1..history.generation().0).rev().map(Generation) {
        for change in history.changes(before, before.next())? {
            let Some(folder) = change.before else { continue };
            let head = history.head(&reader, before, folder)?;
            if head.name == *name {
                return Ok(Some(head.uid));
            }
        }
    }
    Ok(None)
}

/// What one step says about a cluster.
struct ClusterState {
    cluster: LedgerCluster,
    cells: BTreeMap<String, LedgerCell>,
    hold: Option<(HoldKind, ObjectId)>,
}

fn cluster_records(history: &History<'_>, name: &ClusterName) -> Result<Vec<Record>, LedgerError> {
    let Some(uid) = uid_of(history, name)? else { return Ok(Vec::new()) };
    let (mut records, mut last_seen, mut last) = (Vec::new(), None, None);
    for generation in (1..=history.generation().0).map(Generation) {
        let seen = history.ids_at(generation, uid)?;
        if last_seen.replace(seen) == Some(seen) {
            continue;
        }
        let state = cluster_state(history, generation, uid)?;
        let changes = cluster_changes(last.as_ref(), state.as_ref());
        if !changes.is_empty() {
            records.push(record(history, generation, changes)?);
        }
        last = state;
    }
    Ok(records)
}

fn cluster_state(
    history: &History<'_>,
    generation: Generation,
    uid: ClusterUid,
) -> Result<Option<ClusterState>, LedgerError> {
    let mut ledger = read_ledger_at(history.repository(), history.commit(generation)?)?;
    let Ok(index) = ledger.clusters.binary_search_by_key(&uid, |cluster| cluster.uid) else {
        return Ok(None);
    };
    let cluster = ledger.clusters.swap_remove(index);
    let cell = |cell: &LedgerCell| (ledger.application(cell.application).to_string(), *cell);
    let hold = ledger.holds.iter().find(|hold| hold.cluster == uid);
    Ok(Some(ClusterState {
        cells: cluster.cells.iter().map(cell).collect(),
        hold: hold.map(|hold| (hold.kind.clone(), hold.tree)),
        cluster,
    }))
}

fn cluster_changes(old: Option<&ClusterState>, new: Option<&ClusterState>) -> Vec<RecordedChange> {
    let none = BTreeMap::new();
    let mut changes = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => vec![RecordedChange::Appeared],
        (Some(_), None) => return vec![RecordedChange::Left],
        (Some(old), Some(new)) => {
            let mut changes = Vec::new();
            if old.cluster.name != new.cluster.name {
                changes.push(RecordedChange::Renamed(old.cluster.name.clone()));
            }
            if old.cluster.parts != new.cluster.parts {
                changes.push(RecordedChange::Other);
            }
            changes
        }
    };
    let hold = |state: Option<&ClusterState>| state.and_then(|state| state.hold.clone());
    match (hold(old), hold(new)) {
        (old, new) if old == new => {}
        (_, Some((HoldKind::Foreign, _))) => changes.push(RecordedChange::Held),
        (_, Some((HoldKind::Adopted, _))) => changes.push(RecordedChange::Adopted),
        (_, None) => changes.push(RecordedChange::Freed),
    }
    let old = old.map_or(&none, |state| &state.cells);
    let new = new.map_or(&none, |state| &state.cells);
    changes.extend(cell_changes(old, new, |old, new| old.fragment == new.fragment));
    changes
}

/// What came, changed and went between two tables.
fn cell_changes<T>(
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    is_equal: impl Fn(&T, &T) -> bool,
) -> Vec<RecordedChange> {
    let came_or_changed = new.iter().filter_map(|(name, cell)| match old.get(name) {
        None => Some(RecordedChange::Added(name.clone())),
        Some(before) if !is_equal(before, cell) => Some(RecordedChange::Updated(name.clone())),
        Some(_) => None,
    });
    let went = old.keys().filter(|name| !new.contains_key(*name));
    came_or_changed.chain(went.map(|name| RecordedChange::Removed(name.clone()))).collect()
}

fn application_records(
    history: &History<'_>,
    name: &ApplicationName,
) -> Result<Vec<Record>, LedgerError> {
    let (mut records, mut last_file) = (Vec::new(), None);
    let mut last: BTreeMap<ClusterUid, Generation> = BTreeMap::new();
    for generation in (1..=history.generation().0).map(Generation) {
        let commit = history.commit(generation)?;
        let file = history.application_file(generation, name)?;
        if last_file.replace(file) == Some(file) {
            continue;
        }
        let now = placements_at(history.repository(), commit, name)?;
        let changed = changed_clusters(&last, &now);
        if !changed.is_empty() {
            let before = Generation(generation.0 - 1);
            let names = names_at(history, generation, before, &changed)?;
            let by_name = |table: &BTreeMap<ClusterUid, Generation>| {
                let changed = changed.iter().filter_map(|uid| Some((uid, *table.get(uid)?)));
                changed.map(|(uid, cell)| (names[uid].clone(), cell)).collect::<BTreeMap<_, _>>()
            };
            let changes = cell_changes(&by_name(&last), &by_name(&now), |old, new| old == new);
            records.push(record(history, generation, changes)?);
        }
        last = now;
    }
    Ok(records)
}

fn changed_clusters(
    old: &BTreeMap<ClusterUid, Generation>,
    new: &BTreeMap<ClusterUid, Generation>,
) -> HashSet<ClusterUid> {
    let all = old.keys().chain(new.keys());
    all.filter(|uid| old.get(uid) != new.get(uid)).copied().collect()
}

/// The names of clusters at a step, or where they left with it, at the one before.
fn names_at(
    history: &History<'_>,
    generation: Generation,
    before: Generation,
    uids: &HashSet<ClusterUid>,
) -> Result<BTreeMap<ClusterUid, String>, LedgerError> {
    let reader = history.repository().reader();
    let mut names = BTreeMap::new();
    for uid in uids {
        let mut head = history.head_at(&reader, generation, *uid)?;
        if head.is_none() && before.0 > 0 {
            head = history.head_at(&reader, before, *uid)?;
        }
        let name = head.map_or_else(|| uid.to_string(), |head| head.name.to_string());
        names.insert(*uid, name);
    }
    Ok(names)
}
