//! Namespaces in lists.

use model::NamespaceId;
use plan::Namespace;
use plan::documents::{DocumentId, Row};
use schema::Kind;
use serde_json::Value;

use super::values::{cell, document, expression_cell, labels_cell, row};
use crate::present::listing::{Column, Item, column, wide};
use crate::source::Checked;

/// A namespace of a fleet.
pub(crate) struct NamespaceItem<'a> {
    checked: &'a Checked,
    id: NamespaceId,
    /// The namespace.
    pub(crate) namespace: &'a Namespace,
}

impl<'a> NamespaceItem<'a> {
    /// Every namespace, in order.
    pub(crate) fn all(checked: &'a Checked) -> impl Iterator<Item = Self> {
        let namespaces = checked.fleet.namespaces.iter().enumerate();
        namespaces.map(move |(index, namespace)| Self {
            checked,
            id: NamespaceId(index as u32),
            namespace,
        })
    }

    fn id(&self) -> DocumentId {
        DocumentId { kind: Kind::Namespace, index: self.id.0 }
    }

    /// What a query asks of it.
    pub(crate) fn row(&self) -> Row<'a> {
        row(self.checked, self.id())
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
            self.checked.fleet.applications_of(self.id).count().to_string(),
            expression_cell(document.clusters.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        document(self.checked, self.id())
    }
}
