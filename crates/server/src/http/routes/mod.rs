//! The routes, one file for each part of the API.

mod audit;
mod bindings;
mod changes;
mod documents;
mod expressions;
mod git;
mod identity;
mod ledger;
mod probes;
mod sign_in;
mod status;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::AppState;
use super::reference::Reference;
use super::rules::{Need, need};

/// Every route that the description of the API lists.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(identity::routes())
        .merge(probes::routes())
        .merge(status::routes())
        .merge(documents::routes())
        .merge(bindings::routes())
        .merge(expressions::routes())
        .merge(ledger::routes())
        .merge(audit::routes())
        .merge(sign_in::routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(changes::routes())
}

/// The routes of Git's protocol, which Git describes and the description of the API does not.
pub(crate) fn git() -> Router<AppState> {
    git::routes()
}

/// The description itself, for programs and for people.
pub(crate) fn description(description: OpenApi) -> Router<AppState> {
    let document = described(&description);
    let page = Arc::new(Reference::new(&document));
    let document = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    let json = [(header::CONTENT_TYPE, "application/json")];
    Router::new()
        .route("/api/openapi.json", get(async move || (json, document.clone())))
        .route("/api/docs", get(async move || page.answer()))
}

/// The OpenAPI document as it is published: with the token that every route takes, and with the
/// answers that any route may give.
pub(crate) fn described(description: &OpenApi) -> Value {
    let mut document = serde_json::to_value(description).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "A token, `re_...`."},
    });
    document["security"] = json!([{"token": []}]);
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    // A path that takes the rest of a URL is written `{*path}` for the router only.
    *paths = std::mem::take(paths).into_iter().map(|(k, v)| (k.replace("{*", "{"), v)).collect();
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            operation["operationId"] = operation_id(method, path).into();
            add_common(path, operation);
        }
    }
    document
}

/// The name of an operation for programs: `getClustersByName` of `get /api/v1/clusters/{name}`.
/// Two operations never have the same one.
fn operation_id(method: &str, path: &str) -> String {
    let parts = path.strip_prefix("/api/v1").unwrap_or(path).split(['/', ':', '.', '-']);
    let words = parts.filter(|part| !part.is_empty()).map(|part| {
        let (by, word) = match part.strip_prefix('{') {
            Some(name) => ("By", name.trim_end_matches('}')),
            None => ("", part),
        };
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        format!("{by}{}{rest}", first.to_uppercase())
    });
    format!("{method}{}", words.collect::<String>())
}

fn add_common(path: &str, operation: &mut Value) {
    if need(path) == Need::Nothing {
        operation["security"] = json!([]);
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let problem = json!({"application/problem+json": {"schema": {
        "$ref": "#/components/schemas/Problem",
    }}});
    let mut common = vec![("429", "Too many requests."), ("503", "Not at the moment.")];
    if need(path) != Need::Nothing {
        common.push(("401", "Nobody is signed in, or the token is not valid."));
    }
    for (status, description) in common {
        responses.entry(status).or_insert(json!({"description": description}));
    }
    // Whatever is refused is refused with a problem; a route only says when.
    let is_refusal = |status: &str| status.starts_with(['4', '5']);
    for (_, answer) in responses.iter_mut().filter(|(status, _)| is_refusal(status)) {
        if answer.get("content").is_none() {
            answer["content"] = problem.clone();
        }
    }
}
