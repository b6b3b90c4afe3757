//! Applications in lists.

use plan::{Application, Fleet};
use serde_json::Value;

use super::values::{Shape, cell, expression_cell, labels_cell, pairs};
use crate::present::listing::{Column, Item, column, wide};

/// An application of a fleet.
pub(crate) struct ApplicationItem<'a> {
    fleet: &'a Fleet,
    /// The application.
    pub(crate) application: &'a Application,
}

impl<'a> ApplicationItem<'a> {
    /// Every application, in order.
    pub(crate) fn all(fleet: &'a Fleet) -> impl Iterator<Item = Self> {
        fleet.applications.iter().map(move |application| Self { fleet, application })
    }

    fn dependencies(&self) -> Vec<&'a str> {
        let names = &self.fleet.applications;
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
        let document = &self.application.document;
        Shape::new("Application", self.application.name.as_str())
            .labels(&document.metadata.labels)
            .scalar("description", document.description.as_ref())
            .spec("namespace", document.namespace.value.as_str())
            .spec("template", &*document.template.value)
            .spec("version", document.version.as_ref().map(|version| version.value.to_string()))
            .scalar("owner", document.owner.as_ref())
            .expression("clusters", document.clusters.as_ref())
            .spec("values", pairs(&document.values))
            .spec("dependsOn", self.dependencies())
            .status("clusters", self.application.clusters.len())
            .build()
    }
}
