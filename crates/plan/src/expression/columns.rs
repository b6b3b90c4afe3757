//! The clusters of every label and value, by key and value.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ClusterId, ClusterSet};

use super::texts::Texts;

/// The position of a key in [`ClusterKeys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// The position of a value in its [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueIndex(pub u32);

/// The keys of labels and own values that some cluster has, in order.
#[derive(Clone, Debug, Default)]
pub struct ClusterKeys {
    names: Texts,
    keys: Vec<Arc<Key>>,
}

/// One key: its distinct values in order, and the clusters of each.
#[derive(Clone, Debug)]
pub struct Key {
    /// The values.
    pub values: Texts,
    members: Vec<Members>,
}

/// The clusters that have one value.
///
/// A set of bits for each of 30,000 addresses would take 100 MB; few clusters are a list.
#[derive(Clone, Debug)]
pub enum Members {
    /// One, as of most addresses.
    One(ClusterId),
    /// So few that a list is smaller than a set.
    Few(Vec<ClusterId>),
    /// A set.
    Many(ClusterSet),
}

impl Members {
    fn new(clusters: Vec<ClusterId>, n_clusters: usize) -> Self {
        if let [cluster] = clusters[..] {
            return Self::One(cluster);
        }
        if clusters.len() * 64 < n_clusters {
            return Self::Few(clusters);
        }
        let mut set = ClusterSet::none(n_clusters);
        clusters.into_iter().for_each(|cluster| set.insert(cluster));
        Self::Many(set)
    }

    /// The clusters in order.
    fn list(&self) -> Vec<ClusterId> {
        match self {
            Self::One(cluster) => vec![*cluster],
            Self::Few(clusters) => clusters.clone(),
            Self::Many(clusters) => clusters.iter().collect(),
        }
    }

    /// Adds the clusters to a set.
    pub fn add_to(&self, set: &mut ClusterSet) {
        match self {
            Self::One(cluster) => set.insert(*cluster),
            Self::Few(clusters) => clusters.iter().for_each(|cluster| set.insert(*cluster)),
            Self::Many(clusters) => set.unite(clusters),
        }
    }
}

impl ClusterKeys {
    /// Takes each cluster's keys with their values, in any order.
    #[must_use]
    pub fn new<'a>(
        n_clusters: usize,
        pairs: impl Iterator<Item = (ClusterId, &'a str, &'a str)>,
    ) -> Self {
        let mut by_key: HashMap<&str, HashMap<&str, Vec<ClusterId>>> = HashMap::new();
        for (cluster, key, value) in pairs {
            by_key.entry(key).or_default().entry(value).or_default().push(cluster);
        }
        let mut sorted: Vec<_> = by_key.into_iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        let names = Texts::from_sorted(sorted.iter().map(|(key, _)| *key));
        let keys =
            sorted.into_iter().map(|(_, values)| Arc::new(Key::new(n_clusters, values))).collect();
        Self { names, keys }
    }

    /// The key of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<KeyId> {
        self.names.find(name).map(|index| KeyId(index as u32))
    }

    /// The names of the keys in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    /// A key.
    #[must_use]
    pub fn get(&self, key: KeyId) -> Option<&Key> {
        self.keys.get(key.0 as usize).map(|key| &**key)
    }

    /// Gives a cluster that has one value of a key another one. `n_clusters` is the fleet's.
    pub(crate) fn change(
        &mut self,
        n_clusters: usize,
        cluster: ClusterId,
        key: KeyId,
        (from, to): (&str, &str),
    ) {
        if let Some(key) = self.keys.get_mut(key.0 as usize) {
            Arc::make_mut(key).change(n_clusters, cluster, from, to);
        }
    }

    /// The clusters of a value of a key.
    #[must_use]
    pub fn members(&self, key: KeyId, value: ValueIndex) -> Option<&Members> {
        self.get(key)?.members.get(value.0 as usize)
    }
}

impl Key {
    fn change(&mut self, n_clusters: usize, cluster: ClusterId, from: &str, to: &str) {
        if let Some(index) = self.values.find(from) {
            let mut left = self.members[index].list();
            left.retain(|other| *other != cluster);
            if left.is_empty() {
                self.values.remove(index);
                self.members.remove(index);
            } else {
                self.members[index] = Members::new(left, n_clusters);
            }
        }
        match self.values.find(to) {
            Some(index) => {
                let mut list = self.members[index].list();
                let at = list.partition_point(|other| *other < cluster);
                list.insert(at, cluster);
                self.members[index] = Members::new(list, n_clusters);
            }
            None => {
                let index = self.values.insert(to);
                self.members.insert(index, Members::One(cluster));
            }
        }
    }

    fn new(n_clusters: usize, values: HashMap<&str, Vec<ClusterId>>) -> Self {
        let mut sorted: Vec<_> = values.into_iter().collect();
        sorted.sort_unstable_by_key(|(value, _)| *value);
        let values = Texts::from_sorted(sorted.iter().map(|(value, _)| *value));
        let members = sorted.into_iter().map(|(_, list)| Members::new(list, n_clusters)).collect();
        Self { values, members }
    }
}
