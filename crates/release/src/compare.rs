//! One cluster of the ledger and of a render, side by side.
//!
//! Both sides keep clusters' cells in the order of names, so one pass over each cluster finds
//! what differs, by ids and without allocating for what is equal.

use std::cmp::Ordering;

use model::{
    ApplicationId, Cell, Entry, LedgerCell, LedgerCluster, NamespaceName, ObjectId, RenderedCluster,
};

use crate::difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Counts, NamespaceChange,
    NamespaceDifference,
};
use crate::names::ApplicationTable;

/// What clusters are compared by.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    pub(crate) applications: &'a ApplicationTable,
    /// The namespaces of the render.
    pub(crate) namespaces: &'a [(NamespaceName, ObjectId)],
    /// Whether some application was renamed.
    pub(crate) has_renames: bool,
}

/// What was found about a cluster that is not what the ledger says.
pub(crate) enum Found {
    /// It differs, or is new and complete.
    Differs(ClusterDifference),
    /// It is new, and its first render is not complete.
    Waits,
}

/// Counts applications of clusters, or takes back what was counted.
pub(crate) struct Counter<'a> {
    pub(crate) counts: &'a mut Counts,
    /// One, or its negation: sums wrap, and end where they began.
    pub(crate) one: u32,
}

impl Counter<'_> {
    fn before(&mut self, application: ApplicationId) {
        let n = &mut self.counts.before[application.0 as usize];
        *n = n.wrapping_add(self.one);
    }

    fn after(&mut self, application: ApplicationId) {
        let n = &mut self.counts.after[application.0 as usize];
        *n = n.wrapping_add(self.one);
    }

    /// Counts where applications run, those renamed under their present name.
    fn cell(&mut self, id: ApplicationId, old: Option<&LedgerCell>, new: Option<&Cell>) {
        let kept = old.is_some() || matches!(new, Some(Cell::Tree(_)));
        if old.is_some() {
            self.before(id);
        }
        if new.is_some() && kept {
            self.after(id);
        }
    }

    /// Counts a cluster whose document is gone.
    pub(crate) fn orphan(&mut self, tables: Tables<'_>, cluster: &LedgerCluster) {
        for id in &**cluster.cells.applications() {
            self.before(tables.applications.in_ledger(*id));
        }
    }
}

/// Compares one cluster of a render with the ledger's, each with its position; nothing if they are
/// equal.
pub(crate) fn compare_cluster(
    tables: Tables<'_>,
    counter: &mut Counter<'_>,
    before: Option<(usize, &LedgerCluster)>,
    (position, after): (usize, &RenderedCluster),
) -> Option<Found> {
    match before {
        Some((ledger, before)) => {
            let pair = Pair { before, after, tables };
            pair.compare(counter, (ledger, position)).map(Found::Differs)
        }
        None => Some(new_cluster(tables, counter, position, after)),
    }
}

fn new_cluster(
    tables: Tables<'_>,
    counter: &mut Counter<'_>,
    position: usize,
    cluster: &RenderedCluster,
) -> Found {
    if !cluster.is_complete() {
        return Found::Waits;
    }
    for (application, _) in &cluster.cells {
        counter.after(tables.applications.in_render(*application));
    }
    Found::Differs(ClusterDifference {
        ledger: None,
        rendered: position,
        renamed: false,
        cells: Vec::new(),
        namespaces: Vec::new(),
        bootstrap: BootstrapChange::Changed,
        namespaces_listener: cluster.namespaces_listener.is_some(),
    })
}

/// One cluster on both sides.
struct Pair<'a> {
    before: &'a LedgerCluster,
    after: &'a RenderedCluster,
    tables: Tables<'a>,
}

impl Pair<'_> {
    fn compare(
        &self,
        counter: &mut Counter<'_>,
        (ledger, rendered): (usize, usize),
    ) -> Option<ClusterDifference> {
        let mut cells = self.cells(counter);
        if self.tables.has_renames && !cells.is_empty() {
            self.pair_renames(counter, &mut cells);
        }
        let found = ClusterDifference {
            ledger: Some(ledger),
            rendered,
            renamed: self.before.name != self.after.name,
            cells,
            namespaces: self.namespaces(),
            bootstrap: self.bootstrap(),
            namespaces_listener: self.before.parts.namespaces_listener
                != self.after.namespaces_listener,
        };
        let differs = found.renamed
            || !found.cells.is_empty()
            || !found.namespaces.is_empty()
            || found.bootstrap != BootstrapChange::Same
            || found.namespaces_listener;
        differs.then_some(found)
    }

    fn cells(&self, counter: &mut Counter<'_>) -> Vec<CellDifference> {
        let table = self.tables.applications;
        let mut found = Vec::new();
        let mut before = self.before.cells.iter().peekable();
        let mut after = self.after.cells.iter().peekable();
        loop {
            let old = before.peek().map(|cell| table.in_ledger(cell.application));
            let new = after.peek().map(|(application, _)| table.in_render(*application));
            let (application, order) = match (old, new) {
                (None, None) => return found,
                (Some(old), None) => (old, Ordering::Less),
                (None, Some(new)) => (new, Ordering::Greater),
                (Some(old), Some(new)) => (old.min(new), old.cmp(&new)),
            };
            let old = if order == Ordering::Greater { None } else { before.next() };
            let new = if order == Ordering::Less { None } else { after.next() };
            let new = new.map(|(_, cell)| cell);
            counter.cell(application, old.as_ref(), new);
            let change = cell_change(old.as_ref(), new);
            let difference = |change| CellDifference { application, former: None, change };
            found.extend(change.map(difference));
        }
    }

    /// A removed cell of a former name and an added one of the present name are one cell.
    fn pair_renames(&self, counter: &mut Counter<'_>, cells: &mut Vec<CellDifference>) {
        for index in (0..cells.len()).rev() {
            let CellChange::Removed { old, .. } = cells[index].change else { continue };
            let former = cells[index].application;
            let Some(present) = self.tables.applications.renamed_to[former.0 as usize] else {
                continue;
            };
            let partner = cells.iter_mut().find(|cell| cell.application.0 == present);
            let taken = partner.and_then(|partner| {
                partner.change = match partner.change {
                    CellChange::Added(new) => CellChange::Changed { old, new },
                    CellChange::Broken { diagnostic, kept: None, .. } => {
                        let since = self.since(former);
                        counter.after(ApplicationId(present));
                        CellChange::Broken { diagnostic, kept: Some(old), since }
                    }
                    _ => return None,
                };
                partner.former = Some(former);
                Some(())
            });
            if taken.is_some() {
                cells.remove(index);
            } else if self.renders(present) {
                cells[index].change = CellChange::Removed { old, renamed: true };
            }
        }
    }

    fn since(&self, id: ApplicationId) -> Option<model::Generation> {
        let mut cells = self.before.cells.iter();
        cells.find(|cell| self.tables.applications.in_ledger(cell.application) == id)?.stale
    }

    fn renders(&self, application: u32) -> bool {
        let table = self.tables.applications;
        self.after.cells.iter().any(|(id, _)| table.in_render(*id).0 == application)
    }

    fn namespaces(&self) -> Vec<NamespaceDifference> {
        let mut found = Vec::new();
        let mut before = self.before.parts.namespaces.iter().peekable();
        let mut after = self
            .after
            .namespaces
            .iter()
            .map(|id| &self.tables.namespaces[id.0 as usize])
            .peekable();
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return found,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let old = if order == Ordering::Greater { None } else { before.next() };
            let new = if order == Ordering::Less { None } else { after.next() };
            found.extend(namespace_difference(old, new));
        }
    }

    fn bootstrap(&self) -> BootstrapChange {
        match &self.after.bootstrap {
            Err(diagnostic) => BootstrapChange::Broken(*diagnostic),
            Ok(entries) if same_entries(&self.before.parts.bootstrap, entries) => {
                BootstrapChange::Same
            }
            Ok(_) => BootstrapChange::Changed,
        }
    }
}

fn cell_change(old: Option<&LedgerCell>, new: Option<&Cell>) -> Option<CellChange> {
    match (old, new) {
        (None, None) => None,
        (None, Some(Cell::Tree(new))) => Some(CellChange::Added(*new)),
        (Some(old), None) => Some(CellChange::Removed { old: old.fragment, renamed: false }),
        (old, Some(Cell::Broken(diagnostic))) => Some(CellChange::Broken {
            diagnostic: *diagnostic,
            kept: old.map(|old| old.fragment),
            since: old.and_then(|old| old.stale),
        }),
        (Some(old), Some(Cell::Tree(new))) if old.fragment == *new => {
            old.stale.map(|_| CellChange::Recovered)
        }
        (Some(old), Some(Cell::Tree(new))) => {
            Some(CellChange::Changed { old: old.fragment, new: *new })
        }
    }
}

fn namespace_difference(
    old: Option<&(NamespaceName, ObjectId)>,
    new: Option<&(NamespaceName, ObjectId)>,
) -> Option<NamespaceDifference> {
    let (name, change) = match (old, new) {
        (None, None) => return None,
        (None, Some((name, new))) => (name, NamespaceChange::Added(*new)),
        (Some((name, old)), None) => (name, NamespaceChange::Removed(*old)),
        (Some((_, old)), Some((_, new))) if old == new => return None,
        (Some((_, old)), Some((name, new))) => {
            (name, NamespaceChange::Changed { old: *old, new: *new })
        }
    };
    Some(NamespaceDifference { name: name.clone(), change })
}

/// Whether two lists hold the same entries: the ledger's come in Git's order, a render's in its
/// own.
fn same_entries(before: &[Entry], after: &[Entry]) -> bool {
    before == after || {
        let sorted = |entries: &[Entry]| {
            let mut sorted = entries.to_vec();
            sorted.sort();
            sorted
        };
        before.len() == after.len() && sorted(before) == sorted(after)
    }
}
