//! What edits would do that nobody has proposed yet.

use std::sync::Arc;

use api::NewPreview;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use git::{CommitRecord, Expected, FileEdit, edit_files};
use jiff::Timestamp;
use model::{CommitId, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::changes::act::{branch_commit, held_commit};
use super::changes::checks::{not_rendered, shown};
use super::changes::{blocking, forbidden};
use crate::authorize::may_anywhere;
use crate::changes::{Review, ReviewError};
use crate::controller::SOURCE_REF;
use crate::edits::NotEdited;
use crate::http::AppState;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How many files may be sent.
const MOST_FILES: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// What a branch, a commit or files would do to the whole fleet: JSON as `res-edge schema preview`
/// describes it, or Markdown for `Accept: text/markdown`. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/preview", tag = "changes", request_body = NewPreview,
    responses(
    (status = 200, content((Value = "application/json"), (String = "text/markdown"))),
    (status = 400),
    (status = 403),
    (status = 409),
    (status = 415),
    (status = 422),
    (status = 503),
))]
async fn preview(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Input(body): Input<NewPreview>,
) -> Result<Response, Failure> {
    if !may_anywhere(&state.snapshot(), &caller, &[Verb::Propose]) {
        return Err(forbidden("you may not propose anything")
            .hint("a Role with the verb `propose` lets you preview edits"));
    }
    // Each compiles a whole source; whoever comes later waits.
    let permit = Arc::clone(&state.host.trying).acquire_owned().await;
    let permit = permit.map_err(|_| Failure::from(crate::ControllerGone))?;
    let preview: Arc<release::Preview> = blocking(move || {
        let _permit = permit;
        let review = reviewed(&state, &body)?;
        let errors = review.pair.as_ref().filter(|pair| pair.head.accepted.is_none());
        if let Some(pair) = errors {
            let mistakes = pair.mistakes();
            return Err(NotEdited::Mistakes(mistakes.wire(&mistakes.new)).into());
        }
        review.preview().ok_or_else(|| not_rendered(&review))
    })
    .await?;
    Ok(shown(&preview, &headers, "res-edge diff"))
}

fn reviewed(state: &AppState, body: &NewPreview) -> Result<Arc<Review>, Failure> {
    let wrong = |detail: &str| Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    let base = body.base.as_deref().map(|base| held_commit(state, "base", base)).transpose()?;
    let reviews = &state.host.reviews;
    let head = match (&body.branch, &body.head, body.files.is_empty()) {
        (Some(branch), None, true) => branch_commit(state, branch)?,
        (None, Some(head), true) => held_commit(state, "head", head)?,
        (None, None, false) => {
            let main = state.data.source.reference(SOURCE_REF)?;
            let base = base.or(main).ok_or_else(|| Failure::from(ReviewError::NoSource))?;
            let head = uncommitted(state, base, body)?;
            return Ok(reviews.beside(base, head)?);
        }
        _ => return Err(wrong("give one of `branch`, `head` and `files`")),
    };
    Ok(match base {
        Some(base) => reviews.beside(base, head)?,
        None => reviews.of(head)?,
    })
}

/// A commit of files that were sent. No ref will ever be at it.
fn uncommitted(state: &AppState, base: CommitId, body: &NewPreview) -> Result<CommitId, Failure> {
    if body.files.len() > MOST_FILES {
        return Err(Failure::invalid("too-many", format!("at most {MOST_FILES} files are taken")));
    }
    let files = body.files.iter().map(|(path, text)| FileEdit {
        path: path.clone(),
        content: text.as_ref().map(|text| text.clone().into_bytes()),
        expected: Expected::Any,
    });
    let files: Vec<FileEdit> = files.collect();
    let who = "res-edge <res-edge@localhost>".to_owned();
    let record = CommitRecord {
        author: who.clone(),
        committer: who,
        message: "what would be".to_owned(),
        // The same files on the same base are the same commit, which is stored once.
        at: Timestamp::UNIX_EPOCH,
    };
    let made = edit_files(&state.data.source, base, &files, &record).map_err(NotEdited::from)?;
    Ok(made.map_or(base, |made| made.commit))
}
