//! What must wait for a person, cell by cell.
//!
//! Deletions above the budget, an application that loses all its clusters, a cluster that loses
//! all its applications, protected objects, what could not be read, Namespace documents that
//! vanish, and clusters that leave in number. What is not held goes on.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use model::{
    ApplicationId, Cause, ClusterUid, Ledger, LedgerCluster, ObjectChange, ObjectId, ObjectKey,
    Observed, Rendered, hash_tree, tree_bytes,
};

use crate::decide::World;
use crate::difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Difference, NamespaceChange,
    NamespaceDifference,
};
use crate::held::{Emptied, HeldItem, Part, Reason, Reasons};
use crate::moves::{self, Moving, PLACED};
use crate::placed::Covered;

/// How many bindings may always vanish in 24 hours, however small the fleet.
const MIN_BUDGET: u32 = 10;

/// How many clusters may always leave at once, unless none stays.
const MIN_LEAVING: u32 = 3;

/// In place of a reason: a broken cell is not held, it cannot go on, and holds its partners.
const NEVER_GOES_ON: usize = usize::MAX;

/// How long a deletion counts.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What is held of one cluster's difference: for each part, the position of the reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) cells: Vec<Option<usize>>,
    pub(crate) namespaces: Vec<Option<usize>>,
    pub(crate) bootstrap: Option<usize>,
}

/// What is held of a whole difference.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// One for each of [`Difference::clusters`].
    pub(crate) clusters: Vec<Verdict>,
    /// Why the clusters of [`Difference::orphaned`] stay, if they do.
    pub(crate) orphans: Option<usize>,
    pub(crate) reasons: Reasons,
}

/// Whether an application would run anywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Emptiness {
    /// It would.
    Runs,
    /// It would not.
    Empty,
    /// It would not, and the position of the reason is known.
    Held(usize),
}

/// What the brakes look at.
pub(crate) struct Brakes<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) rendered: &'a Rendered,
    pub(crate) difference: &'a Difference,
    pub(crate) world: &'a World,
    /// Clusters that keep everything, whatever is rendered.
    pub(crate) kept: &'a HashSet<ClusterUid>,
    /// What persons hold back.
    pub(crate) covered: &'a Covered<'a>,
    pub(crate) now: Timestamp,
}

impl Brakes<'_> {
    /// Decides what is held.
    pub(crate) fn hold(&self) -> Verdicts {
        let clusters = self.placed_verdicts();
        let mut verdicts = Verdicts { clusters, ..Verdicts::default() };
        let changed = self.difference.clusters.iter().zip(&mut verdicts.clusters);
        for (cluster, verdict) in changed.filter(|(cluster, _)| self.released(cluster).is_some()) {
            hold_namespaces(cluster, verdict, &mut verdicts.reasons);
            self.hold_objects(cluster, verdict, &mut verdicts.reasons);
        }
        // What is held for its objects may be the new place of what is removed elsewhere, and
        // what is held for being the last may keep objects that others would take.
        while self.hold_emptied(&mut verdicts) {}
        self.hold_over_budget(&mut verdicts);
        verdicts.orphans = self.hold_orphans(&mut verdicts.reasons);
        verdicts
    }

    /// What persons hold back, and nothing else: what is held of a plan that was confirmed.
    pub(crate) fn confirmed(&self) -> Vec<Verdict> {
        let mut verdicts = self.placed_verdicts();
        if self.covered.is_empty() {
            return verdicts;
        }
        for (cluster, verdict) in self.difference.clusters.iter().zip(&mut verdicts) {
            let mut reasons = Reasons::default();
            self.hold_objects(cluster, verdict, &mut reasons);
            verdict.keep_placed();
        }
        verdicts
    }

    /// Verdicts that hold what persons hold back.
    fn placed_verdicts(&self) -> Vec<Verdict> {
        let verdict = |cluster: &ClusterDifference| {
            let mut verdict = Verdict::open(cluster);
            if self.covered.is_empty() {
                return verdict;
            }
            for (cell, held) in cluster.cells.iter().zip(&mut verdict.cells) {
                *held = self.is_covered(cluster.rendered, cell).then_some(PLACED);
            }
            if self.covered.cluster(cluster.rendered) {
                verdict.namespaces.fill(Some(PLACED));
                verdict.bootstrap = Some(PLACED);
            }
            verdict
        };
        self.difference.clusters.iter().map(verdict).collect()
    }

    /// Whether a person holds a cell back, under its present or its former name.
    fn is_covered(&self, rendered: usize, cell: &CellDifference) -> bool {
        let mut names = [Some(cell.application), cell.former].into_iter().flatten();
        names.any(|id| self.covered.cell(rendered, self.difference.application(id)))
    }

    /// The clusters that leave the fleet, unless they keep everything.
    fn leaving(&self) -> impl Iterator<Item = &LedgerCluster> {
        let orphaned = self.difference.orphaned.iter();
        let clusters = orphaned.map(|position| &*self.ledger.clusters[*position]);
        clusters.filter(|cluster| !self.covered.stops && !self.kept.contains(&cluster.uid))
    }

    /// Holds the clusters that leave if they are many, or all: nothing is deleted on them, but
    /// they lose their identity, and a folder that was lost looks like this. It depends on the
    /// source and on who leaves, so that what else is released meanwhile does not let them go.
    fn hold_orphans(&self, reasons: &mut Reasons) -> Option<usize> {
        let n_clusters = self.leaving().count() as u32;
        let remaining = self.rendered.clusters.len() as u32;
        let part = u64::from(remaining) * u64::from(self.rendered.deletion_budget_ppm) / 1_000_000;
        let limit = MIN_LEAVING.max(u32::try_from(part).unwrap_or(u32::MAX));
        let is_held = n_clusters > limit || (n_clusters > 0 && remaining == 0);
        is_held.then(|| reasons.add(Reason::ClustersLeave { n_clusters, remaining, limit }))
    }

    /// The cluster as released, unless it is new or keeps everything.
    fn released(&self, cluster: &ClusterDifference) -> Option<&LedgerCluster> {
        let before = &self.ledger.clusters[cluster.ledger?];
        (!self.kept.contains(&before.uid)).then_some(before)
    }

    /// Holds what would leave an application without a cluster, or a cluster without an
    /// application; whether anything was held that was not before.
    fn hold_emptied(&self, verdicts: &mut Verdicts) -> bool {
        let mut emptied = self.emptied_applications(verdicts);
        let mut found = false;
        for (cluster, verdict) in self.difference.clusters.iter().zip(&mut verdicts.clusters) {
            let Some(before) = self.released(cluster) else { continue };
            if self.hold_emptied_on(cluster, before, &mut emptied, verdict, &mut verdicts.reasons) {
                self.hold_objects(cluster, verdict, &mut verdicts.reasons);
                found = true;
            }
        }
        found
    }

    /// The applications that would run nowhere. A new place that is held is none.
    fn emptied_applications(&self, verdicts: &Verdicts) -> Vec<Emptiness> {
        let mut held = vec![0; self.difference.table.names.len()];
        for (cluster, verdict) in self.difference.clusters.iter().zip(&verdicts.clusters) {
            let additions = held_parts(&cluster.cells, &verdict.cells)
                .filter(|(cell, _)| matches!(cell.change, CellChange::Added(_)));
            additions.for_each(|(cell, _)| held[cell.application.0 as usize] += 1);
        }
        let ids = (0..held.len() as u32).map(ApplicationId);
        let is_empty = |id| self.difference.n_clusters_after(id, &held) == 0;
        ids.map(|id| if is_empty(id) { Emptiness::Empty } else { Emptiness::Runs }).collect()
    }

    fn hold_emptied_on(
        &self,
        cluster: &ClusterDifference,
        before: &LedgerCluster,
        emptied: &mut [Emptiness],
        verdict: &mut Verdict,
        reasons: &mut Reasons,
    ) -> bool {
        let empties = loses_all_cells(cluster, verdict, before);
        let name = &self.rendered.clusters[cluster.rendered].name;
        let cluster_reason = || Reason::ClusterEmpties { cluster: name.clone() };
        let mut found = false;
        for (cell, held) in cluster.cells.iter().zip(&mut verdict.cells) {
            if held.is_some() || !matches!(cell.change, CellChange::Removed { .. }) {
                continue;
            }
            let emptiness = &mut emptied[cell.application.0 as usize];
            let reason = match *emptiness {
                Emptiness::Held(reason) => reason,
                Emptiness::Empty => reasons.add(self.application_empties(cell.application)),
                Emptiness::Runs if empties => reasons.add(cluster_reason()),
                Emptiness::Runs => continue,
            };
            if *emptiness != Emptiness::Runs {
                *emptiness = Emptiness::Held(reason);
            }
            *held = Some(reason);
            found = true;
        }
        let bootstrap = &self.rendered.clusters[cluster.rendered].bootstrap;
        let vanishes = bootstrap.as_ref().is_ok_and(Vec::is_empty);
        let is_open = verdict.bootstrap.is_none();
        if empties && vanishes && is_open && cluster.bootstrap == BootstrapChange::Changed {
            verdict.bootstrap = Some(reasons.add(cluster_reason()));
        }
        found
    }

    fn application_empties(&self, id: ApplicationId) -> Reason {
        let application = self.difference.application(id).clone();
        let present = self.difference.table.renamed_to[id.0 as usize].unwrap_or(id.0);
        let is_documented = self.difference.table.rendered.contains(&present);
        let expressions = self.empty_expressions(&format!("application {application}"));
        let cause = match (is_documented, expressions.is_empty()) {
            (false, _) => Emptied::Document,
            (true, false) => Emptied::Expressions(expressions),
            (true, true) => Emptied::Placement,
        };
        let n_clusters = self.difference.n_clusters_before(id);
        Reason::ApplicationEmpties { application, n_clusters, cause }
    }

    /// The application's own expression if it became empty, else those of namespaces that did:
    /// a render does not say which namespace places an application that runs nowhere.
    fn empty_expressions(&self, application: &str) -> Vec<String> {
        let all = &self.rendered.empty_expressions;
        if all.iter().any(|name| name == application) {
            return vec![application.to_owned()];
        }
        all.iter().filter(|name| name.starts_with("namespace ")).cloned().collect()
    }

    fn hold_objects(
        &self,
        cluster: &ClusterDifference,
        verdict: &mut Verdict,
        reasons: &mut Reasons,
    ) {
        if !cluster.may_lose_objects() {
            return;
        }
        let mut parts = Vec::with_capacity(cluster.cells.len() + cluster.namespaces.len());
        for (cell, held) in cluster.cells.iter().zip(&verdict.cells) {
            parts.push(self.moving_cell(cell, *held, reasons));
        }
        for (namespace, held) in cluster.namespaces.iter().zip(&verdict.namespaces) {
            parts.push(moving_namespace(namespace, *held));
        }
        moves::hold(&mut parts, reasons);
        let (cells, namespaces) = parts.split_at(cluster.cells.len());
        for ((part, cell), held) in cells.iter().zip(&cluster.cells).zip(&mut verdict.cells) {
            // A broken cell keeps what it has anyway; it only holds others.
            let is_broken = matches!(cell.change, CellChange::Broken { .. });
            *held = part.held.filter(|_| !is_broken);
        }
        for (part, held) in namespaces.iter().zip(&mut verdict.namespaces) {
            *held = part.held;
        }
    }

    fn moving_cell(
        &self,
        cell: &CellDifference,
        held: Option<usize>,
        reasons: &mut Reasons,
    ) -> Moving {
        let part = Part::Application(self.difference.application(cell.application).clone());
        let observed = self.objects(cell);
        let held = match &observed {
            _ if held == Some(PLACED) => held,
            _ if matches!(cell.change, CellChange::Broken { .. }) => Some(NEVER_GOES_ON),
            Observed::Unknown(cause) => {
                held.or_else(|| Some(reasons.add(Reason::Unread { cause: cause.clone() })))
            }
            Observed::Known(_) => held,
        };
        let ObjectChange { appeared, vanished } = match observed {
            Observed::Known(change) => change,
            Observed::Unknown(_) => ObjectChange::default(),
        };
        Moving { part, appeared, vanished, held }
    }

    fn objects(&self, cell: &CellDifference) -> Observed<ObjectChange> {
        let Some(transition) = cell.transition() else {
            return Observed::Known(ObjectChange::default());
        };
        let unread = || Observed::Unknown(Cause("the objects were not compared".to_owned()));
        self.world.object_changes.get(&transition).cloned().unwrap_or_else(unread)
    }

    /// Holds every deletion of the plan when there are too many; what other brakes hold does not
    /// count.
    fn hold_over_budget(&self, verdicts: &mut Verdicts) {
        let n_bindings = self.deletions(verdicts);
        let recent = recent_deletions(self.ledger, self.now);
        let limit = limit(self.difference, self.rendered);
        if n_bindings == 0 || n_bindings.saturating_add(recent) <= limit {
            return;
        }
        let reason = verdicts.reasons.add(Reason::Budget { n_bindings, recent, limit });
        for (cluster, verdict) in self.difference.clusters.iter().zip(&mut verdicts.clusters) {
            if self.released(cluster).is_none() {
                continue;
            }
            let mut found = false;
            for (cell, held) in cluster.cells.iter().zip(&mut verdict.cells) {
                if held.is_none() && is_deletion(cell) {
                    *held = Some(reason);
                    found = true;
                }
            }
            if found {
                self.hold_objects(cluster, verdict, &mut verdicts.reasons);
            }
        }
    }

    /// How many bindings vanish if only what is held so far is held.
    pub(crate) fn deletions(&self, verdicts: &Verdicts) -> u32 {
        let clusters = self.difference.clusters.iter().zip(&verdicts.clusters);
        let released = clusters.filter(|(cluster, _)| self.released(cluster).is_some());
        let n = released.flat_map(|(cluster, verdict)| cluster.cells.iter().zip(&verdict.cells));
        n.filter(|(cell, held)| held.is_none() && is_deletion(cell)).count() as u32
    }

    /// What is held, as items in the order of clusters.
    pub(crate) fn items(&self, verdicts: &Verdicts) -> Vec<HeldItem> {
        let mut items = Vec::new();
        for (cluster, verdict) in self.difference.clusters.iter().zip(&verdicts.clusters) {
            let Some(before) = self.released(cluster) else { continue };
            let name = &self.rendered.clusters[cluster.rendered].name;
            let item = |part, (old, new), reason| HeldItem {
                cluster: before.uid,
                name: name.clone(),
                part,
                old,
                new,
                reason,
            };
            for (cell, reason) in braked_parts(&cluster.cells, &verdict.cells) {
                let part = Part::Application(self.difference.application(cell.application).clone());
                items.push(item(part, cell_trees(cell), reason));
            }
            for (namespace, reason) in braked_parts(&cluster.namespaces, &verdict.namespaces) {
                let part = Part::Namespace(namespace.name.clone());
                items.push(item(part, namespace_files(namespace), reason));
            }
            if let Some(reason) = verdict.bootstrap.filter(|reason| *reason != PLACED) {
                let old = Some(hash_tree(&tree_bytes(&before.parts.bootstrap)));
                items.push(item(Part::Bootstrap, (old, None), reason));
            }
        }
        if let Some(reason) = verdicts.orphans {
            let mut leaving: Vec<&LedgerCluster> = self.leaving().collect();
            leaving.sort_by(|one, other| one.name.cmp(&other.name));
            items.extend(leaving.into_iter().map(|cluster| leaving_item(cluster, reason)));
        }
        items
    }
}

fn leaving_item(cluster: &LedgerCluster, reason: usize) -> HeldItem {
    HeldItem {
        cluster: cluster.uid,
        name: cluster.name.clone(),
        part: Part::Cluster,
        old: Some(cluster.tree),
        new: None,
        reason,
    }
}

impl Verdict {
    /// Nothing is held.
    pub(crate) fn open(cluster: &ClusterDifference) -> Self {
        Self {
            cells: vec![None; cluster.cells.len()],
            namespaces: vec![None; cluster.namespaces.len()],
            bootstrap: None,
        }
    }

    /// Lets everything go on besides what persons hold back.
    fn keep_placed(&mut self) {
        let all = self.cells.iter_mut().chain(&mut self.namespaces).chain([&mut self.bootstrap]);
        all.for_each(|held| *held = held.filter(|reason| *reason == PLACED));
    }

    /// How many parts persons hold back.
    pub(crate) fn n_placed(&self) -> usize {
        let all = self.cells.iter().chain(&self.namespaces);
        all.filter(|held| **held == Some(PLACED)).count()
    }
}

fn held_parts<'a, T>(
    parts: &'a [T],
    held: &'a [Option<usize>],
) -> impl Iterator<Item = (&'a T, usize)> {
    parts.iter().zip(held).filter_map(|(part, held)| held.map(|reason| (part, reason)))
}

/// The parts that a confirmation would let go on.
fn braked_parts<'a, T>(
    parts: &'a [T],
    held: &'a [Option<usize>],
) -> impl Iterator<Item = (&'a T, usize)> {
    held_parts(parts, held).filter(|(_, reason)| *reason != PLACED)
}

/// The trees of a cell before and after, as a plan names them.
pub(crate) fn cell_trees(cell: &CellDifference) -> (Option<ObjectId>, Option<ObjectId>) {
    match cell.change {
        CellChange::Added(new) => (None, Some(new.tree)),
        CellChange::Changed { old, new } => (Some(old.tree), Some(new.tree)),
        CellChange::Removed { old, .. } => (Some(old.tree), None),
        CellChange::Broken { .. } | CellChange::Recovered => (None, None),
    }
}

/// The files of a Namespace document before and after.
pub(crate) fn namespace_files(
    namespace: &NamespaceDifference,
) -> (Option<ObjectId>, Option<ObjectId>) {
    match namespace.change {
        NamespaceChange::Added(new) => (None, Some(new)),
        NamespaceChange::Changed { old, new } => (Some(old), Some(new)),
        NamespaceChange::Removed(old) => (Some(old), None),
    }
}

fn is_deletion(cell: &CellDifference) -> bool {
    matches!(cell.change, CellChange::Removed { renamed: false, .. })
}

/// Whether a cluster that runs something would run nothing. An addition that is held is none.
fn loses_all_cells(cluster: &ClusterDifference, verdict: &Verdict, before: &LedgerCluster) -> bool {
    let is_removed = |cell: &&CellDifference| matches!(cell.change, CellChange::Removed { .. });
    let n_removed = cluster.cells.iter().filter(is_removed).count();
    let mut cells = cluster.cells.iter().zip(&verdict.cells);
    let gains =
        cells.any(|(cell, held)| held.is_none() && matches!(cell.change, CellChange::Added(_)));
    n_removed > 0 && n_removed == before.cells.len() && !gains
}

/// A Namespace document that vanishes always waits.
fn hold_namespaces(cluster: &ClusterDifference, verdict: &mut Verdict, reasons: &mut Reasons) {
    for (namespace, held) in cluster.namespaces.iter().zip(&mut verdict.namespaces) {
        if let (NamespaceChange::Removed(_), None) = (namespace.change, *held) {
            let namespace = namespace.name.clone();
            *held = Some(reasons.add(Reason::NamespaceVanishes { namespace }));
        }
    }
}

fn moving_namespace(namespace: &NamespaceDifference, held: Option<usize>) -> Moving {
    let object = ObjectKey {
        group: String::new(),
        kind: "Namespace".to_owned(),
        namespace: None,
        name: namespace.name.as_str().to_owned(),
    };
    let (appeared, vanished) = match namespace.change {
        NamespaceChange::Added(_) => (vec![object], Vec::new()),
        NamespaceChange::Removed(_) => (Vec::new(), vec![(object, true)]),
        NamespaceChange::Changed { .. } => (Vec::new(), Vec::new()),
    };
    Moving { part: Part::Namespace(namespace.name.clone()), appeared, vanished, held }
}

/// How many bindings vanished in the last 24 hours without a person's word.
pub(crate) fn recent_deletions(ledger: &Ledger, now: Timestamp) -> u32 {
    recent(ledger, now).map(|deletions| deletions.n_bindings).sum()
}

/// The deletions that still count. One that seems to lie in the future counts too: a clock that
/// was set back opens no budget.
pub(crate) fn recent(ledger: &Ledger, now: Timestamp) -> impl Iterator<Item = &model::Deletions> {
    ledger.deletions.iter().filter(move |deletions| now.duration_since(deletions.at) < WINDOW)
}

/// How many bindings may vanish in 24 hours: the larger of ten and the fleet's budget.
fn limit(difference: &Difference, rendered: &Rendered) -> u32 {
    let n_bindings = difference.n_bindings_before();
    let budget = n_bindings * u64::from(rendered.deletion_budget_ppm) / 1_000_000;
    MIN_BUDGET.max(u32::try_from(budget).unwrap_or(u32::MAX))
}
