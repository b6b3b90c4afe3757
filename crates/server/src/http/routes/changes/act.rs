//! What people do to changes.

use std::time::Duration;

use api::{ApproveChange, Change, CommentText, MergeChange, NewChange};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::{CommitId, Subject, Verb};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{approval, blocking, conflict, forbidden, may_see, wire};
use crate::authorize::{may_anywhere, person};
use crate::changes::{Actor, Event, Merger, Style};
use crate::http::AppState;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::wait;
use crate::identity::Caller;

/// Opens a change of a branch, or of a commit that was pushed to one.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", request_body = NewChange, responses(
    (status = 201, body = Change),
    (status = 400),
    (status = 403),
    (status = 409),
    (status = 422),
    (status = 503),
))]
pub(super) async fn create(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(body): Input<NewChange>,
) -> Result<(StatusCode, Json<Change>), Failure> {
    may_see(&state, &caller)?;
    blocking(move || {
        let head = head_of(&state, &body)?;
        let review = state.host.reviews.of(head)?;
        let refused = || forbidden("you may not propose anything");
        let person = person(&caller).ok_or_else(refused)?;
        match &review.judged {
            None if may_anywhere(&state.snapshot(), &caller, &[Verb::Propose]) => {}
            None => return Err(refused()),
            Some(judged) => {
                let answer = judged.verdict(&person).propose;
                if !answer.is_allowed() {
                    return Err(forbidden(format!("you may not propose this: {answer}")));
                }
            }
        }
        let info = state.data.source.commit(head).map_err(|error| Failure::unavailable(&error))?;
        let (title, text) = crate::hosting::words(&info);
        let event = Event::Opened {
            title: body.title.unwrap_or(title),
            text: body.text.unwrap_or(text),
            topic: None,
            head,
        };
        let change = state.host.register.open(&Actor::of(&caller).does(event), head)?;
        Ok((StatusCode::CREATED, Json(wire(&change))))
    })
    .await
}

/// The commit that shall be proposed: one that a branch holds, since others may be anybody's.
fn head_of(state: &AppState, body: &NewChange) -> Result<CommitId, Failure> {
    let wrong = |detail: &str| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    match (&body.branch, &body.head) {
        (Some(branch), None) => branch_commit(state, branch),
        (None, Some(head)) => held_commit(state, "head", head),
        _ => Err(wrong("give `branch` or `head`, and not both")),
    }
}

/// The commit of a branch.
pub(in crate::http::routes) fn branch_commit(
    state: &AppState,
    branch: &str,
) -> Result<CommitId, Failure> {
    let found = state.data.source.reference(&format!("refs/heads/{branch}"))?;
    let detail = || format!("there is no branch `{branch}`");
    found.ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail()))
}

/// A commit that a branch holds.
pub(in crate::http::routes) fn held_commit(
    state: &AppState,
    field: &str,
    text: &str,
) -> Result<CommitId, Failure> {
    let wrong = |detail: String| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    let source = &state.data.source;
    let commit = text.parse().map_err(|_| wrong(format!("`{field}` is no commit id")))?;
    let holds = |tip: CommitId| {
        tip == commit || git::descends(source, tip, commit) == model::Observed::Known(true)
    };
    let branches = source.references("refs/heads/")?;
    match branches.iter().any(|(_, tip)| holds(*tip)) {
        true => Ok(commit),
        false => Err(wrong(format!("no branch holds the commit of `{field}`: push it first"))),
    }
}

/// Approves exactly what the caller saw: the head and the plan of the checks.
#[utoipa::path(put, path = "/api/v1/changes/{number}/approval", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), request_body = ApproveChange,
    responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 422),
    (status = 503),
))]
pub(super) async fn approve(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
    Input(body): Input<ApproveChange>,
) -> Result<Json<Change>, Failure> {
    may_see(&state, &caller)?;
    let event = approval(&body)?;
    blocking(move || {
        let change = state.host.register.find(number)?.change;
        let review = state.host.reviews.of(change.head)?;
        let judged = review.judged.as_ref();
        let judged = judged.ok_or_else(|| {
            conflict("not-rendered", "it cannot be rendered, so nobody can approve what it does")
        })?;
        if judged.effect.plan.to_string() != body.plan {
            let detail = format!("change {number} does something else by now");
            return Err(conflict("stale", detail).hint("look at its checks and preview again"));
        }
        let person = person(&caller).filter(|one| matches!(one.name, Subject::User(_)));
        let person = person.ok_or_else(|| forbidden("only people approve changes"))?;
        let answer = judged.verdict(&person).approve;
        if !answer.is_allowed() {
            return Err(forbidden(format!("you may not approve this: {answer}")));
        }
        let change = state.host.register.act(number, &Actor::of(&caller).does(event))?;
        Ok(Json(wire(&change)))
    })
    .await
}

/// Takes the caller's approval back.
#[utoipa::path(delete, path = "/api/v1/changes/{number}/approval", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
))]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Change>, Failure> {
    may_see(&state, &caller)?;
    happens(state, caller, number, Event::Withdrawn).await
}

/// How long a caller waits for what is merged.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Patience {
    /// `released` to be answered when the merge is released, or was refused.
    wait: Option<String>,
    /// Seconds to wait at most, up to 100; 30 if it is left out.
    timeout: Option<u64>,
}

/// Merges a change, if the caller may and it waits for nothing.
#[utoipa::path(post, path = "/api/v1/changes/{number}/merge", tag = "changes",
    params(("number" = u32, Path, description = "Its number"), Patience),
    request_body = MergeChange, responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 422),
    (status = 503),
    (status = 504),
))]
pub(super) async fn merge(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
    Query(patience): Query<Patience>,
    Input(body): Input<MergeChange>,
) -> Result<Json<Change>, Failure> {
    may_see(&state, &caller)?;
    let wrong = |detail: &str| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    if patience.wait.as_deref().is_some_and(|word| word != "released") {
        return Err(wrong("`wait` is `released` or left out"));
    }
    let seen = body.head.as_deref().map(str::parse).transpose();
    let seen: Option<CommitId> = seen.map_err(|_| wrong("`head` is no commit id"))?;
    let style = if body.squash { Style::Squash } else { Style::Merge };
    let merging = state.clone();
    let (change, commit) = blocking(move || {
        let host = &merging.host;
        let (register, reviews) = (&host.register, &host.reviews);
        let merger = Merger { register, reviews, repository: &merging.data.source };
        let merged = merger.merge(number, seen, style, &caller)?;
        merging.controller.wake();
        Ok(merged)
    })
    .await?;
    if patience.wait.is_some() {
        let timeout = Duration::from_secs(patience.timeout.unwrap_or(30).min(100));
        wait::for_source(&state, commit, timeout).await?;
    }
    Ok(Json(wire(&change)))
}

/// Gives a change up. Its authors may, and whoever may merge anything.
#[utoipa::path(post, path = "/api/v1/changes/{number}/close", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
))]
pub(super) async fn close(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Change>, Failure> {
    is_theirs(&state, &caller, number)?;
    happens(state, caller, number, Event::Closed).await
}

/// Takes a closed change up again.
#[utoipa::path(post, path = "/api/v1/changes/{number}/reopen", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
))]
pub(super) async fn reopen(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Change>, Failure> {
    is_theirs(&state, &caller, number)?;
    happens(state, caller, number, Event::Reopened).await
}

/// Says something about a change.
#[utoipa::path(post, path = "/api/v1/changes/{number}/events", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), request_body = CommentText,
    responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 422),
))]
pub(super) async fn comment(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
    Input(body): Input<CommentText>,
) -> Result<Json<Change>, Failure> {
    may_see(&state, &caller)?;
    happens(state, caller, number, Event::Commented { text: body.text }).await
}

/// Whether a caller wrote of a change, or may merge anything.
fn is_theirs(state: &AppState, caller: &Caller, number: u32) -> Result<(), Failure> {
    may_see(state, caller)?;
    let change = state.host.register.find(number)?.change;
    let actor = Actor::of(caller);
    let is_theirs = change.authors.contains(&actor.subject);
    match is_theirs || may_anywhere(&state.snapshot(), caller, &[Verb::Merge]) {
        true => Ok(()),
        false => Err(forbidden("this is for its authors, and for who may merge")),
    }
}

async fn happens(
    state: AppState,
    caller: Caller,
    number: u32,
    event: Event,
) -> Result<Json<Change>, Failure> {
    blocking(move || {
        let change = state.host.register.act(number, &Actor::of(&caller).does(event))?;
        Ok(Json(wire(&change)))
    })
    .await
}
