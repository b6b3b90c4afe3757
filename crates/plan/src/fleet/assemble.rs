//! From documents to a fleet.

use std::sync::Arc;

use model::{ApplicationId, Diagnostic, FleetUid, NamespaceId, Source, Span};
use schema::document::Document;

use super::inventory::Inventory;
use super::placement::{Placement, Placer, check_dependencies};
use super::selectors::Selectors;
use super::{Application, Cluster, Fleet, Group, Namespace, Tables, labels, references};
use crate::expression::{Findings, Names, Texts};
use crate::values::Values;

/// Puts the documents of one source together, whole or not at all.
///
/// The documents are those of [`schema::read_source`], which found no error: where a document is
/// missing because it could not be read, every name of it would be unknown here. Their order and
/// their files do not matter.
///
/// # Errors
/// Every mistake that was found, with the warnings, in the order of places.
pub fn assemble(
    source: &Source,
    documents: Vec<Document>,
) -> Result<(Fleet, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let fleet = build(source, documents, &mut findings);
    let refused = findings.has_errors();
    let mut diagnostics = findings.diagnostics;
    diagnostics.sort_by_cached_key(|diagnostic| {
        let first = diagnostic.labels.first().map(|label| label.span);
        (first, diagnostic.code.name, diagnostic.message.clone())
    });
    match fleet {
        Some(fleet) if !refused => Ok((fleet, diagnostics)),
        _ => Err(diagnostics),
    }
}

fn build(source: &Source, documents: Vec<Document>, findings: &mut Findings) -> Option<Fleet> {
    let mut inventory = Inventory::new(source, documents, findings)?;
    references::check_former_names(&inventory, findings);
    references::check_delivery(&inventory, findings);
    let names = names(&mut inventory);
    if let Some(vocabulary) = &names.vocabulary {
        labels::check_labels(&inventory.clusters, vocabulary, findings);
    }
    references::check_roles(&inventory.roles, &names, findings);
    let namespaces = references::namespaces(&inventory, &names, findings);
    let depends_on = references::dependencies(&inventory, findings);
    check_dependencies(&inventory, &depends_on, findings);
    let selectors = Selectors::new(&inventory, &names, findings);
    let placer = Placer {
        inventory: &inventory,
        names: &names,
        selectors: &selectors,
        namespaces: &namespaces,
    };
    let placement = placer.place(findings)?;
    let values = Values::new(&inventory, &placement.groups, findings);
    let parts = Parts { inventory, names, selectors, placement, values };
    Some(parts.fleet(&namespaces, &depends_on))
}

fn names(inventory: &mut Inventory) -> Names {
    let clusters = inventory.clusters.iter().map(|d| d.metadata.name.value.as_str());
    let namespaces = inventory.namespaces.iter().map(|d| d.metadata.name.value.as_str());
    Names {
        clusters: Texts::from_sorted(clusters),
        namespaces: Texts::from_sorted(namespaces),
        keys: labels::cluster_keys(&inventory.clusters),
        vocabulary: labels::vocabulary(&inventory.fleet),
        groups: std::mem::take(&mut inventory.group_names),
    }
}

/// What a fleet is made from.
struct Parts {
    inventory: Inventory,
    names: Names,
    selectors: Selectors,
    placement: Placement,
    values: Values,
}

impl Parts {
    fn fleet(
        self,
        namespaces: &[Option<NamespaceId>],
        depends_on: &[Vec<(ApplicationId, Span)>],
    ) -> Fleet {
        let Self { inventory, names, selectors, placement, values } = self;
        let Inventory { fleet, clusters, groups, roles, .. } = inventory;
        let clusters = clusters
            .into_iter()
            .map(|document| Cluster { name: document.metadata.name.value.clone(), document });
        let groups = groups
            .into_iter()
            .zip(placement.groups)
            .map(|((path, document), clusters)| Group { path, clusters, document });
        let namespace_documents = inventory.namespaces.into_iter().zip(placement.namespaces);
        let applications = inventory.applications.into_iter().zip(placement.applications);
        let ids = namespaces.iter().zip(depends_on);
        let applications = applications.zip(ids).filter_map(|((document, clusters), ids)| {
            Some(Application {
                name: document.metadata.name.value.clone(),
                namespace: (*ids.0)?,
                clusters,
                depends_on: ids.1.iter().map(|(id, _)| *id).collect(),
                document,
            })
        });
        Fleet {
            uid: fleet
                .uid
                .as_ref()
                .map_or_else(|| FleetUid::derived(&fleet.name.value), |u| u.value),
            name: fleet.name.value.clone(),
            engine: fleet.engine,
            layout: fleet.layout.clone(),
            delivery: fleet.delivery.value.clone(),
            deletion_budget_ppm: fleet.deletion_budget_ppm,
            max_hold: fleet.max_hold,
            clusters: clusters.collect(),
            groups: groups.collect(),
            namespaces: namespace_documents.map(namespace).collect(),
            applications: applications.collect(),
            roles,
            decommissioned: placement.decommissioned,
            empty_expressions: placement.empty_expressions,
            tables: Arc::new(Tables {
                document: fleet,
                names,
                selectors: Arc::new(selectors),
                unmatched: Arc::new(placement.unmatched),
                namespace_overrides: placement.namespace_overrides.into(),
                application_overrides: placement.application_overrides.into(),
                values,
            }),
        }
    }
}

fn namespace(
    (document, clusters): (schema::document::NamespaceDocument, model::ClusterSet),
) -> Namespace {
    Namespace {
        name: document.metadata.name.value.clone(),
        clusters,
        allow: document.allow.iter().map(|allow| allow.value.clone()).collect(),
        document,
    }
}
