//! Units of a template over clusters: each is filled once per distinct tuple of values.
//!
//! In: what a file or an object of a template is made of, and the clusters it is rendered on.
//! Out: for every unit the content of each group of clusters, and which clusters cannot be
//! rendered. What grows with the clusters is one number per cluster and distinct set of keys,
//! and it lives only while one application is rendered.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ApplicationId, ClusterId, ClusterSet, Diagnostic, ObjectKey, Scalar, Sink, Span};
use rayon::prelude::*;

use super::codes;
use super::fill::{Filled, Filling};
use super::findings::Findings;
use super::grouping::Grouping;
use super::key::{Groupings, Key, Table, UnitValues};
use super::tree::{ABSENT, Content};
use super::unit::Unit;
use crate::Fleet;
use crate::fleet::KeySpace;

/// How many distinct refused values of one unit are listed one by one.
const MOST_REFUSED: usize = 100;

/// A unit on every cluster of a grid.
pub(crate) struct FilledUnit {
    /// Its content.
    pub(crate) content: Content,
    /// The object that it is, in the layout `manifests`.
    pub(crate) object: Option<FilledObject>,
}

/// The object that a unit is.
pub(crate) struct FilledObject {
    /// Which one, for each group of clusters; nothing where that cannot be told.
    pub(crate) keys: Table<Option<ObjectKey>>,
    /// Where it stands.
    pub(crate) span: Span,
}

/// The clusters on which one choice of one application, or the bootstrap, is rendered.
pub(crate) struct Grid<'a> {
    fleet: &'a Fleet,
    application: ApplicationId,
    /// The clusters, in order.
    pub(crate) clusters: &'a [ClusterId],
    keys: HashMap<(KeySpace, Box<str>), Arc<Key>>,
    groupings: Groupings,
    /// For each position the finding that breaks it, if any.
    pub(crate) broken: Vec<Option<u32>>,
}

impl<'a> Grid<'a> {
    /// A grid of an application's clusters.
    pub(crate) fn new(
        fleet: &'a Fleet,
        application: ApplicationId,
        clusters: &'a [ClusterId],
    ) -> Self {
        Self {
            fleet,
            application,
            clusters,
            keys: HashMap::new(),
            groupings: Groupings::default(),
            broken: vec![None; clusters.len()],
        }
    }

    /// Breaks the positions whose clusters are in a set.
    pub(crate) fn break_clusters(&mut self, clusters: &ClusterSet, finding: u32) {
        for (position, cluster) in self.clusters.iter().enumerate() {
            if clusters.contains(*cluster) {
                self.broken[position].get_or_insert(finding);
            }
        }
    }

    /// The positions that are not broken.
    pub(crate) fn unbroken(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.broken).filter(|(_, broken)| broken.is_none()).map(|(at, _)| at)
    }

    /// The clusters at some positions.
    pub(crate) fn at(&self, positions: &[u32]) -> Vec<ClusterId> {
        positions.iter().map(|position| self.clusters[*position as usize]).collect()
    }

    fn key(&mut self, space: KeySpace, key: &str) -> Arc<Key> {
        let number = self.keys.len();
        let entry = self.keys.entry((space, key.into()));
        let key = entry.or_insert_with(|| {
            let column = self.fleet.column(self.application, space, key);
            Arc::new(Key::new(self.fleet, self.clusters, number, column))
        });
        Arc::clone(key)
    }

    /// Clusters by the values of these keys.
    pub(crate) fn grouping(&mut self, keys: &[(KeySpace, &str)]) -> Arc<Grouping> {
        let keys: Vec<Arc<Key>> = keys.iter().map(|(space, key)| self.key(*space, key)).collect();
        self.groupings.of(self.clusters.len(), keys.iter())
    }

    /// The values of some keys for one group; nothing if one has none there.
    pub(crate) fn values_of(
        &mut self,
        keys: &[(KeySpace, &str)],
        grouping: &Grouping,
        group: usize,
    ) -> Option<Vec<&'a Scalar>> {
        let cluster = self.clusters[grouping.firsts()[group] as usize];
        let value = |(space, key): &(KeySpace, &str)| {
            let value = self.key(*space, key).value(cluster)?;
            Some(self.fleet.scalar(value))
        };
        keys.iter().map(value).collect()
    }

    /// Fills a unit for all clusters: once per group, on all threads.
    pub(crate) fn fill(
        &mut self,
        unit: &Unit<'_>,
        findings: &mut Findings,
        sink: &dyn Sink,
    ) -> FilledUnit {
        self.report_missing(unit, findings);
        let keys: Vec<Arc<Key>> =
            unit.keys().iter().map(|used| self.key(used.space, &used.key)).collect();
        let values = UnitValues { fleet: self.fleet, clusters: self.clusters, keys: &keys };
        let grouping = self.groupings.of(self.clusters.len(), keys.iter());
        let object = unit.object().map(|object| FilledObject {
            keys: values.table(&mut self.groupings, &object.identity_keys(), |values| {
                Some(object.identify(values?).ok()?.0)
            }),
            span: object.span(),
        });
        let objects = object.as_ref().map(|object| &object.keys);
        let filled = fill_groups(unit, values, &mut self.groupings, objects, &grouping, sink);
        self.report_refused(unit, values, (&grouping, &filled), findings);
        let id = |filled: &Filled| match filled {
            Filled::Blob(id) => *id,
            Filled::Missing | Filled::Refused => ABSENT,
        };
        let ids = filled.iter().map(id).collect();
        FilledUnit { content: Content { grouping, ids }, object }
    }

    fn report_missing(&mut self, unit: &Unit<'_>, findings: &mut Findings) {
        for used in unit.keys() {
            let key = self.key(used.space, &used.key);
            if !key.missing.is_empty() {
                let finding = findings.add_missing(used.space, &used.key, used.span, &key.missing);
                self.break_clusters(&key.missing, finding);
            }
        }
    }

    /// Says why groups were refused, and breaks their clusters.
    fn report_refused(
        &mut self,
        unit: &Unit<'_>,
        values: UnitValues<'_>,
        (grouping, filled): (&Grouping, &[Filled]),
        findings: &mut Findings,
    ) {
        let groups = (0..).zip(filled).filter(|(_, filled)| **filled == Filled::Refused);
        let refused: Vec<u32> = groups.map(|(group, _)| group).collect();
        let more = refused.len().saturating_sub(MOST_REFUSED);
        let members = self.members_of(&refused, grouping);
        for (slot, (group, clusters)) in refused.iter().zip(&members).enumerate() {
            let first = grouping.firsts()[*group as usize] as usize;
            let values = values.all(first).unwrap_or_default();
            let mut problems = unit.check(&values).err().unwrap_or_default();
            if slot == MOST_REFUSED {
                problems.truncate(1);
                problems.iter_mut().for_each(|first| summarise(first, more));
            }
            if let Some(finding) = findings.add_all(problems, clusters) {
                self.break_clusters(clusters, finding);
            }
        }
    }

    /// The clusters of each refused group; beyond those that are listed, all in one set.
    fn members_of(&self, refused: &[u32], grouping: &Grouping) -> Vec<ClusterSet> {
        let mut members = vec![ClusterSet::default(); refused.len().min(MOST_REFUSED + 1)];
        if refused.is_empty() {
            return members;
        }
        let slots = refused.iter().enumerate();
        let slot_of: HashMap<u32, usize> =
            slots.map(|(index, group)| (*group, index.min(MOST_REFUSED))).collect();
        for (position, cluster) in self.clusters.iter().enumerate() {
            if let Some(slot) = slot_of.get(&grouping.group(position)) {
                members[*slot].insert(*cluster);
            }
        }
        members
    }
}

/// Fills a unit for each group.
fn fill_groups(
    unit: &Unit<'_>,
    values: UnitValues<'_>,
    groupings: &mut Groupings,
    objects: Option<&Table<Option<ObjectKey>>>,
    grouping: &Grouping,
    sink: &dyn Sink,
) -> Vec<Filled> {
    let firsts = grouping.firsts().par_iter();
    // A text without placeholders is no variant of itself.
    if !unit.body().places.is_empty()
        && let Some(filling) = Filling::new(unit, values, groupings, objects)
    {
        let fill = |pieces: &mut Vec<_>, first: &u32| filling.fill(*first as usize, pieces, sink);
        return firsts.map_init(Vec::new, fill).collect();
    }
    let alone = |first: &u32| match values.all(*first as usize) {
        Some(values) => unit.fill(&values, sink).map_or(Filled::Refused, Filled::Blob),
        None => Filled::Missing,
    };
    firsts.map(alone).collect()
}

/// Makes one finding for the values beyond those that are listed.
fn summarise(first: &mut Diagnostic, more: usize) {
    first.code = &codes::REFUSED_VALUES;
    first.message = format!("{more} more values are refused here");
}
