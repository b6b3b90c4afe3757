//! Bindings in lists: one application on one cluster each.

use model::ClusterId;
use plan::{Application, Cluster, Fleet};
use serde_json::Value;

use super::values::{Shape, cell};
use crate::present::listing::{Column, Item, column, wide};

/// A binding of a fleet.
pub(crate) struct BindingItem<'a> {
    /// The position of its cluster.
    pub(crate) id: ClusterId,
    /// Its cluster.
    pub(crate) cluster: &'a Cluster,
    /// Its application.
    pub(crate) application: &'a Application,
}

impl<'a> BindingItem<'a> {
    /// Every binding, by cluster and then by application.
    pub(crate) fn all(fleet: &'a Fleet) -> impl Iterator<Item = Self> {
        fleet.clusters.iter().enumerate().flat_map(move |(index, cluster)| {
            let id = ClusterId(index as u32);
            let here = fleet.applications.iter().filter(move |one| one.clusters.contains(id));
            here.map(move |application| Self { id, cluster, application })
        })
    }
}

impl Item for BindingItem<'_> {
    const COLUMNS: &'static [Column] = &[
        column("CLUSTER"),
        column("APPLICATION"),
        column("NAMESPACE"),
        wide("TEMPLATE"),
        wide("OWNER"),
    ];

    fn reference(&self) -> String {
        format!("binding/{}/{}", self.cluster.name, self.application.name)
    }

    fn cells(&self) -> Vec<String> {
        let document = &self.application.document;
        vec![
            self.cluster.name.to_string(),
            self.application.name.to_string(),
            document.namespace.value.to_string(),
            document.template.value.to_string(),
            cell(document.owner.as_ref()),
        ]
    }

    fn document(&self) -> Value {
        let name = format!("{}.{}", self.application.name, self.cluster.name);
        let document = &self.application.document;
        Shape::new("Binding", &name)
            .spec("cluster", self.cluster.name.as_str())
            .spec("application", self.application.name.as_str())
            .spec("namespace", document.namespace.value.as_str())
            .spec("template", &*document.template.value)
            .build()
    }
}
