//! How many cells of each application a step moved.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Fragment, Ledger, LedgerCluster};

/// The cells of one application that a step moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    /// New cells.
    pub(crate) n_added: usize,
    /// Cells with another tree.
    pub(crate) n_changed: usize,
    /// Cells that are gone.
    pub(crate) n_removed: usize,
}

/// What a step moved, by application.
pub(crate) type Released = BTreeMap<String, Moved>;

/// Compares two ledgers cluster by cluster, without the clusters that are gone: nothing is removed
/// from them. Clusters are in the order of their uids in both.
pub(crate) fn count(before: Option<&Ledger>, after: Option<&Ledger>) -> Released {
    let mut released = Released::new();
    let Some(after) = after else { return released };
    let mut old = before.map_or(&[][..], |ledger| &ledger.clusters).iter().peekable();
    let mut new = after.clusters.iter().peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return released,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.uid.cmp(&new.uid),
        };
        let left = if order == Ordering::Greater { None } else { old.next() };
        let right = if order == Ordering::Less { None } else { new.next() };
        let is_shared = left.zip(right).is_some_and(|(left, right)| Arc::ptr_eq(left, right));
        if right.is_some() && !is_shared {
            count_cluster(cells(before, left), cells(Some(after), right), &mut released);
        }
    }
}

/// The cells of a cluster by the name of their application, in order.
fn cells<'a>(
    ledger: Option<&'a Ledger>,
    cluster: Option<&'a Arc<LedgerCluster>>,
) -> Vec<(&'a str, Fragment)> {
    let cells = cluster.into_iter().flat_map(|cluster| &cluster.cells);
    let named = cells.filter_map(|cell| {
        let name = ledger?.application(cell.application).as_str();
        Some((name, cell.fragment))
    });
    named.collect()
}

fn count_cluster(old: Vec<(&str, Fragment)>, new: Vec<(&str, Fragment)>, released: &mut Released) {
    if old == new {
        return;
    }
    let before: BTreeMap<&str, Fragment> = old.into_iter().collect();
    let after: BTreeMap<&str, Fragment> = new.into_iter().collect();
    for (name, fragment) in &after {
        match before.get(name) {
            None => entry(released, name).n_added += 1,
            Some(former) if former != fragment => entry(released, name).n_changed += 1,
            Some(_) => {}
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        entry(released, name).n_removed += 1;
    }
}

fn entry<'a>(released: &'a mut Released, name: &str) -> &'a mut Moved {
    released.entry(name.to_owned()).or_default()
}
