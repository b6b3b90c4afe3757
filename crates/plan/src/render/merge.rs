//! The objects of an application after some of its clusters were rendered again.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ClusterId, ClusterSet};

use super::objects::{ObjectRow, ObjectTable};

/// The table of a whole render, given that of some of its clusters; nothing where a whole render
/// could say something else about a place.
pub(crate) fn merge(
    old: &Arc<ObjectTable>,
    part: &ObjectTable,
    dirty: &ClusterSet,
) -> Option<Arc<ObjectTable>> {
    if part.ambiguous || old.ambiguous || part.rows.iter().any(|row| moves(old, row)) {
        return None;
    }
    if is_same(old, part, dirty) {
        return Some(Arc::clone(old));
    }
    let mut table = ObjectTable::default();
    let mut lists: BTreeMap<Vec<u32>, Vec<ClusterId>> = BTreeMap::new();
    let kept = old.lists.iter().map(|list| (old, list));
    for (from, (rows, clusters)) in kept {
        let clusters = clusters.iter().filter(|cluster| !dirty.contains(**cluster)).copied();
        add(&mut table, &mut lists, from, rows, clusters.collect());
    }
    for (rows, clusters) in &part.lists {
        add(&mut table, &mut lists, part, rows, clusters.clone());
    }
    let sorted = lists.into_iter().map(|(rows, mut clusters)| {
        clusters.sort_unstable();
        (rows, clusters)
    });
    table.lists = sorted.collect();
    (!table.ambiguous).then(|| Arc::new(table))
}

/// Whether an object is written at another place than before.
fn moves(old: &ObjectTable, row: &ObjectRow) -> bool {
    old.find(&row.key).is_some_and(|known| old.rows[known as usize].span != row.span)
}

fn add(
    table: &mut ObjectTable,
    lists: &mut BTreeMap<Vec<u32>, Vec<ClusterId>>,
    from: &ObjectTable,
    rows: &[u32],
    clusters: Vec<ClusterId>,
) {
    if clusters.is_empty() {
        return;
    }
    let mut rows: Vec<u32> = rows.iter().map(|row| table.take(&from.rows[*row as usize])).collect();
    rows.sort_unstable();
    lists.entry(rows).or_default().extend(clusters);
}

/// Whether every cluster that was rendered again has the objects that it had.
fn is_same(old: &ObjectTable, part: &ObjectTable, dirty: &ClusterSet) -> bool {
    let mut n_same = 0;
    for (rows, clusters) in &part.lists {
        let mut known: Vec<u32> = Vec::with_capacity(rows.len());
        for row in rows {
            match old.find(&part.rows[*row as usize].key) {
                Some(row) => known.push(row),
                None => return false,
            }
        }
        known.sort_unstable();
        let has = |cluster: &ClusterId| {
            let mut lists = old.lists.iter().filter(|(other, _)| *other == known);
            lists.any(|(_, clusters)| clusters.binary_search(cluster).is_ok())
        };
        if !clusters.iter().all(has) {
            return false;
        }
        n_same += clusters.len();
    }
    // A cluster that lost the application is in no list of the part.
    let had = old.lists.iter().map(|(_, clusters)| {
        dirty.iter().filter(|cluster| clusters.binary_search(cluster).is_ok()).count()
    });
    had.sum::<usize>() == n_same
}
