//! What someone sees of a fleet, or may operate there, as sets made once.
//!
//! A list of 30,000 clusters is filtered by an intersection, never by as many questions.

use model::{ClusterSet, Cover, GroupPath, Kind, NamespaceName, Policies, RoleRule, Verb};

use super::cover::{Covering, Places};
use super::rights::rights;
use super::{PLACING, Person};

/// Where someone has a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    rules: Vec<(RoleRule, ClusterSet)>,
    clusters: ClusterSet,
}

/// Where a person has a verb, on whatever.
#[must_use]
pub fn visible(policies: &Policies, person: &Person, verb: Verb) -> Sight {
    let places = Places::of_fleet(policies);
    let rights = rights(&places, policies, person);
    let of_verb = rights.into_iter().filter(|right| right.is_for(verb, &Kind::ALL));
    let rules = of_verb.map(|right| right.covering).filter(|one| !one.rule.is_void());
    let rules: Vec<(RoleRule, ClusterSet)> =
        rules.map(|Covering { rule, clusters }| (rule.into_owned(), clusters)).collect();
    let mut clusters = ClusterSet::none(policies.clusters.len());
    let of_clusters = rules.iter().filter(|(rule, _)| rule.kinds.contains(&Kind::Cluster));
    of_clusters.for_each(|(_, set)| clusters.unite(set));
    Sight { rules, clusters }
}

impl Sight {
    /// The clusters as such: their documents and their status.
    #[must_use]
    pub fn clusters(&self) -> &ClusterSet {
        &self.clusters
    }

    /// What a namespace has on clusters, applications too; without a name, what belongs to none.
    #[must_use]
    pub fn cells(&self, namespace: Option<&NamespaceName>) -> ClusterSet {
        let mut clusters = ClusterSet::default();
        let placing = self.rules.iter().filter(|(rule, _)| {
            rule.kinds.iter().any(|kind| PLACING.contains(kind)) && rule.covers_namespace(namespace)
        });
        placing.for_each(|(_, set)| clusters.unite(set));
        clusters
    }

    /// The group of a path.
    #[must_use]
    pub fn group(&self, path: &GroupPath) -> bool {
        self.of(Kind::Group).any(|rule| rule.covers_group(path.as_str()))
    }

    /// A namespace's document, or that of an application in it.
    #[must_use]
    pub fn document(&self, kind: Kind, namespace: &NamespaceName) -> bool {
        self.of(kind).any(|rule| rule.covers_namespace(Some(namespace)))
    }

    /// The settings of the fleet, or the Roles.
    #[must_use]
    pub fn policies(&self, kind: Kind) -> bool {
        self.of(kind).next().is_some()
    }

    /// Whether it is everything of a kind.
    #[must_use]
    pub fn is_whole(&self, kind: Kind) -> bool {
        let all =
            |rule: &RoleRule| matches!((&rule.groups, &rule.namespaces), (Cover::All, Cover::All));
        self.of(kind).any(all)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &RoleRule> {
        self.rules.iter().map(|(rule, _)| rule).filter(move |rule| rule.kinds.contains(&kind))
    }
}
