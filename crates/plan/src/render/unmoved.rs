//! Trees of an application that hold the same objects in two renders.
//!
//! In: an earlier render and this one. Out: pairs of trees at whose paths no object comes or goes,
//! so that nobody need read them to know. In the layout `manifests` the path of a file follows
//! from the identity of its object, and which objects a cluster gets was compared; of the layout
//! `flux` nothing is said, since there kustomizations choose.
//!
//! A pair is a fact about two trees, whoever runs them. What is not among the pairs is not known.

use std::collections::HashSet;
use std::sync::Arc;

use model::{ApplicationId, Cell, Layout, ObjectId, Rendered, RenderedCluster};

use super::kept::{Kept, Previous};
use super::objects::ObjectTable;

/// How many pairs are remembered: 40 bytes each. What goes beyond is read.
const MOST_PAIRS: usize = 200_000;

/// Pairs of trees, the earlier one first.
pub(crate) type Unmoved = HashSet<(ObjectId, ObjectId)>;

/// The pairs of an earlier render and the one that was made with it.
pub(crate) fn unmoved(previous: Previous<'_>, kept: &Kept, rendered: &Rendered) -> Unmoved {
    let mut pairs = Unmoved::new();
    let before = previous.rendered;
    let tables = previous.kept.applications.iter().zip(&kept.applications);
    let same: Vec<bool> = tables.map(|(old, new)| is_same(&old.objects, &new.objects)).collect();
    let is_comparable = [before, rendered].iter().all(|one| one.layout == Layout::Manifests)
        && before.clusters.len() == rendered.clusters.len()
        && before.applications == rendered.applications;
    if !is_comparable || !same.contains(&true) {
        return pairs;
    }
    for (old, new) in before.clusters.iter().zip(&rendered.clusters) {
        if pairs.len() >= MOST_PAIRS {
            break;
        }
        if !Arc::ptr_eq(old, new) && old.name == new.name {
            pairs.extend(of_cluster(old, new, &same));
        }
    }
    pairs
}

/// Whether two tables put the same objects on the same clusters.
fn is_same(old: &Arc<ObjectTable>, new: &Arc<ObjectTable>) -> bool {
    let have_same_keys = |old: &ObjectTable, new: &ObjectTable| {
        old.rows.iter().map(|row| &row.key).eq(new.rows.iter().map(|row| &row.key))
    };
    Arc::ptr_eq(old, new) || (old.lists == new.lists && have_same_keys(old, new))
}

fn of_cluster<'a>(
    old: &'a RenderedCluster,
    new: &'a RenderedCluster,
    same: &'a [bool],
) -> impl Iterator<Item = (ObjectId, ObjectId)> + 'a {
    let tree = |cells: &[(ApplicationId, Cell)], id: ApplicationId| {
        let at = cells.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        match &cells[at].1 {
            Cell::Tree(fragment) => Some(fragment.tree),
            Cell::Broken(_) => None,
        }
    };
    let ids = old.cells.iter().map(|(id, _)| *id).filter(|id| same[id.0 as usize]);
    ids.filter_map(move |id| Some((tree(&old.cells, id)?, tree(&new.cells, id)?)))
        .filter(|(old, new)| old != new)
}
