//! What one source says every cluster must run.

use std::sync::Arc;

use crate::{
    ApplicationId, ApplicationName, ClusterName, Diagnostic, Digest, Entry, FleetUid, Fragment,
    NamespaceId, NamespaceName, ObjectId, Origin, Parts,
};

/// One application on one cluster. A binding that is not listed is absent, and its absence is
/// proven: a [`Rendered`] is only made from a whole, valid fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Rendered.
    Tree(Fragment),
    /// A fault of the template or of a value; the position in [`Rendered::diagnostics`]. The
    /// cluster keeps what it runs.
    Broken(u32),
}

/// What is written for a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Final Kubernetes objects, one file each.
    Manifests,
    /// The template's files as they are, with Flux Kustomizations.
    Flux,
}

/// How folders of clusters are spread in a directory delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FanOut {
    /// `<path>/<cluster>`.
    None,
    /// `<path>/<2 hex>/<cluster>`, the digits being the first of SHA-256 of the cluster's first
    /// name.
    Hex2,
}

/// How clusters read their trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A branch `clusters/<name>` each.
    Branches,
    /// A folder each, on one branch.
    Directory {
        /// The branch, without `refs/heads/`.
        branch: String,
        /// The folder that holds the clusters', without slashes at its ends; empty for the root.
        path: String,
        /// How the folders are spread.
        fan_out: FanOut,
    },
}

/// One cluster of a render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedCluster {
    /// The name.
    pub name: ClusterName,
    /// The name it had before, if the document says that it was renamed.
    pub former_name: Option<ClusterName>,
    /// Its applications, in the order of their names.
    pub cells: Vec<(ApplicationId, Cell)>,
    /// Its namespaces, in the order of their names.
    pub namespaces: Vec<NamespaceId>,
    /// The entries of `flux-system/` besides `listeners/`, or the diagnostic that breaks them.
    pub bootstrap: Result<Vec<Entry>, u32>,
    /// `kustomization-namespaces.yaml` of the layout `flux`.
    pub namespaces_listener: Option<ObjectId>,
}

/// One source, rendered whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The identity of the fleet.
    pub fleet: FleetUid,
    /// The engine that the source pins.
    pub engine: u32,
    /// The identity of the source.
    pub source: Digest,
    /// Where the source came from.
    pub origin: Origin,
    /// What is written.
    pub layout: Layout,
    /// How it is read.
    pub delivery: Delivery,
    /// How many of the fleet's bindings may vanish in 24 hours without a person, in parts per
    /// million.
    pub deletion_budget_ppm: u32,
    /// The applications in the order of names, each with its former name.
    pub applications: Vec<(ApplicationName, Option<ApplicationName>)>,
    /// The namespaces in the order of names, each with the id of its document.
    pub namespaces: Vec<(NamespaceName, ObjectId)>,
    /// The clusters in the order of names. A cluster that a later render shares with this one is
    /// equal there, and not looked into to see it.
    pub clusters: Vec<Arc<RenderedCluster>>,
    /// Expressions that became empty without being the literal `none`: what to call them
    /// (`namespace imdb`), for the brakes.
    pub empty_expressions: Vec<String>,
    /// Everything found while reading, checking and rendering.
    pub diagnostics: Vec<Diagnostic>,
}

impl RenderedCluster {
    /// Whether every part of the cluster's tree was rendered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.bootstrap.is_ok() && self.cells.iter().all(|(_, cell)| matches!(cell, Cell::Tree(_)))
    }
}

impl Rendered {
    /// The name of an application of this render.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> &ApplicationName {
        &self.applications[id.0 as usize].0
    }

    /// How many bindings the fleet has, broken ones too.
    #[must_use]
    pub fn n_bindings(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.cells.len()).sum()
    }

    /// The parts of a cluster's tree that were rendered; broken ones are left out.
    #[must_use]
    pub fn parts(&self, cluster: &RenderedCluster) -> Parts {
        let rendered = cluster.cells.iter().filter_map(|(id, cell)| match cell {
            Cell::Tree(fragment) => Some((self.application(*id).clone(), *fragment)),
            Cell::Broken(_) => None,
        });
        let namespaces = cluster.namespaces.iter().map(|id| self.namespaces[id.0 as usize].clone());
        Parts {
            applications: rendered.collect(),
            namespaces: namespaces.collect(),
            bootstrap: cluster.bootstrap.clone().unwrap_or_default().into(),
            namespaces_listener: cluster.namespaces_listener,
        }
    }
}
