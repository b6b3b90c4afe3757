//! The routes, one file for each part of the API.

mod agent;
mod audit;
mod authorize;
mod bindings;
mod changes;
mod documents;
mod edits;
pub(crate) mod events;
mod expressions;
mod git;
mod identity;
mod ledger;
mod methods;
pub(crate) mod operations;
mod preview;
mod probes;
mod provider;
mod sign_in;
mod status;
mod tokens;
mod users;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use serde_json::{Value, json};
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(super) use ledger::step_of;

use super::AppState;
use super::reference::Reference;
use super::rules::{Need, need};
use crate::connection::Patience;

/// Every route that the description of the API lists.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(identity::routes())
        .merge(probes::routes())
        .merge(status::routes())
        .merge(documents::routes())
        .merge(edits::routes())
        .merge(bindings::routes())
        .merge(expressions::routes())
        .merge(ledger::routes())
        .merge(audit::routes())
        .merge(sign_in::routes())
        .merge(methods::routes())
        .merge(provider::routes())
        .merge(authorize::routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(changes::routes())
        .merge(operations::routes())
        .merge(events::routes())
        .merge(preview::routes())
        .merge(webhooks::routes())
        .merge(agent::routes())
}

/// The routes of Git's protocol, which Git describes and the description of the API does not.
pub(crate) fn git(patience: Patience) -> Router<AppState> {
    git::routes().layer(RequestBodyTimeoutLayer::new(patience.next_part))
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
            if method == "get" && path.starts_with("/api/v1/") {
                add_wait(operation);
            }
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

/// What every read takes, see [`super::wait::before_reads`].
fn add_wait(operation: &mut Value) {
    let wait = json!({
        "name": "wait", "in": "query", "required": false,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
        "description": "A commit of the source: answered when it, or one that follows it, is \
            released.",
    });
    let Some(operation) = operation.as_object_mut() else { return };
    if let Some(parameters) = operation.entry("parameters").or_insert(json!([])).as_array_mut() {
        parameters.push(wait);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    let all = [
        ("400", "A parameter cannot be used."),
        ("409", "What is waited for was refused."),
        ("504", "What is waited for was not released in time."),
    ];
    for (status, description) in all {
        responses.entry(status).or_insert(json!({"description": description}));
    }
}

fn add_common(path: &str, operation: &mut Value) {
    if need(path) == Need::Nothing {
        operation["security"] = json!([]);
    }
    let takes_body = operation.get("requestBody").is_some();
    let takes_parameters = operation.get("parameters").is_some() || path.contains('{');
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let problem = json!({"application/problem+json": {"schema": {
        "$ref": "#/components/schemas/Problem",
    }}});
    let mut common = vec![("429", "Too many requests."), ("503", "Not at the moment.")];
    if takes_parameters || takes_body {
        common.push(("400", "The path, the query or the body cannot be read."));
    }
    if takes_body {
        common.push(("413", "The body is too large."));
        common.push(("415", "The body is not of the type that is taken."));
    }
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
