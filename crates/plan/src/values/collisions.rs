//! Keys that two things have.

use std::collections::{HashMap, HashSet};

use model::{ClusterId, ClusterSet, Diagnostic, Span};
use schema::document::{ClusterDocument, Override, Pairs, Spanned};

use super::entries::{
    APPLICATION_FIELDS, By, CLUSTER_FIELDS, Entry, NAMESPACE_FIELDS, of_application, of_cluster,
    of_namespace,
};
use crate::expression::Findings;
use crate::fleet::Inventory;
use crate::fleet::codes::KEY_COLLISION;

/// Checks that no key of a cluster, a namespace or an application is two things.
pub(super) fn check(inventory: &Inventory, groups: &[ClusterSet], findings: &mut Findings) {
    clusters(inventory, findings);
    inherited(inventory, groups, findings);
    for document in &inventory.namespaces {
        let entries = of_namespace(document);
        of_document("namespace", &NAMESPACE_FIELDS, &entries, &document.overrides, findings);
    }
    for document in &inventory.applications {
        let entries = of_application(document);
        of_document("application", &APPLICATION_FIELDS, &entries, &document.overrides, findings);
    }
}

/// A key that is two things in one document: the stronger claim first.
struct Twice<'e, 'a> {
    first: Option<&'e Entry<'a>>,
    second: &'e Entry<'a>,
}

/// The keys of a document that are a field and a label or value, or a label and a value.
fn twice<'e, 'a>(fields: &[&str], entries: &'e [Entry<'a>]) -> Vec<Twice<'e, 'a>> {
    let mut sorted: Vec<&Entry<'_>> = entries.iter().collect();
    sorted.sort_by_key(|entry| (entry.key, entry.by as u8));
    let neighbours = sorted.windows(2).filter(|pair| pair[0].key == pair[1].key);
    let mut found: Vec<_> =
        neighbours.map(|pair| Twice { first: Some(pair[0]), second: pair[1] }).collect();
    // The name of a field is taken even where the document does not have the field.
    let has = |key: &str| entries.iter().any(|entry| entry.by == By::Field && entry.key == key);
    let named_as_field =
        entries.iter().filter(|e| e.by != By::Field && fields.contains(&e.key) && !has(e.key));
    found.extend(named_as_field.map(|second| Twice { first: None, second }));
    found
}

fn tell(kind: &str, twice: &Twice<'_, '_>) -> Diagnostic {
    let Twice { first, second } = twice;
    let key = second.key;
    let (was, is) = (first.map_or("field", |first| first.by.word()), second.by.word());
    let message = format!("the {is} `{key}` has the key of a {was} of the {kind}");
    let error = Diagnostic::error(&KEY_COLLISION, second.key_span, message)
        .hint(format!("fields, labels and values share one key space: rename the {is}"));
    match first {
        Some(first) => error.label(first.key_span, format!("the {was} is here")),
        None => error,
    }
}

/// Within Cluster documents: one key that is wrong in many is told once.
fn clusters(inventory: &Inventory, findings: &mut Findings) {
    let mut told: HashMap<(&str, &str), (Diagnostic, ClusterSet)> = HashMap::new();
    for (index, document) in inventory.clusters.iter().enumerate() {
        if !collides(document) {
            continue;
        }
        let entries = of_cluster(document, &inventory.fleet.delivery);
        for found in twice(&CLUSTER_FIELDS, &entries) {
            let key = key_of(document, found.second.key_span);
            let (first, clusters) = told
                .entry((key, found.second.by.word()))
                .or_insert_with(|| (tell("cluster", &found), ClusterSet::default()));
            if found.second.key_span < first.labels[0].span {
                *first = tell("cluster", &found);
            }
            clusters.insert(ClusterId(index as u32));
        }
    }
    for (diagnostic, clusters) in told.into_values() {
        findings.push(diagnostic.clusters(clusters));
    }
}

/// Whether a key of a cluster is two things. It almost never is, and this is asked of each.
fn collides(document: &ClusterDocument) -> bool {
    let (labels, values) = (&document.metadata.labels, &document.values);
    let is_field = |(key, _): &(Spanned<Box<str>>, _)| CLUSTER_FIELDS.contains(&&*key.value);
    if labels.iter().any(is_field) || values.iter().any(is_field) {
        return true;
    }
    if labels.len() * values.len() > 256 {
        let labels: HashSet<&str> = labels.iter().map(|(key, _)| &*key.value).collect();
        return values.iter().any(|(key, _)| labels.contains(&*key.value));
    }
    labels.iter().any(|(label, _)| values.iter().any(|(value, _)| value.value == label.value))
}

/// The key at a place, borrowed from the document itself.
fn key_of(document: &ClusterDocument, span: Span) -> &str {
    let pairs = document.metadata.labels.iter().chain(&document.values);
    pairs.map(|(key, _)| key).find(|key| key.span == span).map_or("", |key| &key.value)
}

/// Values of the fleet and of groups against the fields and labels of clusters.
fn inherited(inventory: &Inventory, groups: &[ClusterSet], findings: &mut Findings) {
    let all = ClusterSet::all(inventory.clusters.len());
    let labels = labels_named_as_values(inventory);
    let mut check = |by: &str, values: &Pairs, reach: &ClusterSet| {
        for (key, _) in values {
            if CLUSTER_FIELDS.contains(&&*key.value) {
                let message = format!("{by} sets `{}`, which is a field of clusters", key.value);
                findings.push(
                    Diagnostic::error(&KEY_COLLISION, key.span, message)
                        .hint("rename the value, or set the field in the Cluster documents"),
                );
            } else if let Some(labelled) = labels.get(&*key.value) {
                let mut clusters = labelled.clone();
                clusters.intersect(reach);
                let first = clusters.iter().next();
                if let Some(first) = first {
                    let document = &inventory.clusters[first.index()];
                    findings.push(tell_inherited(by, &key.value, key.span, document, clusters));
                }
            }
        }
    };
    check("the fleet", &inventory.fleet.values, &all);
    for ((path, document), reach) in inventory.groups.iter().zip(groups) {
        check(&format!("the group `{path}`"), &document.values, reach);
    }
}

fn tell_inherited(
    by: &str,
    key: &str,
    span: Span,
    document: &ClusterDocument,
    clusters: ClusterSet,
) -> Diagnostic {
    let name = &document.metadata.name.value;
    let message = format!("{by} sets `{key}`, which is a label of its cluster `{name}`");
    let label = document.metadata.labels.iter().find(|(label, _)| *label.value == *key);
    let error = Diagnostic::error(&KEY_COLLISION, span, message)
        .clusters(clusters)
        .hint("fields, labels and values share one key space: rename the value");
    match label {
        Some((label, _)) => error.label(label.span, "the label is here"),
        None => error,
    }
}

/// The clusters of each label whose key the fleet or a group has as a value.
fn labels_named_as_values(inventory: &Inventory) -> HashMap<&str, ClusterSet> {
    let of_groups = inventory.groups.iter().flat_map(|(_, document)| &document.values);
    let mut labels: HashMap<&str, ClusterSet> = inventory
        .fleet
        .values
        .iter()
        .chain(of_groups)
        .map(|(key, _)| (&*key.value, ClusterSet::default()))
        .collect();
    if labels.is_empty() {
        return labels;
    }
    for (index, document) in inventory.clusters.iter().enumerate() {
        for (key, _) in &document.metadata.labels {
            if let Some(clusters) = labels.get_mut(&*key.value) {
                clusters.insert(ClusterId(index as u32));
            }
        }
    }
    labels
}

/// Within a Namespace or Application document and its overrides.
fn of_document(
    kind: &str,
    fields: &[&str],
    entries: &[Entry<'_>],
    overrides: &[Override],
    findings: &mut Findings,
) {
    for found in twice(fields, entries) {
        findings.push(tell(kind, &found));
    }
    for (key, _) in overrides.iter().flat_map(|item| &item.values) {
        let taken = entries.iter().find(|entry| entry.by != By::Value && entry.key == &*key.value);
        let was = match taken {
            Some(entry) => entry.by.word(),
            None if fields.contains(&&*key.value) => "field",
            None => continue,
        };
        let message = format!("an override sets `{}`, which is a {was} of the {kind}", key.value);
        let error = Diagnostic::error(&KEY_COLLISION, key.span, message);
        let error = match taken {
            Some(entry) => error.label(entry.key_span, format!("the {was} is here")),
            None => error,
        };
        findings.push(error.hint("overrides set values: rename this one"));
    }
}
