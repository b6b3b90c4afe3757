//! Each distinct value once.

use std::collections::HashMap;
use std::sync::Arc;

use model::Scalar;

use crate::fleet::ValueId;

/// How many values are added to a table before it is made anew.
const MOST_ADDED: usize = 4096;

/// Distinct values; two are the same if text and kind are.
///
/// A table can be extended without copying what is there: then both have the same ids for what
/// they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Distinct {
    first: Arc<Table>,
    added: Table,
}

#[derive(Clone, Debug, Default)]
struct Table {
    scalars: Vec<Scalar>,
    ids: HashMap<Scalar, ValueId>,
}

impl Distinct {
    /// A table to start with.
    pub(super) fn new(scalars: Collected) -> Self {
        Self { first: Arc::new(scalars.0), added: Table::default() }
    }

    /// The id of a value, a new one if it is new; nothing when the table should be made anew.
    pub(super) fn extend(&mut self, scalar: &Scalar) -> Option<ValueId> {
        if let Some(id) = self.find(scalar) {
            return Some(id);
        }
        let is_full = self.added.scalars.len() >= MOST_ADDED;
        (!is_full).then(|| self.added.add(self.first.scalars.len(), scalar))
    }

    pub(super) fn find(&self, scalar: &Scalar) -> Option<ValueId> {
        self.first.ids.get(scalar).or_else(|| self.added.ids.get(scalar)).copied()
    }

    /// # Panics
    /// If the id is of another table.
    pub(super) fn get(&self, id: ValueId) -> &Scalar {
        let index = id.0 as usize;
        match index.checked_sub(self.first.scalars.len()) {
            Some(added) => &self.added.scalars[added],
            None => &self.first.scalars[index],
        }
    }

    /// Whether each id of one table means in the other what it means here, if anything. Both
    /// must have been extended from one table.
    pub(super) fn shares_ids(&self, other: &Self) -> bool {
        let n_common = self.added.scalars.len().min(other.added.scalars.len());
        Arc::ptr_eq(&self.first, &other.first)
            && self.added.scalars[..n_common] == other.added.scalars[..n_common]
    }
}

/// Distinct values while they are collected.
#[derive(Default)]
pub(super) struct Collected(Table);

impl Collected {
    /// The id of a value, a new one if it is new.
    pub(super) fn add(&mut self, scalar: &Scalar) -> ValueId {
        self.0.ids.get(scalar).copied().unwrap_or_else(|| self.0.add(0, scalar))
    }

    /// # Panics
    /// If the id is of another table.
    pub(super) fn get(&self, id: ValueId) -> &Scalar {
        &self.0.scalars[id.0 as usize]
    }
}

impl Table {
    fn add(&mut self, first: usize, scalar: &Scalar) -> ValueId {
        let id = ValueId((first + self.scalars.len()) as u32);
        self.scalars.push(scalar.clone());
        self.ids.insert(scalar.clone(), id);
        id
    }
}
