//! What a change means: everything that differs in the fleet, wherever it is written.
//!
//! Clusters are those of the fleet before the change, by their ids there, and after them those
//! that the change brings: a cluster that is renamed is the same cluster.

use crate::{ApplicationName, ClusterName, ClusterSet, GroupPath, Kind, NamespaceName, Role};

/// What differs between the fleet before a change and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// The clusters that come, which have the ids after those of the fleet before.
    pub newcomers: Vec<ClusterName>,
    /// For each group that has clusters that come, these; in the order of paths.
    pub newcomers_in: Vec<(GroupPath, ClusterSet)>,
    /// Whether the Fleet document differs, or the bootstrap folder that it names.
    pub settings: bool,
    /// The clusters whose document comes, goes, or differs.
    pub clusters: ClusterSet,
    /// The groups whose document comes, goes, or differs. One that moves is at both paths.
    pub groups: Vec<GroupPath>,
    /// Clusters that join or leave groups: by being listed, or by an expression; groups above
    /// them are not told again.
    pub memberships: Vec<(GroupPath, ClusterSet)>,
    /// The namespaces whose document comes, goes, or differs.
    pub namespaces: Vec<NamespaceName>,
    /// What applications of a namespace may render from now on besides their own.
    pub allowances: Vec<Allowance>,
    /// The applications whose document or template comes, goes, or differs.
    pub applications: Vec<ChangedApplication>,
    /// Former names that are claimed from now on, and that nothing had before the change.
    pub claims: Vec<Claim>,
    /// What differs in what clusters run.
    pub cells: Vec<ChangedCells>,
    /// The Roles that come, go, or differ.
    pub roles: Vec<ChangedRole>,
    /// Where files differ, whether or not that means anything.
    pub files: ChangedFiles,
}

/// An entry of `allow` of a namespace, on clusters where it did not hold before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose applications may.
    pub namespace: NamespaceName,
    /// What they may render, as it is written.
    pub entry: String,
    /// The namespace in which; nothing for objects of the whole cluster, and for a namespace that
    /// no document can have.
    pub within: Option<NamespaceName>,
    /// Where.
    pub clusters: ClusterSet,
}

/// An application whose document or template differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedApplication {
    /// Its name.
    pub name: ApplicationName,
    /// Its namespace, before and after if it differs, each with the clusters where cells of the
    /// application come, go, differ or are broken there.
    pub places: Vec<(NamespaceName, ClusterSet)>,
}

/// A former name that nothing has before the change, so that nobody can tell whose it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The kind of the document that claims it.
    pub kind: Kind,
    /// The name, or the path of a group.
    pub former: Box<str>,
}

/// A part of what clusters run that comes, goes, or differs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCells {
    /// The namespace; nothing for what belongs to none, as `flux-system/`.
    pub namespace: Option<NamespaceName>,
    /// The application; nothing for the namespace itself, and for what belongs to none.
    pub application: Option<ApplicationName>,
    /// Where.
    pub clusters: ClusterSet,
}

/// A Role that comes, goes, or differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRole {
    /// Before the change.
    pub before: Option<Role>,
    /// After it.
    pub after: Option<Role>,
}

/// Which parts of a source have files that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangedFiles {
    /// `fleet.yaml`.
    pub settings: bool,
    /// `inventory/`.
    pub inventory: bool,
    /// `policies/`.
    pub policies: bool,
    /// Templates that no application uses, before or after.
    pub unused_templates: bool,
    /// Files outside of the source, which the repository holds besides it. Whoever reads the
    /// repository sets it; a source does not know.
    pub others: bool,
}
