//! Who comes in, and one line in the log for each request.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tracing::{Instrument as _, Span, field};

use super::problem::Failure;
use super::rules::{Need, need};
use super::{AppState, REQUEST_ID};
use crate::agents::AGENT_TOKEN;
use crate::identity::{Caller, Credential, Secret, WrongCredentials, is_from_our_page, presented};

/// Lets a request in, with its [`Caller`] beside it, or answers why not.
pub(crate) async fn admit(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let credentials = credentials(&state, &request);
    match caller(&state, credentials).await {
        Ok(Some(mut caller)) => {
            if !is_admitted(need(request.uri().path()), &caller) {
                return Failure::not_for(&caller).into_response();
            }
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

/// Whether a caller is of the kind that a route is for.
fn is_admitted(need: Need, caller: &Caller) -> bool {
    let is_agent = matches!(caller.credential, Credential::Agent(_));
    match need {
        Need::Nothing | Need::Anyone => true,
        Need::Caller => !is_agent,
        Need::Agent => is_agent,
    }
}

/// Where people sign in.
const SIGN_IN: &str = "/auth/login";

/// Where forges send webhooks.
const WEBHOOKS: &str = "/webhooks/";

/// What a request carries to say who asks.
enum Credentials {
    Nothing,
    Token(Secret),
    /// A session, and whether the request may change something with it.
    Session(Secret, bool),
}

fn credentials(state: &AppState, request: &Request) -> Credentials {
    let headers = request.headers();
    // Forges prove themselves in their own ways, also by `Authorization`.
    if request.uri().path().starts_with(WEBHOOKS) {
        return Credentials::Nothing;
    }
    if let Some(token) = presented(headers) {
        // An agent whose session is over proves itself anew on these routes, with what it has.
        let is_agent = token.reveal().starts_with(AGENT_TOKEN);
        return match is_agent && need(request.uri().path()) == Need::Nothing {
            true => Credentials::Nothing,
            false => Credentials::Token(token),
        };
    }
    // Signing in replaces a session, and looks itself at where the form comes from.
    if request.uri().path() == SIGN_IN {
        return Credentials::Nothing;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    // The page that asks whether a program may have a token has a proof of its own in its form.
    let has_proof = request.uri().path() == api::AUTHORIZE;
    match state.front.way(peer, headers).session(headers) {
        Some(session) => {
            let may_change = has_proof || is_from_our_page(request.method(), headers);
            Credentials::Session(session, may_change)
        }
        None => Credentials::Nothing,
    }
}

/// Who asks. A token that is wrong is refused on open routes too: whoever sends it believes to be
/// known. A session that has ended is none: browsers send its cookie whatever they ask for.
async fn caller(state: &AppState, credentials: Credentials) -> Result<Option<Caller>, Failure> {
    let found = match &credentials {
        Credentials::Nothing => return Ok(None),
        Credentials::Token(token) if token.reveal().starts_with(AGENT_TOKEN) => {
            let caller = state.agents.caller(token, Timestamp::now());
            return caller.map(Some).ok_or_else(Failure::agent_session);
        }
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

/// Writes one line about each request: never its query, its headers or its body. What is written
/// meanwhile, and what is traced, carries the request's id.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let span = span(&request);
    let response = answered(request, next).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}

/// A request as traces know it, in the words of OpenTelemetry's conventions
/// (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>).
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let method = request.method().as_str();
    tracing::info_span!(
        "request",
        id = id.unwrap_or_default(),
        otel.kind = "server",
        otel.name = format!("{method} {}", route.unwrap_or_default()).trim_end(),
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
    )
}

async fn answered(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let milliseconds = start.elapsed().as_secs_f64() * 1_000.0;
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(%method, path, status = status.as_u16(), milliseconds, "request");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), milliseconds, "request");
    }
    response
}
