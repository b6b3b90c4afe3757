//! Where what clusters run differs between two renders, application by application.
//!
//! Each cluster is looked at once, and one that both renders share is not looked into.

use std::sync::Arc;

use model::{
    ApplicationId, ApplicationName, Cell, ChangedCells, ClusterId, ClusterSet, Entry,
    NamespaceName, Rendered, RenderedCluster,
};

use super::Changes;
use super::meaning::Universe;
use crate::Fleet;

/// For each application or namespace of one side, where it differs.
struct Sides {
    base: Vec<ClusterSet>,
    head: Vec<ClusterSet>,
    /// For each one of the base, which of the head it is.
    same: Vec<Option<u32>>,
    /// Whether both sides count alike.
    aligned: bool,
}

impl Sides {
    fn new<K: PartialEq>(base: &[K], head: &[K], find: impl Fn(usize) -> Option<u32>) -> Self {
        Self {
            same: (0..base.len()).map(find).collect(),
            base: vec![ClusterSet::default(); base.len()],
            head: vec![ClusterSet::default(); head.len()],
            aligned: base == head,
        }
    }

    /// Walks what a cluster has of both sides, in order, and notes where they differ.
    fn walk<T: PartialEq>(&mut self, id: ClusterId, base: &[(u32, &T)], head: &[(u32, &T)]) {
        let mut after = head.iter().peekable();
        for (index, old) in base {
            let Some(same) = self.same[*index as usize] else {
                self.base[*index as usize].insert(id);
                continue;
            };
            while let Some((come, _)) = after.next_if(|(next, _)| *next < same) {
                self.head[*come as usize].insert(id);
            }
            let found = after.next_if(|(next, _)| *next == same);
            if found.is_none_or(|(_, new)| new != old) {
                self.head[same as usize].insert(id);
            }
        }
        after.for_each(|(come, _)| self.head[*come as usize].insert(id));
    }
}

/// Where two renders differ.
pub(super) struct Difference {
    applications: Sides,
    namespaces: Sides,
    bootstrap: ClusterSet,
}

impl Difference {
    pub(super) fn new(
        changes: &Changes<'_>,
        universe: &Universe,
        (before, after): (&Rendered, &Rendered),
    ) -> Self {
        let (base, head) = (changes.base.fleet, changes.head.fleet);
        let mut difference = Self {
            applications: applications(base, head),
            namespaces: namespaces(base, head),
            bootstrap: ClusterSet::default(),
        };
        for (index, cluster) in after.clusters.iter().enumerate() {
            let former = changes.former[index].map(|former| &before.clusters[former.index()]);
            difference.cluster(universe.of_head(ClusterId(index as u32)), former, Some(cluster));
        }
        for (index, cluster) in before.clusters.iter().enumerate() {
            if changes.present[index].is_none() {
                difference.cluster(ClusterId(index as u32), Some(cluster), None);
            }
        }
        difference
    }

    fn cluster(
        &mut self,
        id: ClusterId,
        base: Option<&Arc<RenderedCluster>>,
        head: Option<&Arc<RenderedCluster>>,
    ) {
        if let (Some(base), Some(head)) = (base, head)
            && self.applications.aligned
            && self.namespaces.aligned
            && Arc::ptr_eq(base, head)
        {
            return;
        }
        fn cells(side: Option<&Arc<RenderedCluster>>) -> Vec<(u32, &Cell)> {
            let cells = side.into_iter().flat_map(|cluster| &cluster.cells);
            cells.map(|(id, cell)| (id.0, cell)).collect()
        }
        fn places(side: Option<&Arc<RenderedCluster>>) -> Vec<(u32, &())> {
            let namespaces = side.into_iter().flat_map(|cluster| &cluster.namespaces);
            namespaces.map(|id| (id.0, &())).collect()
        }
        self.applications.walk(id, &cells(base), &cells(head));
        self.namespaces.walk(id, &places(base), &places(head));
        /// What cannot be rendered is nothing, and no bootstrap is an empty one.
        fn entries(side: Option<&Arc<RenderedCluster>>) -> Option<&[Entry]> {
            side.map_or(Some(&[]), |cluster| cluster.bootstrap.as_deref().ok())
        }
        if entries(base) != entries(head) {
            self.bootstrap.insert(id);
        }
    }

    /// Where cells that only the base's application has are.
    pub(super) fn gone(&self, application: usize) -> &ClusterSet {
        &self.applications.base[application]
    }

    /// Where the cells of an application of the head differ.
    pub(super) fn of_head(&self, application: usize) -> &ClusterSet {
        &self.applications.head[application]
    }

    /// Everything that differs somewhere.
    pub(super) fn cells(&self, base: &Fleet, head: &Fleet) -> Vec<ChangedCells> {
        let mut cells = Vec::new();
        let mut add = |namespace: Option<&NamespaceName>,
                       application: Option<&ApplicationName>,
                       clusters: &ClusterSet| {
            if !clusters.is_empty() {
                let (namespace, application) = (namespace.cloned(), application.cloned());
                cells.push(ChangedCells { namespace, application, clusters: clusters.clone() });
            }
        };
        let sides = [(base, &self.applications.base), (head, &self.applications.head)];
        for (fleet, sets) in sides {
            for (application, clusters) in fleet.applications.iter().zip(sets) {
                let namespace = &fleet.namespaces[application.namespace.0 as usize].name;
                add(Some(namespace), Some(&application.name), clusters);
            }
        }
        let sides = [(base, &self.namespaces.base), (head, &self.namespaces.head)];
        for (fleet, sets) in sides {
            for (namespace, clusters) in fleet.namespaces.iter().zip(sets) {
                add(Some(&namespace.name), None, clusters);
            }
        }
        add(None, None, &self.bootstrap);
        cells
    }
}

/// An application of another name or in another namespace is another one: what it had goes, and
/// what it has comes.
fn applications(base: &Fleet, head: &Fleet) -> Sides {
    fn name(fleet: &Fleet, index: usize) -> (&ApplicationName, &NamespaceName) {
        let application = &fleet.applications[index];
        (&application.name, &fleet.namespaces[application.namespace.0 as usize].name)
    }
    fn names(fleet: &Fleet) -> Vec<(&ApplicationName, &NamespaceName)> {
        (0..fleet.applications.len()).map(|index| name(fleet, index)).collect()
    }
    Sides::new(&names(base), &names(head), |index| {
        let ApplicationId(same) = head.application_id(name(base, index).0.as_str())?;
        (name(head, same as usize) == name(base, index)).then_some(same)
    })
}

fn namespaces(base: &Fleet, head: &Fleet) -> Sides {
    fn names(fleet: &Fleet) -> Vec<&NamespaceName> {
        fleet.namespaces.iter().map(|namespace| &namespace.name).collect()
    }
    Sides::new(&names(base), &names(head), |index| {
        head.namespace_id(base.namespaces[index].name.as_str()).map(|id| id.0)
    })
}
