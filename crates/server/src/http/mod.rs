//! HTTP: the routes, who may come in, and how errors look.
//!
//! Every request passes the same layers: an id, a log line, limits of size, time and number, and
//! the question who asks ([`gate`]). Without an answer to that, only the routes that [`rules`] calls
//! open are reached. What a caller may do with the thing that a path names is asked by the route,
//! of `Caller` and the resolved thing, and never by the path.

mod answer;
mod audit;
mod body;
mod conditional;
mod gate;
mod idempotency;
mod limits;
mod listing;
pub(crate) mod metrics;
mod page;
mod past;
mod problem;
mod reference;
mod routes;
mod rules;
mod state;
mod stream;
mod wait;

pub(crate) use idempotency::{Idempotency, ToldOnce};
pub(crate) use limits::Limits;
pub(crate) use past::Pasts;
pub(crate) use problem::diagnostic_texts;
pub(crate) use routes::events::Streams;
pub(crate) use state::{AppState, Shared};

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;

use crate::connection::Patience;

/// The largest body of a request, besides those of Git: 8 MiB.
const LARGEST_BODY: usize = 8 << 20;

/// How long an answer may take, besides those that stream.
const LONGEST_ANSWER: Duration = Duration::from_secs(120);

/// Where a request's id stands.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The description of the API, without its paths, which the routes add.
#[derive(OpenApi)]
#[openapi(info(
    title = "Res-Edge",
    description = "GitOps for very many Kubernetes clusters: documents, changes, releases.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
), components(schemas(
    api::Document, api::Page<api::Document>, api::Page<api::Binding>, api::Problem, api::Edited,
    api::WatchEvent
)))]
struct Description;

/// The whole server as one service.
pub(crate) fn router(state: AppState, patience: Patience) -> Router {
    let (api, description) =
        utoipa_axum::router::OpenApiRouter::with_openapi(Description::openapi())
            .merge(routes::api())
            .split_for_parts();
    let api = api.merge(routes::description(description));
    api.layer(axum::middleware::from_fn(answer::as_problem))
        .layer(axum::middleware::from_fn_with_state(state.clone(), wait::before_reads))
        .layer(axum::middleware::from_fn_with_state(state.clone(), idempotency::once))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
        // What streams has limits of its own.
        .merge(routes::git(patience))
        .fallback(answer::no_such_path)
        .method_not_allowed_fallback(answer::wrong_method)
        .layer(axum::middleware::from_fn_with_state(state.clone(), audit::of_each))
        .layer(axum::middleware::from_fn_with_state(state.clone(), limits::of_caller))
        .layer(axum::middleware::from_fn_with_state(state.clone(), gate::admit))
        .layer(axum::middleware::from_fn_with_state(state.clone(), limits::of_stranger))
        .layer(axum::middleware::from_fn_with_state(state.clone(), metrics::count))
        .layer(CatchPanicLayer::custom(answer::panicked))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(axum::middleware::from_fn(gate::log))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(state)
}
