//! Which clusters of a step are not those of the ledger before.
//!
//! Both ledgers keep their clusters in the order of uids and share those that stay, so this is one
//! walk over pointers.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use model::{ClusterUid, Hold, HoldKind, Ledger, LedgerCluster, Step};

/// What a step changes among the clusters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// Positions in the ledger after the step, in order, with those before where they were there.
    pub(super) written: Vec<(usize, Option<usize>)>,
    /// Clusters that the ledger has no more, in the order of uids.
    pub(super) removed: Vec<ClusterUid>,
}

impl Touched {
    /// Clusters that are not shared with the ledger before, that the step says it changes, or
    /// that were adopted or are no longer.
    pub(super) fn between(before: Option<&Ledger>, step: &Step) -> Self {
        let mut touched = Self::default();
        let old = before.map_or(&[][..], |ledger| &ledger.clusters);
        let new = &step.ledger.clusters;
        let (mut i, mut j) = (0, 0);
        loop {
            let order = match (old.get(i), new.get(j)) {
                (None, None) => break,
                (Some(old), Some(new)) if Arc::ptr_eq(old, new) => {
                    (i, j) = (i + 1, j + 1);
                    continue;
                }
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.uid.cmp(&new.uid),
            };
            match order {
                Ordering::Less => touched.removed.push(old[i].uid),
                Ordering::Equal if is_written_alike(&old[i], &new[j]) => {}
                Ordering::Equal => touched.written.push((j, Some(i))),
                Ordering::Greater => touched.written.push((j, None)),
            }
            i += usize::from(order != Ordering::Greater);
            j += usize::from(order != Ordering::Less);
        }
        touched.add(before, step);
        touched
    }

    /// Whether a name or a place in the order of uids is new.
    pub(super) fn moves_names(&self, before: &Ledger, after: &Ledger) -> bool {
        let is_moved = |(position, last): &(usize, Option<usize>)| {
            let before = last.map(|last| &before.clusters[last].name);
            before != Some(&after.clusters[*position].name)
        };
        self.written.iter().any(is_moved)
    }

    /// Adds clusters that are shared and yet written anew.
    fn add(&mut self, before: Option<&Ledger>, step: &Step) {
        let Some(before) = before else { return };
        let adopted = |holds: &[Hold]| -> HashSet<ClusterUid> {
            let adopted = holds.iter().filter(|hold| hold.kind == HoldKind::Adopted);
            adopted.map(|hold| hold.cluster).collect()
        };
        let (old, new) = (adopted(&before.holds), adopted(&step.ledger.holds));
        let uids = step.changed.iter().chain(old.symmetric_difference(&new));
        let more = uids.filter_map(|uid| {
            let place = (step.ledger.position(*uid)?, before.position(*uid)?);
            Some((place.0, Some(place.1)))
        });
        self.written.extend(more.collect::<Vec<_>>());
        self.written.sort_unstable();
        self.written.dedup();
    }
}

/// Whether the folders of two clusters that the step does not change have the same content, as
/// where only the numbers of applications are others.
fn is_written_alike(old: &LedgerCluster, new: &LedgerCluster) -> bool {
    let written = |cluster: &LedgerCluster| (cluster.since, cluster.tree);
    written(old) == written(new)
        && (&old.name, &old.first_name) == (&new.name, &new.first_name)
        && old.cells.releases() == new.cells.releases()
}
