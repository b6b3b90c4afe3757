//! Whether rules cover a place.
//!
//! A rule covers a cluster that is in one of its groups or below, before the change; a cluster
//! that comes, after it. Several rules may cover a place together.

use std::borrow::Cow;
use std::collections::HashMap;

use model::{ClusterSet, Cover, GroupPath, Meaning, NamespaceName, Policies, RoleRule};

/// What a right must be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anything at all.
    Anywhere,
    /// These clusters as such.
    Clusters(ClusterSet),
    /// The group of a path.
    Group(GroupPath),
    /// A namespace, on whatever clusters.
    Namespace(NamespaceName),
    /// What a namespace has on these clusters; what belongs to no namespace of the fleet is
    /// covered by rules for all namespaces.
    Cells(Option<NamespaceName>, ClusterSet),
    /// Every one of these namespaces in every one of these groups: what a rule of a Role covers,
    /// and with [`Cover::All`] twice, the fleet.
    Within(Cover<GroupPath>, Cover<NamespaceName>),
}

impl Place {
    /// The whole fleet.
    #[must_use]
    pub fn everywhere() -> Self {
        Self::Within(Cover::All, Cover::All)
    }
}

/// The places that rules name, with the clusters in each.
pub(super) struct Places<'a> {
    policies: &'a Policies,
    newcomers: HashMap<&'a str, &'a ClusterSet>,
    n_clusters: usize,
}

impl<'a> Places<'a> {
    /// The places of a fleet.
    pub(super) fn of_fleet(policies: &'a Policies) -> Self {
        let n_clusters = policies.clusters.len();
        Self { policies, newcomers: HashMap::new(), n_clusters }
    }

    /// The places of a fleet before a change, and what the change brings into them.
    pub(super) fn of_change(policies: &'a Policies, meaning: &'a Meaning) -> Self {
        let newcomers = meaning.newcomers_in.iter().map(|(path, set)| (path.as_str(), set));
        Self {
            newcomers: newcomers.collect(),
            n_clusters: policies.clusters.len() + meaning.newcomers.len(),
            policies,
        }
    }

    /// The clusters in the groups of a rule.
    pub(super) fn clusters(&self, rule: &RoleRule) -> ClusterSet {
        let groups = match &rule.groups {
            Cover::All => return ClusterSet::all(self.n_clusters),
            Cover::Only(groups) => groups,
        };
        let mut clusters = ClusterSet::none(self.n_clusters);
        for path in groups {
            let present = self.policies.clusters_of(path.as_str());
            let newcomers = self.newcomers.get(path.as_str()).copied();
            present.into_iter().chain(newcomers).for_each(|set| clusters.unite(set));
        }
        clusters
    }
}

/// A rule with the clusters in its groups.
#[derive(Clone)]
pub(super) struct Covering<'a> {
    pub(super) rule: Cow<'a, RoleRule>,
    pub(super) clusters: ClusterSet,
}

/// What no rule covers of a place; nothing if all of it is covered.
pub(super) fn uncovered<'a>(
    place: &Place,
    rules: impl Iterator<Item = &'a Covering<'a>> + Clone,
) -> Option<Place> {
    let rules = rules.filter(|one| !one.rule.is_void());
    match place {
        Place::Clusters(clusters) => rest(clusters, rules).map(Place::Clusters),
        Place::Cells(namespace, clusters) => {
            let about = rules.filter(|one| one.rule.covers_namespace(namespace.as_ref()));
            rest(clusters, about).map(|left| Place::Cells(namespace.clone(), left))
        }
        Place::Within(groups, namespaces) => within(groups, namespaces, rules),
        Place::Anywhere | Place::Group(_) | Place::Namespace(_) => {
            let mut rules = rules;
            (!rules.any(|one| about(&one.rule, place))).then(|| place.clone())
        }
    }
}

fn about(rule: &RoleRule, place: &Place) -> bool {
    match place {
        Place::Group(path) => rule.covers_group(path.as_str()),
        Place::Namespace(name) => rule.covers_namespace(Some(name)),
        _ => true,
    }
}

fn rest<'a>(
    clusters: &ClusterSet,
    rules: impl Iterator<Item = &'a Covering<'a>>,
) -> Option<ClusterSet> {
    let mut left = clusters.clone();
    let mut covered = false;
    for one in rules {
        covered = true;
        left.subtract(&one.clusters);
        if left.is_empty() {
            break;
        }
    }
    // Of no clusters, one rule must be about the rest of the place all the same.
    (!covered || !left.is_empty()).then_some(left)
}

/// What no single rule covers of groups and namespaces, group by group.
fn within<'a>(
    groups: &Cover<GroupPath>,
    namespaces: &Cover<NamespaceName>,
    rules: impl Iterator<Item = &'a Covering<'a>> + Clone,
) -> Option<Place> {
    let all_groups = rules.clone().filter(|one| matches!(one.rule.groups, Cover::All));
    let paths = match groups {
        Cover::All => {
            let left = namespaces_left(namespaces, all_groups.clone())?;
            return Some(Place::Within(Cover::All, left));
        }
        Cover::Only(paths) => paths,
    };
    let left = paths.iter().find_map(|path| {
        let about = rules.clone().filter(|one| one.rule.covers_group(path.as_str()));
        Some((path, namespaces_left(namespaces, about)?))
    });
    left.map(|(path, left)| Place::Within(Cover::Only(vec![path.clone()]), left))
}

fn namespaces_left<'a>(
    namespaces: &Cover<NamespaceName>,
    rules: impl Iterator<Item = &'a Covering<'a>> + Clone,
) -> Option<Cover<NamespaceName>> {
    match namespaces {
        Cover::All => {
            let mut rules = rules;
            let covered = rules.any(|one| matches!(one.rule.namespaces, Cover::All));
            (!covered).then_some(Cover::All)
        }
        Cover::Only(names) => {
            let covered = |name: &NamespaceName| {
                rules.clone().any(|one| one.rule.covers_namespace(Some(name)))
            };
            let left: Vec<NamespaceName> =
                names.iter().filter(|name| !covered(name)).cloned().collect();
            (!left.is_empty()).then_some(Cover::Only(left))
        }
    }
}
