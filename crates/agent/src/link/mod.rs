//! The way to the centre, behind one trait: HTTP, or stock Git where that does not answer.
//!
//! In: what the cluster has. Out: statements and packs as they came, notes, answers. A link decides
//! nothing about what came, and whatever it answers, the cluster keeps what it runs.

mod fallback;
mod http;
mod repository;

use std::future::Future;

use api::ClientError;
use api::agent::{AgentEvent, AgentReport, ReportAnswer};
use git::ReceivedObjects;
use model::ObjectId;

pub use fallback::WithFallback;
pub use http::{HttpLink, HttpSettings};
pub use repository::{GitLink, GitSettings};

use crate::state::KeptRelease;

/// What an agent has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Have {
    /// What to ask the server with.
    pub etag: Option<String>,
    /// The tree that is here, whole.
    pub tree: Option<ObjectId>,
}

/// A release as it came.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The statement and its signature.
    pub kept: KeptRelease,
    /// A pack of what the agent lacks; no bytes where it lacks nothing.
    pub pack: Vec<u8>,
    /// Objects that came in another way.
    pub objects: ReceivedObjects,
}

/// Why a link did not do what it was asked for. None of them says anything about what the cluster
/// is to run.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No answer came, or none of a server.
    #[error("{0}")]
    Unreachable(String),
    /// The centre does not let this key in, now.
    #[error("the server does not let this cluster in: {0}")]
    NotLetIn(String),
    /// The key waits for an approval.
    #[error("the key of this cluster waits for an approval{}", .0.map(|n| format!(" of the change {n}")).unwrap_or_default())]
    Pending(Option<u64>),
    /// The cluster has no release yet.
    #[error("this cluster has no release yet")]
    NoRelease,
    /// The answer is not one that this version knows, or too large.
    #[error("{0}")]
    Strange(String),
}

impl LinkError {
    /// Whether another way to the same release may work.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Strange(_))
    }
}

impl From<ClientError> for LinkError {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Problem(problem) if matches!(problem.status, 401 | 403) => {
                Self::NotLetIn(problem.detail.clone())
            }
            ClientError::Problem(problem) if problem.status == 404 => Self::NoRelease,
            ClientError::Problem(problem) if problem.status >= 500 || problem.status == 429 => {
                Self::Unreachable(problem.detail.clone())
            }
            ClientError::Unreachable { .. } => Self::Unreachable(error.to_string()),
            _ => Self::Strange(error.to_string()),
        }
    }
}

/// The way to the centre.
pub trait Link: Send + 'static {
    /// The newest release; nothing if it is the one that the agent has.
    ///
    /// # Errors
    /// [`LinkError`].
    fn release(
        &mut self,
        have: &Have,
    ) -> impl Future<Output = Result<Option<Parcel>, LinkError>> + Send;

    /// Waits for something that the centre tells at once. May be dropped and called again. A way
    /// that tells nothing waits for ever.
    ///
    /// # Errors
    /// [`LinkError`]: nothing is told until it is called again.
    fn listen(&mut self, have: &Have)
    -> impl Future<Output = Result<AgentEvent, LinkError>> + Send;

    /// Tells how the cluster is.
    ///
    /// # Errors
    /// [`LinkError`].
    fn report(
        &mut self,
        report: &AgentReport,
    ) -> impl Future<Output = Result<ReportAnswer, LinkError>> + Send;
}
