//! People who may come in.

use api::{NewPassword, NewUser, Page, User, UserEdit};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use store::{Attempt, LOCAL, NewPerson, Person};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::identity::{Caller, Credential, LONGEST, SHORTEST, Secret};

/// How many people a page has at most.
const PAGE: u32 = 500;

/// The longest name.
const LONGEST_NAME: usize = 64;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit))
        .routes(routes!(set_password))
}

/// Which page.
#[derive(Deserialize, IntoParams)]
struct Paging {
    /// How many at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// What the page before gave as `continue`.
    #[serde(rename = "continue")]
    after: Option<String>,
}

/// Everyone who may come in, for administrators.
#[utoipa::path(get, path = "/api/v1/users", tag = "identity", params(Paging), responses(
    (status = 200, body = Page<User>),
    (status = 403),
))]
async fn list(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<User>>, Failure> {
    caller.must_administer("list users")?;
    let limit = paging.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let people = state.store.people(&paging.after.unwrap_or_default(), limit).await?;
    let next = people.last().map(|person| person.name.clone());
    let next = next.filter(|_| people.len() == limit as usize);
    let total = state.store.n_people().await?;
    Ok(Json(Page { items: people.into_iter().map(user).collect(), total, next }))
}

/// Lets a person in.
#[utoipa::path(post, path = "/api/v1/users", tag = "identity", request_body = NewUser, responses(
    (status = 201, body = User),
    (status = 403),
    (status = 409),
    (status = 422),
))]
async fn create(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(new): Input<NewUser>,
) -> Result<(StatusCode, Json<User>), Failure> {
    caller.must_administer("let people in")?;
    check_name(&new.name)?;
    let password = match new.password {
        Some(password) => Some(hashed(&state, password).await?),
        None => None,
    };
    let person = NewPerson {
        name: new.name.clone(),
        provider: LOCAL.to_owned(),
        provider_key: new.name.clone(),
        password,
        is_administrator: new.is_administrator,
    };
    if !state.store.add_person(&person, Timestamp::now()).await? {
        let detail = format!("there is a user `{}` already", new.name);
        return Err(Failure::new(StatusCode::CONFLICT, "name-taken", detail));
    }
    let details = json!({ "administrator": new.is_administrator });
    state.record(&caller, "user.create", &format!("user:{}", new.name), details).await?;
    Ok((StatusCode::CREATED, Json(user(found(&state, &new.name).await?))))
}

/// One person: oneself, or for administrators anyone.
#[utoipa::path(get, path = "/api/v1/users/{name}", tag = "identity", responses(
    (status = 200, body = User),
    (status = 403),
    (status = 404),
), params(("name" = String, Path, description = "with `%2F` in place of `/`")))]
async fn show(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<User>, Failure> {
    if caller.person_name() != Some(&name) {
        caller.must_administer("look at other users")?;
    }
    Ok(Json(user(found(&state, &name).await?)))
}

/// Lets a person in no more or again, or makes an administrator or no more. Their sessions end at
/// once, and their own tokens with them.
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "identity", request_body = UserEdit,
    responses(
    (status = 200, body = User),
    (status = 403),
    (status = 404),
), params(("name" = String, Path, description = "with `%2F` in place of `/`")))]
async fn edit(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Input(edit): Input<UserEdit>,
) -> Result<Json<User>, Failure> {
    caller.must_administer("change users")?;
    found(&state, &name).await?;
    if let Some(is_disabled) = edit.is_disabled {
        let since = is_disabled.then(Timestamp::now);
        state.store.set_disabled(&name, since).await?;
    }
    if let Some(is_administrator) = edit.is_administrator {
        state.store.set_administrator(&name, is_administrator).await?;
    }
    state.callers.forget();
    let details = json!({ "disabled": edit.is_disabled, "administrator": edit.is_administrator });
    state.record(&caller, "user.edit", &format!("user:{name}"), details).await?;
    Ok(Json(user(found(&state, &name).await?)))
}

/// Sets a password: one's own, with the one until now, or as an administrator anyone's. All
/// sessions of that person end.
#[utoipa::path(put, path = "/api/v1/users/{name}/password", tag = "identity",
    request_body = NewPassword, responses(
    (status = 204, description = "set"),
    (status = 403),
    (status = 404),
    (status = 422),
    (status = 429),
), params(("name" = String, Path, description = "with `%2F` in place of `/`")))]
async fn set_password(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Input(new): Input<NewPassword>,
) -> Result<StatusCode, Failure> {
    // A token that leaked must not be enough to take the person's place.
    if caller.person_name() == Some(&name) {
        check_current(&state, &name, new.current).await?;
    } else {
        caller.must_administer("set the passwords of others")?;
    }
    if found(&state, &name).await?.provider != LOCAL {
        let detail = format!("`{name}` signs in with a provider, which keeps the password");
        return Err(Failure::invalid("no-password-here", detail));
    }
    let password = hashed(&state, new.password).await?;
    state.store.set_password(&name, &password).await?;
    state.callers.forget();
    state.record(&caller, "user.password", &format!("user:{name}"), json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether it is the person who changes their password; tries count as those of signing in.
async fn check_current(
    state: &AppState,
    name: &str,
    current: Option<String>,
) -> Result<(), Failure> {
    if let Attempt::Closed(until) = state.store.begin_attempt(name, Timestamp::now()).await? {
        let seconds = until.duration_since(Timestamp::now()).as_secs().max(1).unsigned_abs();
        return Err(Failure::too_many_attempts(seconds));
    }
    let stored = state.store.person_with_password(name).await?.and_then(|(_, stored)| stored);
    let current = Secret::new(current.unwrap_or_default());
    if !state.passwords.matches(current, stored).await? {
        let detail = "the password until now is wrong";
        return Err(Failure::new(StatusCode::FORBIDDEN, "wrong-password", detail)
            .hint("give it as `current`; if it is lost, ask an administrator"));
    }
    state.store.attempt_succeeded(name).await?;
    Ok(())
}

/// What is kept of a password.
async fn hashed(state: &AppState, password: String) -> Result<String, Failure> {
    let n_characters = password.chars().count();
    if n_characters < SHORTEST || password.len() > LONGEST {
        let detail = format!("a password has {SHORTEST} characters or more, up to {LONGEST} bytes");
        return Err(Failure::invalid("unfit-password", detail)
            .hint("some words in a row are easy to remember and hard to guess"));
    }
    let hash = state.passwords.hash(Secret::new(password)).await?;
    hash.ok_or_else(|| Failure::unavailable(&crate::identity::Overloaded))
}

/// Names of local people: what a subject may hold, without a slash, which is for providers.
fn check_name(name: &str) -> Result<(), Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@+".contains(c);
    let is_fit = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_plain);
    if is_fit && name != crate::identity::ADMINISTRATOR {
        return Ok(());
    }
    let detail = format!("`{}` cannot be the name of a user", name.escape_debug());
    Err(Failure::invalid("unfit-name", detail).hint(format!(
        "use letters, digits and `. - _ @ +`, at most {LONGEST_NAME}; `administrator` is taken"
    )))
}

async fn found(state: &AppState, name: &str) -> Result<Person, Failure> {
    let person = state.store.person(name).await?;
    person.ok_or_else(|| Failure::not_found(format!("there is no user `{}`", name.escape_debug())))
}

fn user(person: Person) -> User {
    User {
        subject: format!("user:{}", person.name),
        name: person.name,
        provider: person.provider,
        is_administrator: person.is_administrator,
        has_password: person.has_password,
        is_disabled: person.disabled.is_some(),
        created: person.created,
        signed_in: person.signed_in,
    }
}

impl Caller {
    /// Refuses who is no administrator of the server.
    pub(super) fn must_administer(&self, what: &str) -> Result<(), Failure> {
        if self.is_administrator {
            return Ok(());
        }
        let detail = format!("only an administrator of this server may {what}");
        let hint = match (&self.scope, &self.credential) {
            (Some(_), Credential::Token { .. }) => "the token's scope narrows it; use another one",
            _ => "ask an administrator",
        };
        Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", detail).hint(hint))
    }
}
