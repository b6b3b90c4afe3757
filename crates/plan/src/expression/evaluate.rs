//! From names that were found to a set of clusters.

use std::borrow::Cow;

use model::{ClusterSet, NamespaceId};

use super::{ClusterKeys, Resolved};
use crate::fleet::GroupId;

/// The sets that an expression is put together from.
pub trait Sets {
    /// How many clusters the fleet has.
    fn n_clusters(&self) -> usize;
    /// The clusters of labels and values.
    fn keys(&self) -> &ClusterKeys;
    /// The clusters of a group and of all groups below it.
    fn group(&self, group: GroupId) -> &ClusterSet;
    /// The clusters of a namespace.
    fn namespace(&self, namespace: NamespaceId) -> &ClusterSet;
}

/// The clusters that an expression selects: one pass over the bits for each operator.
#[must_use]
pub fn evaluate(resolved: &Resolved, sets: &dyn Sets) -> ClusterSet {
    part(resolved, sets).into_owned()
}

fn part<'a>(resolved: &Resolved, sets: &'a dyn Sets) -> Cow<'a, ClusterSet> {
    let n_clusters = sets.n_clusters();
    match resolved {
        Resolved::All => Cow::Owned(ClusterSet::all(n_clusters)),
        Resolved::None | Resolved::Unused | Resolved::Unmatched(_) => {
            Cow::Owned(ClusterSet::none(n_clusters))
        }
        Resolved::Group(group, _) => Cow::Borrowed(sets.group(*group)),
        Resolved::Namespace(namespace, _) => Cow::Borrowed(sets.namespace(*namespace)),
        Resolved::Clusters(clusters) => {
            let mut set = ClusterSet::none(n_clusters);
            clusters.iter().for_each(|cluster| set.insert(*cluster));
            Cow::Owned(set)
        }
        Resolved::Values { key, values } => {
            let mut set = ClusterSet::none(n_clusters);
            for value in values {
                if let Some(members) = sets.keys().members(*key, *value) {
                    members.add_to(&mut set);
                }
            }
            Cow::Owned(set)
        }
        Resolved::Not(inner) => Cow::Owned(part(inner, sets).complement(n_clusters)),
        Resolved::And(operands) => all_of(operands, sets),
        Resolved::Or(operands) => any_of(operands, sets),
    }
}

fn all_of<'a>(operands: &[Resolved], sets: &'a dyn Sets) -> Cow<'a, ClusterSet> {
    let Some((first, rest)) = operands.split_first() else {
        return Cow::Owned(ClusterSet::all(sets.n_clusters()));
    };
    let mut set = part(first, sets);
    for operand in rest {
        match operand {
            Resolved::Not(inner) => set.to_mut().subtract(&part(inner, sets)),
            _ => set.to_mut().intersect(&part(operand, sets)),
        }
    }
    set
}

fn any_of<'a>(operands: &[Resolved], sets: &'a dyn Sets) -> Cow<'a, ClusterSet> {
    let mut set = ClusterSet::none(sets.n_clusters());
    for operand in operands {
        set.unite(&part(operand, sets));
    }
    Cow::Owned(set)
}
