//! Signing in with a password, and out.

use std::net::SocketAddr;

use api::{Login, Whoami};
use axum::extract::{ConnectInfo, FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form, Json};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Attempt, LOCAL};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::identity::whoami_of;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::{AppState, REQUEST_ID};
use crate::identity::{Caller, Credential, Secret, Way, is_same_origin};

/// How long a session lasts, however it is used.
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest name that is looked at.
const LONGEST_NAME: usize = 64;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(logout))
}

/// Begins a session for a person with a password of this server. JSON is answered with who that
/// is, a form with the way to the first page.
///
/// Over plain HTTP this works only on the machine of the server itself.
#[utoipa::path(post, path = "/auth/login", tag = "identity", request_body(content(
    (Login = "application/json"), (Login = "application/x-www-form-urlencoded"),
)), responses(
    (status = 200, body = Whoami, headers(("set-cookie" = String))),
    (status = 303, description = "after a form", headers(("set-cookie" = String))),
    (status = 400),
    (status = 401),
    (status = 403),
    (status = 415),
    (status = 429),
    (status = 503),
))]
async fn login(State(state): State<AppState>, request: Request) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let way = closed_way(&state, peer, &headers)?;
    if !is_same_origin(&headers) {
        return Err(Failure::forged());
    }
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let login = match is_form {
        true => {
            Form::from_request(request, &state).await.map(|Form(login)| login).map_err(|_| {
                Failure::new(StatusCode::BAD_REQUEST, "malformed-body", "the form is not complete")
            })?
        }
        false => Input::from_request(request, &state).await.map(|Input(login)| login)?,
    };
    let request = request_id(&headers);
    let name = password_sign_in(&state, login, &request).await?;
    let (session, caller) = begin_session(&state, &name, "[]", &request).await?;
    let answer = match is_form {
        true => Redirect::to("/").into_response(),
        false => Json(whoami_of(caller)).into_response(),
    };
    Ok(with_cookie(answer, &way.cookie(&session)))
}

/// Ends the session that the request carries.
#[utoipa::path(post, path = "/auth/logout", tag = "identity", responses(
    (status = 204, description = "signed out", headers(("set-cookie" = String))),
    (status = 403),
))]
async fn logout(
    State(state): State<AppState>,
    caller: Option<Extension<Caller>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(Extension(caller)) = caller
        && let Credential::Session(digest) = caller.credential
    {
        state.store.end_session(digest).await?;
        state.callers.forget();
        state.record(&caller, "session.end", caller.subject(), json!({})).await?;
    }
    let way = state.front.way(Some(peer), &headers);
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &way.no_cookie()))
}

/// How a request came, if nobody could read a password or a session on the way.
pub(super) fn closed_way(
    state: &AppState,
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
) -> Result<Way, Failure> {
    let way = state.front.way(peer, headers);
    if way != Way::Open {
        return Ok(way);
    }
    let detail = "signing in works over HTTPS only: others could read the password on the way";
    let hint = "start the server with `--tls-cert` and `--tls-key`, or with `--behind-proxy` \
                behind one that speaks HTTPS; plain HTTP is for `localhost` on the server itself";
    Err(Failure::new(StatusCode::FORBIDDEN, "plain-http", detail).hint(hint))
}

/// The person whose name and password these are.
async fn password_sign_in(
    state: &AppState,
    login: Login,
    request: &str,
) -> Result<String, Failure> {
    let name: String = login.name.chars().take(LONGEST_NAME).collect();
    if let Attempt::Closed(until) = state.store.begin_attempt(&name, Timestamp::now()).await? {
        let seconds = until.duration_since(Timestamp::now()).as_secs().max(1).unsigned_abs();
        return Err(Failure::too_many_attempts(seconds));
    }
    let found = state.store.person_with_password(&name).await?;
    let is_known = found.is_some();
    let open = found.filter(|(person, _)| person.disabled.is_none() && person.provider == LOCAL);
    let stored = open.and_then(|(_, password)| password);
    let is_right = state.passwords.matches(Secret::new(login.password), stored).await?;
    if is_right {
        state.store.attempt_succeeded(&name).await?;
        return Ok(name);
    }
    // A password that was typed in the place of the name must not be kept.
    let actor = if is_known { format!("user:{name}") } else { "someone unknown".to_owned() };
    state.record_as(&actor, request, "session.refuse", &actor, json!({})).await?;
    let detail = "the name or the password is wrong";
    Err(Failure::new(StatusCode::UNAUTHORIZED, "wrong-password", detail).hint(
        "after some failures each next attempt waits longer; ask an administrator to set \
               another password",
    ))
}

/// A session of a person who proved who they are, with the groups that the provider reported, as
/// JSON.
pub(super) async fn begin_session(
    state: &AppState,
    name: &str,
    member_of: &str,
    request: &str,
) -> Result<(Secret, Caller), Failure> {
    let now = Timestamp::now();
    let session = Secret::session().map_err(|error| Failure::unavailable(&error))?;
    state.store.signed_in(name, member_of, now).await?;
    // The groups of before are remembered for a moment, and may be more.
    state.callers.forget();
    state.store.add_session(session.digest(), name, now, now + LONGEST_SESSION).await?;
    let Ok(mut caller) = state.callers.find_session(&session).await? else {
        return Err(Failure::wrong_credentials());
    };
    request.clone_into(&mut caller.request);
    state.record(&caller, "session.begin", caller.subject(), json!({})).await?;
    Ok((session, caller))
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

pub(super) fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}
