//! The next step of the ledger, what waits, or why nothing is released.
//!
//! Cannot fail: every mistake is a value of the answer. Nothing is read here; what must be known
//! of the world comes in as [`World`].

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use model::{
    ApplicationName, ClusterName, ClusterUid, Digest, Generation, HoldKind, Ledger, ObjectChange,
    ObjectId, Observed, Rendered, Step,
};

use crate::brakes::{Brakes, Verdict, Verdicts};
use crate::difference::{BootstrapChange, CellChange, Difference, Transition};
use crate::held::{Held, HeldItem, Part, plan_digest, plan_entry};
use crate::placed::{Covered, Placed};
use crate::refusal::{Refusal, refuse};
use crate::step::{Next, Outcome, empty_ledger};

/// What is known of the world outside, read before deciding.
#[derive(Clone, Debug)]
pub struct World {
    /// The object changes of [`Difference::transitions`]. One that is missing is unknown.
    pub object_changes: HashMap<Transition, Observed<ObjectChange>>,
    /// Clusters whose folder or branch holds a tree that the ledger never gave them.
    pub foreign: Vec<(ClusterUid, ObjectId)>,
    /// Whether the source's commit follows the ledger's. Not asked where the two are the same
    /// source, or one of them is no commit.
    pub descends: Observed<bool>,
    /// The plan that a person confirmed.
    pub confirm: Option<Digest>,
    /// That person.
    pub by: String,
    /// Whether one broken cell refuses everything.
    pub all_or_nothing: bool,
    /// What persons hold back after this step, as [`follow_orders`](crate::follow_orders) gives
    /// it.
    pub placed: Vec<Placed>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is released.
    Refused(Refusal),
    /// What goes on, and what waits.
    Decided(Box<Decided>),
}

/// What goes on, and what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The next step; nothing if the ledger already says it.
    pub step: Option<Step>,
    /// What waits for a confirmation.
    pub held: Option<Held>,
    /// Whether the given confirmation let everything pass that was held.
    pub confirmed: bool,
    /// Cells that cannot be rendered, in the order of clusters' names.
    pub stale: Vec<StaleCell>,
    /// New clusters whose first render is not complete.
    pub waiting: Vec<WaitingCluster>,
    /// Clusters that keep everything until a person decides.
    pub kept: Vec<KeptCluster>,
    /// How many parts of clusters differ and stay as they are, since persons hold them.
    pub n_on_hold: usize,
    /// How much changes.
    pub summary: Summary,
}

/// A part of a cluster that cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleCell {
    /// The cluster.
    pub cluster: ClusterName,
    /// Which part.
    pub part: Part,
    /// The position in [`Rendered::diagnostics`].
    pub diagnostic: u32,
    /// Since which step it keeps its last tree; nothing if it never was released, or where the
    /// ledger does not say.
    pub since: Option<Generation>,
}

/// A new cluster that is not released yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingCluster {
    /// The cluster.
    pub cluster: ClusterName,
    /// The applications that cannot be rendered there.
    pub broken: Vec<ApplicationName>,
}

/// A cluster that keeps everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCluster {
    /// The identity.
    pub uid: ClusterUid,
    /// The name in the ledger.
    pub cluster: ClusterName,
    /// Why.
    pub kind: HoldKind,
    /// The tree that was found or adopted.
    pub tree: ObjectId,
}

/// How much a step changes; what waits is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Clusters that are released for the first time.
    pub clusters_added: usize,
    /// Clusters whose document is gone.
    pub clusters_removed: usize,
    /// Clusters that have another name.
    pub clusters_renamed: usize,
    /// Clusters whose tree changes, new ones among them.
    pub clusters_changed: usize,
    /// Applications of which some cell changes.
    pub applications_changed: usize,
    /// Cells that are new, those of new clusters among them.
    pub cells_added: usize,
    /// Cells with another tree or name.
    pub cells_changed: usize,
    /// Cells that are gone, without those of orphaned clusters.
    pub cells_removed: usize,
    /// Cells that cannot be rendered any more, and keep their last tree.
    pub cells_stale: usize,
    /// Stale cells that render again, to the tree that they kept.
    pub cells_recovered: usize,
    /// Namespace documents that are new, changed or gone on a cluster that was there before.
    pub namespaces_changed: usize,
}

/// Decides the next step.
///
/// `difference` must be that of the same ledger and render.
///
/// # Panics
/// If `difference` is of other values.
#[must_use]
pub fn decide(
    ledger: Option<&Ledger>,
    rendered: &Rendered,
    difference: &Difference,
    world: &World,
    now: Timestamp,
) -> Decision {
    if let Some(refusal) = refuse(ledger, rendered, difference, world) {
        return Decision::Refused(refusal);
    }
    let kept = kept_clusters(ledger, world);
    let kept_uids: HashSet<ClusterUid> = kept.iter().map(|cluster| cluster.uid).collect();
    let empty = empty_ledger(rendered);
    let before = ledger.unwrap_or(&empty);
    let covered = Covered::new(&world.placed);
    let brakes = Brakes {
        ledger: before,
        rendered,
        difference,
        world,
        kept: &kept_uids,
        covered: &covered,
        now,
    };
    let verdicts = brakes.hold();
    let items = brakes.items(&verdicts);
    let plan = (!items.is_empty()).then(|| digest_of(before, &items));
    if let Some(given) = world.confirm.filter(|given| Some(*given) != plan) {
        return Decision::Refused(Refusal::ConfirmMismatch { given, expected: plan });
    }
    let n_deletions = brakes.deletions(&verdicts);
    let Verdicts { clusters: verdicts, orphans, reasons } = verdicts;
    let (verdicts, held) = match (world.confirm, plan) {
        (None, Some(plan)) => (verdicts, Some(Held { plan, items, reasons: reasons.into_list() })),
        _ => (brakes.confirmed(), None),
    };
    let next = Next {
        before,
        is_first: ledger.is_none(),
        rendered,
        difference,
        verdicts: &verdicts,
        kept: &kept,
        kept_uids: &kept_uids,
        covered: &covered,
        keeps_orphans: orphans.is_some() && held.is_some(),
        world,
        n_deletions,
        now,
    };
    let Outcome { step, summary } = next.build();
    let next_generation = before.generation.next();
    let n_on_hold = verdicts.iter().map(Verdict::n_placed).sum();
    Decision::Decided(Box::new(Decided {
        step,
        held,
        confirmed: world.confirm.is_some(),
        stale: stale_cells(difference, rendered, next_generation),
        waiting: waiting_clusters(difference, rendered),
        kept,
        n_on_hold,
        summary,
    }))
}

fn digest_of(ledger: &Ledger, items: &[HeldItem]) -> Digest {
    let entries = items.iter().map(|item| plan_entry(item.cluster, &item.part, item.old, item.new));
    plan_digest(ledger.fleet, entries.collect())
}

/// Adopted clusters of the ledger and foreign ones of the world, in the order of uids. One that
/// was adopted and changed again is both.
fn kept_clusters(ledger: Option<&Ledger>, world: &World) -> Vec<KeptCluster> {
    let Some(ledger) = ledger else { return Vec::new() };
    let adopted = ledger.holds.iter().filter(|hold| hold.kind == HoldKind::Adopted);
    let adopted = adopted.map(|hold| (hold.cluster, HoldKind::Adopted, hold.tree));
    let foreign = world.foreign.iter().map(|(uid, tree)| (*uid, HoldKind::Foreign, *tree));
    let mut kept: Vec<KeptCluster> = adopted
        .chain(foreign)
        .filter_map(|(uid, kind, tree)| {
            let cluster = ledger.cluster_by_uid(uid)?.name.clone();
            Some(KeptCluster { uid, cluster, kind, tree })
        })
        .collect();
    kept.sort_by_key(|kept| (kept.uid, kept.kind == HoldKind::Adopted));
    kept.dedup_by(|a, b| a.uid == b.uid && a.kind == b.kind);
    kept
}

fn stale_cells(difference: &Difference, rendered: &Rendered, next: Generation) -> Vec<StaleCell> {
    let mut stale = Vec::new();
    for cluster in &difference.clusters {
        let name = &rendered.clusters[cluster.rendered].name;
        let mut add = |part, diagnostic, since| {
            stale.push(StaleCell { cluster: name.clone(), part, diagnostic, since });
        };
        for cell in &cluster.cells {
            if let CellChange::Broken { diagnostic, kept, since } = cell.change {
                let part = Part::Application(difference.application(cell.application).clone());
                add(part, diagnostic, kept.map(|_| since.unwrap_or(next)));
            }
        }
        if let BootstrapChange::Broken(diagnostic) = cluster.bootstrap {
            add(Part::Bootstrap, diagnostic, None);
        }
    }
    stale
}

fn waiting_clusters(difference: &Difference, rendered: &Rendered) -> Vec<WaitingCluster> {
    let waiting = difference.waiting.iter().map(|position| &rendered.clusters[*position]);
    let broken = |cluster: &model::RenderedCluster| {
        let cells = cluster.cells.iter();
        let broken = cells.filter(|(_, cell)| matches!(cell, model::Cell::Broken(_)));
        broken.map(|(application, _)| rendered.application(*application).clone()).collect()
    };
    waiting
        .map(|cluster| WaitingCluster { cluster: cluster.name.clone(), broken: broken(cluster) })
        .collect()
}
