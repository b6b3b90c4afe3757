//! The labels and own values of clusters, and the vocabulary that they are held to.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ClusterId, ClusterSet, Diagnostic, Span};
use schema::document::{ClusterDocument, FleetDocument};
use schema::nearest::nearest;

use super::codes::UNDECLARED_LABEL;
use crate::expression::{ClusterKeys, Findings, Vocabulary, short};

/// The vocabulary of `fleet.yaml`, its values in order.
pub(super) fn vocabulary(fleet: &FleetDocument) -> Option<Vocabulary> {
    let declared = fleet.vocabulary.as_ref()?;
    let keys = declared.iter().map(|(key, values)| {
        let values = values.as_ref().map(|values| {
            let mut texts: Vec<Box<str>> = values.iter().map(|v| v.value.clone()).collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        });
        (key.value.clone(), values)
    });
    Some(Vocabulary { keys: keys.collect() })
}

/// The clusters by their labels and own values; inherited values do not count.
pub(super) fn cluster_keys(clusters: &[Arc<ClusterDocument>]) -> ClusterKeys {
    let pairs = clusters.iter().enumerate().flat_map(|(index, document)| {
        let own = document.metadata.labels.iter().chain(&document.values);
        own.map(move |(key, value)| (ClusterId(index as u32), &*key.value, &*value.value.text))
    });
    ClusterKeys::new(clusters.len(), pairs)
}

/// Checks that every cluster's labels are declared. One undeclared key or value is told once,
/// with all clusters that have it.
pub(super) fn check_labels(
    clusters: &[Arc<ClusterDocument>],
    vocabulary: &Vocabulary,
    findings: &mut Findings,
) {
    let mut undeclared: BTreeMap<(&str, Option<&str>), (Span, ClusterSet)> = BTreeMap::new();
    for (index, document) in clusters.iter().enumerate() {
        for (key, value) in &document.metadata.labels {
            let (what, span) = match vocabulary.keys.get(&key.value) {
                None => ((&*key.value, None), key.span),
                Some(Some(values))
                    if values.binary_search_by(|v| (**v).cmp(&value.value.text)).is_err() =>
                {
                    ((&*key.value, Some(&*value.value.text)), value.span)
                }
                Some(_) => continue,
            };
            let (first, set) = undeclared.entry(what).or_insert((span, ClusterSet::default()));
            *first = span.min(*first);
            set.insert(ClusterId(index as u32));
        }
    }
    for ((key, value), (span, clusters)) in undeclared {
        tell(key, value, span, clusters, vocabulary, findings);
    }
}

fn tell(
    key: &str,
    value: Option<&str>,
    span: Span,
    clusters: ClusterSet,
    vocabulary: &Vocabulary,
    findings: &mut Findings,
) {
    let error =
        |message: String| Diagnostic::error(&UNDECLARED_LABEL, span, message).clusters(clusters);
    match value {
        None => {
            let known = || vocabulary.keys.keys().map(|key| &**key);
            let error = error(format!("`fleet.yaml` declares no label `{key}`"));
            let otherwise = "declare it in `spec.labels` of `fleet.yaml`";
            findings.unknown(error, || nearest(key, known()), otherwise);
        }
        Some(value) => {
            let declared = vocabulary.keys.get(key).and_then(Option::as_deref).unwrap_or_default();
            let error =
                error(format!("`fleet.yaml` declares no value `{}` for `{key}`", short(value)));
            let otherwise = "declare it in `spec.labels` of `fleet.yaml`";
            findings.unknown(error, || nearest(value, declared.iter().map(|v| &**v)), otherwise);
        }
    }
}
