//! The values of keys on the positions of a grid.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ClusterId, ClusterSet, Scalar};

use super::grouping::Grouping;
use crate::fleet::Column;
use crate::template::settled::is_harmless;
use crate::template::specialise::Known;
use crate::{Fleet, ValueId};

/// A key on the clusters of a grid.
pub(crate) struct Key {
    /// Its number among the keys of the grid.
    number: usize,
    column: Column,
    /// The clusters where it has no value.
    pub(crate) missing: ClusterSet,
    /// Positions by its value.
    grouping: Arc<Grouping>,
    /// Whether every value of it is harmless.
    harmless: bool,
}

impl Key {
    /// A key with this number and these values.
    pub(crate) fn new(
        fleet: &Fleet,
        clusters: &[ClusterId],
        number: usize,
        column: Column,
    ) -> Self {
        let number_of = |value: Option<ValueId>| value.map_or(0, |value| value.0.wrapping_add(1));
        let part = |position: usize| number_of(column.get(clusters[position]));
        let grouping = match &column {
            Column::Same(_) => Grouping::whole(clusters.len()),
            Column::Each(_) => Grouping::new(clusters.len(), &[part]),
        };
        let value = |first: &u32| column.get(clusters[*first as usize]);
        let mut values = grouping.firsts().iter().map(value);
        let missing = match values.clone().all(|value| value.is_some()) {
            true => ClusterSet::default(),
            false => clusters.iter().filter(|id| column.get(**id).is_none()).copied().collect(),
        };
        let harmless =
            values.all(|value| value.is_none_or(|id| is_harmless(&fleet.scalar(id).text)));
        Self { number, column, missing, grouping: Arc::new(grouping), harmless }
    }

    /// Its value on a cluster.
    pub(crate) fn value(&self, cluster: ClusterId) -> Option<ValueId> {
        self.column.get(cluster)
    }
}

/// Positions by the values of several keys, as far as they were asked for.
#[derive(Default)]
pub(crate) struct Groupings(HashMap<Vec<usize>, Arc<Grouping>>);

impl Groupings {
    /// Positions by the values of these keys.
    pub(crate) fn of<'k>(
        &mut self,
        n_positions: usize,
        keys: impl Iterator<Item = &'k Arc<Key>>,
    ) -> Arc<Grouping> {
        let mut varying: Vec<&Arc<Key>> = keys.filter(|key| key.grouping.n_groups() > 1).collect();
        varying.sort_by_key(|key| key.number);
        varying.dedup_by_key(|key| key.number);
        let numbers: Vec<usize> = varying.iter().map(|key| key.number).collect();
        let make = || Grouping::of_all(n_positions, varying.iter().map(|key| &key.grouping));
        Arc::clone(self.0.entry(numbers).or_insert_with(make))
    }
}

/// The values of a unit's keys on positions.
#[derive(Clone, Copy)]
pub(crate) struct UnitValues<'f> {
    /// The fleet.
    pub(crate) fleet: &'f Fleet,
    /// The cluster of each position.
    pub(crate) clusters: &'f [ClusterId],
    /// The keys of the unit, in its order.
    pub(crate) keys: &'f [Arc<Key>],
}

/// Something for each group of positions.
pub(crate) struct Table<T> {
    /// The groups.
    pub(crate) grouping: Arc<Grouping>,
    /// What each has.
    pub(crate) entries: Vec<T>,
}

impl<T> Table<T> {
    /// What a position has.
    pub(crate) fn at(&self, position: usize) -> &T {
        &self.entries[self.grouping.group(position) as usize]
    }
}

impl<'f> UnitValues<'f> {
    /// The value of a key on a position.
    pub(crate) fn value(&self, key: usize, position: usize) -> Option<&'f Scalar> {
        let value = self.keys[key].value(self.clusters[position])?;
        Some(self.fleet.scalar(value))
    }

    /// Whether every key has a value on a position.
    pub(crate) fn is_whole(&self, position: usize) -> bool {
        self.keys
            .iter()
            .all(|key| key.missing.is_empty() || key.value(self.clusters[position]).is_some())
    }

    /// The values of all keys on a position; nothing if one has none.
    pub(crate) fn all(&self, position: usize) -> Option<Vec<&'f Scalar>> {
        (0..self.keys.len()).map(|key| self.value(key, position)).collect()
    }

    /// What is known of each key before a position is looked at; nothing if one has no value
    /// anywhere.
    pub(crate) fn known(&self) -> Option<Vec<Known<'f>>> {
        let known = |(number, key): (usize, &Arc<Key>)| match key.grouping.firsts() {
            [first] => Some(Known::Value(self.value(number, *first as usize)?)),
            _ => Some(Known::Varies { harmless: key.harmless }),
        };
        self.keys.iter().enumerate().map(known).collect()
    }

    /// Positions by the values of some keys.
    pub(crate) fn grouping(&self, groupings: &mut Groupings, keys: &[usize]) -> Arc<Grouping> {
        groupings.of(self.clusters.len(), keys.iter().map(|key| &self.keys[*key]))
    }

    /// What `make` says of each distinct tuple of values of some keys. It is given a value for
    /// every key of the unit and must not look at others; or nothing if one has none.
    pub(crate) fn table<T>(
        &self,
        groupings: &mut Groupings,
        keys: &[usize],
        mut make: impl FnMut(Option<&[&Scalar]>) -> T,
    ) -> Table<T> {
        let grouping = self.grouping(groupings, keys);
        let unused = Scalar::string("");
        let mut values: Vec<&Scalar> = vec![&unused; self.keys.len()];
        let mut entries = Vec::with_capacity(grouping.n_groups());
        for first in grouping.firsts() {
            let mut is_whole = true;
            for key in keys {
                match self.value(*key, *first as usize) {
                    Some(value) => values[*key] = value,
                    None => is_whole = false,
                }
            }
            entries.push(make(is_whole.then_some(&values)));
        }
        Table { grouping, entries }
    }
}
