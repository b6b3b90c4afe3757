//! Applications in lists.

use plan::Application;
use plan::documents::{DocumentId, Row};
use schema::Kind;
use serde_json::Value;

use super::values::{cell, document, expression_cell, labels_cell, row};
use crate::present::listing::{Column, Item, column, wide};
use crate::source::Checked;

/// An application of a fleet.
pub(crate) struct ApplicationItem<'a> {
    checked: &'a Checked,
    index: u32,
    /// The application.
    pub(crate) application: &'a Application,
}

impl<'a> ApplicationItem<'a> {
    /// Every application, in order.
    pub(crate) fn all(checked: &'a Checked) -> impl Iterator<Item = Self> {
        let applications = checked.fleet.applications.iter().enumerate();
        applications.map(move |(index, application)| {
            let index = index as u32;
            Self { checked, index, application }
        })
    }

    fn id(&self) -> DocumentId {
        DocumentId { kind: Kind::Application, index: self.index }
    }

    /// What a query asks of it.
    pub(crate) fn row(&self) -> Row<'a> {
        row(self.checked, self.id())
    }

    fn dependencies(&self) -> Vec<&'a str> {
        let names = &self.checked.fleet.applications;
        let ids = self.application.depends_on.iter();
        ids.map(|id| names[id.0 as usize].name.as_str()).collect()
    }
}

impl Item for ApplicationItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("NAMESPACE"),
        column("CLUSTERS"),
        column("TEMPLATE"),
        wide("VERSION"),
        wide("OWNER"),
        wide("EXPRESSION"),
        wide("DEPENDS ON"),
        wide("LABELS"),
        wide("DESCRIPTION"),
    ];

    fn reference(&self) -> String {
        format!("application/{}", self.application.name)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.application.document;
        vec![
            self.application.name.to_string(),
            document.namespace.value.to_string(),
            self.application.clusters.len().to_string(),
            document.template.value.to_string(),
            document.version.as_ref().map(|version| version.value.to_string()).unwrap_or_default(),
            cell(document.owner.as_ref()),
            expression_cell(document.clusters.as_ref()),
            self.dependencies().join(","),
            labels_cell(&document.metadata.labels),
            cell(document.description.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        document(self.checked, self.id())
    }
}
