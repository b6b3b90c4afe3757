//! Who comes in, and one line in the log for each request.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Failure;
use super::rules::{Need, need};
use super::{AppState, REQUEST_ID};
use crate::identity::{Caller, Secret, WrongCredentials, presented};

/// Lets a request in, with its [`Caller`] beside it, or answers why not.
pub(crate) async fn admit(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let presented = presented(request.headers());
    match caller(&state, presented).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) if need(request.uri().path()) == Need::Nothing => {}
        Ok(None) => return Failure::not_signed_in().into_response(),
        Err(failure) => return failure.into_response(),
    }
    next.run(request).await
}

/// Who asks. Credentials that are wrong are refused on open routes too: whoever sends them
/// believes to be known.
async fn caller(state: &AppState, presented: Option<Secret>) -> Result<Option<Caller>, Failure> {
    let Some(secret) = presented else { return Ok(None) };
    match state.callers.find(&secret).await? {
        Ok(caller) => Ok(Some(caller)),
        Err(WrongCredentials) => Err(Failure::wrong_credentials()),
    }
}

/// Writes one line about each request: never its query, its headers or its body.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let response = next.run(request).await;
    let status = response.status();
    let (id, milliseconds) = (id.unwrap_or_default(), start.elapsed().as_secs_f64() * 1_000.0);
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(%method, path, status = status.as_u16(), milliseconds, id, "request");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), milliseconds, id, "request");
    }
    response
}
