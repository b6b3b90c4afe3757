//! Metrics: counted at the gate, told on an address of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::JoinHandle;

use super::AppState;
use crate::agents::Agents;
use crate::controller::Controller;
use crate::telemetry::Metrics;

/// The media type of OpenMetrics,
/// <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a request is counted under that no route took.
const NO_ROUTE: &str = "none";

/// Counts an answer under its route.
pub(super) async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.as_deref().unwrap_or(NO_ROUTE);
    let status = response.status().as_u16();
    state.metrics.answered(method.as_str(), route, status, start.elapsed());
    response
}

/// The service on the address of metrics: it asks nobody who they are, so it is off unless an
/// address is given.
pub(crate) fn router(metrics: Arc<Metrics>, controller: Controller, agents: Arc<Agents>) -> Router {
    let text = move || {
        let text = metrics.text(&controller.snapshot(), &agents);
        async move { ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response() }
    };
    Router::new().route("/metrics", get(text))
}

/// Those who collect metrics are answered on this address until this is dropped.
pub(crate) struct Told {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Told {
    /// Listens.
    pub(crate) async fn start(address: SocketAddr, router: Router) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "metrics are told no longer");
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.task.abort();
    }
}
