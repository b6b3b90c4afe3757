//! Why applications and namespaces come to clusters and leave them.

use model::{ApplicationName, ClusterId, ClusterSet, EditKind, NamespaceName, Why};

use super::{At, Changes, Edits, Found, in_base, in_head, set};

impl Changes<'_> {
    /// Why an application of that name, present or gone, comes to these clusters or leaves them.
    /// Clusters are positions in the newer fleet.
    #[must_use]
    pub fn of_binding(&self, name: &ApplicationName, clusters: &[u32]) -> Why {
        let (asked, mut edits) = (set(clusters), Edits::default());
        match self.application(name) {
            (Some(base), Some(head)) => self.binding(base, head, &asked, &mut edits),
            (Some(base), None) => {
                let span = self.base.fleet.applications[base].document.metadata.name.span;
                let place = in_base(span);
                edits.add(gone(format!("application {name}"), place), &asked);
            }
            (None, Some(head)) => {
                let span = self.head.fleet.applications[head].document.metadata.name.span;
                let place = in_head(span);
                edits.add(new(format!("application {name}"), place), &asked);
            }
            (None, None) => {}
        }
        edits.why(self, &asked)
    }

    /// Why a namespace of that name comes to these clusters or leaves them.
    #[must_use]
    pub fn of_namespace(&self, name: &NamespaceName, clusters: &[u32]) -> Why {
        let (asked, mut edits) = (set(clusters), Edits::default());
        self.namespace(name.as_str(), &asked, &mut edits);
        edits.why(self, &asked)
    }

    fn binding(&self, base: usize, head: usize, among: &ClusterSet, edits: &mut Edits) {
        let (old, new) = (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
        let (before, after) = (&old.document.namespace.value, &new.document.namespace.value);
        if before != after {
            let found = Found {
                kind: EditKind::Field,
                subject: format!("namespace of application {}", new.name),
                place: in_head(new.document.namespace.span),
                before: Some(before.to_string()),
                after: Some(after.to_string()),
            };
            return edits.add(found, among);
        }
        self.namespace(after.as_str(), among, edits);
        let selectors = (&self.base.fleet.tables().selectors, &self.head.fleet.tables().selectors);
        let own =
            (selectors.0.applications[base].as_ref(), selectors.1.applications[head].as_ref());
        let subject = format!("expression of application {}", new.name);
        self.expression(&subject, own, true, among, edits);
    }

    /// Why the clusters of a namespace differ, where they do.
    pub(super) fn namespace(&self, name: &str, among: &ClusterSet, edits: &mut Edits) {
        let (base, head) = (self.base.fleet, self.head.fleet);
        match (base.namespace_id(name), head.namespace_id(name)) {
            (Some(old), Some(new)) => {
                let (old, new) = (old.0 as usize, new.0 as usize);
                let sets = (&base.namespaces[old].clusters, &head.namespaces[new].clusters);
                let flipped = self.flipped(sets.0, sets.1, among);
                self.decommissioned(&flipped, edits);
                let own = (
                    base.tables().selectors.namespaces[old].as_ref(),
                    head.tables().selectors.namespaces[new].as_ref(),
                );
                let subject = format!("expression of namespace {name}");
                self.expression(&subject, own, false, &flipped, edits);
            }
            (Some(old), None) => {
                let document = &base.namespaces[old.0 as usize].document;
                let place = in_base(document.metadata.name.span);
                edits.add(gone(format!("namespace {name}"), place), among);
            }
            (None, Some(id)) => {
                let document = &head.namespaces[id.0 as usize].document;
                let place = in_head(document.metadata.name.span);
                edits.add(new(format!("namespace {name}"), place), among);
            }
            (None, None) => {}
        }
    }

    fn decommissioned(&self, among: &ClusterSet, edits: &mut Edits) {
        let sets = (&self.base.fleet.decommissioned, &self.head.fleet.decommissioned);
        let flipped = self.flipped(sets.0, sets.1, among);
        for cluster in flipped.iter() {
            let is_now = sets.1.contains(cluster);
            let found = Found {
                kind: EditKind::Field,
                subject: "`decommission` of the cluster".to_owned(),
                place: self.cluster_place(cluster),
                before: Some((!is_now).to_string()),
                after: Some(is_now.to_string()),
            };
            edits.add_one(found, cluster);
        }
    }

    /// Where the document of a cluster stands.
    pub(super) fn cluster_place(&self, cluster: ClusterId) -> Option<At> {
        in_head(self.head.fleet.clusters[cluster.index()].document.metadata.name.span)
    }
}

/// A document that came.
pub(super) fn new(subject: String, place: Option<At>) -> Found {
    let (before, after) = (None, Some("new".to_owned()));
    Found { kind: EditKind::Document, subject, place, before, after }
}

/// A document that went.
pub(super) fn gone(subject: String, place: Option<At>) -> Found {
    let (before, after) = (None, Some("gone".to_owned()));
    Found { kind: EditKind::Document, subject, place, before, after }
}
