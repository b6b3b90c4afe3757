//! Groups in lists.

use plan::Group;
use plan::documents::{DocumentId, Row};
use schema::Kind;
use serde_json::Value;

use super::values::{cell, document, expression_cell, labels_cell, row};
use crate::present::listing::{Column, Item, column, wide};
use crate::source::Checked;

/// A group of a fleet.
pub(crate) struct GroupItem<'a> {
    checked: &'a Checked,
    index: u32,
    /// The group.
    pub(crate) group: &'a Group,
}

impl<'a> GroupItem<'a> {
    /// Every group, in order.
    pub(crate) fn all(checked: &'a Checked) -> impl Iterator<Item = Self> {
        let groups = checked.fleet.groups.iter().enumerate();
        groups.map(move |(index, group)| Self { checked, index: index as u32, group })
    }

    fn id(&self) -> DocumentId {
        DocumentId { kind: Kind::Group, index: self.index }
    }

    /// What a query asks of it.
    pub(crate) fn row(&self) -> Row<'a> {
        row(self.checked, self.id())
    }
}

impl Item for GroupItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("PATH"),
        column("CLUSTERS"),
        wide("EXPRESSION"),
        wide("LABELS"),
        wide("DESCRIPTION"),
    ];

    fn reference(&self) -> String {
        format!("group{}", self.group.path)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.group.document;
        vec![
            self.group.path.to_string(),
            self.group.clusters.len().to_string(),
            expression_cell(document.clusters.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        document(self.checked, self.id())
    }
}
