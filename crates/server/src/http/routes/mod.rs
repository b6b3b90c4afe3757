//! The routes, one file for each part of the API.

mod identity;
mod probes;
mod status;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::AppState;

/// Every route that the description of the API lists.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(identity::routes()).merge(probes::routes()).merge(status::routes())
}

/// The description itself.
pub(crate) fn description(description: OpenApi) -> Router<AppState> {
    let document = Json(description);
    Router::new().route("/api/openapi.json", get(async move || document.clone()))
}
