//! The next ledger: what is released put over what was, without what is held.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use model::{
    ApplicationId, Approval, Cell, ClusterUid, CommitId, Deletions, Entry, Generation, Hold,
    HoldKind, Layout, Ledger, LedgerCell, LedgerCluster, NamespaceName, ObjectId, Observed, Parts,
    Rendered, RenderedCluster, Revision, Step, Trailer, hash_tree, sha256, tree_bytes,
};

use crate::brakes::{Verdict, cell_trees, namespace_files, recent};
use crate::decide::{KeptCluster, Summary, World};
use crate::difference::{
    BootstrapChange, CellChange, ClusterDifference, Difference, NamespaceChange,
};
use crate::held::{Part, plan_digest, plan_entry};

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

/// What is found while clusters are put together. Cells carry positions of the common table of
/// applications until all are known.
#[derive(Default)]
struct Draft {
    clusters: Vec<LedgerCluster>,
    changed: Vec<ClusterUid>,
    applications: BTreeSet<u32>,
    /// What changes on the cluster at hand.
    current: Vec<Vec<u8>>,
    /// What changes, an entry for each cluster.
    entries: Vec<Vec<u8>>,
    summary: Summary,
    /// Whether anything of a cluster differs, stale marks and names too.
    differs: bool,
}

impl Next<'_> {
    fn generation(&self) -> Generation {
        self.before.generation.next()
    }

    /// Puts the next ledger together; no step if it would say the same.
    pub(crate) fn build(&self) -> Outcome {
        let mut draft = Draft::default();
        let nothing = self.difference.clusters.is_empty() && self.difference.orphaned.is_empty();
        if nothing && self.is_equal(&draft, &self.holds()) {
            return Outcome { step: None, summary: draft.summary };
        }
        let mut differences: Vec<Option<usize>> = vec![None; self.before.clusters.len()];
        for (index, cluster) in self.difference.clusters.iter().enumerate() {
            match cluster.ledger {
                Some(position) => differences[position] = Some(index),
                None => self.add_cluster(&self.rendered.clusters[cluster.rendered], &mut draft),
            }
        }
        let orphaned: BTreeSet<usize> = self.difference.orphaned.iter().copied().collect();
        for (position, before) in self.before.clusters.iter().enumerate() {
            let is_kept = self.kept_uids.contains(&before.uid);
            if !is_kept && orphaned.contains(&position) {
                draft.summary.clusters_removed += 1;
                draft.differs = true;
                continue;
            }
            let mut cluster = self.renumbered(before);
            if let Some(index) = differences[position].filter(|_| !is_kept) {
                self.apply(index, &mut cluster, &mut draft);
            }
            draft.clusters.push(cluster);
        }
        draft.summary.clusters_changed = draft.changed.len();
        draft.summary.applications_changed = draft.applications.len();
        let summary = draft.summary;
        Outcome { step: self.step(draft), summary }
    }

    /// A cluster of the ledger with its cells in the common table of applications.
    fn renumbered(&self, before: &LedgerCluster) -> LedgerCluster {
        let mut cluster = before.clone();
        for cell in &mut cluster.cells {
            cell.application = self.difference.in_ledger(cell.application);
        }
        cluster
    }

    fn add_cluster(&self, after: &RenderedCluster, draft: &mut Draft) {
        let generation = self.generation();
        let uid = ClusterUid::derived(self.rendered.fleet, after.name.as_str(), generation);
        let mut cells = Vec::with_capacity(after.cells.len());
        for (application, cell) in &after.cells {
            let Cell::Tree(fragment) = cell else { continue };
            let application = self.difference.in_render(*application);
            draft.applications.insert(application.0);
            draft.entry(uid, self.part(application), (None, Some(fragment.tree)));
            cells.push(LedgerCell {
                application,
                fragment: *fragment,
                released: generation,
                stale: None,
            });
        }
        let parts = Parts { applications: Vec::new(), ..self.rendered.parts(after) };
        for (name, id) in &parts.namespaces {
            draft.entry(uid, Part::Namespace(name.clone()), (None, Some(*id)));
        }
        draft.close(uid);
        draft.summary.clusters_added += 1;
        draft.summary.cells_added += cells.len();
        draft.differs = true;
        draft.changed.push(uid);
        draft.clusters.push(LedgerCluster {
            uid,
            name: after.name.clone(),
            first_name: after.name.clone(),
            since: generation,
            tree: hash_tree(&[]),
            parts,
            cells,
        });
    }

    fn part(&self, application: ApplicationId) -> Part {
        Part::Application(self.difference.application(application).clone())
    }

    fn apply(&self, index: usize, cluster: &mut LedgerCluster, draft: &mut Draft) {
        let (difference, verdict) = (&self.difference.clusters[index], &self.verdicts[index]);
        let after = &self.rendered.clusters[difference.rendered];
        if difference.renamed {
            cluster.name = after.name.clone();
            draft.summary.clusters_renamed += 1;
            draft.differs = true;
        }
        let mut changes = self.apply_cells(difference, verdict, cluster, draft);
        changes |= apply_namespaces(difference, verdict, cluster, draft);
        if difference.bootstrap == BootstrapChange::Changed
            && verdict.bootstrap.is_none()
            && let Ok(entries) = &after.bootstrap
        {
            let tree = |entries: &[Entry]| Some(hash_tree(&tree_bytes(entries)));
            let trees = (tree(&cluster.parts.bootstrap), tree(entries));
            draft.entry(cluster.uid, Part::Bootstrap, trees);
            cluster.parts.bootstrap.clone_from(entries);
            changes = true;
        }
        changes |= apply_listener(after, self.rendered.layout, cluster);
        draft.close(cluster.uid);
        if changes {
            draft.changed.push(cluster.uid);
            draft.differs = true;
        }
    }

    /// Puts the cells that are not held in place; whether the tree changes.
    fn apply_cells(
        &self,
        difference: &ClusterDifference,
        verdict: &Verdict,
        cluster: &mut LedgerCluster,
        draft: &mut Draft,
    ) -> bool {
        let mut changes = false;
        for (cell, held) in difference.cells.iter().zip(&verdict.cells) {
            let former = cell.former.unwrap_or(cell.application);
            let place = |cells: &[LedgerCell]| cells.iter().position(|c| c.application == former);
            let old = place(&cluster.cells);
            if held.is_some() {
                continue;
            }
            if let Some(old) = old {
                self.mark(&mut cluster.cells[old], cell.change, draft);
            }
            let (new, counter) = match cell.change {
                CellChange::Broken { .. } | CellChange::Recovered => continue,
                CellChange::Added(new) => (Some(new), &mut draft.summary.cells_added),
                CellChange::Changed { new, .. } => (Some(new), &mut draft.summary.cells_changed),
                CellChange::Removed { .. } => (None, &mut draft.summary.cells_removed),
            };
            *counter += 1;
            changes = true;
            draft.applications.insert(cell.application.0);
            draft.entry(cluster.uid, self.part(cell.application), cell_trees(cell));
            let old = old.map(|old| cluster.cells.remove(old));
            if let Some(fragment) = new {
                let kept = old.filter(|old| old.fragment == fragment).map(|old| old.released);
                let released = kept.unwrap_or(self.generation());
                let application = cell.application;
                cluster.cells.push(LedgerCell { application, fragment, released, stale: None });
            }
        }
        cluster.cells.sort_by_key(|cell| cell.application);
        changes
    }

    /// Marks a cell stale, or no longer.
    fn mark(&self, cell: &mut LedgerCell, change: CellChange, draft: &mut Draft) {
        let (stale, counter) = match change {
            CellChange::Broken { since, .. } => {
                (Some(since.unwrap_or(self.generation())), &mut draft.summary.cells_stale)
            }
            CellChange::Recovered => (None, &mut draft.summary.cells_recovered),
            _ => return,
        };
        if cell.stale != stale {
            cell.stale = stale;
            *counter += 1;
            draft.differs = true;
        }
    }

    /// Whether the next ledger would say the same: the source's digest alone makes no step.
    fn is_equal(&self, draft: &Draft, holds: &[Hold]) -> bool {
        !draft.differs
            && !self.is_first
            && holds == self.before.holds
            && self.rendered.layout == self.before.layout
    }

    fn step(&self, draft: Draft) -> Option<Step> {
        let holds = self.holds();
        if self.is_equal(&draft, &holds) {
            return None;
        }
        let layout = self.rendered.layout;
        let generation = self.generation();
        let source_commit = self.source_commit();
        let Draft { mut clusters, mut changed, entries, summary, .. } = draft;
        let applications = self.renumber(&mut clusters);
        clusters.sort_by_key(|cluster| cluster.uid);
        changed.sort();
        let ledger = Ledger {
            fleet: self.rendered.fleet,
            engine: self.rendered.engine,
            generation,
            source: self.rendered.source,
            source_commit,
            layout,
            applications,
            revisions: self.revisions(&clusters, source_commit),
            clusters,
            holds,
            approvals: self.approvals(),
            deletions: self.deletions(),
        };
        let trailers = self.trailers(&ledger, entries);
        let subject = subject(generation, &summary);
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

    /// Leaves out the names of applications that run nowhere, and numbers the cells anew.
    fn renumber(&self, clusters: &mut [LedgerCluster]) -> Vec<model::ApplicationName> {
        let n_names = self.difference.applications.len();
        let mut is_used = vec![false; n_names];
        for cell in clusters.iter().flat_map(|cluster| &cluster.cells) {
            is_used[cell.application.0 as usize] = true;
        }
        let mut numbers = vec![0; n_names];
        let mut names = Vec::new();
        for (position, name) in self.difference.applications.iter().enumerate() {
            numbers[position] = names.len() as u32;
            if is_used[position] {
                names.push(name.clone());
            }
        }
        for cell in clusters.iter_mut().flat_map(|cluster| &mut cluster.cells) {
            cell.application = ApplicationId(numbers[cell.application.0 as usize]);
        }
        names
    }

    fn revisions(&self, clusters: &[LedgerCluster], commit: Option<CommitId>) -> Vec<Revision> {
        let cells = clusters.iter().flat_map(|cluster| &cluster.cells);
        let used: BTreeSet<Generation> = cells.map(|cell| cell.released).collect();
        let this = Revision { generation: self.generation(), source: self.rendered.source, commit };
        let all = self.before.revisions.iter().copied().chain([this]);
        all.filter(|revision| used.contains(&revision.generation)).collect()
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
    fn entry(
        &mut self,
        cluster: ClusterUid,
        part: Part,
        trees: (Option<ObjectId>, Option<ObjectId>),
    ) {
        self.current.push(plan_entry(cluster, &part, trees.0, trees.1));
    }

    /// Folds what changes on one cluster into one entry, so that a step of millions of cells
    /// keeps no text for each.
    fn close(&mut self, cluster: ClusterUid) {
        if !self.current.is_empty() {
            self.current.sort_unstable();
            let digest = sha256(&self.current.concat());
            self.entries.push([&cluster.0[..], &digest.0].concat());
            self.current.clear();
        }
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
    let mut changes = false;
    for (namespace, held) in difference.namespaces.iter().zip(&verdict.namespaces) {
        if held.is_some() {
            continue;
        }
        let files: &mut Vec<(NamespaceName, ObjectId)> = &mut cluster.parts.namespaces;
        files.retain(|(name, _)| *name != namespace.name);
        if let NamespaceChange::Added(new) | NamespaceChange::Changed { new, .. } = namespace.change
        {
            files.push((namespace.name.clone(), new));
        }
        let part = Part::Namespace(namespace.name.clone());
        draft.entry(cluster.uid, part, namespace_files(namespace));
        draft.summary.namespaces_changed += 1;
        changes = true;
    }
    cluster.parts.namespaces.sort();
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
        revisions: Vec::new(),
        holds: Vec::new(),
        approvals: Vec::new(),
        deletions: Vec::new(),
    }
}
