//! What differs between the ledger and a render, without what is equal.
//!
//! Positions (`ledger`, `rendered`) point into the two values that were compared; an
//! [`ApplicationId`] is a position in the common table that [`Difference::application`] reads.

use std::collections::BTreeSet;

use model::{
    ApplicationId, ApplicationName, Fragment, Generation, NamespaceName, ObjectId, Rendered,
};

use crate::names::ApplicationTable;

/// What would change if a render became the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The clusters that are new and complete, or differ, in the order of their present names.
    pub clusters: Vec<ClusterDifference>,
    /// Clusters of the ledger whose document is gone: positions in the ledger.
    pub orphaned: Vec<usize>,
    /// New clusters whose first render is not complete: positions in the render.
    pub waiting: Vec<usize>,
    /// For each cluster of the render, its position in the ledger.
    pub(crate) matched: Vec<Option<usize>>,
    /// The applications of both sides.
    pub(crate) table: ApplicationTable,
    /// On how many clusters each of them runs.
    pub(crate) counts: Counts,
}

/// On how many clusters each application runs, before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// On how many the ledger runs it.
    pub(crate) before: Vec<u32>,
    /// On how many it would run.
    pub(crate) after: Vec<u32>,
}

/// What differs on one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDifference {
    /// The cluster of the ledger; nothing for a new one.
    pub ledger: Option<usize>,
    /// The cluster of the render.
    pub rendered: usize,
    /// Whether it has another name than in the ledger.
    pub renamed: bool,
    /// The cells that differ or are broken, in the order of applications. Empty for a new
    /// cluster: there every cell of the render is new.
    pub cells: Vec<CellDifference>,
    /// The Namespace documents that differ, in the order of names; empty for a new cluster.
    pub namespaces: Vec<NamespaceDifference>,
    /// The entries of `flux-system/` besides `listeners/`.
    pub bootstrap: BootstrapChange,
    /// Whether `kustomization-namespaces.yaml` differs.
    pub namespaces_listener: bool,
}

/// One cell that is not what the ledger says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellDifference {
    /// The application, as [`Difference::application`] names it.
    pub application: ApplicationId,
    /// The name it has on this cluster in the ledger, if its document was renamed.
    pub former: Option<ApplicationId>,
    /// What happens to the cell.
    pub change: CellChange,
}

/// What happens to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellChange {
    /// A binding that the ledger does not have.
    Added(Fragment),
    /// Another fragment, or another name.
    Changed {
        /// What the ledger says.
        old: Fragment,
        /// What is rendered.
        new: Fragment,
    },
    /// A binding that is proven to be gone.
    Removed {
        /// What the ledger says.
        old: Fragment,
        /// Whether the cluster runs the same application under its new name.
        renamed: bool,
    },
    /// The template or a value is broken: the cell keeps what it has.
    Broken {
        /// The position in [`Rendered::diagnostics`].
        diagnostic: u32,
        /// What the cell keeps; nothing if it never was released.
        kept: Option<Fragment>,
        /// Since when the ledger calls it stale.
        since: Option<Generation>,
    },
    /// A stale cell renders again, to exactly what it kept.
    Recovered,
}

/// One Namespace document of a cluster that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceDifference {
    /// The namespace.
    pub name: NamespaceName,
    /// What happens.
    pub change: NamespaceChange,
}

/// What happens to a Namespace document on a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceChange {
    /// The ledger does not have it.
    Added(ObjectId),
    /// It has another content.
    Changed {
        /// What the ledger says.
        old: ObjectId,
        /// What is rendered.
        new: ObjectId,
    },
    /// It is proven to be gone.
    Removed(ObjectId),
}

/// What happens to the bootstrap files of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootstrapChange {
    /// Nothing.
    Same,
    /// They differ.
    Changed,
    /// They are broken, and the cluster keeps what it has: the position in
    /// [`Rendered::diagnostics`].
    Broken(u32),
}

/// Two trees of one application on a cluster of which the second follows the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transition {
    /// What the ledger says.
    pub old: Option<ObjectId>,
    /// What is rendered.
    pub new: Option<ObjectId>,
}

impl Difference {
    /// The distinct transitions whose object changes the brakes must know.
    ///
    /// An added cell is only among them where something on its cluster may give up an object
    /// that it takes over.
    #[must_use]
    pub fn transitions(&self) -> Vec<Transition> {
        let mut distinct = BTreeSet::new();
        for cluster in self.clusters.iter().filter(|cluster| cluster.may_lose_objects()) {
            distinct.extend(cluster.transitions());
        }
        distinct.into_iter().collect()
    }

    /// The name of an application.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> &ApplicationName {
        &self.table.names[id.0 as usize]
    }

    /// How many bindings the ledger has.
    pub(crate) fn n_bindings_before(&self) -> u64 {
        self.counts.before.iter().map(|n| u64::from(*n)).sum()
    }

    /// On how many clusters the ledger runs an application, under its present or former name.
    pub(crate) fn n_clusters_before(&self, id: ApplicationId) -> u32 {
        self.family(id).map(|member| self.counts.before[member]).sum()
    }

    /// On how many clusters it would run, less those where it is held.
    pub(crate) fn n_clusters_after(&self, id: ApplicationId, held: &[u32]) -> u32 {
        self.family(id).map(|member| self.counts.after[member].saturating_sub(held[member])).sum()
    }

    /// An application and those that are its other names.
    fn family(&self, id: ApplicationId) -> impl Iterator<Item = usize> {
        let renamed_to = &self.table.renamed_to;
        let present = renamed_to[id.0 as usize].unwrap_or(id.0);
        let others = renamed_to.iter().enumerate();
        let others = others.filter(move |(_, to)| **to == Some(present)).map(|(index, _)| index);
        std::iter::once(present as usize).chain(others)
    }

    /// Every cell that cannot be rendered, with its cluster's position in the render.
    pub(crate) fn broken<'a>(
        &'a self,
        rendered: &'a Rendered,
    ) -> impl Iterator<Item = (usize, &'a CellDifference)> {
        debug_assert_eq!(self.matched.len(), rendered.clusters.len());
        self.clusters.iter().flat_map(|cluster| {
            let broken = |cell: &&CellDifference| matches!(cell.change, CellChange::Broken { .. });
            cluster.cells.iter().filter(broken).map(|cell| (cluster.rendered, cell))
        })
    }
}

impl ClusterDifference {
    /// Whether some object may vanish from the cluster, or move on it.
    pub(crate) fn may_lose_objects(&self) -> bool {
        let namespace_goes = self
            .namespaces
            .iter()
            .any(|namespace| matches!(namespace.change, NamespaceChange::Removed(_)));
        let gives = |cell: &CellDifference| {
            matches!(cell.change, CellChange::Changed { .. } | CellChange::Removed { .. })
        };
        namespace_goes || self.cells.iter().any(gives) || (self.keeps_broken() && self.takes())
    }

    /// Whether some broken cell keeps a tree.
    fn keeps_broken(&self) -> bool {
        let keeps =
            |cell: &CellDifference| matches!(cell.change, CellChange::Broken { kept: Some(_), .. });
        self.cells.iter().any(keeps)
    }

    /// Whether some part may take an object that another gives up.
    fn takes(&self) -> bool {
        let cell = |cell: &CellDifference| {
            matches!(cell.change, CellChange::Added(_) | CellChange::Changed { .. })
        };
        let namespace =
            |namespace: &NamespaceDifference| matches!(namespace.change, NamespaceChange::Added(_));
        self.cells.iter().any(cell) || self.namespaces.iter().any(namespace)
    }

    /// The transitions of its cells that may move objects.
    fn transitions(&self) -> impl Iterator<Item = Transition> {
        let takes = self.takes();
        let matters = move |cell: &&CellDifference| {
            takes || !matches!(cell.change, CellChange::Broken { .. })
        };
        self.cells.iter().filter(matters).filter_map(CellDifference::transition)
    }
}

impl CellDifference {
    /// The trees before and after, where they differ. A broken cell is asked for all objects of
    /// the tree that it keeps, so that no other cell takes one over.
    pub(crate) fn transition(&self) -> Option<Transition> {
        let (old, new) = match self.change {
            CellChange::Added(new) => (None, Some(new.tree)),
            CellChange::Changed { old, new } => (Some(old.tree), Some(new.tree)),
            CellChange::Removed { old, .. } => (Some(old.tree), None),
            CellChange::Broken { kept, .. } => (kept.map(|kept| kept.tree), None),
            CellChange::Recovered => (None, None),
        };
        (old != new).then_some(Transition { old, new })
    }
}
