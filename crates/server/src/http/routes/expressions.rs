//! Expressions, looked at while someone writes them; and words that are searched.

use api::{ExpressionCheck, ExpressionQuery, Page, SearchMatch};
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use model::ClusterId;
use plan::documents::{DocumentId, Match, search};
use schema::Kind;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::{empty, no_source, page_bytes};
use crate::catalogue::Catalogue;
use crate::http::AppState;
use crate::http::conditional::{is_known, json, not_modified};
use crate::http::listing::{Asked, bad, selected, texts_of};
use crate::http::problem::Failure;
use crate::identity::Caller;
use crate::sight::Sight;

/// How many clusters of an expression are named.
const MOST_NAMES: usize = 100;

/// The kinds that are searched.
const SEARCHED: [Kind; 5] =
    [Kind::Fleet, Kind::Cluster, Kind::Group, Kind::Namespace, Kind::Application];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check_expression)).routes(routes!(search_documents))
}

/// What an expression selects now, or what is wrong with it.
#[utoipa::path(
    post, path = "/api/v1/expressions:check", tag = "documents", request_body = ExpressionQuery,
    responses(
        (status = 200, description = "What it selects, or its mistakes.", body = ExpressionCheck),
        (status = 400, description = "The body is not as described."),
        (status = 401, description = "Nobody is signed in."),
        (status = 404, description = "There is no fleet yet, or none that the caller may see."),
    )
)]
async fn check_expression(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    asked: Result<Json<ExpressionQuery>, JsonRejection>,
) -> Result<Json<ExpressionCheck>, Failure> {
    let Json(asked) = asked.map_err(|rejection| bad(rejection.body_text()))?;
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    if sight.is_nothing() {
        // Mistakes name what is near, and so tell what there is.
        return Err(Failure::not_found("there is nothing that you may see"));
    }
    Ok(Json(checked(&catalogue, &sight, &asked.expression)))
}

fn checked(catalogue: &Catalogue, sight: &Sight, text: &str) -> ExpressionCheck {
    let (clusters, found) = selected(catalogue, text, sight);
    let fleet = catalogue.fleet();
    let is_seen =
        |id: &ClusterId| sight.document(fleet, DocumentId { kind: Kind::Cluster, index: id.0 });
    let seen: Vec<ClusterId> = clusters.iter().flat_map(|set| set.iter()).filter(is_seen).collect();
    let names = seen.iter().take(MOST_NAMES).map(|id| fleet.clusters[id.index()].name.to_string());
    ExpressionCheck {
        valid: clusters.is_some(),
        clusters: u32::try_from(seen.len()).unwrap_or(u32::MAX),
        names: names.collect(),
        diagnostics: texts_of(catalogue, "expression", text, &found),
    }
}

/// Where words stand in names, descriptions, labels and values of what the caller may see.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "documents",
    params(
        ("q" = String, Query, description = "The words; in double quotes they stand together."),
        ("limit" = Option<u32>, Query, description = "How many places the page has at most.",
            minimum = 1, maximum = 1000),
        ("continue" = Option<String>, Query, description = "What the page before gave."),
        ("asOf" = Option<String>, Query, description = "A step, or a time as of RFC 3339."),
    ),
    responses(
        (status = 200, description = "The places.", body = Page<SearchMatch>),
        (status = 304, description = "The client has this page already."),
        (status = 400, description = "A parameter cannot be used."),
        (status = 401, description = "Nobody is signed in."),
        (status = 404, description = "There was no such step."),
        (status = 410, description = "The list is no more: start again."),
    )
)]
async fn search_documents(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &[])?;
    let terms = plan::documents::terms(asked.get("q").unwrap_or_default());
    if terms.is_empty() {
        return Err(bad("`q` has no word").hint("give what to find, as in `?q=nola`"));
    }
    let catalogue = state.catalogue_at(asked.get("asOf")).await?;
    let Some(catalogue) = catalogue else { return Ok(empty()) };
    let sight = catalogue.sight(&caller);
    let etag = asked.etag("search", &catalogue, &sight);
    if is_known(&headers, &etag) {
        return Ok(not_modified(&etag));
    }
    let found = move || found(&catalogue, &sight, &terms, &asked);
    let body = tokio::task::spawn_blocking(found).await;
    let body = body.map_err(|error| Failure::unavailable(&error))??;
    Ok(json(&etag, body))
}

fn found(
    catalogue: &Catalogue,
    sight: &Sight,
    terms: &[String],
    asked: &Asked,
) -> Result<Bytes, Failure> {
    let fleet = catalogue.fleet();
    let documents = SEARCHED.into_iter().flat_map(|kind| fleet.documents(kind));
    let seen = documents.filter(|id| fleet.document_has(*id, terms) && sight.document(fleet, *id));
    let matches = seen.flat_map(|id| {
        terms.iter().flat_map(move |term| search(fleet, id, term)).collect::<Vec<Match>>()
    });
    let mut matches: Vec<Match> = matches.collect();
    matches.dedup();
    let page = asked.page(&matches, catalogue)?;
    let items = page
        .items
        .iter()
        .filter_map(|found| serde_json::to_vec(&wire(catalogue, found)).ok().map(Bytes::from));
    Ok(page_bytes(items, page.total, page.next.as_deref()))
}

fn wire(catalogue: &Catalogue, found: &Match) -> SearchMatch {
    let place = catalogue.files().place(found.span);
    SearchMatch {
        kind: found.document.kind.word().to_owned(),
        name: catalogue.fleet().document_name(found.document).to_owned(),
        text: found.text.clone(),
        file: place.path,
        line: place.line as u64,
    }
}
