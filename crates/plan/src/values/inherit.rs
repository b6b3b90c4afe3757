//! What clusters inherit: the fleet's values, then those of groups from root to leaf, then their
//! own.

use std::collections::{BTreeMap, HashMap};

use model::{ClusterId, ClusterSet, Diagnostic, Span};

use super::distinct::Collected;
use super::entries::of_cluster;
use super::from_values;
use crate::expression::Findings;
use crate::fleet::codes::GROUPS_DISAGREE;
use crate::fleet::{Column, Inventory, ValueId};

/// Who sets one key, weakest first.
#[derive(Default)]
struct Layers {
    fleet: Option<ValueId>,
    groups: Vec<GroupValue>,
    own: Vec<(ClusterId, ValueId)>,
}

#[derive(Clone, Copy)]
struct GroupValue {
    group: usize,
    depth: usize,
    value: ValueId,
    span: Span,
}

/// Two groups that give the same clusters different values, and nothing stronger decides.
struct Disagreement {
    first: GroupValue,
    second: GroupValue,
    clusters: ClusterSet,
}

/// The column of each key of clusters.
pub(super) fn columns(
    inventory: &Inventory,
    groups: &[ClusterSet],
    distinct: &mut Collected,
    findings: &mut Findings,
) -> BTreeMap<Box<str>, Column> {
    let mut columns = BTreeMap::new();
    for (key, mut layers) in layers(inventory, distinct) {
        layers.groups.sort_by_key(|value| (value.depth, value.group));
        let (column, disagreements) = column(&layers, groups, inventory.clusters.len());
        for disagreement in disagreements {
            findings.push(tell(key, &disagreement, inventory, distinct));
        }
        columns.insert(key.into(), column);
    }
    columns
}

fn layers<'a>(inventory: &'a Inventory, distinct: &mut Collected) -> HashMap<&'a str, Layers> {
    let mut layers: HashMap<&str, Layers> = HashMap::new();
    for (key, value) in &inventory.fleet.values {
        layers.entry(&key.value).or_default().fleet = Some(distinct.add(&value.value));
    }
    for (group, (path, document)) in inventory.groups.iter().enumerate() {
        for (key, value) in &document.values {
            let (depth, span) = (path.depth(), value.span);
            let value = distinct.add(&value.value);
            layers.entry(&key.value).or_default().groups.push(GroupValue {
                group,
                depth,
                value,
                span,
            });
        }
    }
    for (index, document) in inventory.clusters.iter().enumerate() {
        for entry in of_cluster(document, &inventory.fleet.delivery) {
            let value = distinct.add(&entry.scalar);
            layers.entry(entry.key).or_default().own.push((ClusterId(index as u32), value));
        }
    }
    layers
}

fn column(
    layers: &Layers,
    groups: &[ClusterSet],
    n_clusters: usize,
) -> (Column, Vec<Disagreement>) {
    if layers.groups.is_empty() && layers.own.is_empty() {
        return (Column::Same(layers.fleet), Vec::new());
    }
    let mut values = vec![layers.fleet; n_clusters];
    let mut disagreements: Vec<Disagreement> = Vec::new();
    for level in layers.groups.chunk_by(|a, b| a.depth == b.depth) {
        let mut decided = ClusterSet::none(n_clusters);
        let mut at_level = Vec::new();
        for (index, value) in level.iter().enumerate() {
            let clusters = &groups[value.group];
            let mut twice = clusters.clone();
            twice.intersect(&decided);
            if !twice.is_empty() {
                at_level.extend(disagree(*value, &twice, &level[..index], &values, groups));
            }
            clusters.iter().for_each(|cluster| values[cluster.index()] = Some(value.value));
            decided.unite(clusters);
        }
        disagreements.iter_mut().for_each(|weaker| weaker.clusters.subtract(&decided));
        disagreements.append(&mut at_level);
    }
    for (cluster, value) in &layers.own {
        values[cluster.index()] = Some(*value);
        disagreements.iter_mut().for_each(|weaker| weaker.clusters.remove(*cluster));
    }
    disagreements.retain(|disagreement| !disagreement.clusters.is_empty());
    (from_values(values), disagreements)
}

/// The clusters of `twice` that have another value already, by the group that gave it to them.
fn disagree(
    second: GroupValue,
    twice: &ClusterSet,
    before: &[GroupValue],
    values: &[Option<ValueId>],
    groups: &[ClusterSet],
) -> Vec<Disagreement> {
    let mut left: ClusterSet =
        twice.iter().filter(|cluster| values[cluster.index()] != Some(second.value)).collect();
    let mut found = Vec::new();
    for first in before.iter().filter(|first| first.value != second.value) {
        if left.is_empty() {
            break;
        }
        let mut clusters = left.clone();
        clusters.intersect(&groups[first.group]);
        if !clusters.is_empty() {
            left.subtract(&clusters);
            found.push(Disagreement { first: *first, second, clusters });
        }
    }
    found
}

fn tell(
    key: &str,
    disagreement: &Disagreement,
    inventory: &Inventory,
    distinct: &Collected,
) -> Diagnostic {
    let Disagreement { first, second, clusters } = disagreement;
    let path = |value: &GroupValue| &inventory.groups[value.group].0;
    let example = clusters
        .iter()
        .next()
        .map_or("", |cluster| inventory.clusters[cluster.index()].metadata.name.value.as_str());
    let many = match clusters.len() {
        1 => format!("cluster `{example}`"),
        n => format!("{n} clusters, `{example}` among them"),
    };
    let (a, b) = (path(first), path(second));
    let message = format!("the groups `{a}` and `{b}` disagree about `{key}` on {many}");
    let says = |value: &GroupValue| {
        format!(
            "`{}` says `{}`",
            path(value),
            crate::expression::short(&distinct.get(value.value).text)
        )
    };
    Diagnostic::error(&GROUPS_DISAGREE, second.span, message)
        .label(first.span, says(first))
        .clusters(clusters.clone())
        .hint("set it in one of them, in a group below both, or in the Cluster documents")
}
