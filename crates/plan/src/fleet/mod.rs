//! The validated inventory and policies of one source.
//!
//! In: the documents of a source, in any order ([`assemble()`]). Out: a [`Fleet`], in which every
//! reference leads somewhere and every expression was evaluated, or all mistakes at once. An
//! inventory is accepted whole or not at all. What templates need of it are the sets of clusters
//! and the values (see [`crate::values`]). Nothing here looks at templates or overlays.

mod assemble;
pub mod codes;
mod graph;
mod hierarchy;
mod inventory;
mod labels;
mod patch;
mod placement;
mod references;
mod selectors;

pub use assemble::assemble;
pub(crate) use inventory::Inventory;
pub(crate) use patch::patch;
pub(crate) use selectors::{Selector, Selectors};

use std::sync::Arc;
use std::time::Duration;

use model::{
    ApplicationId, ApplicationName, ClusterId, ClusterName, ClusterSet, Delivery, Diagnostic,
    FleetUid, GroupPath, NamespaceId, NamespaceName, Span,
};
use schema::document::{
    Allow, ApplicationDocument, ClusterDocument, FleetDocument, GroupDocument, LayoutDocument,
    NamespaceDocument, RoleDocument,
};

use self::selectors::{UnmatchedValues, understand};
use crate::expression::{ClusterKeys, Findings, Names, Sets, evaluate};
use crate::values::Values;

/// A fleet in which every reference leads somewhere and every expression was evaluated.
///
/// Clusters, groups, namespaces and applications are in the order of their names (groups: of
/// their paths); their ids are positions here.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// `metadata.name`.
    pub name: Box<str>,
    /// The identity.
    pub uid: FleetUid,
    /// Which engine's bytes the source pins.
    pub engine: u32,
    /// What is written for a cluster.
    pub layout: LayoutDocument,
    /// How clusters read it.
    pub delivery: Delivery,
    /// How many bindings may vanish in 24 hours without a person, in parts per million.
    pub deletion_budget_ppm: u32,
    /// For how long the people at a site may hold back a release.
    pub max_hold: Duration,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// The groups.
    pub groups: Arc<[Group]>,
    /// The namespaces.
    pub namespaces: Arc<[Namespace]>,
    /// The applications.
    pub applications: Arc<[Application]>,
    /// The roles, in the order of their names.
    pub roles: Vec<RoleDocument>,
    /// The clusters that say `decommission: true`; no namespace and no application has them.
    pub decommissioned: ClusterSet,
    /// Expressions that select nothing without being the literal `none`: what to call them, as
    /// in `namespace imdb`, `application web` or `group /stores`.
    pub empty_expressions: Vec<String>,
    tables: Arc<Tables>,
}

/// What a fleet knows besides its documents and sets.
#[derive(Debug)]
pub(crate) struct Tables {
    /// `fleet.yaml`.
    pub(crate) document: FleetDocument,
    pub(crate) names: Names,
    pub(crate) selectors: Arc<Selectors>,
    unmatched: Arc<UnmatchedValues>,
    /// The clusters of each override of each namespace.
    pub(crate) namespace_overrides: Arc<[Vec<ClusterSet>]>,
    /// The clusters of each override of each application.
    pub(crate) application_overrides: Arc<[Vec<ClusterSet>]>,
    pub(crate) values: Values,
}

impl Fleet {
    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The clusters that an expression selects: of an overlay, or of the command line. `at` is
    /// where the text stands, so that diagnostics point into it. There is no set where there is
    /// an error; warnings come with one.
    #[must_use]
    pub fn select(&self, text: &str, at: Span) -> (Option<ClusterSet>, Vec<Diagnostic>) {
        let mut findings = Findings::default();
        let selector = understand(text, at, &self.tables.names, &mut findings);
        let clusters = selector.map(|selector| {
            self.tables.unmatched.check(&selector.resolved, &mut findings);
            evaluate(&selector.resolved, self)
        });
        let clusters = clusters.filter(|_| !findings.has_errors());
        (clusters, findings.diagnostics)
    }

    /// Whether another fleet has clusters of the same names.
    #[must_use]
    pub fn same_clusters(&self, other: &Self) -> bool {
        self.tables.names.clusters == other.tables.names.clusters
    }

    /// Whether values have the same ids in another fleet.
    pub(crate) fn shares_values(&self, other: &Self) -> bool {
        self.tables.values.shares_ids(&other.tables.values)
    }

    /// The clusters that have another former name in a fleet of the same clusters.
    pub(crate) fn renamed(&self, other: &Self) -> ClusterSet {
        let former = |cluster: &Cluster| {
            cluster.document.metadata.former.as_ref().map(|former| former.value.clone())
        };
        let pairs = self.clusters.iter().zip(&other.clusters).enumerate();
        let differs = |(_, (old, new)): &(usize, (&Cluster, &Cluster))| former(old) != former(new);
        pairs.filter(differs).map(|(index, _)| ClusterId(index as u32)).collect()
    }

    /// An expression, with its names looked up in this fleet; nothing if it has mistakes here.
    pub(crate) fn understand(&self, text: &str, at: Span) -> Option<Selector> {
        understand(text, at, &self.tables.names, &mut Findings::default())
    }

    /// The cluster of that name.
    #[must_use]
    pub fn cluster_id(&self, name: &str) -> Option<ClusterId> {
        self.tables.names.clusters.find(name).map(|index| ClusterId(index as u32))
    }

    /// The group of that path, present or former.
    #[must_use]
    pub fn group_id(&self, path: &str) -> Option<GroupId> {
        self.tables.names.groups.find(path).map(|(group, _)| group)
    }

    /// The namespace of that name.
    #[must_use]
    pub fn namespace_id(&self, name: &str) -> Option<NamespaceId> {
        self.tables.names.namespaces.find(name).map(|index| NamespaceId(index as u32))
    }

    /// The application of that name.
    #[must_use]
    pub fn application_id(&self, name: &str) -> Option<ApplicationId> {
        let index = self.applications.binary_search_by(|a| a.name.as_str().cmp(name)).ok()?;
        Some(ApplicationId(index as u32))
    }
}

impl Sets for Fleet {
    fn n_clusters(&self) -> usize {
        self.clusters.len()
    }

    fn keys(&self) -> &ClusterKeys {
        &self.tables.names.keys
    }

    fn group(&self, group: GroupId) -> &ClusterSet {
        &self.groups[group.0 as usize].clusters
    }

    fn namespace(&self, namespace: NamespaceId) -> &ClusterSet {
        &self.namespaces[namespace.0 as usize].clusters
    }
}

/// The position of a group in [`Fleet::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// A cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The name.
    pub name: ClusterName,
    /// The document.
    pub document: Arc<ClusterDocument>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// The path.
    pub path: GroupPath,
    /// The clusters of the group and of all groups below it.
    pub clusters: ClusterSet,
    /// The document.
    pub document: GroupDocument,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// The name.
    pub name: NamespaceName,
    /// The clusters that its expression selects.
    pub clusters: ClusterSet,
    /// What else its applications may render.
    pub allow: Vec<Allow>,
    /// The document.
    pub document: NamespaceDocument,
}

/// An application.
#[derive(Clone, Debug)]
pub struct Application {
    /// The name.
    pub name: ApplicationName,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// The clusters it runs on: its namespace's, narrowed by its own expression.
    pub clusters: ClusterSet,
    /// The applications it depends on, in the document's order.
    pub depends_on: Vec<ApplicationId>,
    /// The document.
    pub document: ApplicationDocument,
}

/// Whose keys a placeholder names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySpace {
    /// `rea.cluster.<key>`.
    Cluster,
    /// `rea.namespace.<key>`.
    Namespace,
    /// `rea.application.<key>`.
    Application,
}

/// A distinct value of the fleet; see [`Fleet::scalar`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// One key's value on every cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The same on all of them; nothing if the key does not exist.
    Same(Option<ValueId>),
    /// One for each cluster, by [`ClusterId`].
    Each(std::sync::Arc<[Option<ValueId>]>),
}

impl Column {
    /// The value on a cluster.
    #[must_use]
    pub fn get(&self, cluster: ClusterId) -> Option<ValueId> {
        match self {
            Self::Same(value) => *value,
            Self::Each(values) => values.get(cluster.index()).copied().flatten(),
        }
    }
}

/// Where a value was set, for `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What set it: `fleet`, `group /stores/central`, `cluster x`, `application y`, `override 2 of
    /// application y`, `label`, `field`.
    pub by: String,
    /// Where it is written, if it is.
    pub span: Option<Span>,
    /// The value.
    pub value: ValueId,
}
