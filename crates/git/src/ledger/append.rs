//! Appending one step, by compare-and-swap.

use std::collections::{HashMap, HashSet};

use model::{
    ClusterUid, CommitId, Entry, Fragment, Generation, Layout, Ledger, LedgerCluster, Mode,
    ObjectId, Sink, Step,
};
use rayon::prelude::*;

use super::applications;
use super::clusters::{self, ClusterHead, EMPTY_TREE, is_adopted};
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
/// The trees of [`Step::changed`] clusters are put together from their parts; of adopted clusters
/// the tree is taken as it is, and the parts are kept as what they go back to. `author` is `Name <mail>`. Everything is durable before the
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
    let before = heads(objects, expected)?;
    let message = message(&step);
    let Step { mut ledger, changed, at, .. } = step;
    check_order(&ledger)?;
    ledger.holds.sort_by_key(|hold| hold.cluster);
    ledger.approvals.sort_by_key(|approval| approval.plan);
    let changed: HashSet<_> = changed.into_iter().collect();
    let released = compose(objects, &mut ledger, &changed)?;
    let tree = ledger_tree(objects, &ledger, &before, &released)?;
    let used = used_generations(&ledger);
    ledger.revisions.retain(|revision| used.contains(&revision.generation));
    let parents: Vec<CommitId> = expected.into_iter().collect();
    let commit =
        objects.commit(&NewCommit { tree, parents: &parents, author, at, message: &message });
    let _keep = objects.write()?;
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

/// What the ledger said of each cluster before the step.
fn heads(objects: &Objects, expected: Option<CommitId>) -> Result<Heads, AppendError> {
    let Some(commit) = expected else { return Ok(Heads::new()) };
    let repository = objects.repository();
    let snapshot = Snapshot::open(repository, commit)?;
    let heads = clusters::list(&snapshot)?.into_par_iter().map_init(
        || repository.reader(),
        |reader, folder| Ok((folder.uid, clusters::read_head(&snapshot, reader, folder)?)),
    );
    heads.collect::<Result<_, LedgerError>>().map_err(AppendError::from)
}

type Heads = HashMap<ClusterUid, ClusterHead>;

/// Puts the trees of changed clusters together, makes sure that every part is there, and answers
/// the trees of the last release of adopted clusters.
fn compose(
    objects: &Objects,
    ledger: &mut Ledger,
    changed: &HashSet<ClusterUid>,
) -> Result<HashMap<ClusterUid, ObjectId>, AppendError> {
    let adopted = |index: usize| is_adopted(&ledger.holds, ledger.clusters[index].uid);
    let trees: Vec<(usize, bool, ObjectId)> = (0..ledger.clusters.len())
        .into_par_iter()
        .map(|index| (index, adopted(index)))
        .filter(|(index, adopted)| *adopted || changed.contains(&ledger.clusters[*index].uid))
        .map(|(index, adopted)| {
            let parts = ledger.whole_parts(&ledger.clusters[index]);
            (index, adopted, parts.compose(ledger.layout == Layout::Flux, objects))
        })
        .collect();
    let (mut checked, mut released) = (HashSet::new(), HashMap::new());
    for (index, adopted, tree) in trees {
        check_parts(objects, ledger, &ledger.clusters[index], &mut checked)?;
        let cluster = &mut ledger.clusters[index];
        if adopted {
            released.insert(cluster.uid, tree);
        } else {
            cluster.tree = tree;
        }
    }
    let missing = ledger
        .clusters
        .par_iter()
        .find_any(|cluster| cluster.tree != EMPTY_TREE && !objects.holds(cluster.tree));
    if let Some(cluster) = missing {
        let (name, tree) = (&cluster.name, cluster.tree);
        return Err(AppendError::Invalid(format!("the tree {tree} of `{name}` is missing")));
    }
    Ok(released)
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

/// The tree of the whole ledger. What did not change has the id it had, and is written nowhere.
fn ledger_tree(
    objects: &Objects,
    ledger: &Ledger,
    before: &Heads,
    released: &HashMap<ClusterUid, ObjectId>,
) -> Result<ObjectId, AppendError> {
    let files = applications::write(ledger).map_err(|generation| {
        AppendError::Invalid(format!("the source of generation {generation} is missing"))
    })?;
    let settings = objects.blob(settings::write(ledger).as_bytes());
    let folder = |cluster: &LedgerCluster| {
        let same = before.get(&cluster.uid).filter(|head| head.tree == cluster.tree);
        let changed = same.map_or(ledger.generation, |head| head.changed);
        cluster_folder(objects, cluster, changed, released.get(&cluster.uid).copied())
    };
    let mut root = vec![Entry::new(settings::FILE, Mode::File, settings)];
    let folders = [
        (applications::FOLDER, files_tree(objects, files)),
        (clusters::FOLDER, clusters_tree(objects, &ledger.clusters, folder)),
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

fn clusters_tree(
    objects: &Objects,
    clusters: &[LedgerCluster],
    folder: impl Fn(&LedgerCluster) -> Entry + Sync,
) -> Option<ObjectId> {
    let folders: Vec<(String, Entry)> =
        clusters.par_iter().map(|cluster| (cluster.uid.shard(), folder(cluster))).collect();
    let shards = folders.chunk_by(|(a, _), (b, _)| a == b).map(|shard| {
        let entries: Vec<Entry> = shard.iter().map(|(_, entry)| entry.clone()).collect();
        Entry::new(&shard[0].0, Mode::Tree, objects.tree(&entries))
    });
    let shards: Vec<Entry> = shards.collect();
    (!shards.is_empty()).then(|| objects.tree(&shards))
}

fn cluster_folder(
    objects: &Objects,
    cluster: &LedgerCluster,
    changed: Generation,
    released: Option<ObjectId>,
) -> Entry {
    let text = clusters::write(cluster, changed, released);
    let mut entries = vec![Entry::new(clusters::FILE, Mode::File, objects.blob(text.as_bytes()))];
    for (name, tree) in [(clusters::TREE, Some(cluster.tree)), (clusters::RELEASED, released)] {
        let tree = tree.filter(|tree| *tree != EMPTY_TREE);
        entries.extend(tree.map(|tree| Entry::new(name, Mode::Tree, tree)));
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
