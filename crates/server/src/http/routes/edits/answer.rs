//! What an edit is answered.

use std::sync::Arc;
use std::time::Duration;

use api::{ChangeEffect, Document, EditOutcome, EditParameters, Edited, EditedDocument};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schema::Kind;
use serde_json::{Value, json};

use crate::catalogue::plural;
use crate::edits::{Act, Editor, How, Landed, NotEdited, Order, Outcome, Touched};
use crate::http::problem::Failure;
use crate::http::routes::changes::{blocking, wire};
use crate::http::{AppState, wait};
use crate::identity::Caller;

/// How many documents an answer holds.
const MOST_DOCUMENTS: usize = 100;

/// Has an order done, and answers what became of it.
pub(super) async fn edit(
    state: AppState,
    caller: Caller,
    order: Order,
    parameters: EditParameters,
) -> Result<Response, Failure> {
    let turn = Turn::take(&state, parameters.dry_run).await?;
    in_turn(state, caller, order, parameters, turn).await
}

/// The turn of one edit.
pub(super) enum Turn {
    /// Whoever edits comes one after another.
    Edit { _turn: tokio::sync::OwnedMutexGuard<()> },
    /// A few may try at once.
    Try { _turn: tokio::sync::OwnedSemaphorePermit },
}

impl Turn {
    /// Waits for the turn.
    ///
    /// # Errors
    /// The server stops.
    pub(super) async fn take(state: &AppState, only_tries: bool) -> Result<Self, Failure> {
        if !only_tries {
            let _turn = Arc::clone(&state.host.editing).lock_owned().await;
            return Ok(Self::Edit { _turn });
        }
        let permit = Arc::clone(&state.host.trying).acquire_owned().await;
        let _turn = permit.map_err(|_| Failure::from(crate::ControllerGone))?;
        Ok(Self::Try { _turn })
    }
}

/// Does an order in its turn.
pub(super) async fn in_turn(
    state: AppState,
    caller: Caller,
    order: Order,
    parameters: EditParameters,
    turn: Turn,
) -> Result<Response, Failure> {
    let how = How {
        dry_run: parameters.dry_run,
        propose: parameters.propose,
        title: parameters.message.clone(),
    };
    let (action, is_new) = match &order {
        Order::Create(_) => ("document.create", true),
        Order::Edit(wanted) if matches!(wanted.act, Act::Delete) => ("document.delete", false),
        Order::Edit(_) | Order::Bulk(_) => ("document.edit", false),
    };
    let (host, editor) = (state.host.clone(), caller.clone());
    let landed = blocking(move || {
        let _turn = turn;
        Ok(Editor { host: &host, caller: &editor }.edit(&order, &how)?)
    })
    .await?;
    if let Outcome::Merged(_) = landed.outcome {
        state.controller.wake();
    }
    record(&state, &caller, action, &landed).await?;
    if parameters.wait.is_some()
        && let Some(commit) = landed.commit
        && !matches!(landed.outcome, Outcome::Open(_))
    {
        let timeout = Duration::from_secs(parameters.timeout.unwrap_or(30).min(100));
        wait::for_source(&state, commit, timeout).await?;
    }
    Ok(answer(&landed, is_new))
}

async fn record(
    state: &AppState,
    caller: &Caller,
    action: &str,
    landed: &Landed,
) -> Result<(), Failure> {
    let (Outcome::Merged(change) | Outcome::Open(change)) = &landed.outcome else { return Ok(()) };
    let object = match &landed.touched[..] {
        [one] => format!("{}:{}", one.kind.word().to_lowercase(), one.name),
        all => format!("{} documents", all.len()),
    };
    let is_merged = matches!(landed.outcome, Outcome::Merged(_));
    let details = json!({"change": change.number, "merged": is_merged});
    state.record(caller, action, &object, details).await
}

fn answer(landed: &Landed, is_new: bool) -> Response {
    let (status, location) = match &landed.outcome {
        Outcome::Open(change) => {
            (StatusCode::ACCEPTED, Some(format!("/api/v1/changes/{}", change.number)))
        }
        Outcome::Merged(_) if is_new => (StatusCode::CREATED, landed.touched.first().map(path)),
        _ => (StatusCode::OK, None),
    };
    let body = body(landed);
    let mut response = (status, Json(&body)).into_response();
    let headers = response.headers_mut();
    if let Some(location) = location.and_then(|path| HeaderValue::from_str(&path).ok()) {
        headers.insert(header::LOCATION, location);
    }
    let only = body.documents.first().and_then(|one| one.document.as_ref());
    let version = only.and_then(|document| document.metadata.resource_version.as_ref());
    let tag = version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn body(landed: &Landed) -> Edited {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (outcome, change) = match &landed.outcome {
        Outcome::Merged(change) => (EditOutcome::Merged, Some(wire(change))),
        Outcome::Open(change) => (EditOutcome::Open, Some(wire(change))),
        Outcome::Unchanged => (EditOutcome::Unchanged, None),
        Outcome::Tried => (EditOutcome::DryRun, None),
    };
    let is_only = landed.touched.len() == 1;
    let documents = landed.touched.iter().take(MOST_DOCUMENTS).map(|one| EditedDocument {
        kind: one.kind.word().to_owned(),
        name: one.name.clone(),
        document: if is_only { document(landed, one) } else { None },
    });
    Edited {
        outcome,
        commit: landed.commit.map(|commit| commit.to_string()),
        change,
        count: count(landed.touched.len()),
        documents: documents.collect(),
        files: landed.files.clone(),
        effect: landed.effect.as_ref().map(|effect| ChangeEffect {
            plan: effect.plan.to_string(),
            clusters: effect.n_clusters as u64,
            bindings: effect.n_cells as u64,
        }),
        warnings: count(landed.n_warnings),
        waits: landed.waits.clone(),
    }
}

/// A document as it is with the edit, without what only the ledger knows.
fn document(landed: &Landed, one: &Touched) -> Option<Document> {
    let fleet = &landed.source.accepted.as_ref()?.fleet;
    let id = fleet.document(one.kind, &one.name)?;
    let document = plan::documents::document_json(fleet, &landed.source.source.files, id)?;
    serde_json::from_value(Value::Object(document)).ok()
}

/// Where a document is.
fn path(one: &Touched) -> String {
    match one.kind {
        Kind::Fleet => "/api/v1/fleet".to_owned(),
        Kind::Group => format!("/api/v1/groups{}", one.name),
        kind => format!("/api/v1/{}/{}", plural(kind), one.name),
    }
}

impl From<NotEdited> for Failure {
    fn from(error: NotEdited) -> Self {
        use StatusCode as Status;
        let detail = error.to_string();
        match error {
            NotEdited::Missing { near, .. } => {
                let failure = Self::not_found(detail);
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                hint.into_iter().fold(failure, Self::hint)
            }
            NotEdited::Stale { found, .. } => {
                Self::new(Status::PRECONDITION_FAILED, "stale-document", detail)
                    .hint(format!("it is `{found}` now: read it again, and edit that"))
                    .tag(&format!("\"{found}\""))
            }
            NotEdited::Overtaken { .. } => Self::new(Status::CONFLICT, "document-conflict", detail)
                .hint("read it again, and edit that"),
            NotEdited::Exists { .. } => Self::new(Status::CONFLICT, "exists", detail)
                .hint("read it, and edit it with `PUT` or `PATCH`"),
            NotEdited::Wrong(_) => Self::invalid("wrong-document", detail),
            NotEdited::Text(_) => Self::invalid("not-editable", detail),
            NotEdited::Patch(_) => Self::new(Status::CONFLICT, "patch-does-not-fit", detail),
            NotEdited::File(_) => Self::invalid("wrong-file", detail),
            NotEdited::Mistakes(mistakes) => {
                Self::invalid("new-errors", detail).diagnostics(mistakes)
            }
            NotEdited::NotAllowed(_) => Self::new(Status::FORBIDDEN, "forbidden", detail),
            NotEdited::NoSource => Self::new(Status::CONFLICT, "no-source", detail),
            NotEdited::Unaccepted => Self::new(Status::CONFLICT, "source-has-errors", detail)
                .hint("mend `main` with a push or a change; `GET /api/v1/status` has the errors"),
            NotEdited::Busy => Self::new(Status::SERVICE_UNAVAILABLE, "busy", detail)
                .hint("try again")
                .retry_after(1),
            NotEdited::Register(error) => error.into(),
            NotEdited::Gone(error) => error.into(),
            NotEdited::Compile(_)
            | NotEdited::Evaluate(_)
            | NotEdited::Refs(_)
            | NotEdited::Repository(_) => Self::unavailable(&error),
        }
    }
}
