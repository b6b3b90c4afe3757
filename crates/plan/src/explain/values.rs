//! What set each value of a cell, and what it overrode.

use model::{ApplicationId, ClusterId, ClusterSet, Scalar, Span};
use schema::document::Override;

use crate::fleet::{Fleet, KeySpace, Origin};
use crate::values::{By, Entry, of_application, of_cluster, of_namespace};

/// One key of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueExplanation {
    /// The space of the key.
    pub space: KeySpace,
    /// The key.
    pub key: String,
    /// What set the value that counts.
    pub origin: Origin,
    /// What it overrode, the strongest first.
    pub overrode: Vec<Origin>,
}

/// Explains every value of an application on a cluster, in the order of spaces and keys. The
/// application need not be placed there.
///
/// # Panics
/// If one of the ids is of another fleet.
#[must_use]
pub fn explain_values(
    fleet: &Fleet,
    cluster: ClusterId,
    application: ApplicationId,
) -> Vec<ValueExplanation> {
    let tables = fleet.tables();
    let mut found = Found { fleet, cluster, space: KeySpace::Cluster, origins: Vec::new() };
    found.cluster();
    let application_index = application.0 as usize;
    let document = &fleet.applications[application_index];
    let namespace_index = document.namespace.0 as usize;
    let namespace = &fleet.namespaces[namespace_index];
    found.space = KeySpace::Namespace;
    found.document(
        &format!("namespace {}", namespace.name),
        &of_namespace(&namespace.document),
        &namespace.document.overrides,
        &tables.namespace_overrides[namespace_index],
    );
    found.space = KeySpace::Application;
    found.document(
        &format!("application {}", document.name),
        &of_application(&document.document),
        &document.document.overrides,
        &tables.application_overrides[application_index],
    );
    found.explanations()
}

/// What sets keys, weakest first.
struct Found<'a> {
    fleet: &'a Fleet,
    cluster: ClusterId,
    space: KeySpace,
    origins: Vec<(KeySpace, String, Origin)>,
}

impl Found<'_> {
    fn add(&mut self, key: &str, by: String, span: Span, scalar: &Scalar) {
        let Some(value) = self.fleet.tables().values.id(scalar) else { return };
        self.origins.push((self.space, key.to_owned(), Origin { by, span: Some(span), value }));
    }

    fn entries(&mut self, document: &str, entries: &[Entry<'_>]) {
        for entry in entries {
            let by = match entry.by {
                By::Value => document.to_owned(),
                By::Field | By::Label => entry.by.word().to_owned(),
            };
            self.add(entry.key, by, entry.span, &entry.scalar);
        }
    }

    fn cluster(&mut self) {
        let fleet = self.fleet;
        let settings = &fleet.tables().document;
        for (key, value) in &settings.values {
            self.add(&key.value, "fleet".to_owned(), value.span, &value.value);
        }
        let mut groups: Vec<_> =
            fleet.groups.iter().filter(|group| group.clusters.contains(self.cluster)).collect();
        groups.sort_by_key(|group| group.path.depth());
        for group in groups {
            for (key, value) in &group.document.values {
                self.add(&key.value, format!("group {}", group.path), value.span, &value.value);
            }
        }
        let cluster = &fleet.clusters[self.cluster.index()];
        let entries = of_cluster(&cluster.document, &settings.delivery);
        self.entries(&format!("cluster {}", cluster.name), &entries);
    }

    fn document(
        &mut self,
        document: &str,
        entries: &[Entry<'_>],
        overrides: &[Override],
        clusters: &[ClusterSet],
    ) {
        self.entries(document, entries);
        for (index, (item, clusters)) in overrides.iter().zip(clusters).enumerate() {
            if !clusters.contains(self.cluster) {
                continue;
            }
            for (key, value) in &item.values {
                let by = format!("override {} of {document}", index + 1);
                self.add(&key.value, by, value.span, &value.value);
            }
        }
    }

    fn explanations(mut self) -> Vec<ValueExplanation> {
        self.origins.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let same = |a: &(KeySpace, String, Origin), b: &(KeySpace, String, Origin)| {
            (a.0, &a.1) == (b.0, &b.1)
        };
        let of_key = |origins: &[(KeySpace, String, Origin)]| {
            let ((space, key, origin), weaker) = origins.split_last()?;
            let overrode = weaker.iter().rev().map(|(.., origin)| origin.clone()).collect();
            Some(ValueExplanation {
                space: *space,
                key: key.clone(),
                origin: origin.clone(),
                overrode,
            })
        };
        self.origins.chunk_by(same).filter_map(of_key).collect()
    }
}
