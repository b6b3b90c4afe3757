//! Waiting for the loop: a caller who merged can read what came of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::{CommitId, Observed};

use super::AppState;
use super::problem::Failure;
use crate::snapshot::Snapshot;

/// The parameter of every read that names the commit to wait for.
const WAIT: &str = "wait";

/// How long a read waits, unless it says so; and at most.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(100);

/// Lets a read with `?wait=<commit>` see what that commit says: it waits until the commit, or one
/// that follows it, is released. `Prefer: wait=<seconds>` says for how long (RFC 7240).
pub(crate) async fn before_reads(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_read = request.method() == Method::GET && request.uri().path().starts_with("/api/v1/");
    let query = request.uri().query().unwrap_or_default();
    if !is_read || !query.contains(WAIT) {
        return next.run(request).await;
    }
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let (waits, rest): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == WAIT);
    let [(_, commit)] = &waits[..] else { return next.run(request).await };
    let patience = patience(request.headers());
    if let Err(failure) = awaited(&state, commit, patience).await {
        return failure.into_response();
    }
    if let Some(uri) = with_query(request.uri(), rest) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// Waits for a commit that the repository has.
async fn awaited(state: &AppState, commit: &str, patience: Duration) -> Result<(), Failure> {
    let wrong = |detail| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    let commit: CommitId = commit.parse().map_err(|_| wrong("`wait` is no commit id"))?;
    if state.data.source.commit(commit).is_err() {
        return Err(wrong("the source has no such commit to wait for"));
    }
    for_source(state, commit, patience).await.map(drop)
}

fn patience(headers: &HeaderMap) -> Duration {
    let preferred = headers.get("prefer").and_then(|value| value.to_str().ok());
    let mut parts = preferred.into_iter().flat_map(|all| all.split([',', ';']));
    let seconds = parts.find_map(|part| part.trim().strip_prefix("wait=")?.parse().ok());
    seconds.map_or(PATIENCE, Duration::from_secs).min(LONGEST)
}

/// The same path with another query.
fn with_query(uri: &Uri, pairs: Vec<(String, String)>) -> Option<Uri> {
    let path = uri.path();
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let text = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(text.parse().ok()?);
    Uri::from_parts(parts).ok()
}

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
