//! The documents of a fleet as things that can be listed, shown and searched.
//!
//! In: a fleet, with the files that it was read from. Out: a document by kind and name, as JSON
//! with what the fleet says of it, and what a query asks of it. The command line and the server
//! show the same document, since both take it from here. What is released is added by those who
//! know a ledger.

mod json;
mod row;
mod search;

pub use json::{binding_json, document_json, project};
pub use row::{Binding, Row};
pub use search::{Match, search, terms};

use model::{ClusterId, ClusterSet, Files, NamespaceId, Span};
use schema::Kind;
use schema::document::Pairs;

use crate::Fleet;
use crate::fleet::GroupId;

/// A document of one fleet: its kind, and its position among those of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// The kind.
    pub kind: Kind,
    /// The position, in the order of names.
    pub index: u32,
}

static NO_LABELS: Pairs = Vec::new();

impl Fleet {
    /// How many documents of a kind there are.
    #[must_use]
    pub fn n_documents(&self, kind: Kind) -> usize {
        match kind {
            Kind::Fleet => 1,
            Kind::Cluster => self.clusters.len(),
            Kind::Group => self.groups.len(),
            Kind::Namespace => self.namespaces.len(),
            Kind::Application => self.applications.len(),
            Kind::Role => self.roles.len(),
        }
    }

    /// Every document of a kind, in the order of names.
    pub fn documents(&self, kind: Kind) -> impl Iterator<Item = DocumentId> + use<> {
        (0..self.n_documents(kind) as u32).map(move |index| DocumentId { kind, index })
    }

    /// The document of that name; of a group, its present path.
    #[must_use]
    pub fn document(&self, kind: Kind, name: &str) -> Option<DocumentId> {
        let index = match kind {
            Kind::Fleet => (*self.name == *name).then_some(0),
            Kind::Cluster => self.cluster_id(name).map(|id| id.0),
            Kind::Group => {
                let group = self.group_id(name)?;
                let is_present = self.groups[group.0 as usize].path.as_str() == name;
                is_present.then_some(group.0)
            }
            Kind::Namespace => self.namespace_id(name).map(|id| id.0),
            Kind::Application => self.application_id(name).map(|id| id.0),
            Kind::Role => {
                let name_of =
                    |role: &schema::document::RoleDocument| role.metadata.name.value.clone();
                self.roles
                    .binary_search_by(|role| (*name_of(role)).cmp(name))
                    .ok()
                    .map(|i| i as u32)
            }
        }?;
        Some(DocumentId { kind, index })
    }

    /// What a document is called; a group by its path.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_name(&self, id: DocumentId) -> &str {
        let index = id.index as usize;
        match id.kind {
            Kind::Fleet => &self.name,
            Kind::Cluster => self.clusters[index].name.as_str(),
            Kind::Group => self.groups[index].path.as_str(),
            Kind::Namespace => self.namespaces[index].name.as_str(),
            Kind::Application => self.applications[index].name.as_str(),
            Kind::Role => &self.roles[index].metadata.name.value,
        }
    }

    /// Where a document stands; nothing if the files are not those of the fleet.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_span(&self, files: &Files, id: DocumentId) -> Option<Span> {
        let index = id.index as usize;
        Some(match id.kind {
            Kind::Fleet => return schema::json::only_document(files, "fleet.yaml"),
            Kind::Cluster => self.clusters[index].document.metadata.span,
            Kind::Group => self.groups[index].document.metadata.span,
            Kind::Namespace => self.namespaces[index].document.metadata.span,
            Kind::Application => self.applications[index].document.metadata.span,
            Kind::Role => self.roles[index].metadata.span,
        })
    }

    /// The labels of a document.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_labels(&self, id: DocumentId) -> &Pairs {
        let index = id.index as usize;
        match id.kind {
            Kind::Fleet => &NO_LABELS,
            Kind::Cluster => &self.clusters[index].document.metadata.labels,
            Kind::Group => &self.groups[index].document.metadata.labels,
            Kind::Namespace => &self.namespaces[index].document.metadata.labels,
            Kind::Application => &self.applications[index].document.metadata.labels,
            Kind::Role => &self.roles[index].metadata.labels,
        }
    }

    /// The own values of a document.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_values(&self, id: DocumentId) -> &Pairs {
        let index = id.index as usize;
        match id.kind {
            Kind::Fleet => &self.tables().document.values,
            Kind::Cluster => &self.clusters[index].document.values,
            Kind::Group => &self.groups[index].document.values,
            Kind::Namespace => &self.namespaces[index].document.values,
            Kind::Application => &self.applications[index].document.values,
            Kind::Role => &NO_LABELS,
        }
    }

    /// Whether a document is about any of these clusters: a cluster is itself one of them, a
    /// group has one of them, a namespace or an application is on one of them.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_is_on(&self, id: DocumentId, clusters: &ClusterSet) -> bool {
        let index = id.index as usize;
        let meets = |own: &ClusterSet| own.iter().any(|cluster| clusters.contains(cluster));
        match id.kind {
            Kind::Fleet | Kind::Role => true,
            Kind::Cluster => clusters.contains(ClusterId(id.index)),
            Kind::Group => meets(&self.groups[index].clusters),
            Kind::Namespace => meets(&self.namespaces[index].clusters),
            Kind::Application => meets(&self.applications[index].clusters),
        }
    }

    /// The names of the applications on a cluster, in order.
    pub fn applications_on(&self, cluster: ClusterId) -> impl Iterator<Item = &str> {
        let here = self.applications.iter().filter(move |one| one.clusters.contains(cluster));
        here.map(|one| one.name.as_str())
    }

    /// The names of the namespaces on a cluster, in order.
    pub fn namespaces_on(&self, cluster: ClusterId) -> impl Iterator<Item = &str> {
        let here = self.namespaces.iter().filter(move |one| one.clusters.contains(cluster));
        here.map(|one| one.name.as_str())
    }

    /// The names of the applications of a namespace, in order.
    pub fn applications_of(&self, namespace: NamespaceId) -> impl Iterator<Item = &str> {
        let here = self.applications.iter().filter(move |one| one.namespace == namespace);
        here.map(|one| one.name.as_str())
    }

    /// The present path of a group.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn group_path(&self, group: GroupId) -> &str {
        self.groups[group.0 as usize].path.as_str()
    }
}
