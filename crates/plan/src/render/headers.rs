//! What stands in a cluster besides its applications: names, namespaces and their Kustomization.

use model::{ClusterId, NamespaceId, RenderedCluster};

use super::context::Context;
use crate::layout::flux::Listener;

/// Writes the heads of clusters.
pub(crate) struct Headers<'a> {
    context: &'a Context<'a>,
    listener: Option<Listener>,
}

impl<'a> Headers<'a> {
    /// A writer for a render.
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        let listener = context.flux.map(|layout| {
            let number = context.numbers.take(1);
            Listener::new(layout, "namespaces", "namespaces", &[], number)
        });
        Self { context, listener }
    }

    /// A cluster with its namespaces and no cells yet. One that is being emptied stays so.
    pub(crate) fn cluster(&self, id: ClusterId) -> RenderedCluster {
        let context = self.context;
        let cluster = &context.fleet.clusters[id.index()];
        let selects = |entry: &(usize, &crate::Namespace)| {
            context.live.contains(id) && entry.1.clusters.contains(id)
        };
        let namespaces: Vec<NamespaceId> = context
            .fleet
            .namespaces
            .iter()
            .enumerate()
            .filter(selects)
            .map(|(namespace, _)| NamespaceId(namespace as u32))
            .collect();
        let former = cluster.document.metadata.former.as_ref();
        let listener = self.listener.as_ref().filter(|_| !namespaces.is_empty());
        RenderedCluster {
            name: cluster.name.clone(),
            former_name: former.map(|former| former.value.clone()),
            cells: Vec::new(),
            namespaces_listener: listener
                .map(|listener| listener.write(&context.folders[id.index()], context.sink)),
            namespaces,
            bootstrap: Ok(Vec::new()),
        }
    }
}
