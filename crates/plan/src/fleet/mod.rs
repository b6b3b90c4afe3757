//! The validated inventory and policies of one source.

use model::{
    ApplicationId, ApplicationName, ClusterId, ClusterName, ClusterSet, Delivery, FleetUid,
    GroupPath, NamespaceId, NamespaceName, Span,
};
use schema::document::{
    Allow, ApplicationDocument, ClusterDocument, GroupDocument, LayoutDocument, NamespaceDocument,
    RoleDocument,
};

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
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The namespaces.
    pub namespaces: Vec<Namespace>,
    /// The applications.
    pub applications: Vec<Application>,
    /// The roles.
    pub roles: Vec<RoleDocument>,
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
    pub document: ClusterDocument,
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
    /// What set it: `fleet`, `group /stores/central`, `cluster x`, `application y`, `override 2`,
    /// `label`, `field`.
    pub by: String,
    /// Where it is written, if it is.
    pub span: Option<Span>,
    /// The value.
    pub value: ValueId,
}
