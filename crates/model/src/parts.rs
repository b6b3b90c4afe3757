//! The tree of a cluster as the parts it is put together from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::sink::{Entry, Mode, Sink};
use crate::{ApplicationName, NamespaceName, ObjectId};

/// What one application contributes to a cluster's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fragment {
    /// The folder `<application>`.
    pub tree: ObjectId,
    /// In the layout `flux`, the file `flux-system/listeners/kustomization-<application>.yaml`.
    pub listener: Option<ObjectId>,
}

/// The tree of one cluster in parts, so that one part can be kept while others go on.
///
/// Layout `manifests`: `<application>/`, `namespaces/_cluster/namespace-<name>.yaml`.
/// Layout `flux`: `<application>/`, `namespaces/<name>.yaml`, `flux-system/` with the bootstrap
/// files and `listeners/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Each application's part, in the order of names.
    pub applications: Vec<(ApplicationName, Fragment)>,
    /// Each Kubernetes Namespace document, in the order of names.
    pub namespaces: Arc<[(NamespaceName, ObjectId)]>,
    /// The entries of `flux-system/` besides `listeners/`.
    pub bootstrap: Arc<[Entry]>,
    /// `flux-system/listeners/kustomization-namespaces.yaml`; present exactly when the layout is
    /// `flux` and there is a namespace.
    pub namespaces_listener: Option<ObjectId>,
}

impl Parts {
    /// Whether nothing at all would stand in the tree.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.applications.is_empty() && self.namespaces.is_empty() && self.bootstrap.is_empty()
    }

    /// Puts the parts together and answers the id of the cluster's tree.
    ///
    /// `flux` says where Namespace documents stand: directly in `namespaces/`, or in
    /// `namespaces/_cluster/`.
    pub fn compose(&self, flux: bool, sink: &dyn Sink) -> ObjectId {
        let mut root: Vec<Entry> = self
            .applications
            .iter()
            .map(|(name, fragment)| Entry::new(name.as_str(), Mode::Tree, fragment.tree))
            .collect();
        if !self.namespaces.is_empty() {
            root.push(Entry::new("namespaces", Mode::Tree, self.namespaces_tree(flux, sink)));
        }
        if let Some(tree) = self.flux_system(sink) {
            root.push(Entry::new("flux-system", Mode::Tree, tree));
        }
        sink.tree(&root)
    }

    fn namespaces_tree(&self, flux: bool, sink: &dyn Sink) -> ObjectId {
        let prefix = if flux { "" } else { "namespace-" };
        let files: Vec<Entry> = self
            .namespaces
            .iter()
            .map(|(name, id)| Entry::new(&format!("{prefix}{name}.yaml"), Mode::File, *id))
            .collect();
        let folder = sink.tree(&files);
        if flux { folder } else { sink.tree(&[Entry::new("_cluster", Mode::Tree, folder)]) }
    }

    fn flux_system(&self, sink: &dyn Sink) -> Option<ObjectId> {
        let mut entries: BTreeMap<&str, Entry> =
            self.bootstrap.iter().map(|entry| (&*entry.name, entry.clone())).collect();
        let listeners = self.listeners();
        if !listeners.is_empty() {
            let tree = sink.tree(&listeners);
            entries.insert("listeners", Entry::new("listeners", Mode::Tree, tree));
        }
        let entries: Vec<Entry> = entries.into_values().collect();
        (!entries.is_empty()).then(|| sink.tree(&entries))
    }

    fn listeners(&self) -> Vec<Entry> {
        let file =
            |name: &str, id| Entry::new(&format!("kustomization-{name}.yaml"), Mode::File, id);
        let applications = self
            .applications
            .iter()
            .filter_map(|(name, fragment)| fragment.listener.map(|id| file(name.as_str(), id)));
        applications.chain(self.namespaces_listener.map(|id| file("namespaces", id))).collect()
    }
}
