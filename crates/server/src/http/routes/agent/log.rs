//! What happened on a cluster lately.

use api::ClusterLog;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use model::Kind;
use serde::Deserialize;
use utoipa::IntoParams;

use super::status::{find, one};
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::http::routes::documents::{no_source, unknown};
use crate::identity::Caller;

/// The name under which agents tell of the Namespaces themselves.
const NAMESPACES: &str = "namespaces";

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// Only those of this application; `namespaces` for the Namespaces themselves.
    application: Option<String>,
    /// Only those after the entry with this id.
    #[param(minimum = 0)]
    after: Option<u64>,
}

/// What happened on a cluster, the newest last, as far as the caller may see it.
#[utoipa::path(get, path = "/api/v1/clusters/{name}/log", tag = "agents",
    params(("name" = String, Path, description = "The cluster."), Part), responses(
    (status = 200, body = ClusterLog),
    (status = 400),
    (status = 404),
))]
pub(super) async fn log(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> Result<Json<ClusterLog>, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let id = find(&catalogue, &sight, &name)?;
    let report = one(&state, &catalogue, &sight, id);
    let after = i64::try_from(part.after.unwrap_or(0)).unwrap_or(i64::MAX);
    let mut entries = match catalogue.ledger_cluster(id) {
        Some(cluster) => state.agents.presence.log(cluster.uid, after).await?,
        None => Vec::new(),
    };
    let may_tell = |application: &String| sight.cell_of(catalogue.fleet(), application, id);
    entries.retain(|entry| entry.application.as_ref().is_none_or(may_tell));
    if let Some(wanted) = &part.application {
        entries.retain(|entry| entry.application.as_ref() == Some(wanted));
        let is_known = wanted == NAMESPACES || catalogue.fleet().application_id(wanted).is_some();
        if entries.is_empty() && !is_known {
            return Err(unknown(&catalogue, &sight, Kind::Application, wanted));
        }
    }
    let (cluster, state, seen) = (report.cluster, report.state, report.seen);
    Ok(Json(ClusterLog { cluster, state, seen, entries }))
}
