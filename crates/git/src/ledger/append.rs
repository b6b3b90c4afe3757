//! Appending one step, by compare-and-swap.

use std::collections::HashSet;

use model::{CommitId, Generation, Ledger, Step};

use super::touched::Touched;
use super::write::Writing;
use super::{LEDGER_REF, LedgerError, Snapshot, settings};
use crate::objects::NewCommit;
use crate::refs::{MoveError, RefMove, move_refs};
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

/// Appends a step to the ledger `before`, which was read at that commit (nothing if there was
/// none), and answers its commit and the ledger as it reads from there.
///
/// The trees of [`Step::changed`] clusters are put together from their parts; of adopted clusters
/// the tree is taken as it is, and the parts are kept as what they go back to. What is written is
/// the clusters that the step does not share with `before`. `author` is `Name <mail>`. Everything
/// is durable before the branch moves, and the move before this returns.
///
/// # Errors
/// [`AppendError::Moved`] if the branch is not at that commit any more; all else see there.
pub fn append(
    objects: &Objects,
    before: Option<(CommitId, &Ledger)>,
    mut step: Step,
    author: &str,
) -> Result<(CommitId, Ledger), AppendError> {
    let expected = before.map(|(commit, _)| commit);
    let open = |commit| Snapshot::open(objects.repository(), commit);
    let snapshot = expected.map(open).transpose()?;
    let before = before.map(|(_, ledger)| ledger);
    check_generation(snapshot.as_ref(), before, &step)?;
    step.ledger.holds.sort_by_key(|hold| hold.cluster);
    step.ledger.placed.sort_by_key(|hold| hold.since);
    step.ledger.approvals.sort_by_key(|approval| approval.plan);
    let touched = Touched::between(before, &step);
    check_order(&step.ledger, before, &touched)?;
    let message = message(&step);
    let Step { ledger, changed, at, .. } = step;
    let writing = Writing { objects, before, ledger, snapshot, changed: &changed };
    let (tree, ledger) = writing.write(&touched)?;
    let parents: Vec<CommitId> = expected.into_iter().collect();
    let parents = &parents;
    let commit = NewCommit { tree, parents, author, committer: author, at, message: &message };
    let commit = objects.commit(&commit);
    let _keep = objects.write()?;
    let step = RefMove { name: LEDGER_REF.to_owned(), from: expected, to: Some(commit) };
    move_refs(objects.repository(), &[step])?;
    Ok((commit, ledger))
}

fn check_generation(
    snapshot: Option<&Snapshot<'_>>,
    before: Option<&Ledger>,
    step: &Step,
) -> Result<(), AppendError> {
    let last = snapshot.map_or(Ok(Generation(0)), |one| Ok(settings::read(one)?.generation));
    let last = last.map_err(|error: LedgerError| AppendError::from(error))?;
    if before.is_some_and(|before| before.generation != last) {
        let text = format!("it was decided on another ledger than that of generation {last}");
        return Err(AppendError::Invalid(text));
    }
    let found = step.ledger.generation;
    if found != last.next() { Err(AppendError::Generation { last, found }) } else { Ok(()) }
}

/// What the reader relies on, and what no file of the ledger could say. Clusters that the ledger
/// shares with the one before were looked at when that was written.
fn check_order(
    ledger: &Ledger,
    before: Option<&Ledger>,
    touched: &Touched,
) -> Result<(), AppendError> {
    let invalid = |text: &str| Err(AppendError::Invalid(text.to_owned()));
    if !ledger.applications.is_sorted_by(|a, b| a < b) {
        return invalid("its applications are not in the order of names");
    }
    let n_applications = ledger.applications.len();
    for cluster in touched.written.iter().map(|(position, _)| &ledger.clusters[*position]) {
        let ids = cluster.cells.applications();
        let is_known = ids.last().is_none_or(|last| (last.0 as usize) < n_applications);
        if !is_known || !ids.is_sorted_by(|a, b| a < b) {
            return invalid(&format!("the cells of `{}` are not in order", cluster.name));
        }
    }
    if before.is_none_or(|before| touched.moves_names(before, ledger)) {
        check_names(ledger)?;
    }
    let unknown = ledger.holds.iter().find(|hold| ledger.position(hold.cluster).is_none());
    match unknown {
        Some(hold) => invalid(&format!("it holds {}, which is no cluster of it", hold.cluster)),
        None => Ok(()),
    }
}

fn check_names(ledger: &Ledger) -> Result<(), AppendError> {
    let invalid = |text: String| Err(AppendError::Invalid(text));
    if !ledger.clusters.is_sorted_by(|a, b| a.uid < b.uid) {
        return invalid("its clusters are not in the order of uids".to_owned());
    }
    let mut names = HashSet::with_capacity(ledger.clusters.len());
    match ledger.clusters.iter().find(|cluster| !names.insert(&cluster.name)) {
        Some(cluster) => invalid(format!("two clusters are called `{}`", cluster.name)),
        None => Ok(()),
    }
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
