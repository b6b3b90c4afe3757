//! The state of the server in one look.

use std::sync::Arc;
use std::time::Duration;

use api::{LedgerStatus, RefusedSource, RemoteFailure, RemoteStatus, ServerStatus, SourceStatus};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use model::Verb;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::authorize::may_anywhere;
use crate::follow::Reach;
use crate::http::problem::Failure;
use crate::http::{AppState, wait};
use crate::identity::Caller;
use crate::snapshot::{Refused, Released, Snapshot, Sourced};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(status))
}

/// What to wait for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Awaited {
    /// A commit of the source: answered when it, or one that follows it, is released.
    source: Option<String>,
    /// Seconds to wait at most, up to 100; 30 if it is left out.
    timeout: Option<u64>,
}

/// The source in use, the newest one if it was refused, and what is released.
#[utoipa::path(get, path = "/api/v1/status", tag = "server", params(Awaited), responses(
    (status = 200, body = ServerStatus),
    (status = 400),
    (status = 409),
    (status = 504),
))]
async fn status(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(awaited): Query<Awaited>,
) -> Result<Json<ServerStatus>, Failure> {
    // Mistakes quote the source: they are for who may read it.
    let reads = may_anywhere(&state.snapshot(), &caller, &[Verb::Read, Verb::Propose]);
    let Some(source) = awaited.source else {
        return Ok(Json(status_of(&state, &state.snapshot(), reads)));
    };
    let commit = source.parse().map_err(|_| {
        Failure::new(StatusCode::BAD_REQUEST, "bad-request", "`source` is no commit id")
    })?;
    let timeout = Duration::from_secs(awaited.timeout.unwrap_or(30).min(100));
    let waited = wait::for_source(&state, commit, timeout).await;
    let unread = |failure: Failure| if reads { failure } else { failure.diagnostics(Vec::new()) };
    Ok(Json(status_of(&state, &*waited.map_err(unread)?, reads)))
}

fn status_of(state: &AppState, snapshot: &Snapshot, reads: bool) -> ServerStatus {
    let observed = snapshot.observed.unwrap_or_default();
    ServerStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source: snapshot.source.as_ref().map(source),
        refused: snapshot.refused.as_ref().and_then(|one| refused(one, reads)),
        ledger: snapshot.released.as_ref().map(|released| ledger(released, observed)),
        source_remote: state.followed.as_ref().map(|one| remote(&one.url, &one.reach())),
        ledger_remote: state.ledger_url.as_ref().map(|url| remote(url, &snapshot.ledger_reach)),
    }
}

fn remote(url: &str, reach: &Reach) -> RemoteStatus {
    let failing = reach.failing.as_ref().map(|failing| RemoteFailure {
        since: failing.since,
        detail: failing.detail.clone(),
        hint: failing.hint.clone(),
    });
    RemoteStatus { url: url.to_owned(), read: reach.fetched, failing }
}

fn source(sourced: &Sourced) -> SourceStatus {
    let accepted = sourced.accepted();
    let tally = api::text::Tally::of(sourced.diagnostics());
    SourceStatus {
        commit: sourced.commit.to_string(),
        digest: accepted.rendered.source.to_string(),
        clusters: clamped(accepted.fleet.clusters.len()),
        applications: clamped(accepted.fleet.applications.len()),
        bindings: accepted.rendered.n_bindings() as u64,
        errors: clamped(tally.n_errors),
        warnings: clamped(tally.n_warnings),
    }
}

fn refused(refused: &Arc<Refused>, reads: bool) -> Option<RefusedSource> {
    Some(RefusedSource {
        commit: refused.commit?.to_string(),
        detail: refused.detail.clone(),
        hint: refused.hint.clone(),
        diagnostics: if reads { refused.diagnostics.clone() } else { Vec::new() },
    })
}

fn ledger(released: &Released, observed: Timestamp) -> LedgerStatus {
    let ledger = &released.ledger;
    LedgerStatus {
        generation: ledger.generation.0,
        commit: released.commit.to_string(),
        source: ledger.source_commit.map(|commit| commit.to_string()),
        clusters: clamped(ledger.clusters.len()),
        bindings: ledger.n_bindings() as u64,
        held: clamped(ledger.holds.len()),
        observed,
    }
}

fn clamped(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
