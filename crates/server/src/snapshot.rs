//! What a server knows at one moment. It is never altered: a newer one takes its place.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use model::{CommitId, Diagnostic, Ledger, Policies};
use plan::{Accepted, Compiled};
use release::{Decided, Held, KeptCluster};

use crate::catalogue::Catalogue;
use crate::follow::Reach;

/// What a server knows at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// Counts up with every change.
    pub version: u64,
    /// When the loop looked last.
    pub observed: Option<Timestamp>,
    /// The source that is in use: the newest that was accepted.
    pub source: Option<Sourced>,
    /// The newest source, if it was not released.
    pub refused: Option<Arc<Refused>>,
    /// What is released.
    pub released: Option<Released>,
    /// What the last look at the fleet kept back.
    pub waits: Option<Arc<Waits>>,
    /// How a ledger that is elsewhere was reached last.
    pub(crate) ledger_reach: Arc<Reach>,
    /// What is served of both; nothing before there is a source.
    pub(crate) catalogue: Option<Arc<Catalogue>>,
}

/// A source that was accepted.
#[derive(Clone)]
pub struct Sourced {
    /// The commit.
    pub commit: CommitId,
    /// All that was made of it; it was accepted.
    compiled: Arc<Compiled>,
    /// Its Roles, once somebody asked for them.
    policies: Arc<OnceLock<Arc<Policies>>>,
}

/// A source that changed nothing, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The commit; absent where not even that could be read.
    pub commit: Option<CommitId>,
    /// Why, in one sentence.
    pub detail: String,
    /// What to do next.
    pub hint: Option<String>,
    /// What was made of it, for the places of its mistakes.
    pub diagnostics: Vec<api::DiagnosticText>,
}

/// What is not released until a person decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// What waits for a confirmation.
    pub held: Option<Held>,
    /// Clusters that someone else changed.
    pub kept: Vec<KeptCluster>,
    /// How many parts of clusters differ and stay so, since persons hold them.
    pub n_on_hold: usize,
}

impl From<&Decided> for Waits {
    fn from(decided: &Decided) -> Self {
        let Decided { held, kept, n_on_hold, .. } = decided;
        Self { held: held.clone(), kept: kept.clone(), n_on_hold: *n_on_hold }
    }
}

impl Waits {
    /// Whether a person must decide before all of the source is released.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.held.is_some() || !self.kept.is_empty()
    }
}

/// What is released.
#[derive(Clone)]
pub struct Released {
    /// The commit of the ledger.
    pub commit: CommitId,
    /// The ledger.
    pub ledger: Arc<Ledger>,
}

impl Sourced {
    /// A compiled source; nothing if it was not accepted.
    #[must_use]
    pub fn new(commit: CommitId, compiled: Arc<Compiled>) -> Option<Self> {
        compiled.accepted.is_some().then(|| Self { commit, compiled, policies: Arc::default() })
    }

    /// All that was made of it.
    #[must_use]
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// The fleet and its render.
    #[must_use]
    pub fn accepted(&self) -> &Accepted {
        match &self.compiled.accepted {
            Some(accepted) => accepted,
            None => unreachable!("only an accepted source is made"),
        }
    }

    /// Its Roles, with the places that they name.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        let made = || Arc::new(plan::policies(&self.accepted().fleet));
        Arc::clone(self.policies.get_or_init(made))
    }

    /// What was found while reading, checking and rendering.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.compiled.diagnostics.iter().chain(&self.accepted().rendered.diagnostics)
    }
}
