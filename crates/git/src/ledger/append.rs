//! Appending one step, by compare-and-swap.

use std::collections::{BTreeMap, HashSet};

use model::{
    CommitId, Entry, Fragment, Generation, Layout, Ledger, LedgerCluster, Mode, ObjectId, Sink,
    Step,
};
use rayon::prelude::*;

use super::applications::{self, keep_cells_of};
use super::clusters::{self, EMPTY_TREE, is_adopted};
use super::decompose::decompose;
use super::{LEDGER_REF, LedgerError, Snapshot, marks, settings};
use crate::objects::NewCommit;
use crate::refs::{Move, MoveError, move_refs};
use crate::{Objects, PackError, RepositoryError};

/// Why a step was not appended. The ledger is as it was, unless the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another step was appended first; read the ledger again and decide anew.
    #[error("the ledger was moved by someone else in the meantime")]
    Moved,
    /// The step is not the next one.
    #[error("generation {found} cannot follow generation {last} of the ledger")]
    Generation {
        /// The generation of the ledger's tip; 0 if there is none.
        last: Generation,
        /// The generation of the step.
        found: Generation,
    },
    /// The step does not describe a ledger that could be read again.
    #[error("the step cannot be written: {0}")]
    Invalid(String),
    /// The present ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An object of the step could not be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The new objects could not be written.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The branch could not be moved, or that it moved is not durable.
    #[error(transparent)]
    Refs(MoveError),
}

impl From<MoveError> for AppendError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Moved { .. } => Self::Moved,
            error => Self::Refs(error),
        }
    }
}

/// Appends a step to the ledger that was read at `expected` (nothing if there was none), and
/// answers its commit and the ledger as it reads from there.
///
/// The trees of [`Step::changed`] clusters are put together from their parts; those of adopted
/// clusters are taken as they are. `author` is `Name <mail>`. Everything is durable before the
/// branch moves, and the move before this returns.
///
/// # Errors
/// [`AppendError::Moved`] if the branch is not at `expected` any more; all else see there.
pub fn append(
    objects: &Objects,
    expected: Option<CommitId>,
    step: Step,
    author: &str,
) -> Result<(CommitId, Ledger), AppendError> {
    check_generation(objects, expected, &step)?;
    let message = message(&step);
    let Step { mut ledger, changed, at, .. } = step;
    check_order(&ledger)?;
    ledger.holds.sort_by_key(|hold| hold.cluster);
    ledger.approvals.sort_by_key(|approval| approval.plan);
    let changed: HashSet<_> = changed.into_iter().collect();
    compose(objects, &mut ledger, |cluster| changed.contains(&cluster.uid))?;
    let tree = ledger_tree(objects, &ledger)?;
    let used = used_generations(&ledger);
    ledger.revisions.retain(|revision| used.contains(&revision.generation));
    let parents: Vec<CommitId> = expected.into_iter().collect();
    let commit =
        objects.commit(&NewCommit { tree, parents: &parents, author, at, message: &message });
    objects.write()?;
    let step = Move { name: LEDGER_REF.to_owned(), from: expected, to: Some(commit) };
    move_refs(objects.repository(), &[step])?;
    Ok((commit, ledger))
}

fn check_generation(
    objects: &Objects,
    expected: Option<CommitId>,
    step: &Step,
) -> Result<(), AppendError> {
    let last = match expected {
        Some(commit) => settings::read(&Snapshot::open(objects.repository(), commit)?)?.generation,
        None => Generation(0),
    };
    let found = step.ledger.generation;
    if found != last.next() { Err(AppendError::Generation { last, found }) } else { Ok(()) }
}

/// What the reader relies on, and what no file of the ledger could say.
fn check_order(ledger: &Ledger) -> Result<(), AppendError> {
    let invalid = |text: &str| Err(AppendError::Invalid(text.to_owned()));
    if !ledger.applications.is_sorted_by(|a, b| a < b) {
        return invalid("its applications are not in the order of names");
    }
    if !ledger.clusters.is_sorted_by(|a, b| a.uid < b.uid) {
        return invalid("its clusters are not in the order of uids");
    }
    let mut names = HashSet::new();
    for cluster in &ledger.clusters {
        if !names.insert(&cluster.name) {
            return invalid(&format!("two clusters are called `{}`", cluster.name));
        }
        let known =
            |cell: &model::LedgerCell| (cell.application.0 as usize) < ledger.applications.len();
        let ordered = cluster.cells.is_sorted_by(|a, b| a.application < b.application);
        if !ordered || !cluster.cells.iter().all(known) {
            return invalid(&format!("the cells of `{}` are not in order", cluster.name));
        }
    }
    let unknown = ledger.holds.iter().find(|hold| ledger.cluster_by_uid(hold.cluster).is_none());
    match unknown {
        Some(hold) => invalid(&format!("it holds {}, which is no cluster of it", hold.cluster)),
        None => Ok(()),
    }
}

/// Puts the trees of changed clusters together, and makes sure that every part is there.
fn compose(
    objects: &Objects,
    ledger: &mut Ledger,
    is_changed: impl Fn(&LedgerCluster) -> bool + Sync,
) -> Result<(), AppendError> {
    let trees: Vec<(usize, ObjectId)> = (0..ledger.clusters.len())
        .into_par_iter()
        .filter(|index| is_changed(&ledger.clusters[*index]))
        .filter(|index| !is_adopted(&ledger.holds, ledger.clusters[*index].uid))
        .map(|index| {
            let parts = ledger.whole_parts(&ledger.clusters[index]);
            (index, parts.compose(ledger.layout == Layout::Flux, objects))
        })
        .collect();
    let mut checked = HashSet::new();
    for (index, tree) in trees {
        check_parts(objects, ledger, &ledger.clusters[index], &mut checked)?;
        ledger.clusters[index].tree = tree;
    }
    let missing = ledger
        .clusters
        .par_iter()
        .find_any(|cluster| cluster.tree != EMPTY_TREE && !objects.holds(cluster.tree));
    if let Some(cluster) = missing {
        let (name, tree) = (&cluster.name, cluster.tree);
        return Err(AppendError::Invalid(format!("the tree {tree} of `{name}` is missing")));
    }
    read_adopted(objects, ledger)
}

fn check_parts(
    objects: &Objects,
    ledger: &Ledger,
    cluster: &LedgerCluster,
    checked: &mut HashSet<ObjectId>,
) -> Result<(), AppendError> {
    let parts = &cluster.parts;
    let fragments = cluster.cells.iter().flat_map(|cell| {
        let Fragment { tree, listener } = cell.fragment;
        [Some(tree), listener].into_iter().flatten()
    });
    let others = parts.namespaces.iter().map(|(_, id)| *id);
    let others = others.chain(parts.bootstrap.iter().map(|entry| entry.id));
    for id in fragments.chain(others).chain(parts.namespaces_listener) {
        if checked.insert(id) && !objects.holds(id) {
            let name = &cluster.name;
            let generation = ledger.generation;
            return Err(AppendError::Invalid(format!(
                "the object {id} that generation {generation} releases to `{name}` is missing"
            )));
        }
    }
    Ok(())
}

/// An adopted tree is what it is: its parts are read from it, as every later reader will.
fn read_adopted(objects: &Objects, ledger: &mut Ledger) -> Result<(), AppendError> {
    let Ledger { clusters, holds, applications, layout, .. } = ledger;
    for cluster in clusters.iter_mut().filter(|cluster| is_adopted(holds, cluster.uid)) {
        let found = decompose(&|id| objects.read_tree(id), cluster.tree, *layout)?;
        let fragments: BTreeMap<String, Fragment> = found.applications.into_iter().collect();
        keep_cells_of(cluster, |id| fragments.get(applications[id.0 as usize].as_str()).copied());
        cluster.parts.namespaces = found.namespaces;
        cluster.parts.bootstrap = found.bootstrap;
        cluster.parts.namespaces_listener = found.namespaces_listener;
    }
    Ok(())
}

/// The tree of the whole ledger. What did not change has the id it had, and is written nowhere.
fn ledger_tree(objects: &Objects, ledger: &Ledger) -> Result<ObjectId, AppendError> {
    let files = applications::write(ledger).map_err(|generation| {
        AppendError::Invalid(format!("the source of generation {generation} is missing"))
    })?;
    let settings = objects.blob(settings::write(ledger).as_bytes());
    let mut root = vec![Entry::new(settings::FILE, Mode::File, settings)];
    let folders = [
        (applications::FOLDER, files_tree(objects, files)),
        (clusters::FOLDER, clusters_tree(objects, ledger)),
        (marks::HOLDS, files_tree(objects, ledger.holds.iter().map(marks::write_hold))),
        (marks::APPROVALS, files_tree(objects, ledger.approvals.iter().map(marks::write_approval))),
    ];
    let folders = folders.into_iter().filter_map(|(name, tree)| Some((name, tree?)));
    root.extend(folders.map(|(name, tree)| Entry::new(name, Mode::Tree, tree)));
    Ok(objects.tree(&root))
}

/// A folder of files, or nothing if there are none.
fn files_tree(
    objects: &Objects,
    files: impl IntoIterator<Item = (String, String)>,
) -> Option<ObjectId> {
    let entry = |(name, text): (String, String)| {
        Entry::new(&name, Mode::File, objects.blob(text.as_bytes()))
    };
    let entries: Vec<Entry> = files.into_iter().map(entry).collect();
    (!entries.is_empty()).then(|| objects.tree(&entries))
}

fn clusters_tree(objects: &Objects, ledger: &Ledger) -> Option<ObjectId> {
    let folders: Vec<(String, Entry)> = ledger
        .clusters
        .par_iter()
        .map(|cluster| (cluster.uid.shard(), cluster_folder(objects, cluster)))
        .collect();
    let shards = folders.chunk_by(|(a, _), (b, _)| a == b).map(|shard| {
        let entries: Vec<Entry> = shard.iter().map(|(_, entry)| entry.clone()).collect();
        Entry::new(&shard[0].0, Mode::Tree, objects.tree(&entries))
    });
    let shards: Vec<Entry> = shards.collect();
    (!shards.is_empty()).then(|| objects.tree(&shards))
}

fn cluster_folder(objects: &Objects, cluster: &LedgerCluster) -> Entry {
    let text = clusters::write(cluster, cluster.tree);
    let mut entries = vec![Entry::new(clusters::FILE, Mode::File, objects.blob(text.as_bytes()))];
    if cluster.tree != EMPTY_TREE {
        entries.push(Entry::new(clusters::TREE, Mode::Tree, cluster.tree));
    }
    Entry::new(&cluster.uid.to_string(), Mode::Tree, objects.tree(&entries))
}

fn used_generations(ledger: &Ledger) -> HashSet<Generation> {
    let cells = ledger.clusters.iter().flat_map(|cluster| &cluster.cells);
    cells.map(|cell| cell.released).collect()
}

/// Subject and trailers.
fn message(step: &Step) -> String {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = one_line(&step.subject);
    for (index, trailer) in step.trailers.iter().enumerate() {
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
        text.push_str(&format!("{}: {}", trailer.key, one_line(&trailer.value)));
    }
    text
}
