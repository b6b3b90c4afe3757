//! Tokens: for programs, and for people's own tools.

use api::{MadeToken, NewToken, Page, ScopeRule, Token};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::{AppState, ToldOnce};
use crate::identity::{Caller, Credential, Scope, Secret};

/// In how many days a token ends that nobody said more of.
const DAYS: u16 = 90;

/// In how many days at most.
const MOST_DAYS: u16 = 366;

/// The longest name.
const LONGEST_NAME: usize = 63;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// One's own tokens, and for administrators all; also those that have ended. Never their texts.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "identity", responses(
    (status = 200, body = Page<Token>),
))]
async fn list(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Page<Token>>, Failure> {
    let is_shown = |token: &store::Token| caller.is_administrator || is_own(&caller, token);
    let tokens = state.store.tokens().await?.into_iter().filter(is_shown);
    let items: Vec<Token> = tokens.map(wire).collect();
    Ok(Json(Page { total: items.len() as u64, items, next: None }))
}

/// Makes a token. Its text stands in this answer and nowhere else.
///
/// Without `isForProgram` it acts as who makes it, within its scope. One for a program acts as
/// `token:<name>`, whose rights come from Roles alone; only administrators make these.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "identity", request_body = NewToken, responses(
    (status = 201, body = MadeToken),
    (status = 403),
    (status = 409),
    (status = 422),
))]
async fn create(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(new): Input<NewToken>,
) -> Result<(StatusCode, Extension<ToldOnce>, Json<MadeToken>), Failure> {
    let (name, subject) = whose(&caller, &new)?;
    if let Some(rules) = &new.scope {
        Scope::new(rules).map_err(|why| Failure::invalid("unfit-scope", why))?;
    }
    let now = Timestamp::now();
    let text = Secret::token().map_err(|error| Failure::unavailable(&error))?;
    let token = store::NewToken {
        name: name.clone(),
        digest: text.digest(),
        subject: subject.clone(),
        owner: caller.person_name().map(str::to_owned),
        scope: new.scope.as_ref().and_then(|scope| serde_json::to_string(scope).ok()),
        expires: Some(expiry(&caller, &new, now)?),
    };
    let made = keep(&state, &text, &token, now).await?;
    let details = json!({ "subject": subject, "expires": token.expires, "scope": new.scope });
    state.record(&caller, "token.create", &format!("token:{name}"), details).await?;
    Ok((StatusCode::CREATED, Extension(ToldOnce), Json(made)))
}

/// Keeps a new token, and answers it with its text.
pub(super) async fn keep(
    state: &AppState,
    text: &Secret,
    token: &store::NewToken,
    now: Timestamp,
) -> Result<MadeToken, Failure> {
    let name = &token.name;
    if !state.store.add_token(token, now).await? {
        let detail = format!("there is, or was, a token `{name}`");
        return Err(Failure::new(StatusCode::CONFLICT, "name-taken", detail)
            .hint("names are not used twice, so that records stay clear; choose another one"));
    }
    let Some(kept) = state.store.token_named(name).await? else {
        return Err(Failure::not_found(format!("the token `{name}` is gone")));
    };
    Ok(MadeToken { text: text.reveal().to_owned(), token: wire(kept) })
}

/// Takes a token back, at once: one's own, or as an administrator any.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "identity", responses(
    (status = 204, description = "taken back"),
    (status = 404),
), params(("name" = String, Path, description = "with `%2F` in place of `/`")))]
async fn revoke(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let token = state.store.token_named(&name).await?;
    let Some(_) = token.filter(|token| caller.is_administrator || is_own(&caller, token)) else {
        let detail = format!("there is no token `{}`", name.escape_debug());
        return Err(Failure::not_found(detail).hint("`GET /api/v1/tokens` lists yours"));
    };
    if state.store.revoke_token(&name, Timestamp::now()).await? {
        state.callers.forget();
        state.record(&caller, "token.revoke", &format!("token:{name}"), json!({})).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a caller may see and take back a token without being an administrator: the token that
/// is used, and those that act as the same person.
fn is_own(caller: &Caller, token: &store::Token) -> bool {
    match &caller.credential {
        Credential::Token { name, .. } if *name == token.name => true,
        _ => {
            caller.scope.is_none()
                && caller.person_name().is_some()
                && token.subject == caller.subject()
        }
    }
}

/// The name and the subject of a new token, if the caller may make it.
fn whose(caller: &Caller, new: &NewToken) -> Result<(String, String), Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let is_fit = !new.name.is_empty() && new.name.len() <= LONGEST_NAME;
    if !is_fit || !new.name.chars().all(is_plain) {
        let detail = format!("`{}` cannot be the name of a token", new.name.escape_debug());
        let hint = format!("use letters, digits and `. - _`, at most {LONGEST_NAME}");
        return Err(Failure::invalid("unfit-name", detail).hint(hint));
    }
    if caller.scope.is_some() {
        let detail = "a token with a scope makes no other tokens";
        return Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", detail)
            .hint("sign in, or use a token without a scope"));
    }
    if new.is_for_program {
        caller.must_administer("make tokens for programs")?;
        return Ok((new.name.clone(), format!("token:{}", new.name)));
    }
    match caller.person_name() {
        Some(person) => Ok((format!("{person}/{}", new.name), caller.subject().to_owned())),
        None => {
            let detail = "only people have tokens of their own";
            Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", detail)
                .hint("an administrator makes tokens for programs with `isForProgram`"))
        }
    }
}

/// When a new token ends: one that is made with a token ends with it at the latest.
fn expiry(caller: &Caller, new: &NewToken, now: Timestamp) -> Result<Timestamp, Failure> {
    let days = new.days.unwrap_or(DAYS);
    if days == 0 || days > MOST_DAYS {
        let detail = format!("a token lives from 1 to {MOST_DAYS} days");
        return Err(Failure::invalid("unfit-days", detail));
    }
    let asked = now + SignedDuration::from_hours(i64::from(days) * 24);
    Ok(match caller.credential {
        Credential::Token { expires: Some(end), .. } => asked.min(end),
        _ => asked,
    })
}

fn wire(token: store::Token) -> Token {
    let scope: Option<Vec<ScopeRule>> =
        token.scope.as_deref().and_then(|scope| serde_json::from_str(scope).ok());
    Token {
        name: token.name,
        subject: token.subject,
        owner: token.owner,
        scope,
        created: token.created,
        expires: token.expires,
        revoked: token.revoked,
        last_used: token.last_used,
    }
}
