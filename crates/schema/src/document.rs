//! The documents as types, each value with its place.
//!
//! A document that was read is well formed by itself: known fields, right types, valid names.
//! What it refers to is looked up by the room `plan`.

use std::sync::Arc;
use std::time::Duration;

use model::{
    ApplicationName, ClusterName, Delivery, FleetUid, GroupPath, NamespaceName, Scalar, Span,
};

pub use model::{Cover, Kind, Subject, Verb};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// One document of the inventory or the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// The settings, in `fleet.yaml`.
    Fleet(FleetDocument),
    /// A cluster; shared, since there are very many that rarely change.
    Cluster(Arc<ClusterDocument>),
    /// A group of clusters.
    Group(GroupDocument),
    /// A namespace.
    Namespace(NamespaceDocument),
    /// An application.
    Application(ApplicationDocument),
    /// A role.
    Role(RoleDocument),
}

/// A key with its value, in the order of the file. Keys are unique.
pub type Pairs = Vec<(Spanned<Box<str>>, Spanned<Scalar>)>;

/// Declared label keys with the values that each may have, or nothing for `any`.
pub type Vocabulary = Vec<(Spanned<Box<str>>, Option<Vec<Spanned<Box<str>>>>)>;

/// An expression of the language of clusters, as text; `plan` parses it.
pub type ExpressionText = Spanned<Box<str>>;

/// `kind: Fleet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetDocument {
    /// `metadata.name`.
    pub name: Spanned<Box<str>>,
    /// `metadata.uid`.
    pub uid: Option<Spanned<FleetUid>>,
    /// `spec.engine`; 1 if absent.
    pub engine: u32,
    /// `spec.labels`: each declared label key with its values, or nothing for `any`.
    pub vocabulary: Option<Vocabulary>,
    /// `spec.values`.
    pub values: Pairs,
    /// `spec.layout`; manifests if absent.
    pub layout: LayoutDocument,
    /// `spec.delivery`; branches if absent.
    pub delivery: Spanned<Delivery>,
    /// `spec.budgets.deletions` in parts per million; 10,000 (1 %) if absent.
    pub deletion_budget_ppm: u32,
    /// `spec.maxHold`: for how long a site may hold back a release; 24 hours if absent.
    pub max_hold: Duration,
}

/// `spec.layout` of the Fleet document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutDocument {
    /// Final objects.
    Manifests,
    /// The template's files with Flux Kustomizations.
    Flux(FluxLayout),
}

/// `spec.layout.flux`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FluxLayout {
    /// The folder whose files go to every cluster's `flux-system/`.
    pub bootstrap: Option<Spanned<Box<str>>>,
    /// The name of the GitRepository; `flux-system` if absent.
    pub source: Box<str>,
    /// Write byte for byte as Res-Edge 0.20 did.
    pub compatibility_0_20: bool,
    /// Warn of what kubectl and kustomize read differently.
    pub lint: bool,
}

/// `metadata` of the other kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata<N> {
    /// `name`.
    pub name: Spanned<N>,
    /// `formerName`, or `formerPath` of a Group.
    pub former: Option<Spanned<N>>,
    /// `labels`; always strings.
    pub labels: Pairs,
    /// The whole document, for messages about it as such.
    pub span: Span,
}

/// `kind: Cluster`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDocument {
    /// `metadata`.
    pub metadata: Metadata<ClusterName>,
    /// `spec.description`.
    pub description: Option<Spanned<Scalar>>,
    /// `spec.groups`.
    pub groups: Vec<Spanned<GroupPath>>,
    /// `spec.timeZone`, an IANA name.
    pub time_zone: Option<Spanned<Scalar>>,
    /// `spec.values`.
    pub values: Pairs,
    /// `spec.capacity`: resource names with Kubernetes quantities.
    pub capacity: Pairs,
    /// `spec.agent.keys`: public keys in OpenSSH form.
    pub agent_keys: Vec<Spanned<Box<str>>>,
    /// `spec.decommission`: empty the cluster.
    pub decommission: bool,
}

/// `kind: Group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDocument {
    /// `metadata`; the name and `formerPath` as whole paths, made from `spec.parent`.
    pub metadata: Metadata<GroupPath>,
    /// `spec.description`.
    pub description: Option<Spanned<Scalar>>,
    /// `spec.parent`.
    pub parent: Option<Spanned<GroupPath>>,
    /// `spec.clusters`: more clusters by expression.
    pub clusters: Option<ExpressionText>,
    /// `spec.values`.
    pub values: Pairs,
}

/// Values for the clusters that an expression selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// `clusters`.
    pub clusters: ExpressionText,
    /// `values`.
    pub values: Pairs,
}

/// `kind: Namespace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceDocument {
    /// `metadata`.
    pub metadata: Metadata<NamespaceName>,
    /// `spec.description`.
    pub description: Option<Spanned<Scalar>>,
    /// `spec.clusters`; selects none if absent.
    pub clusters: Option<ExpressionText>,
    /// `spec.values`.
    pub values: Pairs,
    /// `spec.overrides`.
    pub overrides: Vec<Override>,
    /// `spec.capacity`.
    pub capacity: Pairs,
    /// `spec.allow`: what else its applications may render.
    pub allow: Vec<Spanned<Allow>>,
}

/// One entry of `spec.allow` of a Namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allow {
    /// The namespace, or nothing for a cluster-scoped kind.
    pub namespace: Option<Box<str>>,
    /// The kind.
    pub kind: Box<str>,
    /// The API group; empty for those of Kubernetes that are written without one.
    pub group: Box<str>,
}

/// `kind: Application`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationDocument {
    /// `metadata`.
    pub metadata: Metadata<ApplicationName>,
    /// `spec.description`.
    pub description: Option<Spanned<Scalar>>,
    /// `spec.namespace`.
    pub namespace: Spanned<NamespaceName>,
    /// `spec.template`: a folder of the source, without a slash at the end.
    pub template: Spanned<Box<str>>,
    /// `spec.version`: pins an overlay.
    pub version: Option<Spanned<Box<str>>>,
    /// `spec.owner`.
    pub owner: Option<Spanned<Scalar>>,
    /// `spec.clusters`: narrows the namespace's.
    pub clusters: Option<ExpressionText>,
    /// `spec.values`.
    pub values: Pairs,
    /// `spec.overrides`.
    pub overrides: Vec<Override>,
    /// `spec.dependsOn`.
    pub depends_on: Vec<Spanned<ApplicationName>>,
}

/// `kind: Role`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDocument {
    /// `metadata`.
    pub metadata: Metadata<Box<str>>,
    /// `spec.subjects`.
    pub subjects: Vec<Spanned<Subject>>,
    /// `spec.rules`.
    pub rules: Vec<Rule>,
    /// `spec.approvals.count`.
    pub approvals: u32,
    /// `spec.approvals.notAuthor`.
    pub not_author: bool,
}

/// One rule of a Role. A rule that names no groups or no namespaces covers none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `verbs`.
    pub verbs: Vec<Verb>,
    /// `kinds`.
    pub kinds: Vec<Kind>,
    /// `groups`: subtrees of the hierarchy.
    pub groups: Cover<Spanned<GroupPath>>,
    /// `namespaces`.
    pub namespaces: Cover<Spanned<NamespaceName>>,
}
