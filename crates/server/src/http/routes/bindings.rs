//! Bindings: each application on each cluster, with what is released of it.

use std::sync::Arc;

use api::agent::{HealthyWord, SyncedWord};
use api::{ActualState, Binding, Page, Problem};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use model::{ApplicationId, ClusterId};
use plan::documents::Row;
use plan::query::Listed;
use schema::Kind;
use utoipa::{IntoParams, IntoResponses};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::{empty, no_source, page_bytes, selected, unknown};
use crate::agents::actual_of_cell;
use crate::catalogue::{Catalogue, Cell, short_digest};
use crate::http::AppState;
use crate::http::conditional::{is_known, json, not_modified};
use crate::http::listing::{Asked, ListParameters, Query};
use crate::http::problem::Failure;
use crate::identity::Caller;
use crate::sight::Sight;

/// How lists of bindings answer.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum ListAnswers {
    /// A page of bindings.
    #[response(status = 200)]
    Page(Page<Binding>),
    /// The client has this page already, by its `If-None-Match`.
    #[response(status = 304)]
    Known,
    /// A parameter cannot be used.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There is no such cluster or application, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    None(Problem),
    /// The list that `continue` goes on with is no more: start again.
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(Problem),
}

/// How one binding answers.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum BindingAnswers {
    /// The binding.
    #[response(status = 200)]
    Binding(Binding),
    /// The client has it already, by its `If-None-Match`.
    #[response(status = 304)]
    Known,
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There is no such binding, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    None(Problem),
}

/// What lists of bindings can be narrowed by, besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it describes parameters")]
struct NarrowParameters {
    /// Only the bindings of this application.
    application: Option<String>,
    /// Only the bindings on this cluster.
    cluster: Option<String>,
    /// With `true`, only those that are not both synced and healthy, as their agents say.
    abnormal: Option<bool>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(bindings))
        .routes(routes!(binding))
        .routes(routes!(cluster_bindings))
        .routes(routes!(application_bindings))
}

/// The bindings that the caller may see, by cluster and then by application.
#[utoipa::path(
    get,
    path = "/api/v1/bindings",
    tag = "bindings",
    params(NarrowParameters, ListParameters),
    responses(ListAnswers)
)]
async fn bindings(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let known = ["application", "cluster", "abnormal"];
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &known)?;
    let (application, cluster) = (asked.get("application"), asked.get("cluster"));
    let narrow = (application.map(str::to_owned), cluster.map(str::to_owned));
    list(&state, &caller, headers, narrow, asked).await
}

/// The bindings on one cluster.
#[utoipa::path(
    get, path = "/api/v1/clusters/{name}/bindings", tag = "bindings",
    params(("name" = String, Path, description = "The cluster."), ListParameters),
    responses(ListAnswers)
)]
async fn cluster_bindings(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Failure> {
    list(&state, &caller, headers, (None, Some(name)), asked).await
}

/// The bindings of one application.
#[utoipa::path(
    get, path = "/api/v1/applications/{name}/bindings", tag = "bindings",
    params(("name" = String, Path, description = "The application."), ListParameters),
    responses(ListAnswers)
)]
async fn application_bindings(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Failure> {
    list(&state, &caller, headers, (Some(name), None), asked).await
}

/// One binding: what should run, what is released, and how they relate.
#[utoipa::path(
    get, path = "/api/v1/bindings/{application}/{cluster}", tag = "bindings",
    params(
        ("application" = String, Path, description = "The application."),
        ("cluster" = String, Path, description = "The cluster."),
    ),
    responses(BindingAnswers)
)]
async fn binding(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path((application, cluster)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let narrow = narrow(&catalogue, &sight, Some(&application), Some(&cluster))?;
    let (Some(application_id), Some(cluster_id)) = narrow else { return Err(no_source()) };
    let cell = catalogue.cell(application_id, cluster_id);
    let cell = cell.filter(|_| sight.cell(catalogue.fleet(), application_id, cluster_id));
    let cell = cell.ok_or_else(|| {
        Failure::not_found(format!("`{application}` is not on `{cluster}`"))
            .hint("`res-edge explain` says which part of which expression is the reason")
    })?;
    let mut binding = catalogue.wire(&cell);
    binding.status.actual = actual(&state, &catalogue, &cell, Timestamp::now());
    let bytes = serde_json::to_vec(&binding).unwrap_or_default();
    let etag = format!("\"{}\"", short_digest(&bytes));
    let etag = etag.parse().map_err(|_| no_source())?;
    Ok(match is_known(&headers, &etag) {
        true => not_modified(&etag),
        false => json(&etag, bytes.into()),
    })
}

type Narrow = (Option<ApplicationId>, Option<ClusterId>);

/// The names of an application and a cluster, looked up.
fn narrow(
    catalogue: &Catalogue,
    sight: &Sight,
    application: Option<&str>,
    cluster: Option<&str>,
) -> Result<Narrow, Failure> {
    let fleet = catalogue.fleet();
    let find = |kind, name: Option<&str>| {
        let Some(name) = name else { return Ok(None) };
        let found = fleet.document(kind, name).filter(|id| sight.document(fleet, *id));
        found.map(Some).ok_or_else(|| unknown(catalogue, sight, kind, name))
    };
    let application = find(Kind::Application, application)?;
    let cluster = find(Kind::Cluster, cluster)?;
    Ok((application.map(|id| ApplicationId(id.index)), cluster.map(|id| ClusterId(id.index))))
}

async fn list(
    state: &AppState,
    caller: &Caller,
    headers: HeaderMap,
    (application, cluster): (Option<String>, Option<String>),
    asked: Asked,
) -> Result<Response, Failure> {
    let catalogue = state.catalogue_at(asked.get("asOf")).await?;
    let Some(catalogue) = catalogue else { return Ok(empty()) };
    let sight = catalogue.sight(caller);
    let narrow = narrow(&catalogue, &sight, application.as_deref(), cluster.as_deref())?;
    // What agents say changes the answer too, and so does time: every minute is another answer.
    let (said, minute) = (state.agents.presence.version(), Timestamp::now().as_second() / 60);
    let path = format!("bindings/{narrow:?}/{said}/{minute}");
    let etag = asked.etag(&path, &catalogue, &sight);
    if is_known(&headers, &etag) {
        return Ok(not_modified(&etag));
    }
    let state = state.clone();
    let body = move || body(&state, &catalogue, &sight, narrow, &asked);
    let body = tokio::task::spawn_blocking(body).await;
    let body = body.map_err(|error| Failure::unavailable(&error))??;
    Ok(json(&etag, body))
}

fn body(
    state: &AppState,
    catalogue: &Arc<Catalogue>,
    sight: &Sight,
    narrow: Narrow,
    asked: &Asked,
) -> Result<Bytes, Failure> {
    let query = asked.query(catalogue, Listed::Bindings, sight)?;
    let mut accepted = accepted(catalogue, sight, &query, narrow);
    let now = Timestamp::now();
    if asked.get("abnormal").is_some_and(|word| word == "true") {
        accepted.retain(|cell| {
            actual(state, catalogue, cell, now).is_some_and(|actual| {
                actual.synced != SyncedWord::Synced || actual.healthy != HealthyWord::Healthy
            })
        });
    }
    if !query.order.is_natural() {
        let row = |cell: &Cell| Row::Binding(catalogue.binding(cell));
        query.order.sort_first(&mut accepted, asked.end(), row);
    }
    let page = asked.page(&accepted, catalogue)?;
    let items = page
        .items
        .iter()
        .filter_map(|cell| item(catalogue, &query, cell, actual(state, catalogue, cell, now)));
    Ok(page_bytes(items, page.total, page.next.as_deref()))
}

fn accepted(
    catalogue: &Catalogue,
    sight: &Sight,
    query: &Query,
    (application, cluster): Narrow,
) -> Vec<Cell> {
    let fleet = catalogue.fleet();
    let mut accepted = Vec::new();
    let is_on = |id: &ClusterId| {
        cluster.is_none_or(|cluster| cluster == *id)
            && query.clusters.as_ref().is_none_or(|clusters| clusters.contains(*id))
    };
    for id in catalogue.clusters().filter(is_on) {
        catalogue.each_cell(id, &mut |cell| {
            let is_asked = application.is_none_or(|application| application == cell.application)
                && query.accepts(&Row::Binding(catalogue.binding(&cell)))
                && has(catalogue, query, &cell)
                && sight.cell(fleet, cell.application, id);
            if is_asked {
                accepted.push(cell);
            }
        });
    }
    accepted
}

/// Whether the words that are searched stand in the names of a binding.
fn has(catalogue: &Catalogue, query: &Query, cell: &Cell) -> bool {
    if query.terms.is_empty() {
        return true;
    }
    let fleet = catalogue.fleet();
    let application = fleet.applications[cell.application.0 as usize].name.as_str();
    let cluster = fleet.clusters[cell.cluster.index()].name.as_str();
    query.terms.iter().all(|term| application.contains(term) || cluster.contains(term))
}

/// How a cell is on its cluster, as its agent says.
fn actual(
    state: &AppState,
    catalogue: &Catalogue,
    cell: &Cell,
    now: Timestamp,
) -> Option<ActualState> {
    let uid = catalogue.ledger_cluster(cell.cluster)?.uid;
    let name = catalogue.fleet().applications[cell.application.0 as usize].name.as_str();
    state.agents.presence.look(|all| actual_of_cell(all.get(&uid)?, name, cell.released, now))
}

fn item(
    catalogue: &Catalogue,
    query: &Query,
    cell: &Cell,
    actual: Option<ActualState>,
) -> Option<Bytes> {
    let mut binding = catalogue.wire(cell);
    binding.status.actual = actual;
    let Some(fields) = &query.fields else {
        return serde_json::to_vec(&binding).ok().map(Bytes::from);
    };
    let serde_json::Value::Object(document) = serde_json::to_value(&binding).ok()? else {
        return None;
    };
    serde_json::to_vec(&selected(&document, fields)).ok().map(Bytes::from)
}
