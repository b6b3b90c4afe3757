//! What every route is given.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use git::{LedgerError, Steps};

use crate::catalogue::Catalogue;
use crate::controller::Controller;
use crate::data::Data;
use crate::hosting::Host;
use crate::http::{Idempotency, Limits};
use crate::identity::{Callers, Front, Passwords};
use crate::snapshot::Snapshot;
use crate::telemetry::Metrics;

/// What every route is given; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The loop.
    pub(crate) controller: Controller,
    /// The repositories.
    pub(crate) data: Arc<Data>,
    /// The database.
    pub(crate) store: store::Store,
    /// What is measured.
    pub(crate) metrics: Arc<Metrics>,
    /// Finds who asks.
    pub(crate) callers: Arc<Callers>,
    /// How many requests pass.
    pub(crate) limits: Arc<Limits>,
    /// Requests that are done once.
    pub(crate) idempotency: Arc<Idempotency>,
    /// The steps of the ledger that were looked up.
    pub(crate) known_steps: Arc<ArcSwap<Steps>>,
    /// Compares passwords.
    pub(crate) passwords: Arc<Passwords>,
    /// How the server is reached.
    pub(crate) front: Front,
    /// Decides on pushes.
    pub(crate) host: Host,
}

impl AppState {
    /// What is known at the moment.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.controller.snapshot()
    }

    /// The steps of the ledger, with those that are new.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn steps(&self) -> Result<Arc<Steps>, LedgerError> {
        let mut steps = Steps::clone(&self.known_steps.load());
        if !steps.update(&self.data.clusters)? {
            return Ok(self.known_steps.load_full());
        }
        let steps = Arc::new(steps);
        self.known_steps.store(Arc::clone(&steps));
        Ok(steps)
    }

    /// What is served of it; nothing before there is a source.
    pub(crate) fn catalogue(&self) -> Option<Arc<Catalogue>> {
        self.snapshot().catalogue.clone()
    }
}

impl FromRef<AppState> for Controller {
    fn from_ref(state: &AppState) -> Self {
        state.controller.clone()
    }
}

impl FromRef<AppState> for store::Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}
