//! The most common edits of a very large inventory, without assembling all of it again: Cluster
//! documents that have other values for the keys that they had.
//!
//! In: a fleet, and documents that take the place of some of its clusters'. Out: the fleet that
//! assembling everything would give, or nothing where an edit may mean more than values: then
//! everything is assembled. Whatever a name, a label, a group or an expression could depend on
//! must be as it was.

use std::sync::Arc;

use model::{ClusterId, Scalar};
use schema::document::{ClusterDocument, Spanned};

use super::{Fleet, Tables};
use crate::expression::{KeyId, Resolved};
use crate::values::Change;

/// A cluster's document that takes the place of another.
struct Edited<'a> {
    cluster: ClusterId,
    old: &'a Arc<ClusterDocument>,
    new: &'a Arc<ClusterDocument>,
}

/// The fleet with other Cluster documents, `documents` in place of those of the same names.
///
/// Every other document is the same, at the same place.
pub(crate) fn patch<'a>(
    fleet: &'a Fleet,
    documents: impl Iterator<Item = &'a Arc<ClusterDocument>>,
) -> Option<Fleet> {
    let mut edited = Vec::new();
    for new in documents {
        let cluster = fleet.cluster_id(new.metadata.name.value.as_str())?;
        let old = &fleet.clusters[cluster.index()].document;
        edited.push(Edited { cluster, old, new });
    }
    let mut changes = Vec::new();
    for edited in &edited {
        changes.extend(edited.changes()?);
    }
    let tables = &fleet.tables;
    let n_clusters = fleet.clusters.len();
    let values = tables.values.change(&changes, n_clusters)?;
    let mut names = tables.names.clone();
    for (edited, change) in edited.iter().flat_map(|one| one.keyed().map(move |key| (one, key))) {
        let (name, from, to) = change;
        let key = names.keys.find(name)?;
        if is_selected_by(tables, key) {
            return None;
        }
        names.keys.change(n_clusters, edited.cluster, key, (from, to));
    }
    let mut clusters = fleet.clusters.clone();
    for edited in &edited {
        clusters[edited.cluster.index()].document = Arc::clone(edited.new);
    }
    let tables = Tables {
        document: tables.document.clone(),
        names,
        selectors: Arc::clone(&tables.selectors),
        unmatched: Arc::clone(&tables.unmatched),
        namespace_overrides: Arc::clone(&tables.namespace_overrides),
        application_overrides: Arc::clone(&tables.application_overrides),
        values,
    };
    Some(Fleet { clusters, tables: Arc::new(tables), ..fleet.clone() })
}

impl<'a> Edited<'a> {
    /// The values that differ; nothing where something else does.
    fn changes(&self) -> Option<Vec<Change<'a>>> {
        let (old, new) = (self.old, self.new);
        let texts = |document: &'a ClusterDocument| {
            let groups = document.groups.iter().map(|group| &group.value);
            let labels = &document.metadata.labels;
            let labels = labels.iter().map(|(key, value)| (&key.value, &value.value));
            (groups.collect::<Vec<_>>(), labels.collect::<Vec<_>>())
        };
        let keys = |document: &'a ClusterDocument| {
            document.values.iter().map(|(key, _)| &key.value).collect::<Vec<_>>()
        };
        let same = old.metadata.former.is_none()
            && new.metadata.former.is_none()
            && texts(old) == texts(new)
            && keys(old) == keys(new)
            && old.decommission == new.decommission;
        let fields = [
            ("description", &old.description, &new.description),
            ("timeZone", &old.time_zone, &new.time_zone),
        ];
        if !same || fields.iter().any(|(_, old, new)| old.is_some() != new.is_some()) {
            return None;
        }
        let fields = fields.into_iter().filter_map(|(key, old, new)| {
            let (old, new): (&Spanned<Scalar>, &Spanned<Scalar>) = (old.as_ref()?, new.as_ref()?);
            Some((key, &old.value, &new.value))
        });
        let pairs = old.values.iter().zip(&new.values);
        let values = pairs.map(|((key, old), (_, new))| (&*key.value, &old.value, &new.value));
        let change = |(key, _, to)| Change { cluster: self.cluster, key, to };
        Some(fields.chain(values).filter(|(_, old, new)| old != new).map(change).collect())
    }

    /// The keys that an expression could name, with the texts that differ.
    fn keyed(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let pairs = self.old.values.iter().zip(&self.new.values);
        let texts =
            pairs.map(|((key, old), (_, new))| (&*key.value, &*old.value.text, &*new.value.text));
        texts.filter(|(_, old, new)| old != new)
    }
}

/// Whether an expression of the inventory looks at a key. What it found there, or did not find,
/// could be something else.
fn is_selected_by(tables: &Tables, key: KeyId) -> bool {
    let mut found = false;
    for selector in tables.selectors.all() {
        selector.resolved.leaves(&mut |leaf, _| {
            found |= match leaf {
                Resolved::Values { key: other, .. } => *other == key,
                // Which key it names is in the text only.
                Resolved::Unused | Resolved::Unmatched(_) => true,
                _ => false,
            };
        });
    }
    found
}
