//! Changes: list, open, check, preview, approve, merge, and what else happens to them.

pub(super) mod act;
pub(super) mod checks;
mod read;

use api::{ApproveChange, Change, ChangeEvent, ChangeStatus};
use axum::http::StatusCode;
use model::{CommitId, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::authorize::may_anywhere;
use crate::changes::{Act, Event, NotMerged, RegisterError, ReviewError, Status};
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::Caller;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list, act::create))
        .routes(routes!(read::show))
        .routes(routes!(read::events, act::comment))
        .routes(routes!(read::files))
        .routes(routes!(checks::checks))
        .routes(routes!(checks::preview))
        .routes(routes!(act::approve, act::withdraw))
        .routes(routes!(act::merge))
        .routes(routes!(act::close))
        .routes(routes!(act::reopen))
}

/// A change as it goes over the wire.
pub(super) fn wire(change: &crate::changes::Change) -> Change {
    let approvals = change.approvals.iter().map(|approval| api::Approval {
        by: approval.by.subject.clone(),
        plan: approval.plan.to_string(),
        at: approval.at,
    });
    Change {
        number: change.number,
        title: change.title.clone(),
        text: change.text.clone(),
        author: change.author().to_owned(),
        authors: change.authors.clone(),
        topic: change.topic.clone(),
        status: match change.status {
            Status::Open => ChangeStatus::Open,
            Status::Merged(_) => ChangeStatus::Merged,
            Status::Closed => ChangeStatus::Closed,
        },
        head: change.head.to_string(),
        merged: match &change.status {
            Status::Merged(commit) => Some(commit.to_string()),
            _ => None,
        },
        approvals: approvals.collect(),
        opened: change.opened,
        updated: change.updated,
    }
}

/// Something that happened, as it goes over the wire.
fn wire_event(commit: CommitId, act: &Act) -> ChangeEvent {
    let (text, head) = match &act.event {
        Event::Opened { title, head, .. } => (Some(title.clone()), Some(*head)),
        Event::Updated { head } | Event::Approved { head, .. } => (None, Some(*head)),
        Event::Merged { commit } => (None, Some(*commit)),
        Event::Retitled { title, .. } => (Some(title.clone()), None),
        Event::Commented { text } => (Some(text.clone()), None),
        Event::Withdrawn | Event::Closed | Event::Reopened => (None, None),
    };
    ChangeEvent {
        event: act.event.word().to_owned(),
        commit: commit.to_string(),
        by: act.by.subject.clone(),
        at: act.at,
        text,
        head: head.map(|head| head.to_string()),
    }
}

/// Changes are seen by whoever may read or propose anything, as the source is.
fn may_see(state: &AppState, caller: &Caller) -> Result<(), Failure> {
    match may_anywhere(&state.snapshot(), caller, &[Verb::Read, Verb::Propose]) {
        true => Ok(()),
        false => Err(forbidden("you may not see changes")
            .hint("a Role with the verb `read` or `propose` lets you see them")),
    }
}

pub(super) fn forbidden(detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

pub(super) fn conflict(code: &'static str, detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::CONFLICT, code, detail)
}

/// Runs what blocks in a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Failure::unavailable(&error)),
    }
}

/// What an approval says, read.
fn approval(body: &ApproveChange) -> Result<Event, Failure> {
    let wrong = |what: &str| Failure::new(StatusCode::BAD_REQUEST, "bad-request", what);
    let head = body.head.parse().map_err(|_| wrong("`head` is no commit id"))?;
    let plan = body.plan.parse().map_err(|_| wrong("`plan` is no digest"))?;
    Ok(Event::Approved { head, plan })
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Missing(_) => Self::not_found(error.to_string()),
            RegisterError::Elsewhere(_) => {
                conflict("source-elsewhere", error.to_string()).hint("open a pull request there")
            }
            RegisterError::Refused(refusal) => conflict("not-possible", refusal.to_string()),
            _ => Self::unavailable(&error),
        }
    }
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::NoSource => conflict("no-source", error.to_string()),
            _ => Self::unavailable(&error),
        }
    }
}

impl From<NotMerged> for Failure {
    fn from(error: NotMerged) -> Self {
        let detail = error.to_string();
        match error {
            NotMerged::Over(..) | NotMerged::Nothing(_) => conflict("not-possible", detail),
            NotMerged::Stale(_) => conflict("stale", detail).hint("look at it again"),
            NotMerged::Conflicts(_) => conflict("merge-conflict", detail)
                .hint("merge or rebase on `main`, and push the change again"),
            NotMerged::Mistakes(mistakes) => conflict("new-errors", detail).diagnostics(mistakes),
            NotMerged::NoRoles | NotMerged::NotAllowed(_) => forbidden(detail),
            NotMerged::Waits(_) => {
                conflict("waits-for-approval", detail).hint("ask one of those who may approve it")
            }
            NotMerged::Review(error) => error.into(),
            NotMerged::Register(error) => error.into(),
            NotMerged::Busy => {
                Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).hint("try again")
            }
        }
    }
}
