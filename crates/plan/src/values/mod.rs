//! The values that placeholders take.
//!
//! In: the documents of a fleet and the clusters of its groups and overrides. Out: for each of
//! the three key spaces and each key a [`Column`], one value for every cluster, as ids of
//! distinct values. From weakest to strongest:
//!
//! | Space | Layers |
//! |---|---|
//! | `rea.cluster` | the fleet, groups from root to leaf, the cluster |
//! | `rea.namespace` | the Namespace document, then its `overrides` in order |
//! | `rea.application` | the Application document, then its `overrides` in order |
//!
//! Fields (`name`, `description`, `timeZone`, `owner`, `template`, `namespace`, as far as a kind
//! has them, and `path` of clusters), labels and values share one key space. Nothing here knows
//! what a placeholder looks like, or where one stands.

mod collisions;
mod distinct;
mod entries;
mod inherit;

pub(crate) use entries::{By, Entry, of_application, of_cluster, of_namespace};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use model::{ApplicationId, ClusterId, ClusterSet, Scalar};
use schema::document::Override;

use self::distinct::{Collected, Distinct};
use crate::expression::Findings;
use crate::fleet::{Column, Fleet, Inventory, KeySpace, ValueId};

/// The values of a fleet.
#[derive(Debug)]
pub(crate) struct Values {
    distinct: Distinct,
    cluster: BTreeMap<Box<str>, Column>,
    /// Columns of namespaces and applications that were asked for, by the document's position.
    /// A cache: what is in it can be computed again.
    columns: RwLock<HashMap<(KeySpace, u32), ByKey>>,
}

type ByKey = HashMap<Box<str>, Column>;

/// A cluster's own value of a key that becomes another one.
pub(crate) struct Change<'a> {
    /// The cluster.
    pub(crate) cluster: ClusterId,
    /// The key, which the cluster had itself before.
    pub(crate) key: &'a str,
    /// The value.
    pub(crate) to: &'a Scalar,
}

impl Values {
    /// Takes all values of the documents, and puts together what clusters inherit.
    pub(crate) fn new(
        inventory: &Inventory,
        groups: &[ClusterSet],
        findings: &mut Findings,
    ) -> Self {
        let mut distinct = Collected::default();
        collisions::check(inventory, groups, findings);
        let cluster = inherit::columns(inventory, groups, &mut distinct, findings);
        let namespaces = inventory.namespaces.iter().map(|d| (of_namespace(d), &d.overrides));
        let applications = inventory.applications.iter().map(|d| (of_application(d), &d.overrides));
        for (entries, overrides) in namespaces.chain(applications) {
            entries.iter().for_each(|entry| _ = distinct.add(&entry.scalar));
            let values = overrides.iter().flat_map(|item| &item.values);
            values.for_each(|(_, value)| _ = distinct.add(&value.value));
        }
        Self { distinct: Distinct::new(distinct), cluster, columns: RwLock::default() }
    }

    /// The same with other values for keys that a cluster has itself; nothing where that is more
    /// than a few values.
    pub(crate) fn change(&self, changes: &[Change<'_>], n_clusters: usize) -> Option<Self> {
        let mut distinct = self.distinct.clone();
        let mut changed: BTreeMap<&str, Vec<Option<ValueId>>> = BTreeMap::new();
        for Change { cluster, key, to } in changes {
            let column = self.cluster.get(*key)?;
            let values = changed.entry(key).or_insert_with(|| match column {
                Column::Same(value) => vec![*value; n_clusters],
                Column::Each(values) => values.to_vec(),
            });
            values[cluster.index()] = Some(distinct.extend(to)?);
        }
        let mut cluster = self.cluster.clone();
        for (key, values) in changed {
            cluster.insert(key.into(), from_values(values));
        }
        Some(Self { distinct, cluster, columns: RwLock::default() })
    }

    /// Whether ids mean the same in both.
    pub(crate) fn shares_ids(&self, other: &Self) -> bool {
        self.distinct.shares_ids(&other.distinct)
    }

    /// The id of a value of the fleet's documents.
    pub(crate) fn id(&self, scalar: &Scalar) -> Option<ValueId> {
        self.distinct.find(scalar)
    }

    fn cached(&self, owner: (KeySpace, u32), key: &str, make: impl FnOnce() -> Column) -> Column {
        let columns = self.columns.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(column) = columns.get(&owner).and_then(|columns| columns.get(key)) {
            return column.clone();
        }
        drop(columns);
        let column = make();
        let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
        columns.entry(owner).or_default().insert(key.into(), column.clone());
        column
    }

    /// The value of the document, replaced where an override matches.
    fn of_document(
        &self,
        n_clusters: usize,
        entries: &[Entry<'_>],
        overrides: &[Override],
        clusters: &[ClusterSet],
        key: &str,
    ) -> Column {
        let own = entries.iter().find(|entry| entry.key == key);
        let own = own.and_then(|entry| self.id(&entry.scalar));
        let mut column: Option<Vec<Option<ValueId>>> = None;
        for (item, clusters) in overrides.iter().zip(clusters) {
            let Some((_, value)) = item.values.iter().find(|(name, _)| *name.value == *key) else {
                continue;
            };
            let id = self.id(&value.value);
            let values = column.get_or_insert_with(|| vec![own; n_clusters]);
            clusters.iter().for_each(|cluster| values[cluster.index()] = id);
        }
        column.map_or(Column::Same(own), from_values)
    }
}

/// A column of these values; one value for all is one value.
fn from_values(values: Vec<Option<ValueId>>) -> Column {
    match values.split_first() {
        None => Column::Same(None),
        Some((first, rest)) if rest.iter().all(|value| value == first) => Column::Same(*first),
        Some(_) => Column::Each(Arc::from(values)),
    }
}

impl Fleet {
    /// The value of a key on every cluster, for templates of an application. A key that nothing
    /// sets is `Same(None)`.
    ///
    /// # Panics
    /// If the application is of another fleet; for [`KeySpace::Cluster`] it does not matter.
    #[must_use]
    pub fn column(&self, application: ApplicationId, space: KeySpace, key: &str) -> Column {
        let tables = self.tables();
        let n_clusters = self.clusters.len();
        match space {
            KeySpace::Cluster => {
                tables.values.cluster.get(key).cloned().unwrap_or(Column::Same(None))
            }
            KeySpace::Namespace => {
                let index = self.applications[application.0 as usize].namespace.0;
                let clusters = &tables.namespace_overrides[index as usize];
                let document = &self.namespaces[index as usize].document;
                tables.values.cached((space, index), key, || {
                    let entries = of_namespace(document);
                    let overrides = &document.overrides;
                    tables.values.of_document(n_clusters, &entries, overrides, clusters, key)
                })
            }
            KeySpace::Application => {
                let clusters = &tables.application_overrides[application.0 as usize];
                let document = &self.applications[application.0 as usize].document;
                tables.values.cached((space, application.0), key, || {
                    let entries = of_application(document);
                    let overrides = &document.overrides;
                    tables.values.of_document(n_clusters, &entries, overrides, clusters, key)
                })
            }
        }
    }

    /// A value. Equal values have equal ids, and values that differ in text or kind do not.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn scalar(&self, value: ValueId) -> &Scalar {
        self.tables().values.distinct.get(value)
    }

    /// The keys that something sets, on some cluster at least, in order.
    ///
    /// # Panics
    /// If the application is of another fleet; for [`KeySpace::Cluster`] it does not matter.
    #[must_use]
    pub fn keys(&self, application: ApplicationId, space: KeySpace) -> Vec<String> {
        if space == KeySpace::Cluster {
            return self.tables().values.cluster.keys().map(ToString::to_string).collect();
        }
        let application = &self.applications[application.0 as usize];
        let (entries, overrides) = match space {
            KeySpace::Namespace => {
                let document = &self.namespaces[application.namespace.0 as usize].document;
                (of_namespace(document), &document.overrides)
            }
            KeySpace::Application | KeySpace::Cluster => {
                (of_application(&application.document), &application.document.overrides)
            }
        };
        let overrides = overrides.iter().flat_map(|item| &item.values);
        let more = overrides.map(|(key, _)| key.value.to_string());
        let keys: BTreeSet<String> =
            entries.iter().map(|entry| entry.key.to_owned()).chain(more).collect();
        keys.into_iter().collect()
    }
}
