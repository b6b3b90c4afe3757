//! What the ledger's steps did to one cluster or one application.
//!
//! In: the ledger, and a cluster or an application by name. Out: the steps that changed something
//! for it, newest first. A cluster is followed through its renames; an application is its name.
//! A step costs what it changed, and nothing where it left the cluster's folder as it was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{
    ApplicationName, ClusterName, ClusterUid, CommitId, Digest, Generation, HoldKind, LedgerCell,
    LedgerCluster, ObjectId,
};
use rayon::prelude::*;

use crate::ledger::{FolderChange, History};
use crate::{LedgerError, Repository};

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
    let revision = history.revision(generation)?;
    Ok(Record {
        generation,
        commit,
        time: info.time,
        author: info.author.clone(),
        subject: info.subject().to_owned(),
        source: revision.source,
        source_commit: revision.commit,
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

/// The cluster that had a name after a step.
pub(crate) fn uid_at(
    history: &History<'_>,
    generation: Generation,
    name: &ClusterName,
) -> Result<Option<ClusterUid>, LedgerError> {
    let heads = history.heads(generation)?;
    Ok(heads.into_iter().find(|head| head.name == *name).map(|head| head.uid))
}

/// What one step did to a cluster, and its name; nothing if it was there neither before nor after.
pub(crate) fn changes_of_cluster(
    history: &History<'_>,
    generation: Generation,
    uid: ClusterUid,
) -> Result<Option<(ClusterName, Vec<RecordedChange>)>, LedgerError> {
    let before = match generation.0 {
        0 | 1 => None,
        number => cluster_state(history, Generation(number - 1), uid)?,
    };
    let after = cluster_state(history, generation, uid)?;
    let name = after.as_ref().or(before.as_ref()).map(|state| state.cluster.name.clone());
    let mut changes = cluster_changes(before.as_ref(), after.as_ref());
    changes.sort();
    Ok(name.map(|name| (name, changes)))
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
    let Some((names, cluster)) = history.cluster(generation, uid)? else { return Ok(None) };
    let cell = |cell: LedgerCell| (names[cell.application.0 as usize].to_string(), cell);
    let hold = history.hold(generation, uid)?;
    Ok(Some(ClusterState {
        cells: cluster.cells.iter().map(cell).collect(),
        hold: hold.map(|hold| (hold.kind, hold.tree)),
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

/// On one cluster, which step released the application before and after another step.
type Placement = (Option<Generation>, Option<Generation>);

fn application_records(
    history: &History<'_>,
    name: &ApplicationName,
) -> Result<Vec<Record>, LedgerError> {
    let mut records = Vec::new();
    for generation in (1..=history.generation().0).map(Generation) {
        let changes = application_changes(history, generation, name)?;
        if !changes.is_empty() {
            records.push(record(history, generation, changes)?);
        }
    }
    Ok(records)
}

/// What one step did to an application, by the names of clusters.
fn application_changes(
    history: &History<'_>,
    generation: Generation,
    name: &ApplicationName,
) -> Result<Vec<RecordedChange>, LedgerError> {
    let before = Generation(generation.0 - 1);
    let changed = history.changes(before, generation)?;
    let placements = changed.into_par_iter().map_init(
        || history.repository().reader(),
        |reader, FolderChange { before: old, after: new }| {
            let old =
                old.map(|folder| history.release(reader, before, folder, name)).transpose()?;
            let new =
                new.map(|folder| history.release(reader, generation, folder, name)).transpose()?;
            let sides = [new.as_ref(), old.as_ref()];
            let name = sides.into_iter().flatten().next().map(|(head, _)| head.name.to_string());
            let placement = (old.and_then(|(_, cell)| cell), new.and_then(|(_, cell)| cell));
            Ok((name.unwrap_or_default(), placement))
        },
    );
    let placements = placements.collect::<Result<Vec<_>, LedgerError>>()?;
    let change = |(cluster, placement): (String, Placement)| match placement {
        (None, Some(_)) => Some(RecordedChange::Added(cluster)),
        (Some(_), None) => Some(RecordedChange::Removed(cluster)),
        (Some(old), Some(new)) if old != new => Some(RecordedChange::Updated(cluster)),
        _ => None,
    };
    Ok(placements.into_iter().filter_map(change).collect())
}
