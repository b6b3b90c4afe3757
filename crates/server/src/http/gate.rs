//! Who comes in, and one line in the log for each request.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Failure;
use super::rules::{Need, need};
use super::{AppState, REQUEST_ID};
use crate::identity::{Caller, Secret, WrongCredentials, is_from_our_page, presented};

/// Lets a request in, with its [`Caller`] beside it, or answers why not.
pub(crate) async fn admit(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let credentials = credentials(&state, &request);
    match caller(&state, credentials).await {
        Ok(Some(mut caller)) => {
            let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
            caller.request = id.unwrap_or_default().to_owned();
            request.extensions_mut().insert(caller);
        }
        Ok(None) if need(request.uri().path()) == Need::Nothing => {}
        Ok(None) => return Failure::not_signed_in().into_response(),
        Err(failure) => return failure.into_response(),
    }
    next.run(request).await
}

/// Where people sign in.
const SIGN_IN: &str = "/auth/login";

/// What a request carries to say who asks.
enum Credentials {
    Nothing,
    Token(Secret),
    /// A session, and whether the request may change something with it.
    Session(Secret, bool),
}

fn credentials(state: &AppState, request: &Request) -> Credentials {
    let headers = request.headers();
    if let Some(token) = presented(headers) {
        return Credentials::Token(token);
    }
    // Signing in replaces a session, and looks itself at where the form comes from.
    if request.uri().path() == SIGN_IN {
        return Credentials::Nothing;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    match state.front.way(peer, headers).session(headers) {
        Some(session) => Credentials::Session(session, is_from_our_page(request.method(), headers)),
        None => Credentials::Nothing,
    }
}

/// Who asks. A token that is wrong is refused on open routes too: whoever sends it believes to be
/// known. A session that has ended is none: browsers send its cookie whatever they ask for.
async fn caller(state: &AppState, credentials: Credentials) -> Result<Option<Caller>, Failure> {
    let found = match &credentials {
        Credentials::Nothing => return Ok(None),
        Credentials::Token(token) => state.callers.find(token).await?,
        Credentials::Session(session, _) => state.callers.find_session(session).await?,
    };
    match (found, credentials) {
        (Ok(_), Credentials::Session(_, false)) => Err(Failure::forged()),
        (Ok(caller), _) => Ok(Some(caller)),
        (Err(WrongCredentials), Credentials::Session(..)) => Ok(None),
        (Err(WrongCredentials), _) => Err(Failure::wrong_credentials()),
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
