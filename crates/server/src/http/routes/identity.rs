//! Who asks, as the server understood it.

use api::Whoami;
use axum::{Extension, Json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::identity::Caller;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(whoami))
}

/// Who asks, as Roles can name it.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "identity", responses(
    (status = 200, body = Whoami),
    (status = 401, body = api::Problem, content_type = "application/problem+json"),
))]
async fn whoami(Extension(caller): Extension<Caller>) -> Json<Whoami> {
    Json(Whoami {
        name: caller.name,
        subjects: caller.subjects,
        is_administrator: caller.is_administrator,
    })
}
