//! Webhooks: a forge says that there may be something new.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::AppState;
use crate::http::problem::Failure;
use crate::webhook::Provider;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// Takes a webhook of a forge: `github`, `gitlab`, `gitea`, `bitbucket` or `azure`.
///
/// It must prove that its sender knows the secret that the server was given for that forge. Its
/// body is not read otherwise: the source is fetched soon.
#[utoipa::path(post, path = "/webhooks/{provider}", tag = "server", params(
    ("provider" = String, Path, description = "The forge that sends it."),
), request_body(content = Value, description = "Whatever the forge sends."), responses(
    (status = 202, description = "The source is fetched soon."),
    (status = 401),
    (status = 404),
))]
async fn receive(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let known = provider
        .parse::<Provider>()
        .ok()
        .and_then(|one| Some((one, state.webhooks.get(&one)?, state.followed.as_ref()?)));
    let Some((provider, secret, followed)) = known else {
        return Err(Failure::not_found("no webhooks of this forge are taken here")
            .hint("start the server with `--webhook-secret FORGE=FILE`"));
    };
    if !provider.accepts(secret, &headers, &body) {
        tracing::warn!(%provider, "a webhook does not prove who sent it");
        let detail = "the request does not prove that its sender knows the secret";
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "wrong-signature", detail)
            .hint("give the forge and the server the same secret"));
    }
    followed.hints.hint();
    Ok(StatusCode::ACCEPTED)
}
