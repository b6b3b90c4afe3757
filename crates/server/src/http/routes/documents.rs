//! Documents of every kind, in lists and one by one.

use std::sync::Arc;

use api::{Document, Page, Problem};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use plan::documents::{DocumentId, Row, project};
use plan::query::Listed;
use rayon::prelude::*;
use schema::Kind;
use serde_json::{Map, Value};
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalogue::{Catalogue, plural};
use crate::http::AppState;
use crate::http::conditional::{is_known, json, not_modified, prefers, text};
use crate::http::listing::{Asked, ListParameters, Query};
use crate::http::problem::Failure;
use crate::identity::Caller;
use crate::sight::Sight;

/// How lists of documents answer.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum ListAnswers {
    /// A page of documents.
    #[response(status = 200)]
    Page(Page<Document>),
    /// The client has this page already, by its `If-None-Match`.
    #[response(status = 304)]
    Known,
    /// A parameter cannot be used.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There was no such step.
    #[response(status = 404, content_type = "application/problem+json")]
    None(Problem),
    /// The list that `continue` goes on with is no more: start again.
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(Problem),
}

/// How single documents answer.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum DocumentAnswers {
    /// The document; for `Accept: application/yaml`, as it is written in the source.
    #[response(status = 200)]
    Document(Document),
    /// The client has it already, by its `If-None-Match`.
    #[response(status = 304)]
    Known,
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There is no such document, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    None(Problem),
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(fleet))
        .routes(routes!(clusters))
        .routes(routes!(cluster))
        .routes(routes!(groups))
        .routes(routes!(group))
        .routes(routes!(namespaces))
        .routes(routes!(namespace))
        .routes(routes!(applications))
        .routes(routes!(application))
        .routes(routes!(roles))
        .routes(routes!(role))
}

/// A route for the list of a kind, and one for each document of it.
macro_rules! kind {
    ($kind:ident: $list:ident at $path:tt, $lists:tt; $one:ident at $single:tt, $ones:tt) => {
        #[doc = $lists]
        #[utoipa::path(
            get, path = $path, tag = "documents", params(ListParameters), responses(ListAnswers)
        )]
        async fn $list(
            State(state): State<AppState>,
            Extension(caller): Extension<Caller>,
            headers: HeaderMap,
            asked: Asked,
        ) -> Result<Response, Failure> {
            list(&state, &caller, headers, Kind::$kind, asked).await
        }

        #[doc = $ones]
        #[utoipa::path(
            get, path = $single, tag = "documents",
            params(("name" = String, Path, description = "What it is called.")),
            responses(DocumentAnswers)
        )]
        async fn $one(
            State(state): State<AppState>,
            Extension(caller): Extension<Caller>,
            headers: HeaderMap,
            Path(name): Path<String>,
        ) -> Result<Response, Failure> {
            one(&state, &caller, &headers, Kind::$kind, &name)
        }
    };
}

kind!(
    Cluster: clusters at "/api/v1/clusters", "The clusters that the caller may see.";
    cluster at "/api/v1/clusters/{name}", "One cluster."
);
kind!(
    Namespace: namespaces at "/api/v1/namespaces", "The namespaces that the caller may see.";
    namespace at "/api/v1/namespaces/{name}", "One namespace."
);
kind!(
    Application: applications at "/api/v1/applications", "The applications that the caller may see.";
    application at "/api/v1/applications/{name}", "One application."
);
kind!(
    Role: roles at "/api/v1/roles", "The Roles, for those who may see them.";
    role at "/api/v1/roles/{name}", "One Role."
);

/// The groups that the caller may see.
#[utoipa::path(
    get,
    path = "/api/v1/groups",
    tag = "documents",
    params(ListParameters),
    responses(ListAnswers)
)]
async fn groups(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Failure> {
    list(&state, &caller, headers, Kind::Group, asked).await
}

/// One group, by its path without the first slash, as in `/api/v1/groups/stores/central`.
#[utoipa::path(
    get, path = "/api/v1/groups/{*path}", tag = "documents",
    params(("path" = String, Path, description = "The path, as in `stores/central`.")),
    responses(DocumentAnswers)
)]
async fn group(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(path): Path<String>,
) -> Result<Response, Failure> {
    one(&state, &caller, &headers, Kind::Group, &format!("/{path}"))
}

/// The settings of the fleet.
#[utoipa::path(get, path = "/api/v1/fleet", tag = "documents", responses(DocumentAnswers))]
async fn fleet(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let id = DocumentId { kind: Kind::Fleet, index: 0 };
    answer(&catalogue, &catalogue.sight(&caller), &headers, id)
        .ok_or_else(|| Failure::not_found("there is no fleet that you may see"))
}

/// The failure of a server that has no source yet.
pub(super) fn no_source() -> Failure {
    Failure::not_found("there is no fleet yet: no source was accepted")
        .hint("push one to `/git/source.git`; `GET /api/v1/status` says what was refused")
}

fn one(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    kind: Kind,
    name: &str,
) -> Result<Response, Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(caller);
    let found = catalogue.fleet().document(kind, name);
    let answer = found.and_then(|id| answer(&catalogue, &sight, headers, id));
    answer.ok_or_else(|| unknown(&catalogue, &sight, kind, name))
}

/// There is no such document, or none that the caller may see: the answer is the same.
pub(super) fn unknown(catalogue: &Catalogue, sight: &Sight, kind: Kind, name: &str) -> Failure {
    let fleet = catalogue.fleet();
    let word = kind.word().to_lowercase();
    let failure = Failure::not_found(format!("there is no {word} `{name}`"));
    let seen = fleet.documents(kind).filter(|id| sight.document(fleet, *id));
    match schema::nearest(name, seen.map(|id| fleet.document_name(id))) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("`GET /api/v1/{}` lists what there is", plural(kind))),
    }
}

/// The media type of documents as they are written (RFC 9512).
const YAML: &str = "application/yaml";

/// A document as JSON; or, where that is asked for, as it is written in the source.
fn answer(
    catalogue: &Catalogue,
    sight: &Sight,
    headers: &HeaderMap,
    id: DocumentId,
) -> Option<Response> {
    if prefers(headers, YAML) {
        return written(catalogue, sight, headers, id);
    }
    let served = catalogue.served(id, sight)?;
    Some(match is_known(headers, &served.etag) {
        true => not_modified(&served.etag),
        false => json(&served.etag, served.bytes.clone()),
    })
}

fn written(
    catalogue: &Catalogue,
    sight: &Sight,
    headers: &HeaderMap,
    id: DocumentId,
) -> Option<Response> {
    let (fleet, files) = (catalogue.fleet(), catalogue.files());
    let span = fleet.document_span(files, id).filter(|_| sight.document(fleet, id))?;
    let etag = format!("\"{}-yaml\"", schema::json::text_digest(files, span)?);
    let etag = etag.parse().ok()?;
    if is_known(headers, &etag) {
        return Some(not_modified(&etag));
    }
    let file = std::str::from_utf8(&files.get(span.file)?.bytes).ok()?;
    let name = fleet.document_name(id).into();
    let document = schema::edit::DocumentRef::Named { kind: id.kind, name };
    Some(text(&etag, YAML, schema::edit::text_of(file, &document).ok()?))
}

async fn list(
    state: &AppState,
    caller: &Caller,
    headers: HeaderMap,
    kind: Kind,
    asked: Asked,
) -> Result<Response, Failure> {
    let catalogue = state.catalogue_at(asked.get("asOf")).await?;
    let Some(catalogue) = catalogue else { return Ok(empty()) };
    let sight = catalogue.sight(caller);
    let etag = asked.etag(plural(kind), &catalogue, &sight);
    if is_known(&headers, &etag) {
        return Ok(not_modified(&etag));
    }
    let body = tokio::task::spawn_blocking(move || body(&catalogue, &sight, kind, &asked)).await;
    let body = body.map_err(|error| Failure::unavailable(&error))??;
    Ok(json(&etag, body))
}

/// The list of a server that has no source yet.
pub(super) fn empty() -> Response {
    axum::response::IntoResponse::into_response(axum::Json(serde_json::json!({
        "items": [], "total": 0,
    })))
}

fn body(
    catalogue: &Arc<Catalogue>,
    sight: &Sight,
    kind: Kind,
    asked: &Asked,
) -> Result<Bytes, Failure> {
    let query = asked.query(catalogue, Listed::Documents(kind), sight)?;
    let fleet = catalogue.fleet();
    let mut accepted = accepted(catalogue, sight, kind, &query);
    if !query.order.is_natural() {
        query.order.sort_first(&mut accepted, asked.end(), |id| Row::Document(fleet, *id));
    }
    let page = asked.page(&accepted, catalogue)?;
    let items = page.items.iter().filter_map(|id| item(catalogue, sight, &query, *id));
    Ok(page_bytes(items, page.total, page.next.as_deref()))
}

fn accepted(catalogue: &Catalogue, sight: &Sight, kind: Kind, query: &Query) -> Vec<DocumentId> {
    let all: Vec<DocumentId> = catalogue.fleet().documents(kind).collect();
    all.into_par_iter().filter(|id| accepts(catalogue, sight, query, *id)).collect()
}

/// Every document of a kind that a list would hold, in the order of names.
pub(super) fn select(
    catalogue: &Catalogue,
    sight: &Sight,
    kind: Kind,
    asked: &Asked,
) -> Result<Vec<DocumentId>, Failure> {
    let query = asked.query(catalogue, Listed::Documents(kind), sight)?;
    Ok(accepted(catalogue, sight, kind, &query))
}

fn accepts(catalogue: &Catalogue, sight: &Sight, query: &Query, id: DocumentId) -> bool {
    let fleet = catalogue.fleet();
    query.clusters.as_ref().is_none_or(|clusters| fleet.document_is_on(id, clusters))
        && query.accepts(&Row::Document(fleet, id))
        && (query.terms.is_empty() || fleet.document_has(id, &query.terms))
        && sight.document(fleet, id)
}

fn item(catalogue: &Catalogue, sight: &Sight, query: &Query, id: DocumentId) -> Option<Bytes> {
    let Some(fields) = &query.fields else {
        return Some(catalogue.served(id, sight)?.bytes.clone());
    };
    let document = catalogue.document(id, sight)?;
    serde_json::to_vec(&selected(&document, fields)).ok().map(Bytes::from)
}

/// The selected fields of a document, and what it is.
pub(super) fn selected(document: &Map<String, Value>, fields: &[String]) -> Map<String, Value> {
    let always = ["apiVersion", "kind", "metadata/name"].map(str::to_owned);
    let fields: Vec<String> = always.into_iter().chain(fields.iter().cloned()).collect();
    project(document, &fields)
}

/// A page from items that are JSON already.
pub(super) fn page_bytes(
    items: impl Iterator<Item = Bytes>,
    total: usize,
    next: Option<&str>,
) -> Bytes {
    let mut bytes = b"{\"items\":[".to_vec();
    for (index, item) in items.enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        bytes.extend_from_slice(&item);
    }
    bytes.extend_from_slice(format!("],\"total\":{total}").as_bytes());
    if let Some(next) = next {
        // A token is base64 for URLs, so it needs no escape.
        bytes.extend_from_slice(format!(",\"continue\":\"{next}\"").as_bytes());
    }
    bytes.push(b'}');
    bytes.into()
}
