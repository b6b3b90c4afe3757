//! Which objects an application puts on which clusters.
//!
//! In: the object that each unit is, for each group of clusters. Out: the distinct lists of
//! objects with their clusters, for the rules that look across objects and applications.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ClusterId, ClusterSet, NamespaceId, ObjectKey, Span};

use super::grouping::Grouping;
use crate::Fleet;

/// In place of a row where a unit puts nothing on a cluster.
pub(crate) const NOTHING: u32 = u32::MAX;

/// One object of an application.
#[derive(Clone, Debug)]
pub(crate) struct ObjectRow {
    /// The identity.
    pub(crate) key: ObjectKey,
    /// Where it is written first.
    pub(crate) span: Span,
    /// The Namespace document that writes the same object.
    pub(crate) document: Option<NamespaceId>,
}

/// The objects of an application, and the lists of them that clusters get.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectTable {
    /// Each distinct object.
    pub(crate) rows: Vec<ObjectRow>,
    index: HashMap<ObjectKey, u32>,
    /// Whether one object is written at several places, so that the first of them depends on
    /// which clusters are rendered.
    pub(crate) ambiguous: bool,
    /// Each distinct list of rows with the clusters that get it.
    pub(crate) lists: Vec<(Vec<u32>, Vec<ClusterId>)>,
}

impl ObjectTable {
    /// The row of an object.
    pub(crate) fn row(&mut self, fleet: &Fleet, key: &ObjectKey, span: Span) -> u32 {
        if let Some(row) = self.index.get(key) {
            self.ambiguous |= self.rows[*row as usize].span != span;
            return *row;
        }
        let row = self.rows.len() as u32;
        let document = namespace_document(fleet, key);
        self.rows.push(ObjectRow { key: key.clone(), span, document });
        self.index.insert(key.clone(), row);
        row
    }

    /// The row of an object that is there already.
    pub(crate) fn find(&self, key: &ObjectKey) -> Option<u32> {
        self.index.get(key).copied()
    }

    /// The row of an object that is a row of another table of the same fleet.
    pub(crate) fn take(&mut self, row: &ObjectRow) -> u32 {
        if let Some(known) = self.index.get(&row.key) {
            self.ambiguous |= self.rows[*known as usize].span != row.span;
            return *known;
        }
        let position = self.rows.len() as u32;
        self.index.insert(row.key.clone(), position);
        self.rows.push(row.clone());
        position
    }

    /// The clusters of some classes of rows, where `class_of` says the class of a row.
    pub(crate) fn clusters_of(
        &self,
        n_classes: usize,
        class_of: impl Fn(u32) -> Option<usize>,
    ) -> Vec<ClusterSet> {
        let mut sets = vec![ClusterSet::default(); n_classes];
        for (rows, clusters) in &self.lists {
            let mut classes: Vec<usize> = rows.iter().filter_map(|row| class_of(*row)).collect();
            classes.sort_unstable();
            classes.dedup();
            for class in classes {
                clusters.iter().for_each(|cluster| sets[class].insert(*cluster));
            }
        }
        sets
    }
}

fn namespace_document(fleet: &Fleet, key: &ObjectKey) -> Option<NamespaceId> {
    if key.kind != "Namespace" || !key.group.is_empty() {
        return None;
    }
    let found = fleet.namespaces.binary_search_by(|entry| entry.name.as_str().cmp(&key.name));
    found.ok().map(|position| NamespaceId(position as u32))
}

/// The object that a unit is, for each group of clusters.
pub(crate) struct Placed {
    /// The groups.
    pub(crate) grouping: Arc<Grouping>,
    /// The row of each group.
    pub(crate) rows: Vec<u32>,
    /// Where the object is written.
    pub(crate) span: Option<Span>,
}

/// What each position of a grid gets: the positions' lists, without repetitions.
pub(crate) struct Signatures {
    /// Each distinct list: for each unit its row.
    pub(crate) lists: Vec<Vec<u32>>,
    /// The list of each position; nothing if all get the first.
    of: Option<Vec<u32>>,
}

impl Signatures {
    /// The list of a position.
    pub(crate) fn at(&self, position: usize) -> usize {
        self.of.as_ref().map_or(0, |of| of[position] as usize)
    }

    /// Finds the distinct lists. `dropped` says where a unit's row is left out.
    pub(crate) fn new(
        placed: &[Placed],
        n_positions: usize,
        dropped: impl Fn(u32, usize) -> bool,
        may_drop: impl Fn(u32) -> bool,
    ) -> Self {
        let varies = |unit: &Placed| {
            unit.rows.windows(2).any(|pair| pair[0] != pair[1])
                || unit.rows.first().is_some_and(|row| may_drop(*row))
        };
        let varying: Vec<usize> = (0..placed.len()).filter(|unit| varies(&placed[*unit])).collect();
        let fixed = |unit: &Placed| unit.rows.first().copied().unwrap_or(NOTHING);
        let first: Vec<u32> = placed.iter().map(fixed).collect();
        if varying.is_empty() {
            return Self { lists: vec![first], of: None };
        }
        let (mut lists, mut of) = (Vec::new(), Vec::with_capacity(n_positions));
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        for position in 0..n_positions {
            let mut list = first.clone();
            for unit in &varying {
                let row = placed[*unit].rows[placed[*unit].grouping.group(position) as usize];
                list[*unit] = if dropped(row, position) { NOTHING } else { row };
            }
            let next = lists.len() as u32;
            let number = *known.entry(list).or_insert_with_key(|list| {
                lists.push(list.clone());
                next
            });
            of.push(number);
        }
        Self { lists, of: Some(of) }
    }
}
