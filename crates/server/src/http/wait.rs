//! Waiting for the loop: a caller who merged can read what came of it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use model::{CommitId, Observed};

use super::AppState;
use super::problem::Failure;
use crate::snapshot::Snapshot;

/// Waits until the loop has released a commit of the source, or one that follows it.
///
/// # Errors
/// It was refused, the time is over, or the server stops.
pub(crate) async fn for_source(
    state: &AppState,
    commit: CommitId,
    timeout: Duration,
) -> Result<Arc<Snapshot>, Failure> {
    let mut changes = state.controller.changes();
    let released = async {
        loop {
            let snapshot = state.snapshot();
            if snapshot.source.as_ref().is_some_and(|source| follows(state, source.commit, commit))
            {
                return Ok(snapshot);
            }
            let refused = snapshot.refused.as_ref().filter(|one| one.commit == Some(commit));
            if let Some(refused) = refused {
                let failure =
                    Failure::new(StatusCode::CONFLICT, "not-released", refused.detail.clone());
                return Err(failure.diagnostics(refused.diagnostics.clone()));
            }
            if changes.changed().await.is_err() {
                return Err(crate::ControllerGone.into());
            }
        }
    };
    tokio::time::timeout(timeout, released).await.unwrap_or_else(|_| {
        let detail = format!("{commit} was not released within {} s", timeout.as_secs());
        Err(Failure::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
            .hint("it goes on: ask `/api/v1/status` again"))
    })
}

/// Whether what is in use is a commit, or follows it.
fn follows(state: &AppState, in_use: CommitId, commit: CommitId) -> bool {
    in_use == commit || git::descends(&state.data.source, in_use, commit) == Observed::Known(true)
}
