//! Projections of the ledger: what clusters read.
//!
//! In: the ledger of a repository and how the fleet is delivered. Out: branches or folders that
//! are equal to the ledger, and the clusters whose branch or folder somebody else changed.
//!
//! A projection is a function of the ledger, made again at any time: one that is torn, behind or
//! gone is written anew, one that is equal is left alone. It is read only to see, before
//! something is overwritten, whether the ledger ever gave it to that cluster. What the ledger
//! never gave is foreign: it is not overwritten unless a person discards it.

mod branches;
mod directory;
mod folders;
mod former;
mod made;

use std::collections::HashSet;
use std::sync::Arc;

use model::{ClusterUid, CommitId, Counter, Delivery, Ledger, ObjectId};

use crate::ledger::{ClusterHead, History};
use crate::reader::Reader;
use crate::refs::{MoveError, clean};
use crate::{LedgerError, PackError, Repository, RepositoryError};
pub(crate) use branches::PREFIX;
use made::{Made, Scope};

/// How often a projection is made anew because someone else moved a branch in the meantime.
const ATTEMPTS: usize = 20;

/// Why a projection could not be read or made. The ledger is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What stands there could not be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The new objects could not be written.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The branches could not be moved.
    #[error(transparent)]
    Refs(#[from] MoveError),
    /// The branch is checked out in a work tree, whose files would not follow.
    #[error("the branch `{branch}` is checked out in a work tree of the repository")]
    CheckedOut {
        /// The branch.
        branch: String,
    },
    /// A branch or path that nothing can be delivered to.
    #[error("cannot deliver to `{place}`: {reason}")]
    Place {
        /// The branch, or the path on it.
        place: String,
        /// Why.
        reason: String,
    },
}

impl ProjectError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::CheckedOut { branch } => Some(format!(
                "deliver to a branch that nobody works on, or to a bare repository; `{branch}` \
                 can be left with `git switch`"
            )),
            Self::Repository(error) => error.hint(),
            Self::Refs(error) => error.hint(),
            _ => None,
        }
    }
}

/// What making a projection did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projected {
    /// The new commit of the delivery branch; cluster branches have one each.
    pub commit: Option<CommitId>,
    /// The branches or folders that were written, in order.
    pub written: Vec<String>,
    /// The branches or folders that were taken away, in order.
    pub removed: Vec<String>,
    /// Branches or folders of clusters that are gone, which hold what the ledger never gave.
    pub left: Vec<String>,
    /// Branches, or folders as `branch:path`, that clusters read before this delivery was new. They
    /// are left as they are.
    pub former: Vec<String>,
    /// Clusters that were not written because what stands there is foreign, and what it is. Those
    /// that the ledger holds already are not among them.
    pub foreign: Vec<(ClusterUid, ObjectId)>,
}

impl Projected {
    /// How many branches or folders were written or taken away.
    #[must_use]
    pub fn n_written(&self) -> usize {
        self.written.len() + self.removed.len()
    }
}

/// The clusters whose branch or folder holds a tree that the ledger never gave them, with that
/// tree, in the order of uids. What is absent is not foreign.
///
/// # Errors
/// If the ledger or what stands there cannot be read.
pub fn foreign(
    repository: &Repository,
    ledger: &Ledger,
    delivery: &Delivery,
) -> Result<Vec<(ClusterUid, ObjectId)>, ProjectError> {
    Projection::default().foreign(repository, ledger, delivery, |_| true)
}

/// Makes what clusters read equal to the ledger at its tip, and writes nothing where it is.
///
/// Clusters that the ledger holds as foreign are left alone, and so is whatever else turns out to
/// be foreign; see [`Projected::foreign`].
///
/// # Errors
/// If it cannot be read or written. It can be tried again at any time.
pub fn project(repository: &Repository, delivery: &Delivery) -> Result<Projected, ProjectError> {
    Projection::default().project(repository, delivery, &[])
}

/// The same, over exactly these foreign trees that a person discarded.
///
/// # Errors
/// If it cannot be read or written.
pub fn project_over(
    repository: &Repository,
    delivery: &Delivery,
    discarded: &[(ClusterUid, ObjectId)],
) -> Result<Projected, ProjectError> {
    Projection::default().project(repository, delivery, discarded)
}

/// What a running process projected last, so that the next time costs what changed since.
///
/// A new one looks at every cluster. After that, only those are looked at that differ between the
/// two steps of the ledger, or that could not be written before; what somebody does to the others
/// is seen by a new one, or when the ledger changes them.
#[derive(Debug, Default)]
pub struct Projection {
    made: Option<Made>,
    counter: Arc<Counter>,
}

impl Projection {
    /// A new one, with what counts the clusters that are looked at.
    #[must_use]
    pub fn counted(counter: &Arc<Counter>) -> Self {
        Self { made: None, counter: Arc::clone(counter) }
    }

    /// The clusters among the concerned whose branch or folder holds a tree that the ledger never
    /// gave them, with that tree, in the order of uids; and so for those that are held already.
    ///
    /// # Errors
    /// If the ledger or what stands there cannot be read.
    pub fn foreign(
        &self,
        repository: &Repository,
        ledger: &Ledger,
        delivery: &Delivery,
        concerned: impl Fn(ClusterUid) -> bool,
    ) -> Result<Vec<(ClusterUid, ObjectId)>, ProjectError> {
        let Some(history) = History::open(repository)? else { return Ok(Vec::new()) };
        let made = self.made.as_ref().filter(|made| made.delivery == *delivery);
        let is_open = |uid| made.is_some_and(|made| made.undone.contains(&uid));
        let concerned = |uid| {
            let is_held = || ledger.holds.binary_search_by_key(&uid, |hold| hold.cluster).is_ok();
            (concerned(uid) || is_held() || is_open(uid)) && ledger.cluster_by_uid(uid).is_some()
        };
        let mut found = match delivery {
            Delivery::Branches => branches::foreign(&history, ledger, made, concerned)?,
            Delivery::Directory { branch, path, fan_out } => {
                let place = directory::Directory::new(branch, path, *fan_out)?;
                directory::foreign(&history, &place, made, concerned)?
            }
        };
        found.sort_unstable();
        Ok(found)
    }

    /// Makes what clusters read equal to the ledger at its tip, over exactly these foreign trees
    /// that a person discarded, and writes nothing where it is.
    ///
    /// # Errors
    /// If it cannot be read or written. It can be tried again at any time.
    pub fn project(
        &mut self,
        repository: &Repository,
        delivery: &Delivery,
        discarded: &[(ClusterUid, ObjectId)],
    ) -> Result<Projected, ProjectError> {
        clean(repository)?;
        let discarded: HashSet<_> = discarded.iter().copied().collect();
        let mut attempts = 0;
        loop {
            let Some(history) = History::open(repository)? else {
                return Ok(Projected::default());
            };
            let scope = Scope::since(&history, self.made.as_ref(), delivery, &discarded)?;
            let is_known = self.made.as_ref().is_some_and(|made| made.delivery == *delivery);
            let former_places =
                if is_known { Vec::new() } else { former::places(&history, delivery)? };
            self.counter.begin(scope.heads.len());
            let made = match delivery {
                Delivery::Branches => {
                    branches::project(&history, &scope, &discarded, &self.counter)
                }
                Delivery::Directory { branch, path, fan_out } => {
                    let place = directory::Directory::new(branch, path, *fan_out)?;
                    directory::project(&history, &place, &scope, &discarded, &self.counter)
                }
            };
            attempts += 1;
            match made {
                Err(ProjectError::Refs(MoveError::Moved { .. })) if attempts < ATTEMPTS => {
                    // Somebody else is at work here: look at everything.
                    self.made = None;
                }
                Err(error) => return Err(error),
                Ok((mut projected, tips)) => {
                    projected.former = former_places;
                    let former = self.made.take();
                    self.made =
                        Some(Made::after(former, &history, delivery, &scope, tips, &projected));
                    return Ok(projected);
                }
            }
        }
    }
}

/// The foreign trees that may be written over.
type Discarded = HashSet<(ClusterUid, ObjectId)>;

/// Refuses to move a branch under the feet of someone who works on it.
fn refuse_checked_out(
    repository: &Repository,
    moved: impl Fn(&str) -> bool,
) -> Result<(), ProjectError> {
    match repository.checked_out()?.into_iter().find(|name| moved(name)) {
        Some(name) => {
            let branch = name.trim_start_matches("refs/heads/").to_owned();
            Err(ProjectError::CheckedOut { branch })
        }
        None => Ok(()),
    }
}

/// The last paragraph of a commit that was made from a step.
fn trailers(history: &History<'_>, head: Option<&ClusterHead>) -> Result<String, LedgerError> {
    let generation = head.map_or(history.generation(), |head| head.changed);
    let ledger = history.commit(generation)?;
    let cluster = head.map(|head| format!("Cluster: {}\n", head.uid)).unwrap_or_default();
    Ok(format!("{cluster}Ledger: {ledger}\nGeneration: {generation}"))
}

/// Whether the ledger gave this tree to this cluster, at any step.
fn is_given(
    history: &History<'_>,
    reader: &Reader<'_>,
    uid: ClusterUid,
    tree: ObjectId,
) -> Result<bool, LedgerError> {
    match history.head_at(reader, history.generation(), uid)? {
        Some(head) => history.gave(reader, &head, tree),
        None => Ok(false),
    }
}
