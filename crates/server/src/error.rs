//! Why a source was not released.

use git::remote::RemoteError;
use git::{AppendError, LedgerError, ProjectError, RepositoryError};
use model::{ClusterName, Generation};
use release::{HoldError, OrderError, Refusal};

/// Why a source was not released, or not written for clusters to read.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The repository of the ledger cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// What clusters read could not be looked at before the decision. Nothing was released.
    #[error(transparent)]
    Look(ProjectError),
    /// Nothing is released, by decision.
    #[error("{0}")]
    Refused(Refusal),
    /// The ledger is elsewhere, and could not be read or moved there. Whether it moved is seen the
    /// next time.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What was ordered makes no sense. Nothing was released.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Clusters or applications that were named in an order are not there.
    #[error("{message}")]
    Scope {
        /// What is wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// There is no such step to go back to.
    #[error("the ledger has no step {0}")]
    NoSuchStep(Generation),
    /// What a step gave is what runs.
    #[error("what step {0} gave is what is released now: there is nothing to roll back")]
    NothingToRollBack(Generation),
    /// There is no ledger yet.
    #[error("nothing was released yet")]
    NothingReleased,
    /// No cluster of that name was released.
    #[error("no cluster `{name}` was released")]
    NoSuchCluster {
        /// The name.
        name: String,
        /// One that is near.
        near: Option<String>,
    },
    /// There is nothing to decide about a cluster.
    #[error(transparent)]
    Cluster(#[from] HoldError),
    /// Something else stands there than the person saw who decides.
    #[error("`{0}` holds another tree by now than the one that was named")]
    OtherTree(ClusterName),
    /// The step could not be written. Nothing was released.
    #[error(transparent)]
    Append(AppendError),
    /// Others appended steps each time while this one was decided. Nothing was released.
    #[error("the ledger moved {attempts} times while this step was decided")]
    Moved {
        /// How often it was tried.
        attempts: usize,
    },
    /// The release is recorded, and what clusters read could not be written.
    #[error(transparent)]
    Project(ProjectError),
}

impl PublishError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.hint().to_owned()),
            Self::Repository(error) => error.hint(),
            Self::Remote(error) => error.hint().map(str::to_owned),
            Self::Project(error) => error.hint(),
            Self::Scope { hint, .. } => hint.clone(),
            Self::Order(OrderError::NoSuchHold(_)) => {
                Some("`res-edge holds` lists those that are there".to_owned())
            }
            Self::NothingReleased => Some("release with `res-edge publish`".to_owned()),
            Self::NoSuchCluster { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::NoSuchCluster { near: None, .. } => {
                Some("release it with `res-edge publish` first".to_owned())
            }
            Self::Cluster(HoldError::NothingToResume(_)) => Some(
                "a change that was not adopted is taken away with `res-edge discard`".to_owned(),
            ),
            Self::Cluster(HoldError::NothingToAdopt(_) | HoldError::NothingToDiscard(_)) => {
                Some("`res-edge publish` names the clusters that hold something else".to_owned())
            }
            Self::OtherTree(_) => Some("look at it again".to_owned()),
            Self::NoSuchStep(_) | Self::NothingToRollBack(_) => {
                Some("`res-edge history` lists the steps".to_owned())
            }
            _ => None,
        }
    }
}
