//! Going back to what an earlier step gave.
//!
//! The earlier trees take the place of the rendered ones, and the step is then decided like any
//! other: the brakes look at it, and holds apply.

use std::collections::HashSet;
use std::sync::Arc;

use model::{
    ApplicationName, Cell, ClusterId, ClusterSet, Ledger, LedgerCluster, Rendered, RenderedCluster,
};

/// Which cells go back.
#[derive(Clone, Debug)]
pub struct RollbackScope<'a> {
    /// The clusters, as positions in the render.
    pub clusters: &'a ClusterSet,
    /// The applications; all of them if there are none.
    pub applications: &'a [ApplicationName],
}

/// A render with earlier trees in the place of some of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The render.
    pub rendered: Rendered,
    /// How many cells are another tree than the ledger's now.
    pub n_changed: usize,
    /// How many cells did not run at the earlier step, and stay as they are rendered.
    pub n_absent: usize,
}

/// Puts the trees that an earlier ledger gave to some cells in the place of the rendered ones. A
/// cell that did not run then, or is placed no longer, is left alone: nothing is deleted and
/// nothing is placed by going back.
#[must_use]
pub fn roll_back(
    rendered: &Rendered,
    ledger: &Ledger,
    earlier: &Ledger,
    scope: &RollbackScope<'_>,
) -> RolledBack {
    let mut back = RolledBack { rendered: rendered.clone(), n_changed: 0, n_absent: 0 };
    let names: HashSet<&ApplicationName> = scope.applications.iter().collect();
    for id in scope.clusters.iter() {
        let Some(cluster) = rendered.clusters.get(id.index()) else { continue };
        let now = released(ledger, cluster);
        let then = now.and_then(|now| earlier.cluster_by_uid(now.uid));
        let (Some(now), Some(then)) = (now, then) else {
            back.n_absent += cluster.cells.len();
            continue;
        };
        let sides = Sides { now: (ledger, now), then: (earlier, then), names: &names };
        back.put(id, &sides);
    }
    back
}

/// One cluster in the ledger, and in the earlier one.
struct Sides<'a> {
    now: (&'a Ledger, &'a LedgerCluster),
    then: (&'a Ledger, &'a LedgerCluster),
    names: &'a HashSet<&'a ApplicationName>,
}

impl RolledBack {
    fn put(&mut self, id: ClusterId, sides: &Sides<'_>) {
        let Self { rendered, n_changed, n_absent } = self;
        let Rendered { clusters, applications, .. } = rendered;
        let cluster = Arc::make_mut(&mut clusters[id.index()]);
        for (application, cell) in &mut cluster.cells {
            let name = &applications[application.0 as usize].0;
            if !sides.names.is_empty() && !sides.names.contains(name) {
                continue;
            }
            let Some(fragment) = fragment(sides.then, name) else {
                *n_absent += 1;
                continue;
            };
            *n_changed += usize::from(fragment_differs(sides.now, name, fragment));
            *cell = Cell::Tree(fragment);
        }
    }
}

fn fragment_differs(
    now: (&Ledger, &LedgerCluster),
    name: &ApplicationName,
    then: model::Fragment,
) -> bool {
    fragment(now, name) != Some(then)
}

/// What a ledger gives an application on a cluster.
fn fragment(
    (ledger, cluster): (&Ledger, &LedgerCluster),
    name: &ApplicationName,
) -> Option<model::Fragment> {
    let is_named = |cell: &model::LedgerCell| ledger.application(cell.application) == name;
    cluster.cells.iter().find(is_named).map(|cell| cell.fragment)
}

/// The cluster of the ledger, under its present or its former name.
fn released<'a>(ledger: &'a Ledger, cluster: &RenderedCluster) -> Option<&'a LedgerCluster> {
    let former = || ledger.cluster(cluster.former_name.as_ref()?.as_str());
    ledger.cluster(cluster.name.as_str()).or_else(former)
}
