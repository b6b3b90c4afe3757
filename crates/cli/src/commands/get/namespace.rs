//! Namespaces in lists.

use model::NamespaceId;
use plan::{Fleet, Namespace};
use serde_json::Value;

use super::values::{Shape, cell, expression_cell, labels_cell, pairs};
use crate::present::listing::{Column, Item, column, wide};

/// A namespace of a fleet.
pub(crate) struct NamespaceItem<'a> {
    fleet: &'a Fleet,
    id: NamespaceId,
    /// The namespace.
    pub(crate) namespace: &'a Namespace,
}

impl<'a> NamespaceItem<'a> {
    /// Every namespace, in order.
    pub(crate) fn all(fleet: &'a Fleet) -> impl Iterator<Item = Self> {
        let namespaces = fleet.namespaces.iter().enumerate();
        namespaces.map(move |(index, namespace)| Self {
            fleet,
            id: NamespaceId(index as u32),
            namespace,
        })
    }

    fn applications(&self) -> Vec<&'a str> {
        let here = self.fleet.applications.iter().filter(|one| one.namespace == self.id);
        here.map(|application| application.name.as_str()).collect()
    }
}

impl Item for NamespaceItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("CLUSTERS"),
        column("APPLICATIONS"),
        column("EXPRESSION"),
        wide("LABELS"),
        wide("DESCRIPTION"),
    ];

    fn reference(&self) -> String {
        format!("namespace/{}", self.namespace.name)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.namespace.document;
        vec![
            self.namespace.name.to_string(),
            self.namespace.clusters.len().to_string(),
            self.applications().len().to_string(),
            expression_cell(document.clusters.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        let document = &self.namespace.document;
        Shape::new("Namespace", self.namespace.name.as_str())
            .labels(&document.metadata.labels)
            .scalar("description", document.description.as_ref())
            .expression("clusters", document.clusters.as_ref())
            .spec("values", pairs(&document.values))
            .spec("capacity", pairs(&document.capacity))
            .status("clusters", self.namespace.clusters.len())
            .status("applications", self.applications())
            .build()
    }
}
