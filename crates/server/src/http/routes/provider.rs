//! Signing in with the provider of identities.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use store::{NewPerson, Person};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::sign_in::{begin_session, closed_way, request_id, with_cookie};
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::{
    Flow, IdentityProvider, NotProven, OIDC, Proven, Returned, Way, own_address, own_path,
};

/// Where signing in with the provider begins.
pub(super) const BEGIN: &str = "/auth/oidc/login";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(finish))
}

/// Where to go after signing in.
#[derive(Deserialize, IntoParams)]
struct Wanted {
    /// A path of this server; `/` if absent or not one.
    #[serde(rename = "return")]
    #[param(max_length = 1024)]
    to: Option<String>,
}

/// What the provider sends along.
#[derive(Deserialize, IntoParams)]
struct Brought {
    /// To be exchanged for tokens.
    code: Option<String>,
    /// What this server sent along.
    state: Option<String>,
    /// Who the provider says it is.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Sends a browser to the provider of identities, to sign in there.
#[utoipa::path(get, path = "/auth/oidc/login", tag = "identity", params(Wanted), responses(
    (status = 303, description = "to the provider", headers(("set-cookie" = String))),
    (status = 400),
    (status = 403),
    (status = 404),
))]
async fn begin(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let provider = provider(&state)?;
    let (way, own) = front(&state, peer, &headers)?;
    let to = wanted.to.as_deref().and_then(own_path).unwrap_or("/");
    let flow = Flow::begin(to).map_err(|error| Failure::unavailable(&error))?;
    let url = provider.begin(&flow, &own).await?;
    Ok(with_cookie(Redirect::to(&url).into_response(), &way.flow_cookie(&flow.kept())))
}

/// Ends a sign-in: the provider sends browsers here.
#[utoipa::path(get, path = "/auth/oidc/callback", tag = "identity", params(Brought), responses(
    (status = 303, description = "signed in", headers(("set-cookie" = String))),
    (status = 400),
    (status = 403),
    (status = 404),
))]
async fn finish(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(brought): Query<Brought>,
) -> Result<Response, Failure> {
    let provider = provider(&state)?;
    let (way, own) = front(&state, peer, &headers)?;
    let flow = way.flow(&headers).and_then(|kept| Flow::of_kept(&kept));
    let request = request_id(&headers);
    let ended = match flow {
        Some(flow) => signed_in(&state, provider, &flow, &own, brought.into(), &request).await,
        None => Err(NotProven::NotBegun.into()),
    };
    let answer = match ended {
        Ok((to, cookie)) => with_cookie(Redirect::to(&to).into_response(), &way.cookie(&cookie)),
        Err(failure) => failure.into_response(),
    };
    // A sign-in ends once, well or not.
    Ok(with_cookie(answer, &way.no_flow_cookie()))
}

/// The page to return to, and the session that begins.
async fn signed_in(
    state: &AppState,
    provider: &IdentityProvider,
    flow: &Flow,
    own: &str,
    returned: Returned,
    request: &str,
) -> Result<(String, crate::Secret), Failure> {
    let proven = match provider.finish(flow, own, returned).await {
        Ok(proven) => proven,
        Err(why) => {
            record_refusal(state, &why, request).await?;
            return Err(why.into());
        }
    };
    let person = known(state, &proven, request).await?;
    if person.disabled.is_some() {
        let actor = format!("user:{}", person.name);
        state.record_as(&actor, request, "session.refuse", &actor, json!({})).await?;
        let detail = format!("`{}` may not come in", person.name);
        return Err(Failure::new(StatusCode::FORBIDDEN, "disabled", detail)
            .hint("ask an administrator of this server"));
    }
    let groups = serde_json::to_string(&proven.groups).unwrap_or_else(|_| "[]".to_owned());
    let (session, _) = begin_session(state, &person.name, &groups, request).await?;
    Ok((flow.to.clone(), session))
}

/// A token that cannot be taken is worth looking at; who never began, or changed their mind, is
/// not.
async fn record_refusal(state: &AppState, why: &NotProven, request: &str) -> Result<(), Failure> {
    let is_notable = matches!(why, NotProven::Unfit(_) | NotProven::OtherProvider);
    if !is_notable {
        return Ok(());
    }
    let details = json!({ "provider": OIDC, "why": why.to_string() });
    let actor = "someone unknown";
    state.record_as(actor, request, "session.refuse", actor, details).await
}

/// The person whom the provider means, who becomes known at the first sign-in. The name of then
/// stays: it is what Roles and records say.
async fn known(state: &AppState, proven: &Proven, request: &str) -> Result<Person, Failure> {
    if let Some(person) = state.store.person_of_provider(OIDC, &proven.key).await? {
        return Ok(person);
    }
    let new = NewPerson {
        name: proven.name.clone(),
        provider: OIDC.to_owned(),
        provider_key: proven.key.clone(),
        password: None,
        is_administrator: false,
    };
    let is_new = state.store.add_person(&new, Timestamp::now()).await?;
    let Some(person) = state.store.person_of_provider(OIDC, &proven.key).await? else {
        let detail = format!("another person is called `{}` here", proven.name);
        return Err(Failure::new(StatusCode::FORBIDDEN, "name-taken", detail).hint(
            "the claim that names people must be one that the provider gives to one person only: \
             see `--oidc-name-claim`",
        ));
    };
    if is_new {
        let subject = format!("user:{}", person.name);
        let details = json!({ "provider": OIDC });
        state.record_as(&subject, request, "user.create", &subject, details).await?;
    }
    Ok(person)
}

fn provider(state: &AppState) -> Result<&IdentityProvider, Failure> {
    state.provider.as_deref().ok_or_else(|| {
        Failure::not_found("this server trusts no provider of identities")
            .hint("sign in with a password, or start the server with `--oidc-issuer`")
    })
}

fn front(
    state: &AppState,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<(Way, String), Failure> {
    let way = closed_way(state, Some(peer), headers)?;
    let own = own_address(way, headers);
    let own =
        own.ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "no-host", "there is no host"))?;
    Ok((way, own))
}

impl From<Brought> for Returned {
    fn from(Brought { code, state, iss, error }: Brought) -> Self {
        Self { code, state, issuer: iss, error }
    }
}

impl From<NotProven> for Failure {
    fn from(why: NotProven) -> Self {
        let detail = why.to_string();
        let refused = |code| Self::new(StatusCode::FORBIDDEN, code, detail.clone());
        match why {
            NotProven::Unreachable { retry_after, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "provider-unreachable", &*detail)
                    .hint("try again later; signing in with a password of this server works")
                    .retry_after(retry_after)
            }
            NotProven::NotBegun => refused("sign-in-not-begun")
                .hint(format!("begin again at `{BEGIN}`, in one window")),
            NotProven::OtherProvider => refused("other-provider")
                .hint(format!("somebody may try to mix providers up; begin again at `{BEGIN}`")),
            NotProven::Refused(_) => refused("provider-refused")
                .hint("the provider's own log says more; `access_denied` is a person's no"),
            NotProven::Unfit(_) => refused("unfit-token").hint(
                "compare the flags `--oidc-...` with what the provider knows of this server, and \
                 the clocks of both",
            ),
        }
    }
}
