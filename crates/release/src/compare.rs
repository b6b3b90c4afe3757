//! The ledger and a render, side by side.
//!
//! Both sides keep clusters' cells in the order of names, so one pass over each cluster finds
//! what differs, by ids and without allocating for what is equal.

use std::cmp::Ordering;

use model::{
    ApplicationId, Cell, Entry, Ledger, LedgerCell, LedgerCluster, NamespaceName, ObjectId,
    Rendered, RenderedCluster,
};

use crate::difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Difference, NamespaceChange,
    NamespaceDifference,
};
use crate::names::{ApplicationTable, match_clusters};

/// What would change if the render became the ledger. Without a ledger everything is new.
#[must_use]
pub fn compare(ledger: Option<&Ledger>, rendered: &Rendered) -> Difference {
    let table = ApplicationTable::new(ledger, rendered);
    let n_applications = table.names.len();
    let has_renames = table.renamed_to.iter().any(Option::is_some);
    let mut difference = Difference {
        applications: table.names,
        ledger_applications: table.ledger,
        rendered_applications: table.rendered,
        renamed_to: table.renamed_to,
        matched: match_clusters(ledger, rendered),
        n_before: vec![0; n_applications],
        n_after: vec![0; n_applications],
        ..Difference::default()
    };
    let known = ledger.map_or(&[][..], |ledger| &ledger.clusters);
    let mut is_matched = vec![false; known.len()];
    for (position, cluster) in rendered.clusters.iter().enumerate() {
        match difference.matched[position] {
            Some(index) => {
                is_matched[index] = true;
                let pair = Pair { before: &known[index], after: cluster, rendered };
                let found = pair.compare(&mut difference, (index, position), has_renames);
                difference.clusters.extend(found);
            }
            None => difference.add_new(position, cluster),
        }
    }
    for (index, _) in is_matched.iter().enumerate().filter(|(_, matched)| !**matched) {
        difference.orphaned.push(index);
        for cell in &known[index].cells {
            let application = difference.ledger_applications[cell.application.0 as usize];
            difference.n_before[application as usize] += 1;
        }
    }
    difference
}

impl Difference {
    fn add_new(&mut self, position: usize, cluster: &RenderedCluster) {
        if !cluster.is_complete() {
            self.waiting.push(position);
            return;
        }
        for (application, _) in &cluster.cells {
            let application = self.rendered_applications[application.0 as usize];
            self.n_after[application as usize] += 1;
        }
        self.clusters.push(ClusterDifference {
            ledger: None,
            rendered: position,
            renamed: false,
            cells: Vec::new(),
            namespaces: Vec::new(),
            bootstrap: BootstrapChange::Changed,
            namespaces_listener: cluster.namespaces_listener.is_some(),
        });
    }
}

/// One cluster on both sides.
struct Pair<'a> {
    before: &'a LedgerCluster,
    after: &'a RenderedCluster,
    rendered: &'a Rendered,
}

impl Pair<'_> {
    fn compare(
        &self,
        difference: &mut Difference,
        (ledger, rendered): (usize, usize),
        has_renames: bool,
    ) -> Option<ClusterDifference> {
        let mut cells = self.cells(difference);
        if has_renames && !cells.is_empty() {
            self.pair_renames(difference, &mut cells);
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

    fn cells(&self, difference: &mut Difference) -> Vec<CellDifference> {
        let mut found = Vec::new();
        let (mut before, mut after) = (&self.before.cells[..], &self.after.cells[..]);
        loop {
            let old = before.first().map(|cell| difference.in_ledger(cell.application));
            let new = after.first().map(|(application, _)| difference.in_render(*application));
            let order = match (old, new) {
                (None, None) => return found,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.cmp(&new),
            };
            let application = if order == Ordering::Less { old } else { new };
            let application = application.expect("one side has a cell left");
            let old = before.first().filter(|_| order != Ordering::Greater);
            let new = after.first().filter(|_| order != Ordering::Less).map(|(_, cell)| cell);
            before = &before[usize::from(old.is_some())..];
            after = &after[usize::from(new.is_some())..];
            let change = cell_change(old, new);
            difference.count(application, old, new);
            let difference = |change| CellDifference { application, former: None, change };
            found.extend(change.map(difference));
        }
    }

    /// A removed cell of a former name and an added one of the present name are one cell.
    fn pair_renames(&self, difference: &mut Difference, cells: &mut Vec<CellDifference>) {
        for index in (0..cells.len()).rev() {
            let CellChange::Removed { old, .. } = cells[index].change else { continue };
            let former = cells[index].application;
            let Some(present) = difference.renamed_to[former.0 as usize] else { continue };
            let partner = cells.iter_mut().find(|cell| cell.application.0 == present);
            let taken = partner.and_then(|partner| {
                partner.change = match partner.change {
                    CellChange::Added(new) => CellChange::Changed { old, new },
                    CellChange::Broken { diagnostic, kept: None, .. } => {
                        let since = self.since(difference, former);
                        difference.n_after[present as usize] += 1;
                        CellChange::Broken { diagnostic, kept: Some(old), since }
                    }
                    _ => return None,
                };
                partner.former = Some(former);
                Some(())
            });
            if taken.is_some() {
                cells.remove(index);
            } else if self.renders(difference, present) {
                cells[index].change = CellChange::Removed { old, renamed: true };
            }
        }
    }

    fn since(&self, difference: &Difference, id: ApplicationId) -> Option<model::Generation> {
        let mut cells = self.before.cells.iter();
        cells.find(|cell| difference.in_ledger(cell.application) == id)?.stale
    }

    fn renders(&self, difference: &Difference, application: u32) -> bool {
        self.after.cells.iter().any(|(id, _)| difference.in_render(*id).0 == application)
    }

    fn namespaces(&self) -> Vec<NamespaceDifference> {
        let mut found = Vec::new();
        let mut before = self.before.parts.namespaces.iter().peekable();
        let mut after = self
            .after
            .namespaces
            .iter()
            .map(|id| &self.rendered.namespaces[id.0 as usize])
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

impl Difference {
    /// The place in the common table of an application of the ledger.
    pub(crate) fn in_ledger(&self, id: ApplicationId) -> ApplicationId {
        ApplicationId(self.ledger_applications[id.0 as usize])
    }

    /// The place in the common table of an application of the render.
    pub(crate) fn in_render(&self, id: ApplicationId) -> ApplicationId {
        ApplicationId(self.rendered_applications[id.0 as usize])
    }

    /// Counts where applications run, those renamed under their present name.
    fn count(&mut self, id: ApplicationId, old: Option<&LedgerCell>, new: Option<&Cell>) {
        let kept = old.is_some() || matches!(new, Some(Cell::Tree(_)));
        self.n_before[id.0 as usize] += u32::from(old.is_some());
        self.n_after[id.0 as usize] += u32::from(new.is_some() && kept);
    }

    /// On how many clusters the ledger runs an application, under its present or former name.
    pub(crate) fn n_clusters_before(&self, id: ApplicationId) -> u32 {
        self.family(id).map(|member| self.n_before[member]).sum()
    }

    /// On how many clusters it would run, less those where it is held.
    pub(crate) fn n_clusters_after(&self, id: ApplicationId, held: &[u32]) -> u32 {
        self.family(id).map(|member| self.n_after[member].saturating_sub(held[member])).sum()
    }

    /// An application and those that are its other names.
    fn family(&self, id: ApplicationId) -> impl Iterator<Item = usize> {
        let present = self.renamed_to[id.0 as usize].unwrap_or(id.0);
        let others = self.renamed_to.iter().enumerate();
        let others = others.filter(move |(_, to)| **to == Some(present)).map(|(index, _)| index);
        std::iter::once(present as usize).chain(others)
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
