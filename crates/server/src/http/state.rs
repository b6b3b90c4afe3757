//! What every route is given.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use git::{LedgerError, Steps};

use crate::agents::Agents;
use crate::catalogue::Catalogue;
use crate::controller::Controller;
use crate::data::Data;
use crate::events::Events;
use crate::follow::Followed;
use crate::hosting::Host;
use crate::http::{Idempotency, Limits, Pasts, Streams};
use crate::identity::{Callers, Front, IdentityProvider, Passwords, Secret};
use crate::snapshot::Snapshot;
use crate::telemetry::Metrics;
use crate::webhook::Provider;

/// What every route is given. Each layer of each request clones it, so it is one pointer.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

/// What is shared by all requests.
pub(crate) struct Shared {
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
    /// The source, if it is elsewhere.
    pub(crate) followed: Option<Followed>,
    /// Where the ledger is, if it is elsewhere.
    pub(crate) ledger_url: Option<Arc<str>>,
    /// What forges prove themselves by.
    pub(crate) webhooks: Arc<BTreeMap<Provider, Secret>>,
    /// Knows people, besides those of this server.
    pub(crate) provider: Option<Arc<IdentityProvider>>,
    /// How the server is reached.
    pub(crate) front: Front,
    /// Serves the agents of clusters.
    pub(crate) agents: Arc<Agents>,
    /// Decides on pushes.
    pub(crate) host: Host,
    /// What happened last.
    pub(crate) events: Arc<Events>,
    /// Who watches.
    pub(crate) streams: Arc<Streams>,
    /// What was served after earlier steps.
    pub(crate) pasts: Arc<Pasts>,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
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
