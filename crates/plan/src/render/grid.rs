//! Units of a template over clusters: each is filled once per distinct tuple of values.
//!
//! In: what a file or an object of a template is made of, and the clusters it is rendered on.
//! Out: for every unit the content of each group of clusters, and which clusters cannot be
//! rendered. What grows with the clusters is one number per cluster and distinct set of keys,
//! and it lives only while one application is rendered.

use std::collections::HashMap;
use std::sync::Arc;

use model::{
    ApplicationId, ClusterId, ClusterSet, Diagnostic, Mode, ObjectId, ObjectKey, Scalar, Sink, Span,
};
use rayon::prelude::*;

use super::codes;
use super::findings::Findings;
use super::grouping::Grouping;
use super::tree::{ABSENT, Content};
use crate::fleet::{Column, KeySpace};
use crate::template::{KeyUse, ObjectTemplate, Verbatim};
use crate::{Fleet, ValueId};

/// How many distinct refused values of one unit are listed one by one.
const MOST_REFUSED: usize = 100;

/// What one unit is filled from.
#[derive(Clone, Copy)]
pub(crate) enum Filler<'t> {
    /// A file as it is, placeholders filled.
    File(&'t Verbatim),
    /// An object in the canonical form.
    Object(&'t ObjectTemplate),
}

/// One file or object of a template.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'t> {
    /// What it is filled from.
    pub(crate) filler: Filler<'t>,
    /// Whether it may be executed.
    pub(crate) mode: Mode,
}

impl<'t> Unit<'t> {
    /// The keys that its placeholders name.
    pub(crate) fn keys(&self) -> &'t [KeyUse] {
        match self.filler {
            Filler::File(file) => file.keys(),
            Filler::Object(object) => object.keys(),
        }
    }

    fn fill(&self, values: &[&Scalar], sink: &dyn Sink) -> Result<FilledUnit, Vec<Diagnostic>> {
        Ok(match self.filler {
            Filler::File(file) => FilledUnit { blob: file.fill(values, sink)?, object: None },
            Filler::Object(object) => {
                let filled = object.fill(values, sink)?;
                FilledUnit { blob: filled.blob, object: Some((filled.key, filled.span)) }
            }
        })
    }
}

/// A unit, filled for one group.
pub(crate) struct FilledUnit {
    /// The file.
    pub(crate) blob: ObjectId,
    /// The object that it is, in the layout `manifests`, and where that stands.
    pub(crate) object: Option<(ObjectKey, Span)>,
}

/// A unit on every cluster of a grid.
pub(crate) struct Filled {
    /// Clusters by the values that the unit takes.
    pub(crate) grouping: Arc<Grouping>,
    /// The content for each group, where it could be filled.
    pub(crate) contents: Vec<Option<FilledUnit>>,
}

impl Filled {
    /// The content of each group.
    pub(crate) fn content(&self) -> Content {
        let ids = self.contents.iter().map(|content| content.as_ref().map_or(ABSENT, |c| c.blob));
        Content { grouping: Arc::clone(&self.grouping), ids: ids.collect() }
    }
}

/// The clusters on which one choice of one application, or the bootstrap, is rendered.
pub(crate) struct Grid<'a> {
    fleet: &'a Fleet,
    application: ApplicationId,
    /// The clusters, in order.
    pub(crate) clusters: &'a [ClusterId],
    columns: HashMap<(KeySpace, Box<str>), Arc<Values>>,
    groupings: HashMap<Vec<(KeySpace, Box<str>)>, Arc<Grouping>>,
    /// For each position the finding that breaks it, if any.
    pub(crate) broken: Vec<Option<u32>>,
}

/// A key's values and where it has none.
struct Values {
    column: Column,
    missing: ClusterSet,
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
            columns: HashMap::new(),
            groupings: HashMap::new(),
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

    fn values(&mut self, space: KeySpace, key: &str) -> Arc<Values> {
        let (fleet, application, clusters) = (self.fleet, self.application, self.clusters);
        let entry = self.columns.entry((space, key.into()));
        let values = entry.or_insert_with(|| {
            let column = fleet.column(application, space, key);
            let without = |cluster: &&ClusterId| column.get(**cluster).is_none();
            let missing = match &column {
                Column::Same(Some(_)) => ClusterSet::default(),
                _ => clusters.iter().filter(without).copied().collect(),
            };
            Arc::new(Values { column, missing })
        });
        Arc::clone(values)
    }

    /// Clusters by the values of these keys.
    pub(crate) fn grouping(&mut self, keys: &[(KeySpace, &str)]) -> Arc<Grouping> {
        let mut varying: Vec<(KeySpace, Box<str>)> = Vec::new();
        for (space, key) in keys {
            if matches!(self.values(*space, key).column, Column::Each(_)) {
                varying.push((*space, (*key).into()));
            }
        }
        varying.sort();
        varying.dedup();
        if let Some(grouping) = self.groupings.get(&varying) {
            return Arc::clone(grouping);
        }
        let columns = varying.iter().map(|key| &self.columns[key].column);
        let numbers: Vec<_> =
            columns.map(|column| |at: usize| number_of(column.get(self.clusters[at]))).collect();
        let grouping = Arc::new(Grouping::new(self.clusters.len(), &numbers));
        self.groupings.insert(varying, Arc::clone(&grouping));
        grouping
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
            let value = self.values(*space, key).column.get(cluster)?;
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
    ) -> Filled {
        self.report_missing(unit, findings);
        let keys: Vec<(KeySpace, &str)> =
            unit.keys().iter().map(|used| (used.space, &*used.key)).collect();
        let grouping = self.grouping(&keys);
        let columns: Vec<Arc<Values>> =
            keys.iter().map(|(space, key)| self.values(*space, key)).collect();
        let fill = |position: &u32| {
            let cluster = self.clusters[*position as usize];
            let scalar =
                |values: &Arc<Values>| Some(self.fleet.scalar(values.column.get(cluster)?));
            let scalars: Option<Vec<&Scalar>> = columns.iter().map(scalar).collect();
            scalars.map(|scalars| unit.fill(&scalars, sink))
        };
        let results: Vec<_> = grouping.firsts().par_iter().map(fill).collect();
        self.keep(results, grouping, findings)
    }

    fn report_missing(&mut self, unit: &Unit<'_>, findings: &mut Findings) {
        for used in unit.keys() {
            let values = self.values(used.space, &used.key);
            if !values.missing.is_empty() {
                let finding =
                    findings.add_missing(used.space, &used.key, used.span, &values.missing);
                self.break_clusters(&values.missing, finding);
            }
        }
    }

    /// Sorts what was filled from what was refused.
    fn keep(
        &mut self,
        results: Vec<Option<Result<FilledUnit, Vec<Diagnostic>>>>,
        grouping: Arc<Grouping>,
        findings: &mut Findings,
    ) -> Filled {
        let mut refused: Vec<(u32, Vec<Diagnostic>)> = Vec::new();
        let mut contents = Vec::with_capacity(results.len());
        for (group, result) in results.into_iter().enumerate() {
            match result {
                Some(Ok(content)) => contents.push(Some(content)),
                Some(Err(problems)) => {
                    contents.push(None);
                    refused.push((group as u32, problems));
                }
                None => contents.push(None),
            }
        }
        if !refused.is_empty() {
            self.report_refused(refused, &grouping, findings);
        }
        Filled { grouping, contents }
    }

    fn report_refused(
        &mut self,
        refused: Vec<(u32, Vec<Diagnostic>)>,
        grouping: &Grouping,
        findings: &mut Findings,
    ) {
        let more = refused.len().saturating_sub(MOST_REFUSED);
        let slot_of: HashMap<u32, usize> = refused
            .iter()
            .enumerate()
            .map(|(index, (group, _))| (*group, index.min(MOST_REFUSED)))
            .collect();
        let mut members = vec![ClusterSet::default(); refused.len().min(MOST_REFUSED + 1)];
        for (position, cluster) in self.clusters.iter().enumerate() {
            if let Some(slot) = slot_of.get(&grouping.group(position)) {
                members[*slot].insert(*cluster);
            }
        }
        for (slot, (_, problems)) in refused.into_iter().take(members.len()).enumerate() {
            let problems = match slot == MOST_REFUSED {
                true => problems.into_iter().take(1).map(|first| summary(first, more)).collect(),
                false => problems,
            };
            if let Some(finding) = findings.add_all(problems, &members[slot]) {
                self.break_clusters(&members[slot], finding);
            }
        }
    }
}

/// A number for a value or for none, so that different ones have different numbers.
fn number_of(value: Option<ValueId>) -> u32 {
    value.map_or(0, |value| value.0.wrapping_add(1))
}

/// One finding for the values beyond those that are listed.
fn summary(mut first: Diagnostic, more: usize) -> Diagnostic {
    first.code = &codes::REFUSED_VALUES;
    first.message = format!("{more} more values are refused here");
    first
}
