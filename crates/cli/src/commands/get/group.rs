//! Groups in lists.

use plan::Group;
use serde_json::Value;

use super::values::{Shape, cell, expression_cell, labels_cell, pairs};
use crate::present::listing::{Column, Item, column, wide};

/// A group of a fleet.
pub(crate) struct GroupItem<'a>(pub(crate) &'a Group);

impl Item for GroupItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("PATH"),
        column("CLUSTERS"),
        wide("EXPRESSION"),
        wide("LABELS"),
        wide("DESCRIPTION"),
    ];

    fn reference(&self) -> String {
        format!("group{}", self.0.path)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.0.document;
        vec![
            self.0.path.to_string(),
            self.0.clusters.len().to_string(),
            expression_cell(document.clusters.as_ref()),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        let document = &self.0.document;
        let path = self.0.path.as_str();
        let name = path.rsplit('/').next().unwrap_or(path);
        Shape::new("Group", name)
            .labels(&document.metadata.labels)
            .scalar("description", document.description.as_ref())
            .spec("parent", self.0.path.parent())
            .expression("clusters", document.clusters.as_ref())
            .spec("values", pairs(&document.values))
            .status("path", path)
            .status("clusters", self.0.clusters.len())
            .build()
    }
}
