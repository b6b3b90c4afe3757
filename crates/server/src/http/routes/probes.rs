//! Whether the server lives, and whether it can answer.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::http::problem::Failure;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready))
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, body = str)))]
async fn health() -> &'static str {
    "ok\n"
}

/// Whether requests can be answered: the database and the repositories do, and the source was
/// looked at.
#[utoipa::path(get, path = "/readyz", tag = "server", responses(
    (status = 200, body = str),
    (status = 503),
))]
async fn ready(State(state): State<AppState>) -> Result<&'static str, Failure> {
    state.store.ping().await?;
    for repository in [&state.data.source, &state.data.clusters] {
        repository.reference("HEAD").map_err(|error| Failure::unavailable(&error))?;
    }
    if state.snapshot().observed.is_none() {
        let detail = "the source was not looked at yet";
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail)
            .hint("wait; with 30,000 clusters the first look takes up to a minute"));
    }
    Ok("ok\n")
}
