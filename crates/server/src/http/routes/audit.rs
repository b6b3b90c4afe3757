//! The audit record.

use api::{AuditEntry, AuditVerification, Page};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use store::{Chain, Recorded};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How many rows a page has at most.
const PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

/// Which page.
#[derive(Deserialize, IntoParams)]
struct Paging {
    /// How many at most.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// What the page before gave as `continue`.
    #[serde(rename = "continue")]
    before: Option<String>,
}

/// What was done, the newest first, for administrators.
#[utoipa::path(get, path = "/api/v1/audit", tag = "identity", params(Paging), responses(
    (status = 200, body = Page<AuditEntry>),
    (status = 400),
    (status = 403),
))]
async fn list(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<AuditEntry>>, Failure> {
    caller.must_administer("read the audit record")?;
    let before = match paging.before.map(|text| text.parse::<u64>()) {
        None => u64::MAX,
        Some(Ok(number)) => number,
        Some(Err(_)) => {
            let detail = "`continue` is not what a page gave";
            return Err(Failure::new(StatusCode::BAD_REQUEST, "malformed-continue", detail));
        }
    };
    let limit = paging.limit.unwrap_or(100).clamp(1, PAGE);
    let rows = state.store.audit_before(before, limit).await?;
    let next = rows.last().map(|row| row.number).filter(|number| *number > 1);
    let total = state.store.audit_head().await?.number;
    let next = next.map(|number| number.to_string());
    Ok(Json(Page { items: rows.into_iter().map(entry).collect(), total, next }))
}

/// Walks the whole chain, and says whether every row follows from the one before it.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "identity", responses(
    (status = 200, body = AuditVerification),
    (status = 403),
))]
async fn verify(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AuditVerification>, Failure> {
    caller.must_administer("verify the audit record")?;
    Ok(Json(match state.store.verify_audit().await? {
        Chain::Whole(head) => AuditVerification {
            is_whole: true,
            number: head.number,
            digest: Some(head.digest.to_string()),
            why: None,
        },
        Chain::Broken { number, why } => {
            AuditVerification { is_whole: false, number, digest: None, why: Some(why) }
        }
    }))
}

fn entry(row: Recorded) -> AuditEntry {
    AuditEntry {
        number: row.number,
        time: row.time,
        actor: row.deed.actor,
        action: row.deed.action,
        object: row.deed.object,
        request: row.deed.request,
        details: serde_json::from_str(&row.deed.details).unwrap_or_default(),
        previous: row.previous.to_string(),
        digest: row.digest.to_string(),
    }
}
