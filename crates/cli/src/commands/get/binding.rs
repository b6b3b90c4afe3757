//! Bindings in lists: one application on one cluster each.

use model::{ApplicationId, ClusterId};
use plan::documents::{Binding, Row};
use plan::{Application, Cluster, Fleet};
use serde_json::Value;

use super::values::cell;
use crate::present::listing::{Column, Item, column, wide};

/// A binding of a fleet.
pub(crate) struct BindingItem<'a> {
    fleet: &'a Fleet,
    position: ApplicationId,
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
            let here = fleet.applications.iter().enumerate();
            let here = here.filter(move |(_, one)| one.clusters.contains(id));
            here.map(move |(index, application)| {
                let position = ApplicationId(index as u32);
                Self { fleet, position, id, cluster, application }
            })
        })
    }

    /// What a query asks of it.
    pub(crate) fn row(&self) -> Row<'a> {
        Row::Binding(Binding {
            fleet: self.fleet,
            application: self.position,
            cluster: self.id,
            state: None,
            released: None,
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
        Value::Object(plan::documents::binding_json(self.fleet, self.position, self.id))
    }
}
