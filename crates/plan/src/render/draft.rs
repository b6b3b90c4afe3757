//! The clusters of a render while it is made, shared with the earlier one where nothing differs.

use std::sync::Arc;

use model::{ApplicationId, Cell, ClusterId, ClusterSet, Diagnostic, Rendered, RenderedCluster};
use rayon::prelude::*;

use super::findings;

/// From this position on, a finding is one of the earlier render.
const EARLIER: u32 = 1 << 31;

/// A render in which findings are not yet arranged.
pub(crate) struct Draft {
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
    clusters: Vec<Arc<RenderedCluster>>,
    /// The clusters that are not as they were. In these a broken cell names a position in
    /// `findings`, or one in the earlier render's diagnostics, from [`EARLIER`] on.
    changed: ClusterSet,
}

impl Draft {
    /// Starts with clusters that have nothing broken.
    pub(crate) fn new(clusters: Vec<RenderedCluster>) -> Self {
        let changed = ClusterSet::all(clusters.len());
        let clusters = clusters.into_iter().map(Arc::new).collect();
        Self { findings: Vec::new(), clusters, changed }
    }

    /// Starts with the clusters of an earlier render.
    pub(crate) fn after(earlier: &Rendered) -> Self {
        let clusters = earlier.clusters.clone();
        Self { findings: Vec::new(), changed: ClusterSet::none(clusters.len()), clusters }
    }

    /// A cluster as it is now.
    pub(crate) fn get(&self, cluster: ClusterId) -> &RenderedCluster {
        &self.clusters[cluster.index()]
    }

    /// A cluster, to be changed.
    pub(crate) fn own(&mut self, cluster: ClusterId) -> &mut RenderedCluster {
        let own = Arc::make_mut(&mut self.clusters[cluster.index()]);
        if !self.changed.contains(cluster) {
            self.changed.insert(cluster);
            findings_of(own, |finding| *finding += EARLIER);
        }
        own
    }

    /// Puts a cell, or removes it.
    pub(crate) fn put(&mut self, cluster: ClusterId, id: ApplicationId, cell: Option<Cell>) {
        let cells = &self.get(cluster).cells;
        // Applications come in order, so that a new one is mostly the last.
        let position = match cells.last() {
            Some((last, _)) if *last < id => Err(cells.len()),
            None => Err(0),
            Some(_) => cells.binary_search_by_key(&id, |(id, _)| *id),
        };
        match (position, cell) {
            (Ok(at), Some(Cell::Tree(tree))) if cells[at].1 == Cell::Tree(tree) => {}
            (Ok(at), Some(cell)) => self.own(cluster).cells[at].1 = cell,
            (Ok(at), None) => _ = self.own(cluster).cells.remove(at),
            (Err(at), Some(cell)) => self.own(cluster).cells.insert(at, (id, cell)),
            (Err(_), None) => {}
        }
    }

    /// Breaks a cell that was rendered.
    pub(crate) fn break_cell(&mut self, cluster: ClusterId, id: ApplicationId, finding: u32) {
        let cells = &self.get(cluster).cells;
        let position = cells.binary_search_by_key(&id, |(id, _)| *id);
        if let Ok(position) = position
            && matches!(cells[position].1, Cell::Tree(_))
        {
            self.own(cluster).cells[position].1 = Cell::Broken(finding);
        }
    }

    /// Puts findings in order, and makes cells name their positions there.
    pub(crate) fn finish(
        mut self,
        earlier: Option<&Rendered>,
    ) -> (Vec<Arc<RenderedCluster>>, Vec<Diagnostic>) {
        let (diagnostics, new) = findings::arrange(std::mem::take(&mut self.findings));
        let old: Vec<Option<u32>> = earlier
            .into_iter()
            .flat_map(|earlier| &earlier.diagnostics)
            .map(|diagnostic| findings::find(&diagnostics, diagnostic))
            .collect();
        let moved = |(at, position): &(usize, &Option<u32>)| **position != Some(*at as u32);
        for (at, _) in old.iter().enumerate().filter(moved) {
            let earlier = earlier.map(|earlier| &earlier.diagnostics[at]);
            for cluster in earlier.iter().flat_map(|diagnostic| diagnostic.clusters.iter()) {
                self.own(cluster);
            }
        }
        let position = |finding: &mut u32| {
            *finding = match finding.checked_sub(EARLIER) {
                Some(earlier) => old[earlier as usize].unwrap_or(0),
                None => new[*finding as usize],
            };
        };
        let changed = &self.changed;
        let finish = |(index, cluster): (usize, &mut Arc<RenderedCluster>)| {
            if changed.contains(ClusterId(index as u32)) {
                let own = Arc::make_mut(cluster);
                findings_of(own, position);
                own.cells.shrink_to_fit();
            }
        };
        self.clusters.par_iter_mut().enumerate().for_each(finish);
        (self.clusters, diagnostics)
    }
}

/// Visits the findings that break parts of a cluster.
fn findings_of(cluster: &mut RenderedCluster, visit: impl Fn(&mut u32)) {
    for (_, cell) in &mut cluster.cells {
        if let Cell::Broken(finding) = cell {
            visit(finding);
        }
    }
    if let Err(finding) = &mut cluster.bootstrap {
        visit(finding);
    }
}
