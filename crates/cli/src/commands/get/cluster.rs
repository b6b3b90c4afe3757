//! Clusters in lists.

use model::{ClusterId, ClusterSet};
use plan::Cluster;
use plan::documents::{DocumentId, Row};
use schema::Kind;
use serde_json::Value;

use super::values::{cell, document, labels_cell, row};
use crate::present::listing::{Column, Item, column, wide};
use crate::source::Checked;

/// A cluster of a fleet.
pub(crate) struct ClusterItem<'a> {
    checked: &'a Checked,
    /// Its position.
    pub(crate) id: ClusterId,
    /// The cluster.
    pub(crate) cluster: &'a Cluster,
}

impl<'a> ClusterItem<'a> {
    /// Every cluster, in order.
    pub(crate) fn all(checked: &'a Checked) -> impl Iterator<Item = Self> {
        let clusters = checked.fleet.clusters.iter().enumerate();
        clusters.map(move |(index, cluster)| Self { checked, id: ClusterId(index as u32), cluster })
    }

    /// The set of this cluster alone.
    pub(crate) fn itself(&self) -> ClusterSet {
        [self.id].into_iter().collect()
    }

    fn groups(&self) -> Vec<String> {
        self.cluster.document.groups.iter().map(|group| group.value.to_string()).collect()
    }

    fn id(&self) -> DocumentId {
        DocumentId { kind: Kind::Cluster, index: self.id.0 }
    }

    /// What a query asks of it.
    pub(crate) fn row(&self) -> Row<'a> {
        row(self.checked, self.id())
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
            self.checked.fleet.applications_on(self.id).count().to_string(),
            self.checked.fleet.namespaces_on(self.id).count().to_string(),
            cell(document.time_zone.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        document(self.checked, self.id())
    }
}
