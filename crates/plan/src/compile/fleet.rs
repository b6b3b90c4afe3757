//! The fleet of a source, where that of an earlier one says most of it.

use std::sync::Arc;

use model::Diagnostic;
use schema::document::{ClusterDocument, Document};
use schema::{FileContent, ReadSource};

use super::Accepted;
use crate::Fleet;
use crate::fleet::patch;

/// The fleet and what assembling it finds, if both follow from what was accepted before: no
/// document changed, or values of clusters only.
pub(super) fn understand(
    before: &ReadSource,
    accepted: &Accepted,
    documents: &ReadSource,
) -> Option<(Arc<Fleet>, Arc<[Diagnostic]>)> {
    let changed = documents.changed(before)?;
    let warnings = Arc::clone(&accepted.warnings);
    if changed.is_empty() {
        return Some((Arc::clone(&accepted.fleet), warnings));
    }
    // A warning quotes places, and those in a file that changed may be others now. It also
    // chooses the first of several.
    if !warnings.is_empty() {
        return None;
    }
    let mut edited = Vec::new();
    for (old, new) in changed {
        edited.extend(edited_clusters(old, new)?);
    }
    Some((Arc::new(patch(&accepted.fleet, edited.into_iter())?), warnings))
}

/// The documents of a file that are not as they were; nothing unless it holds the same clusters
/// in the same order, and nothing else.
fn edited_clusters<'a>(
    old: &FileContent,
    new: &'a FileContent,
) -> Option<Vec<&'a Arc<ClusterDocument>>> {
    if old.documents.len() != new.documents.len() {
        return None;
    }
    let mut edited = Vec::new();
    for pair in old.documents.iter().zip(&new.documents) {
        let (Document::Cluster(old), Document::Cluster(new)) = pair else { return None };
        if old.metadata.name.value != new.metadata.name.value {
            return None;
        }
        if !Arc::ptr_eq(old, new) && old != new {
            edited.push(new);
        }
    }
    Some(edited)
}
