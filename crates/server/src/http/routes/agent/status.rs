//! How clusters are, for people and programs.

use std::collections::HashSet;

use api::{ClusterReport, ClusterWord, FleetSummary, Page, SyncAnswer};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use model::{ClusterId, ClusterSet, Kind, PlacedKind, Verb};
use release::access::Place;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::agents::{Tally, cluster_report};
use crate::authorize::may;
use crate::catalogue::Catalogue;
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::http::routes::documents::{no_source, unknown};
use crate::identity::Caller;
use crate::sight::Sight;

/// How many clusters a page has at most.
const MOST: usize = 1_000;

/// How the clusters are that the caller may see, in numbers.
#[utoipa::path(get, path = "/api/v1/summary", tag = "agents", responses(
    (status = 200, body = FleetSummary),
))]
pub(super) async fn summary(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Json<FleetSummary> {
    let Some(catalogue) = state.catalogue() else { return Json(FleetSummary::default()) };
    let sight = catalogue.sight(&caller);
    let (mut tally, mut clusters, now) = (Tally::default(), 0, Timestamp::now());
    state.agents.presence.look(|all| {
        for id in seen_clusters(&catalogue, &sight) {
            let Some(in_ledger) = catalogue.ledger_cluster(id) else { continue };
            clusters += 1;
            if let Some(seen) = all.get(&in_ledger.uid) {
                tally.count(seen, Some(in_ledger.tree), now);
            }
        }
    });
    let snapshot = state.snapshot();
    let ledger = snapshot.released.as_ref().map(|released| &released.ledger);
    let stop = ledger.and_then(|ledger| {
        let is_stop =
            |hold: &&model::PlacedHold| hold.kind == PlacedKind::Stop && hold.is_active(now);
        ledger.placed.iter().find(is_stop)
    });
    Json(FleetSummary {
        generation: ledger.map_or(0, |ledger| ledger.generation.0),
        clusters,
        reporting: tally.reporting,
        synced: tally.synced,
        healthy: tally.healthy,
        unreachable: tally.unreachable,
        held: tally.held,
        alarms: tally.alarms,
        report_only: tally.report_only,
        applications: tally.applications,
        applications_synced: tally.applications_synced,
        applications_healthy: tally.applications_healthy,
        stopped: stop.map(|hold| api::agent::Stopped {
            reason: hold.reason.clone(),
            by: hold.by.clone(),
            since: hold.at,
        }),
    })
}

/// The clusters that someone sees as such, in the order of names.
fn seen_clusters<'a>(
    catalogue: &'a Catalogue,
    sight: &'a Sight,
) -> impl Iterator<Item = ClusterId> + 'a {
    let is_seen = |id: &ClusterId| {
        sight.is_everything() || sight.clusters().is_some_and(|seen| seen.contains(*id))
    };
    catalogue.clusters().filter(is_seen)
}

/// Which reports.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only clusters that are so: `unknown`, `unreachable`, `held`, `degraded`, `progressing` or
    /// `ready`; several with commas between them.
    state: Option<String>,
    /// How many at most, up to 1,000; 100 if it is left out.
    limit: Option<usize>,
    /// What the page before gave.
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// How each cluster is that the caller may see.
#[utoipa::path(get, path = "/api/v1/reports", tag = "agents", params(Which), responses(
    (status = 200, body = Page<ClusterReport>),
    (status = 400),
))]
pub(super) async fn reports(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
) -> Result<Json<Page<ClusterReport>>, Failure> {
    let states = which.state.as_deref().map(words).transpose()?;
    let limit = which.limit.unwrap_or(100).clamp(1, MOST);
    let mut page = Page { items: Vec::new(), total: 0, next: None };
    let Some(catalogue) = state.catalogue() else { return Ok(Json(page)) };
    let sight = catalogue.sight(&caller);
    let mut last: Option<String> = None;
    for id in seen_clusters(&catalogue, &sight) {
        let report = one(&state, &catalogue, &sight, id);
        if states.as_ref().is_some_and(|states| !states.contains(&report.state)) {
            continue;
        }
        page.total += 1;
        if which.next.as_ref().is_some_and(|next| report.cluster <= *next) {
            continue;
        }
        if page.items.len() == limit {
            page.next = last.clone();
            continue;
        }
        last = Some(report.cluster.clone());
        page.items.push(report);
    }
    Ok(Json(page))
}

fn words(text: &str) -> Result<Vec<ClusterWord>, Failure> {
    let word = |word: &str| {
        serde_json::from_value(serde_json::Value::String(word.trim().to_owned())).map_err(|_| {
            let detail = format!("`{word}` is no state of a cluster");
            Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail)
                .hint("`unknown`, `unreachable`, `held`, `degraded`, `progressing`, `ready`")
        })
    };
    text.split(',').map(word).collect()
}

/// How one cluster is.
#[utoipa::path(get, path = "/api/v1/clusters/{name}/report", tag = "agents",
    params(("name" = String, Path, description = "The cluster.")), responses(
    (status = 200, body = ClusterReport),
    (status = 404),
))]
pub(super) async fn cluster_report_of(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ClusterReport>, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let id = find(&catalogue, &sight, &name)?;
    Ok(Json(one(&state, &catalogue, &sight, id)))
}

/// How a cluster is, with the applications on it that someone sees.
pub(super) fn one(
    state: &AppState,
    catalogue: &Catalogue,
    sight: &Sight,
    id: ClusterId,
) -> ClusterReport {
    let fleet = catalogue.fleet();
    let in_ledger = catalogue.ledger_cluster(id);
    let may_tell = |application: &str| sight.cell_of(fleet, application, id);
    let name = fleet.clusters[id.index()].name.as_str();
    state.agents.presence.look(|all| {
        let seen = in_ledger.and_then(|cluster| all.get(&cluster.uid));
        cluster_report(name, in_ledger, seen, may_tell, Timestamp::now())
    })
}

/// A cluster that someone sees.
pub(super) fn find(catalogue: &Catalogue, sight: &Sight, name: &str) -> Result<ClusterId, Failure> {
    let fleet = catalogue.fleet();
    let found = fleet.document(Kind::Cluster, name).filter(|id| sight.document(fleet, *id));
    let id = found.ok_or_else(|| unknown(catalogue, sight, Kind::Cluster, name))?;
    Ok(ClusterId(id.index))
}

/// Whether a caller may do something with a cluster.
///
/// # Errors
/// No Role lets them.
pub(super) fn check(
    state: &AppState,
    caller: &Caller,
    verb: Verb,
    id: ClusterId,
) -> Result<(), Failure> {
    let place = Place::Clusters(ClusterSet::from_iter([id]));
    let answer = may(&state.snapshot(), caller, verb, &[Kind::Cluster], &place);
    match answer.is_allowed() {
        true => Ok(()),
        false => {
            let detail = format!("you may not do this: {answer}");
            Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
    }
}

/// Asks the agent of a cluster to look at it now.
#[utoipa::path(post, path = "/api/v1/clusters/{name}/sync", tag = "agents",
    params(("name" = String, Path, description = "The cluster.")), responses(
    (status = 200, body = SyncAnswer),
    (status = 403),
    (status = 404),
))]
pub(super) async fn sync(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<SyncAnswer>, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let id = find(&catalogue, &sight, &name)?;
    check(&state, &caller, Verb::Operate, id)?;
    state.record(&caller, "cluster.sync", &format!("cluster:{name}"), json!({})).await?;
    let uid = catalogue.ledger_cluster(id).map(|cluster| cluster.uid);
    let told = state.agents.presence.ask_to_sync(uid.into_iter().collect::<HashSet<_>>());
    Ok(Json(SyncAnswer { told: u32::try_from(told).unwrap_or(u32::MAX) }))
}
