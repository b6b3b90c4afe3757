//! Clusters in lists.

use model::{ClusterId, ClusterSet};
use plan::{Cluster, Fleet};
use serde_json::Value;

use super::values::{Shape, cell, labels_cell, pairs};
use crate::present::listing::{Column, Item, column, wide};

/// A cluster of a fleet.
pub(crate) struct ClusterItem<'a> {
    fleet: &'a Fleet,
    /// Its position.
    pub(crate) id: ClusterId,
    /// The cluster.
    pub(crate) cluster: &'a Cluster,
}

impl<'a> ClusterItem<'a> {
    /// Every cluster, in order.
    pub(crate) fn all(fleet: &'a Fleet) -> impl Iterator<Item = Self> {
        let clusters = fleet.clusters.iter().enumerate();
        clusters.map(move |(index, cluster)| Self { fleet, id: ClusterId(index as u32), cluster })
    }

    /// The set of this cluster alone.
    pub(crate) fn itself(&self) -> ClusterSet {
        [self.id].into_iter().collect()
    }

    fn groups(&self) -> Vec<String> {
        self.cluster.document.groups.iter().map(|group| group.value.to_string()).collect()
    }

    fn applications(&self) -> Vec<&'a str> {
        let here = self.fleet.applications.iter().filter(|one| one.clusters.contains(self.id));
        here.map(|application| application.name.as_str()).collect()
    }

    fn namespaces(&self) -> Vec<&'a str> {
        let here = self.fleet.namespaces.iter().filter(|one| one.clusters.contains(self.id));
        here.map(|namespace| namespace.name.as_str()).collect()
    }
}

impl Item for ClusterItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("GROUPS"),
        column("APPLICATIONS"),
        wide("NAMESPACES"),
        wide("TIME ZONE"),
        wide("LABELS"),
        wide("DESCRIPTION"),
    ];

    fn reference(&self) -> String {
        format!("cluster/{}", self.cluster.name)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.cluster.document;
        vec![
            self.cluster.name.to_string(),
            self.groups().join(","),
            self.applications().len().to_string(),
            self.namespaces().len().to_string(),
            cell(document.time_zone.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        let document = &self.cluster.document;
        let shape = Shape::new("Cluster", self.cluster.name.as_str())
            .labels(&document.metadata.labels)
            .scalar("description", document.description.as_ref())
            .spec("groups", self.groups())
            .scalar("timeZone", document.time_zone.as_ref())
            .spec("values", pairs(&document.values))
            .spec("capacity", pairs(&document.capacity));
        let shape = if document.decommission { shape.spec("decommission", true) } else { shape };
        shape
            .status("namespaces", self.namespaces())
            .status("applications", self.applications())
            .build()
    }
}
