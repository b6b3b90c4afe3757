//! The next ledger: what is released put over what was, without what is held.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use model::{
    ApplicationId, ApplicationName, Approval, Cell, Cells, ClusterUid, CommitId, Deletions, Entry,
    Generation, Hold, HoldKind, Layout, Ledger, LedgerCell, LedgerCluster, NamespaceId,
    NamespaceName, ObjectId, Observed, Parts, PlacedHold, PlacedKind, Rendered, RenderedCluster,
    Step, Trailer, hash_tree, tree_bytes,
};

use crate::brakes::{Verdict, cell_trees, namespace_files, recent};
use crate::decide::{KeptCluster, Summary, World};
use crate::difference::{
    BootstrapChange, CellChange, ClusterDifference, Difference, NamespaceChange,
};
use crate::held::{PartName, PlanEntries, plan_digest};
use crate::placed::Covered;

/// All that makes the next ledger.
pub(crate) struct Next<'a> {
    pub(crate) before: &'a Ledger,
    /// Whether there is no ledger yet: then a step is made even for an empty fleet.
    pub(crate) is_first: bool,
    pub(crate) rendered: &'a Rendered,
    pub(crate) difference: &'a Difference,
    pub(crate) verdicts: &'a [Verdict],
    pub(crate) kept: &'a [KeptCluster],
    pub(crate) kept_uids: &'a HashSet<ClusterUid>,
    pub(crate) covered: &'a Covered<'a>,
    /// Whether clusters whose document is gone stay, since that is held.
    pub(crate) keeps_orphans: bool,
    pub(crate) world: &'a World,
    /// Bindings that vanish without a person's word.
    pub(crate) n_deletions: u32,
    pub(crate) now: Timestamp,
}

/// The step, and how much it changes.
pub(crate) struct Outcome {
    pub(crate) step: Option<Step>,
    pub(crate) summary: Summary,
}

/// What is found while clusters are put together.
struct Draft {
    /// Clusters of the ledger that are something else now, by their positions there.
    replaced: Vec<(usize, DraftCluster)>,
    /// Clusters that the ledger did not have.
    added: Vec<DraftCluster>,
    /// Positions in the ledger of clusters that leave it.
    removed: Vec<usize>,
    changed: Vec<ClusterUid>,
    /// For each application of the common table, whether some cell of it changes.
    touched: Vec<bool>,
    /// For each, on how many more clusters it runs after the step than before.
    gained: Vec<i64>,
    /// What changes on the cluster at hand.
    current: PlanEntries,
    /// What changes, an entry for each cluster.
    entries: Vec<Vec<u8>>,
    summary: Summary,
    /// Whether anything of a cluster differs, stale marks and names too.
    differs: bool,
}

/// A cluster without its cells, and the cells: they carry positions of the common table of
/// applications until all are known.
struct DraftCluster {
    head: LedgerCluster,
    cells: Vec<LedgerCell>,
}

impl Next<'_> {
    fn generation(&self) -> Generation {
        self.before.generation.next()
    }

    /// Puts the next ledger together; no step if it would say the same.
    pub(crate) fn build(&self) -> Outcome {
        let mut draft = Draft::new(self.difference.table.names.len());
        let mut lists = Lists::default();
        for (index, cluster) in self.difference.clusters.iter().enumerate() {
            match cluster.ledger {
                Some(position) => self.replace(index, position, &mut draft),
                None => self.add_cluster(cluster.rendered, &mut lists, &mut draft),
            }
        }
        let orphaned = self.difference.orphaned.iter().filter(|_| !self.keeps_orphans);
        orphaned.for_each(|position| self.remove(*position, &mut draft));
        draft.summary.clusters_changed = draft.changed.len();
        draft.summary.applications_changed = draft.touched.iter().filter(|one| **one).count();
        let summary = draft.summary;
        Outcome { step: self.step(draft, lists), summary }
    }

    fn replace(&self, index: usize, position: usize, draft: &mut Draft) {
        let before = &self.before.clusters[position];
        if self.kept_uids.contains(&before.uid) {
            return;
        }
        let mut cluster = DraftCluster {
            head: LedgerCluster::clone(before),
            cells: before.cells.iter().map(|cell| self.in_common_table(cell)).collect(),
        };
        if self.apply(index, &mut cluster, draft) {
            draft.replaced.push((position, cluster));
        }
    }

    fn remove(&self, position: usize, draft: &mut Draft) {
        let before = &self.before.clusters[position];
        if self.kept_uids.contains(&before.uid) || self.covered.stops {
            return;
        }
        for id in &**before.cells.applications() {
            draft.gained[self.difference.table.in_ledger(*id).0 as usize] -= 1;
        }
        draft.summary.clusters_removed += 1;
        draft.differs = true;
        draft.removed.push(position);
    }

    fn in_common_table(&self, cell: LedgerCell) -> LedgerCell {
        LedgerCell { application: self.difference.table.in_ledger(cell.application), ..cell }
    }

    fn add_cluster(&self, rendered: usize, lists: &mut Lists, draft: &mut Draft) {
        if self.covered.cluster(rendered) {
            return;
        }
        let after = &self.rendered.clusters[rendered];
        let generation = self.generation();
        let uid = ClusterUid::derived(self.rendered.fleet, after.name.as_str(), generation);
        let mut cells = Vec::with_capacity(after.cells.len());
        for (application, cell) in &after.cells {
            let Cell::Tree(fragment) = cell else { continue };
            let application = self.difference.table.in_render(*application);
            if self.covered.cell(rendered, self.difference.application(application)) {
                continue;
            }
            draft.gain(application, 1);
            draft.current.add(uid, self.part(application), (None, Some(fragment.tree)));
            let (released, stale) = (generation, None);
            cells.push(LedgerCell { application, fragment: *fragment, released, stale });
        }
        let namespaces = lists.namespaces(self.rendered, &after.namespaces);
        for (name, id) in &*namespaces {
            draft.current.add(uid, PartName::Namespace(name), (None, Some(*id)));
        }
        draft.close(uid);
        draft.summary.clusters_added += 1;
        draft.summary.cells_added += cells.len();
        draft.differs = true;
        draft.changed.push(uid);
        let head = LedgerCluster {
            uid,
            name: after.name.clone(),
            first_name: after.name.clone(),
            since: generation,
            changed: generation,
            tree: hash_tree(&[]),
            parts: Parts {
                applications: Vec::new(),
                namespaces,
                bootstrap: after.bootstrap.clone().unwrap_or_default().into(),
                namespaces_listener: after.namespaces_listener,
            },
            cells: Cells::default(),
        };
        draft.added.push(DraftCluster { head, cells });
    }

    fn part(&self, application: ApplicationId) -> PartName<'_> {
        PartName::Application(self.difference.application(application))
    }

    /// Puts what is not held in place; whether the cluster is anything else then.
    fn apply(&self, index: usize, cluster: &mut DraftCluster, draft: &mut Draft) -> bool {
        let (difference, verdict) = (&self.difference.clusters[index], &self.verdicts[index]);
        if self.covered.cluster(difference.rendered) {
            return false;
        }
        let after = &self.rendered.clusters[difference.rendered];
        let head = &mut cluster.head;
        if difference.renamed {
            head.name = after.name.clone();
            draft.summary.clusters_renamed += 1;
        }
        let (mut changes, marks) =
            self.apply_cells(difference, verdict, head.uid, &mut cluster.cells, draft);
        changes |= apply_namespaces(difference, verdict, head, draft);
        if difference.bootstrap == BootstrapChange::Changed
            && verdict.bootstrap.is_none()
            && let Ok(entries) = &after.bootstrap
        {
            let tree = |entries: &[Entry]| Some(hash_tree(&tree_bytes(entries)));
            let trees = (tree(&head.parts.bootstrap), tree(entries));
            draft.current.add(head.uid, PartName::Bootstrap, trees);
            head.parts.bootstrap = entries.as_slice().into();
            changes = true;
        }
        changes |= apply_listener(after, self.rendered.layout, head);
        draft.close(head.uid);
        if changes {
            draft.changed.push(head.uid);
        }
        let differs = changes || marks || difference.renamed;
        draft.differs |= differs;
        differs
    }

    /// Puts the cells that are not held in place; whether the tree changes, and whether a cell is
    /// marked stale or no longer.
    fn apply_cells(
        &self,
        difference: &ClusterDifference,
        verdict: &Verdict,
        uid: ClusterUid,
        cells: &mut Vec<LedgerCell>,
        draft: &mut Draft,
    ) -> (bool, bool) {
        let (mut changes, mut marks) = (false, false);
        for (cell, held) in difference.cells.iter().zip(&verdict.cells) {
            let former = cell.former.unwrap_or(cell.application);
            let old = cells.iter().position(|cell| cell.application == former);
            if held.is_some() {
                continue;
            }
            if let Some(old) = old {
                marks |= self.mark(&mut cells[old], cell.change, draft);
            }
            let (new, counter) = match cell.change {
                CellChange::Broken { .. } | CellChange::Recovered => continue,
                CellChange::Added(new) => (Some(new), &mut draft.summary.cells_added),
                CellChange::Changed { new, .. } => (Some(new), &mut draft.summary.cells_changed),
                CellChange::Removed { .. } => (None, &mut draft.summary.cells_removed),
            };
            *counter += 1;
            changes = true;
            draft.gain(cell.application, 0);
            draft.current.add(uid, self.part(cell.application), cell_trees(cell));
            let old = old.map(|old| cells.remove(old));
            if let Some(old) = &old {
                draft.gain(old.application, -1);
            }
            if let Some(fragment) = new {
                let kept = old.filter(|old| old.fragment == fragment).map(|old| old.released);
                let released = kept.unwrap_or(self.generation());
                let application = cell.application;
                draft.gain(application, 1);
                cells.push(LedgerCell { application, fragment, released, stale: None });
            }
        }
        cells.sort_by_key(|cell| cell.application);
        (changes, marks)
    }

    /// Marks a cell stale, or no longer; whether that is new.
    fn mark(&self, cell: &mut LedgerCell, change: CellChange, draft: &mut Draft) -> bool {
        let (stale, counter) = match change {
            CellChange::Broken { since, .. } => {
                (Some(since.unwrap_or(self.generation())), &mut draft.summary.cells_stale)
            }
            CellChange::Recovered => (None, &mut draft.summary.cells_recovered),
            _ => return false,
        };
        let is_new = cell.stale != stale;
        *counter += usize::from(is_new);
        cell.stale = stale;
        is_new
    }

    /// Whether the next ledger would say the same: the source's digest alone makes no step.
    fn is_equal(&self, draft: &Draft, holds: &[Hold]) -> bool {
        !draft.differs
            && !self.is_first
            && holds == self.before.holds
            && self.placed().eq(&self.before.placed)
            && self.rendered.layout == self.before.layout
    }

    fn step(&self, draft: Draft, mut lists: Lists) -> Option<Step> {
        let holds = self.holds();
        if self.is_equal(&draft, &holds) {
            return None;
        }
        let layout = self.rendered.layout;
        let generation = self.generation();
        let source_commit = self.source_commit();
        let (applications, numbers) = self.renumber(&draft.gained);
        let Draft { replaced, added, removed, mut changed, entries, summary, .. } = draft;
        let mut clusters = self.renumbered(&numbers, &mut lists);
        for (position, cluster) in replaced {
            clusters[position] = Arc::new(cluster.finish(&numbers, &mut lists));
        }
        if !removed.is_empty() {
            let removed: HashSet<usize> = removed.into_iter().collect();
            let mut positions = 0..;
            clusters.retain(|_| positions.next().is_none_or(|at| !removed.contains(&at)));
        }
        let any_added = !added.is_empty();
        clusters.extend(added.into_iter().map(|one| Arc::new(one.finish(&numbers, &mut lists))));
        if any_added {
            clusters.sort_by_key(|cluster| cluster.uid);
        }
        changed.sort();
        let ledger = Ledger {
            fleet: self.rendered.fleet,
            engine: self.rendered.engine,
            generation,
            source: self.rendered.source,
            source_commit,
            layout,
            applications,
            clusters,
            holds,
            placed: self.placed().cloned().collect(),
            approvals: self.approvals(),
            deletions: self.deletions(),
        };
        let trailers = self.trailers(&ledger, entries);
        let subject = self.subject(generation, &summary);
        Some(Step { ledger, changed, subject, trailers, at: self.now })
    }

    /// The commit to prove the descent of later sources from. The same folders may stand in an
    /// older commit too: that one never takes the place of a newer one.
    fn source_commit(&self) -> Option<CommitId> {
        let given = self.rendered.origin.commit();
        let is_same = self.rendered.source == self.before.source;
        let is_proven = self.world.descends == Observed::Known(true);
        self.before.source_commit.filter(|_| is_same && !is_proven).or(given)
    }

    /// The names of applications that run somewhere, and for each name of the common table its
    /// place among them.
    fn renumber(&self, gained: &[i64]) -> (Vec<ApplicationName>, Vec<u32>) {
        let (mut names, mut numbers) = (Vec::new(), Vec::with_capacity(gained.len()));
        let table = &self.difference.table.names;
        for ((name, n_before), gained) in
            table.iter().zip(&self.difference.counts.before).zip(gained)
        {
            numbers.push(names.len() as u32);
            if i64::from(*n_before) + gained > 0 {
                names.push(name.clone());
            }
        }
        (names, numbers)
    }

    /// The clusters of the ledger, shared with it where the numbers of applications stay.
    fn renumbered(&self, numbers: &[u32], lists: &mut Lists) -> Vec<Arc<LedgerCluster>> {
        let number = |id: &ApplicationId| {
            ApplicationId(numbers[self.difference.table.in_ledger(*id).0 as usize])
        };
        let n_applications = self.before.applications.len() as u32;
        if (0..n_applications).map(ApplicationId).all(|id| number(&id) == id) {
            return self.before.clusters.clone();
        }
        let renumbered = |cluster: &Arc<LedgerCluster>| {
            let ids: Vec<ApplicationId> = cluster.cells.applications().iter().map(number).collect();
            let cells = cluster.cells.renumbered(lists.applications(&ids)).unwrap_or_default();
            Arc::new(LedgerCluster { cells, ..LedgerCluster::clone(cluster) })
        };
        self.before.clusters.iter().map(renumbered).collect()
    }

    /// What still is held, one hold for a cluster: a hold that was there before keeps its age,
    /// and an adoption stays one while the folder is changed again.
    fn holds(&self) -> Vec<Hold> {
        let of_adopted = |kept: &&KeptCluster| kept.kind == HoldKind::Adopted;
        let adopted: HashSet<ClusterUid> =
            self.kept.iter().filter(of_adopted).map(|kept| kept.uid).collect();
        let counts = |kept: &&KeptCluster| of_adopted(kept) || !adopted.contains(&kept.uid);
        let hold = |kept: &KeptCluster| {
            let before = self.before.holds.iter().find(|hold| {
                hold.cluster == kept.uid && hold.kind == kept.kind && hold.tree == kept.tree
            });
            before.cloned().unwrap_or_else(|| Hold {
                cluster: kept.uid,
                kind: kept.kind.clone(),
                tree: kept.tree,
                since: self.generation(),
            })
        };
        self.kept.iter().filter(counts).map(hold).collect()
    }

    /// What persons hold back after the step.
    fn placed(&self) -> impl Iterator<Item = &PlacedHold> {
        self.world.placed.iter().map(|placed| &placed.hold)
    }

    /// The first line: what is released, and what a person held or resumed in the same step.
    fn subject(&self, generation: Generation, summary: &Summary) -> String {
        let is_new = |hold: &&PlacedHold| hold.since == generation;
        let before = |hold: &&PlacedHold| !self.placed().any(|after| after.since == hold.since);
        let placed = self.placed().find(is_new).map(|hold| match hold.kind {
            PlacedKind::Hold => format!("{} placed", hold.name()),
            PlacedKind::Rollback => format!("rolled back under {}", hold.name()),
            PlacedKind::Stop => format!("stopped by {}", hold.name()),
        });
        let ended = self.before.placed.iter().filter(before);
        let ended = ended.map(|hold| format!("{} resumed", hold.name()));
        let orders: Vec<String> = placed.into_iter().chain(ended).collect();
        let orders = orders.join(", ");
        match (orders.is_empty(), *summary == Summary::default()) {
            (true, _) => subject(generation, summary),
            (false, true) => format!("order {generation}: {orders}"),
            (false, false) => format!("{}; {orders}", subject(generation, summary)),
        }
    }

    fn approvals(&self) -> Vec<Approval> {
        let approval =
            |plan| Approval { plan, by: self.world.by.clone(), generation: self.generation() };
        self.world.confirm.map(approval).into_iter().collect()
    }

    fn deletions(&self) -> Vec<Deletions> {
        let this = (self.n_deletions > 0).then(|| Deletions {
            generation: self.generation(),
            at: self.now,
            n_bindings: self.n_deletions,
        });
        recent(self.before, self.now).copied().chain(this).collect()
    }

    fn trailers(&self, ledger: &Ledger, entries: Vec<Vec<u8>>) -> Vec<Trailer> {
        let by = self.world.confirm.map(|_| self.world.by.as_str());
        trailers(ledger, entries, by)
    }
}

impl Draft {
    fn new(n_applications: usize) -> Self {
        Self {
            replaced: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
            touched: vec![false; n_applications],
            gained: vec![0; n_applications],
            current: PlanEntries::default(),
            entries: Vec::new(),
            summary: Summary::default(),
            differs: false,
        }
    }

    /// Counts a cell that changes, and on how many more clusters its application runs then.
    fn gain(&mut self, application: ApplicationId, n_clusters: i64) {
        self.touched[application.0 as usize] |= n_clusters >= 0;
        self.gained[application.0 as usize] += n_clusters;
    }

    /// Folds what changes on one cluster into one entry, so that a step of millions of cells
    /// keeps no text for each.
    fn close(&mut self, cluster: ClusterUid) {
        if let Some(digest) = self.current.take_digest() {
            self.entries.push([&cluster.0[..], &digest.0].concat());
        }
    }
}

impl DraftCluster {
    fn finish(self, numbers: &[u32], lists: &mut Lists) -> LedgerCluster {
        let Self { mut head, mut cells } = self;
        for cell in &mut cells {
            cell.application = ApplicationId(numbers[cell.application.0 as usize]);
        }
        let ids: Vec<ApplicationId> = cells.iter().map(|cell| cell.application).collect();
        let before = std::mem::take(&mut head.cells);
        let same = **before.applications() == *ids;
        let ids = if same { before.applications().clone() } else { lists.applications(&ids) };
        head.cells = Cells::of(ids, &cells);
        head
    }
}

/// Lists that clusters have in common, so that a fleet keeps each once.
#[derive(Default)]
struct Lists {
    applications: HashSet<Arc<[ApplicationId]>>,
    namespaces: HashMap<Vec<NamespaceId>, Arc<[(NamespaceName, ObjectId)]>>,
}

impl Lists {
    fn applications(&mut self, ids: &[ApplicationId]) -> Arc<[ApplicationId]> {
        if let Some(list) = self.applications.get(ids) {
            return list.clone();
        }
        let list: Arc<[ApplicationId]> = ids.into();
        self.applications.insert(list.clone());
        list
    }

    fn namespaces(
        &mut self,
        rendered: &Rendered,
        ids: &[NamespaceId],
    ) -> Arc<[(NamespaceName, ObjectId)]> {
        if let Some(list) = self.namespaces.get(ids) {
            return list.clone();
        }
        let list: Arc<[_]> =
            ids.iter().map(|id| rendered.namespaces[id.0 as usize].clone()).collect();
        self.namespaces.insert(ids.to_vec(), list.clone());
        list
    }
}

/// The trailers of a step whose changes are these entries.
pub(crate) fn trailers(ledger: &Ledger, entries: Vec<Vec<u8>>, by: Option<&str>) -> Vec<Trailer> {
    let source = ledger.source_commit.map_or_else(|| ledger.source.to_string(), |c| c.to_string());
    let mut trailers = vec![
        Trailer { key: "Source", value: source },
        Trailer { key: "Generation", value: ledger.generation.to_string() },
        Trailer { key: "Plan-Digest", value: plan_digest(ledger.fleet, entries).to_string() },
    ];
    // A trailer is one line, whatever a person is called.
    let by = by.map(|by| by.split_whitespace().collect::<Vec<_>>().join(" "));
    trailers.extend(by.map(|value| Trailer { key: "Approved-by", value }));
    trailers
}

fn apply_namespaces(
    difference: &ClusterDifference,
    verdict: &Verdict,
    cluster: &mut LedgerCluster,
    draft: &mut Draft,
) -> bool {
    let mut files: Vec<(NamespaceName, ObjectId)> = Vec::new();
    let mut changes = false;
    for (namespace, held) in difference.namespaces.iter().zip(&verdict.namespaces) {
        if held.is_some() {
            continue;
        }
        if !changes {
            files = cluster.parts.namespaces.to_vec();
        }
        files.retain(|(name, _)| *name != namespace.name);
        if let NamespaceChange::Added(new) | NamespaceChange::Changed { new, .. } = namespace.change
        {
            files.push((namespace.name.clone(), new));
        }
        let part = PartName::Namespace(&namespace.name);
        draft.current.add(cluster.uid, part, namespace_files(namespace));
        draft.summary.namespaces_changed += 1;
        changes = true;
    }
    if changes {
        files.sort();
        cluster.parts.namespaces = files.into();
    }
    changes
}

/// The listener of namespaces stands exactly where a namespace does: one that is held keeps it.
fn apply_listener(after: &RenderedCluster, layout: Layout, cluster: &mut LedgerCluster) -> bool {
    let before = cluster.parts.namespaces_listener;
    let kept = before.filter(|_| layout == Layout::Flux);
    let has_any = !cluster.parts.namespaces.is_empty();
    cluster.parts.namespaces_listener = after.namespaces_listener.or(kept).filter(|_| has_any);
    cluster.parts.namespaces_listener != before
}

fn subject(generation: Generation, summary: &Summary) -> String {
    let clusters = count(summary.clusters_changed, "cluster");
    let applications = count(summary.applications_changed, "application");
    let mut subject = format!("release {generation}: {clusters}, {applications} changed");
    let more = [
        (summary.clusters_removed, "cluster", "removed"),
        (summary.clusters_renamed, "cluster", "renamed"),
        (summary.cells_stale, "cell", "stale"),
        (summary.cells_recovered, "cell", "recovered"),
    ];
    for (n, noun, what) in more.into_iter().filter(|(n, _, _)| *n > 0) {
        subject.push_str(&format!(", {} {what}", count(n, noun)));
    }
    subject
}

/// `1 cluster`, `2 clusters`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The state before the first step: no cluster at all, at generation 0.
pub(crate) fn empty_ledger(rendered: &Rendered) -> Ledger {
    Ledger {
        fleet: rendered.fleet,
        engine: rendered.engine,
        generation: Generation(0),
        source: rendered.source,
        source_commit: None,
        layout: rendered.layout,
        applications: Vec::new(),
        clusters: Vec::new(),
        holds: Vec::new(),
        placed: Vec::new(),
        approvals: Vec::new(),
        deletions: Vec::new(),
    }
}
