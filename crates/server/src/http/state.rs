//! What every route is given.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::controller::Controller;
use crate::data::Data;
use crate::identity::Callers;
use crate::snapshot::Snapshot;

/// What every route is given; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The loop.
    pub(crate) controller: Controller,
    /// The repositories.
    pub(crate) data: Arc<Data>,
    /// The database.
    pub(crate) store: store::Store,
    /// Finds who asks.
    pub(crate) callers: Arc<Callers>,
}

impl AppState {
    /// What is known at the moment.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.controller.snapshot()
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
