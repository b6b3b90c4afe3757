//! How people can sign in, for the page where they do.

use api::{ProviderMethod, SignInMethods};
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::identity::{IdentityProvider, OIDC};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(methods))
}

/// How people can sign in. Where the provider does not answer, `problem` says why.
#[utoipa::path(get, path = "/auth/methods", tag = "identity", responses(
    (status = 200, body = SignInMethods),
))]
async fn methods(State(state): State<AppState>) -> Json<SignInMethods> {
    let provider = match &state.provider {
        Some(provider) => Some(method(provider).await),
        None => None,
    };
    Json(SignInMethods { password: true, provider })
}

async fn method(provider: &IdentityProvider) -> ProviderMethod {
    ProviderMethod {
        name: OIDC.to_owned(),
        host: provider.host(),
        begin: super::provider::BEGIN.to_owned(),
        problem: provider.reach().await.err().map(|why| why.to_string()),
    }
}
