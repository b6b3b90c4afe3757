//! The audit record.

use api::{AuditAnchor, AuditEntry, AuditVerification, Page};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use store::{Chain, Recorded};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::controller::AUDIT_HEAD;
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

/// Walks the whole chain, and says whether every row follows from the one before it, and whether
/// the row that the ledger names is the one that stands here.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "identity", responses(
    (status = 200, body = AuditVerification),
    (status = 403),
))]
async fn verify(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AuditVerification>, Failure> {
    caller.must_administer("verify the audit record")?;
    let reading = state.clone();
    let named = tokio::task::spawn_blocking(move || named_by_ledger(&reading)).await;
    let named = named.map_err(|error| Failure::unavailable(&error))??;
    let ledger = named.as_ref().map(Named::wire);
    let broken = |number, why| AuditVerification {
        is_whole: false,
        number,
        digest: None,
        why: Some(why),
        ledger: ledger.clone(),
    };
    Ok(Json(match state.store.verify_audit().await? {
        Chain::Whole(head) => match &named {
            Some(named) if !named.stands(&state).await? => broken(named.number, named.why()),
            _ => AuditVerification {
                is_whole: true,
                number: head.number,
                digest: Some(head.digest.to_string()),
                why: None,
                ledger,
            },
        },
        Chain::Broken { number, why } => broken(number, why),
    }))
}

/// How many steps are looked at for one that names a row: others than servers append steps too.
const MOST_STEPS: usize = 1_000;

/// The row of the record that the newest step of the ledger names which names one.
struct Named {
    step: String,
    number: u64,
    digest: String,
}

fn named_by_ledger(state: &AppState) -> Result<Option<Named>, Failure> {
    let clusters = &state.data.clusters;
    let mut next = clusters.reference(git::LEDGER_REF)?;
    for _ in 0..MOST_STEPS {
        let Some(commit) = next else { return Ok(None) };
        let info = clusters.commit(commit)?;
        let named = info.trailer(AUDIT_HEAD).and_then(|value| value.split_once(':'));
        if let Some((number, digest)) = named {
            let step = info.trailer("Generation").unwrap_or_default().to_owned();
            // What cannot be read names row 0, which never stands.
            let number = number.parse().unwrap_or(0);
            return Ok(Some(Named { step, number, digest: digest.to_owned() }));
        }
        next = info.parents.first().copied();
    }
    Ok(None)
}

impl Named {
    /// Whether that row is the one that stands in the record.
    async fn stands(&self, state: &AppState) -> Result<bool, Failure> {
        let rows = state.store.audit_before(self.number.saturating_add(1), 1).await?;
        let row = rows.first().filter(|row| row.number == self.number);
        Ok(row.is_some_and(|row| row.digest.to_string() == self.digest))
    }

    fn why(&self) -> String {
        format!("step {} of the ledger names another row here, or rows were lost", self.step)
    }

    fn wire(&self) -> AuditAnchor {
        let Self { step, number, digest } = self;
        AuditAnchor { step: step.clone(), number: *number, digest: digest.clone() }
    }
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
