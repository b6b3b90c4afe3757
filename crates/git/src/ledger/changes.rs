//! Which clusters differ between two steps.
//!
//! In: two commits of the ledger. Out: the folders of clusters that are not equal in both, found
//! by the ids of folders: a shard that has the same id is not read, so the cost is that of what
//! changed.

use std::cmp::Ordering;

use model::ObjectId;
use rayon::prelude::*;

use super::clusters::{self, ClusterFolder};
use super::{LedgerError, Snapshot};
use crate::reader::TreeEntryKind;

/// One cluster whose folder is not the same before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderChange {
    /// Nothing if the cluster was not there.
    pub(crate) before: Option<ClusterFolder>,
    /// Nothing if the cluster left.
    pub(crate) after: Option<ClusterFolder>,
}

/// The clusters that differ, in the order of uids; all of them where there was no step before.
pub(crate) fn between(
    before: Option<&Snapshot<'_>>,
    after: &Snapshot<'_>,
) -> Result<Vec<FolderChange>, LedgerError> {
    let shards = |snapshot: &Snapshot<'_>| snapshot.folder(clusters::FOLDER, TreeEntryKind::Tree);
    let unchanged = before
        .is_some_and(|before| before.entry(clusters::FOLDER) == after.entry(clusters::FOLDER));
    if unchanged {
        return Ok(Vec::new());
    }
    let old = before.map_or_else(|| Ok(Vec::new()), shards)?;
    let new = shards(after)?;
    let name = |(name, _): &(String, ObjectId)| name.clone();
    let differing: Vec<_> =
        pairs(old, new, name).into_iter().filter(|(old, new)| old != new).collect();
    let changes = differing.into_par_iter().map(|(old, new)| {
        let list = |snapshot: Option<&Snapshot<'_>>, shard: Option<(String, ObjectId)>| {
            snapshot.zip(shard).map_or_else(
                || Ok(Vec::new()),
                |(snapshot, (shard, id))| clusters::list_shard(snapshot, &shard, id),
            )
        };
        let (old, new) = (list(before, old)?, list(Some(after), new)?);
        let changes = pairs(old, new, |folder| folder.uid).into_iter();
        let changes = changes.filter(|(before, after)| before != after);
        Ok(changes.map(|(before, after)| FolderChange { before, after }).collect::<Vec<_>>())
    });
    Ok(changes.collect::<Result<Vec<_>, LedgerError>>()?.concat())
}

/// The items of two lists in the order of a key, those with the same key together.
fn pairs<T, K: Ord>(
    left: Vec<T>,
    right: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<(Option<T>, Option<T>)> {
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => key(left).cmp(&key(right)),
        };
        let old = if order == Ordering::Greater { None } else { left.next() };
        let new = if order == Ordering::Less { None } else { right.next() };
        pairs.push((old, new));
    }
}
