//! The ledger and a render, side by side.
//!
//! A [`Comparison`] is kept by a caller that compares again and again. It remembers the clusters
//! of both sides; two that are shared with the last time, by pointer, are not looked into. What it
//! remembers changes nothing: the answer is that of a comparison without memory.

use std::sync::Arc;

use model::{Ledger, LedgerCluster, NamespaceName, ObjectId, Rendered, RenderedCluster};

use crate::compare::{Counter, Found, Tables, compare_cluster};
use crate::difference::{ClusterDifference, Counts, Difference};
use crate::names::{ApplicationTable, match_clusters, same_places};

/// What would change if the render became the ledger. Without a ledger everything is new.
#[must_use]
pub fn compare(ledger: Option<&Ledger>, rendered: &Rendered) -> Difference {
    let mut comparison = Comparison::default();
    comparison.update(ledger, rendered);
    comparison.difference
}

/// The last comparison, from which the next one goes on.
#[derive(Debug, Default)]
pub struct Comparison {
    difference: Difference,
    ledger: Vec<Arc<LedgerCluster>>,
    rendered: Vec<Arc<RenderedCluster>>,
    namespaces: Vec<(NamespaceName, ObjectId)>,
}

impl Comparison {
    /// The same as [`compare`], at the cost of what changed since the last time.
    ///
    /// Clusters are told apart by pointer. A change of the names of applications or of a Namespace
    /// document concerns every cluster, and all are compared.
    pub fn update(&mut self, ledger: Option<&Ledger>, rendered: &Rendered) -> &Difference {
        let table = ApplicationTable::new(ledger, rendered);
        if table != self.difference.table || rendered.namespaces != self.namespaces {
            *self = Self::of(table, rendered);
        }
        let known = ledger.map_or(&[][..], |ledger| &ledger.clusters);
        let mut last = std::mem::take(&mut self.difference);
        let counts = std::mem::take(&mut last.counts);
        let table = std::mem::take(&mut last.table);
        let matched = self.matched(&mut last, known, &rendered.clusters);
        let tables = Tables {
            applications: &table,
            namespaces: &rendered.namespaces,
            has_renames: table.renamed_to.iter().any(Option::is_some),
        };
        let mut pass = Pass::new(self, last, known, counts, tables);
        pass.run(&rendered.clusters, &matched);
        self.difference = pass.finish(matched);
        self.difference.table = table;
        remember(&mut self.ledger, known);
        remember(&mut self.rendered, &rendered.clusters);
        &self.difference
    }

    /// The last answer.
    #[must_use]
    pub fn difference(&self) -> &Difference {
        &self.difference
    }

    /// A comparison that remembers no cluster.
    fn of(table: ApplicationTable, rendered: &Rendered) -> Self {
        let none = vec![0; table.names.len()];
        let counts = Counts { before: none.clone(), after: none };
        let difference = Difference { table, counts, ..Difference::default() };
        Self { difference, namespaces: rendered.namespaces.clone(), ..Self::default() }
    }

    /// Where the clusters of the render are in the ledger: as last time, if all are where they
    /// were. Then `last` has it no more.
    fn matched(
        &self,
        last: &mut Difference,
        known: &[Arc<LedgerCluster>],
        rendered: &[Arc<RenderedCluster>],
    ) -> Matched {
        let same_known =
            same_places(&self.ledger, known, |a, b| a.uid == b.uid && a.name == b.name);
        let same_rendered = same_places(&self.rendered, rendered, |a, b| {
            a.name == b.name && a.former_name == b.former_name
        });
        let before = std::mem::take(&mut last.matched);
        match same_known && same_rendered {
            true => Matched { now: before, before: None },
            false => Matched { now: match_clusters(known, rendered), before: Some(before) },
        }
    }
}

/// Takes over what is not remembered yet, so that what is costs no counting of references.
fn remember<T>(memory: &mut Vec<Arc<T>>, new: &[Arc<T>]) {
    memory.truncate(new.len());
    for (old, new) in memory.iter_mut().zip(new) {
        if !Arc::ptr_eq(old, new) {
            *old = new.clone();
        }
    }
    memory.extend_from_slice(&new[memory.len()..]);
}

/// For each cluster of a render, its position in the ledger.
struct Matched {
    now: Vec<Option<usize>>,
    /// The same of the last time, if it is another.
    before: Option<Vec<Option<usize>>>,
}

impl Matched {
    fn before(&self, position: usize) -> Option<usize> {
        self.before.as_ref().unwrap_or(&self.now)[position]
    }
}

/// One walk over the clusters of a render beside those of the last time, both in the order of
/// names.
struct Pass<'a> {
    memory: &'a Comparison,
    known: &'a [Arc<LedgerCluster>],
    tables: Tables<'a>,
    /// What was found last time and not come by yet.
    clusters: std::iter::Peekable<std::vec::IntoIter<ClusterDifference>>,
    waiting: std::iter::Peekable<std::vec::IntoIter<usize>>,
    orphaned: Vec<usize>,
    /// The first cluster of the last time that was not come by yet.
    cursor: usize,
    counts: Counts,
    found: Difference,
}

impl<'a> Pass<'a> {
    fn new(
        memory: &'a Comparison,
        last: Difference,
        known: &'a [Arc<LedgerCluster>],
        counts: Counts,
        tables: Tables<'a>,
    ) -> Self {
        Self {
            memory,
            known,
            tables,
            clusters: last.clusters.into_iter().peekable(),
            waiting: last.waiting.into_iter().peekable(),
            orphaned: last.orphaned,
            cursor: 0,
            counts,
            found: Difference::default(),
        }
    }

    fn run(&mut self, rendered: &[Arc<RenderedCluster>], matched: &Matched) {
        for (position, cluster) in rendered.iter().enumerate() {
            let last = self.find(cluster, matched);
            let before = matched.now[position].map(|index| (index, &self.known[index]));
            let found = match last {
                Some(last) if self.is_same(last, cluster, before, matched) => self.recall(last),
                last => {
                    if let Some(last) = last {
                        self.forget(last, matched);
                    }
                    let before = before.map(|(index, cluster)| (index, &**cluster));
                    let mut counter = Counter { counts: &mut self.counts, one: 1 };
                    compare_cluster(self.tables, &mut counter, before, (position, cluster))
                }
            };
            match found {
                None => {}
                Some(Found::Waits) => self.found.waiting.push(position),
                Some(Found::Differs(difference)) => {
                    let ledger = before.map(|(index, _)| index);
                    self.found.clusters.push(ClusterDifference {
                        ledger,
                        rendered: position,
                        ..difference
                    });
                }
            }
        }
        while self.cursor < self.memory.rendered.len() {
            self.forget(self.cursor, matched);
            self.cursor += 1;
        }
    }

    /// The position that a cluster had last time, and forgets those that are gone before it.
    fn find(&mut self, cluster: &Arc<RenderedCluster>, matched: &Matched) -> Option<usize> {
        while let Some(last) = self.memory.rendered.get(self.cursor) {
            let is_it = Arc::ptr_eq(last, cluster) || last.name == cluster.name;
            if !is_it && last.name > cluster.name {
                return None;
            }
            self.cursor += 1;
            if is_it {
                return Some(self.cursor - 1);
            }
            self.forget(self.cursor - 1, matched);
        }
        None
    }

    fn is_same(
        &self,
        last: usize,
        cluster: &Arc<RenderedCluster>,
        before: Option<(usize, &Arc<LedgerCluster>)>,
        matched: &Matched,
    ) -> bool {
        let had = matched.before(last).map(|index| &self.memory.ledger[index]);
        let same_before = match (had, before) {
            (None, None) => true,
            (Some(had), Some((_, has))) => Arc::ptr_eq(had, has),
            _ => false,
        };
        same_before && Arc::ptr_eq(&self.memory.rendered[last], cluster)
    }

    /// What was found last time about a cluster.
    fn recall(&mut self, last: usize) -> Option<Found> {
        if self.waiting.next_if_eq(&last).is_some() {
            return Some(Found::Waits);
        }
        self.clusters.next_if(|found| found.rendered == last).map(Found::Differs)
    }

    /// Takes back what was counted for a cluster last time.
    fn forget(&mut self, last: usize, matched: &Matched) {
        let before = matched.before(last).map(|index| (index, &*self.memory.ledger[index]));
        let after = (last, &*self.memory.rendered[last]);
        let mut counter = Counter { counts: &mut self.counts, one: u32::MAX };
        // The answer is dropped: only what it counts matters.
        drop(compare_cluster(self.tables, &mut counter, before, after));
        drop(self.recall(last));
    }

    /// The difference, but for the table of applications.
    fn finish(mut self, matched: Matched) -> Difference {
        let mut counter = Counter { counts: &mut self.counts, one: u32::MAX };
        for index in &self.orphaned {
            counter.orphan(self.tables, &self.memory.ledger[*index]);
        }
        counter.one = 1;
        let mut is_matched = vec![false; self.known.len()];
        matched.now.iter().flatten().for_each(|index| is_matched[*index] = true);
        for (index, _) in is_matched.iter().enumerate().filter(|(_, matched)| !**matched) {
            counter.orphan(self.tables, &self.known[index]);
            self.found.orphaned.push(index);
        }
        Difference { matched: matched.now, counts: self.counts, ..self.found }
    }
}
