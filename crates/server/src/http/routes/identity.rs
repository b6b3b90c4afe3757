//! Who asks, as the server understood it.

use api::Whoami;
use axum::{Extension, Json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::identity::{Caller, Credential};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(whoami))
}

/// Who asks, as Roles can name it.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "identity", responses(
    (status = 200, body = Whoami),
    (status = 401),
))]
async fn whoami(Extension(caller): Extension<Caller>) -> Json<Whoami> {
    Json(whoami_of(caller))
}

pub(super) fn whoami_of(caller: Caller) -> Whoami {
    let token = match caller.credential {
        Credential::Token { name, .. } => Some(name),
        _ => None,
    };
    let scope = caller.scope.map(|scope| scope.wire().to_vec());
    let Caller { name, subjects, is_administrator, .. } = caller;
    Whoami { name, subjects, is_administrator, token, scope }
}
