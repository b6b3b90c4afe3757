//! Reading changes.

use api::{Change, ChangeEvent, ChangeFilter, ChangeStatus, ChangedFile, Page};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use git::{changed_files, merge_base};

use super::{blocking, may_see, wire, wire_event};
use crate::controller::SOURCE_REF;
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How many changes a page has, and may have.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

/// Changes, the newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangeFilter), responses(
    (status = 200, body = Page<Change>),
    (status = 400),
    (status = 403),
))]
pub(super) async fn list(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<ChangeFilter>,
) -> Result<Json<Page<Change>>, Failure> {
    may_see(&state, &caller)?;
    let from: Option<u32> = match filter.from.as_deref().map(str::parse) {
        None => None,
        Some(Ok(from)) => Some(from),
        Some(Err(_)) => {
            let detail = "`continue` is not what a page answered";
            return Err(Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail));
        }
    };
    let limit = filter.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE) as usize;
    blocking(move || {
        let mut all: Vec<Change> =
            state.host.register.all()?.iter().map(|entry| wire(&entry.change)).collect();
        all.retain(|change| is_listed(change, &filter));
        let total = all.len() as u64;
        all.retain(|change| from.is_none_or(|from| change.number < from));
        let has_more = all.len() > limit;
        all.truncate(limit);
        let last = all.last().map(|change| change.number.to_string());
        Ok(Json(Page { items: all, total, next: last.filter(|_| has_more) }))
    })
    .await
}

fn is_listed(change: &Change, filter: &ChangeFilter) -> bool {
    let is_status = |status: ChangeStatus| change.status == status;
    filter.status.is_none_or(is_status)
        && filter.author.as_ref().is_none_or(|author| change.author == *author)
}

/// One change.
#[utoipa::path(get, path = "/api/v1/changes/{number}", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Change),
    (status = 400),
    (status = 403),
    (status = 404),
))]
pub(super) async fn show(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Change>, Failure> {
    may_see(&state, &caller)?;
    blocking(move || Ok(Json(wire(&state.host.register.find(number)?.change)))).await
}

/// What happened to a change, the newest first; at most the last 1,000.
#[utoipa::path(get, path = "/api/v1/changes/{number}/events", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Vec<ChangeEvent>),
    (status = 400),
    (status = 403),
    (status = 404),
))]
pub(super) async fn events(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Vec<ChangeEvent>>, Failure> {
    may_see(&state, &caller)?;
    blocking(move || {
        let events = state.host.register.events(number)?;
        Ok(Json(events.iter().map(|(commit, act)| wire_event(*commit, act)).collect()))
    })
    .await
}

/// The files that a change edits, since it parted from `main`.
#[utoipa::path(get, path = "/api/v1/changes/{number}/files", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = Vec<ChangedFile>),
    (status = 400),
    (status = 403),
    (status = 404),
))]
pub(super) async fn files(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<Vec<ChangedFile>>, Failure> {
    may_see(&state, &caller)?;
    blocking(move || files_of(&state, number).map(Json)).await
}

fn files_of(state: &AppState, number: u32) -> Result<Vec<ChangedFile>, Failure> {
    let source = &state.data.source;
    let unread = |error: git::RepositoryError| Failure::unavailable(&error);
    let change = state.host.register.find(number)?.change;
    // Of a change that is merged, what it was when it was.
    let base = match &change.status {
        crate::changes::Status::Merged(commit) => {
            source.commit(*commit).map_err(unread)?.parents.first().copied()
        }
        _ => source.reference(SOURCE_REF).map_err(unread)?,
    };
    let base = base.map(|base| merge_base(source, base, change.head)).transpose();
    let Some(base) = base.map_err(unread)?.flatten() else { return Ok(Vec::new()) };
    let changes = changed_files(source, base, change.head).map_err(unread)?;
    let word = |change: &git::FileChange| match (&change.old, &change.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let file = |change: git::FileChange| ChangedFile {
        change: word(&change).to_owned(),
        path: change.path,
    };
    Ok(changes.into_iter().map(file).collect())
}
