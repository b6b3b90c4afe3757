//! Each distinct value once.

use std::collections::HashMap;

use model::Scalar;

use crate::fleet::ValueId;

/// Distinct values; two are the same if text and kind are.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    scalars: Vec<Scalar>,
    ids: HashMap<Scalar, ValueId>,
}

impl Distinct {
    /// The id of a value, a new one if it is new.
    pub(super) fn add(&mut self, scalar: &Scalar) -> ValueId {
        if let Some(id) = self.ids.get(scalar) {
            return *id;
        }
        let id = ValueId(self.scalars.len() as u32);
        self.scalars.push(scalar.clone());
        self.ids.insert(scalar.clone(), id);
        id
    }

    pub(super) fn find(&self, scalar: &Scalar) -> Option<ValueId> {
        self.ids.get(scalar).copied()
    }

    /// # Panics
    /// If the id is of another table.
    pub(super) fn get(&self, id: ValueId) -> &Scalar {
        &self.scalars[id.0 as usize]
    }
}
