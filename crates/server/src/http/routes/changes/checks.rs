//! What a change would do, derived when it is asked for.

use std::sync::Arc;

use api::{ChangeAccess, ChangeChecks, ChangeEffect};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use release::access::Answer;

use super::{blocking, conflict, may_see};
use crate::authorize::person;
use crate::changes::{Change, Review, waits};
use crate::http::AppState;
use crate::http::conditional::prefers;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// The checks of a change: errors that it adds, what it does, what the brakes would hold, and
/// what the caller may do with it.
#[utoipa::path(get, path = "/api/v1/changes/{number}/checks", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, body = ChangeChecks),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 503),
))]
pub(super) async fn checks(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<Json<ChangeChecks>, Failure> {
    may_see(&state, &caller)?;
    blocking(move || {
        let change = state.host.register.find(number)?.change;
        let review = state.host.reviews.of(change.head)?;
        Ok(Json(checks_of(&change, &review, &caller)))
    })
    .await
}

fn checks_of(change: &Change, review: &Review, caller: &Caller) -> ChangeChecks {
    let mistakes = review.pair.as_ref().map(|pair| pair.mistakes());
    let n = |count: Option<usize>| u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX);
    let (access, waits) = access_of(change, review, caller);
    let n_new = n(mistakes.as_ref().map(|found| found.new.len()));
    let held = review.preview().map(|preview| {
        preview.brakes.iter().map(|brake| brake.reason.to_string()).collect::<Vec<_>>()
    });
    ChangeChecks {
        base: review.base.to_string(),
        head: change.head.to_string(),
        mergeable: change.is_open()
            && review.pair.is_some()
            && n_new == 0
            && access.merge
            && waits.is_empty(),
        conflicts: review.conflicts.clone(),
        new_errors: n_new,
        known_errors: n(mistakes.as_ref().map(|found| found.known.len())),
        warnings: n(mistakes.as_ref().map(|found| found.warnings.len())),
        diagnostics: mistakes.map(|found| found.wire(&found.new)).unwrap_or_default(),
        effect: review.judged.as_ref().map(|judged| ChangeEffect {
            plan: judged.effect.plan.to_string(),
            clusters: judged.effect.n_clusters as u64,
            bindings: judged.effect.n_cells as u64,
        }),
        held: held.unwrap_or_default(),
        access,
        waits,
    }
}

/// What a caller may do with a change, and what their merge waits for.
fn access_of(change: &Change, review: &Review, caller: &Caller) -> (ChangeAccess, Vec<String>) {
    let (Some(judged), Some(person)) = (&review.judged, person(caller)) else {
        let merge = caller.is_administrator;
        return (ChangeAccess { merge, ..ChangeAccess::default() }, Vec::new());
    };
    let verdict = judged.verdict(&person);
    let lacks = match &verdict.merge {
        Answer::Allowed { .. } => Vec::new(),
        Answer::Refused { lacks, .. } => lacks.iter().map(ToString::to_string).collect(),
    };
    let access = ChangeAccess {
        merge: verdict.merge.is_allowed(),
        approve: verdict.approve.is_allowed(),
        lacks,
    };
    let waits = waits(change, judged, &verdict).iter().map(ToString::to_string).collect();
    (access, waits)
}

/// What a change does to the whole fleet: JSON as `res-edge schema preview` describes it, or
/// Markdown for `Accept: text/markdown`.
#[utoipa::path(get, path = "/api/v1/changes/{number}/preview", tag = "changes",
    params(("number" = u32, Path, description = "Its number")), responses(
    (status = 200, content((Value = "application/json"), (String = "text/markdown"))),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 503),
))]
pub(super) async fn preview(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    may_see(&state, &caller)?;
    let preview = blocking(move || {
        let change = state.host.register.find(number)?.change;
        let review = state.host.reviews.of(change.head)?;
        review.preview().ok_or_else(|| not_rendered(&review))
    });
    let preview: Arc<release::Preview> = preview.await?;
    Ok(shown(&preview, &headers, &format!("res-edge change preview {number}")))
}

/// A preview as its reader asks for it; `command` shows all of it.
pub(in crate::http::routes) fn shown(
    preview: &release::Preview,
    headers: &HeaderMap,
    command: &str,
) -> Response {
    if prefers(headers, "text/markdown") {
        let text = preview.to_markdown(command);
        return ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response();
    }
    (StatusCode::OK, Json(crate::preview::document(preview))).into_response()
}

pub(in crate::http::routes) fn not_rendered(review: &Review) -> Failure {
    if !review.conflicts.is_empty() {
        let paths = review.conflicts.join(", ");
        return conflict("merge-conflict", format!("it conflicts with `main` in {paths}"))
            .hint("merge or rebase on `main`, and push the change again");
    }
    conflict("not-rendered", "it has errors, so nothing can be rendered")
        .hint("`checks` has the errors")
}
