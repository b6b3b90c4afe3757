//! The log of the server, and its traces.
//!
//! In: how the terminal is, the environment, and where traces go. Out: one subscriber for the
//! process. The log goes to standard error as `RES_EDGE_LOG` says (`info` if it does not): lines
//! for people, or JSON where nobody watches. Traces go to a collector, as OTLP over HTTP; what
//! there is to set besides the address is set by the variables of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use reqwest::Url;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::error::{CommandError, ErrorKind};

/// How long a collector may take: a server that ends waits as long for the last traces.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is traced: what the server does, and not what its libraries do, since sending traces would
/// be traced too.
const TRACED: &str = "server";

/// The log of this process, until it is dropped; what is not sent yet is sent then.
pub(crate) struct Log {
    traces: Option<SdkTracerProvider>,
}

impl Log {
    /// Begins to write the log, and to send traces if there is a collector. To be called outside
    /// of asynchronous code, since traces are sent by a thread of their own.
    ///
    /// # Errors
    /// The address of the collector cannot be used.
    pub(crate) fn start(
        is_for_people: bool,
        collector: Option<&Url>,
    ) -> Result<Self, CommandError> {
        let filter = std::env::var("RES_EDGE_LOG").unwrap_or_else(|_| "info".to_owned());
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match is_for_people {
            true => lines.compact().boxed(),
            false => lines.json().boxed(),
        };
        let traces = collector.map(provider).transpose()?;
        let spans = traces.as_ref().map(|provider| {
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(TRACED));
            layer.with_filter(Targets::new().with_target(TRACED, LevelFilter::INFO))
        });
        let subscriber = tracing_subscriber::registry();
        let subscriber = subscriber.with(lines.with_filter(EnvFilter::new(filter))).with(spans);
        // A second server in one process, as in tests, keeps the log of the first.
        let _ = subscriber.try_init();
        Ok(Self { traces })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.take().map(|traces| traces.shutdown()) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

/// Sends traces to a collector, many at a time.
fn provider(collector: &Url) -> Result<SdkTracerProvider, CommandError> {
    let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&endpoint)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| {
            let failure = format!("cannot send traces to `{endpoint}`: {error}");
            CommandError::new(ErrorKind::Unavailable, failure)
        })?;
    // `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over the name.
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => Resource::builder(),
        None => Resource::builder().with_service_name("res-edge"),
    };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
    Ok(provider.with_resource(resource.build()).build())
}

/// The address of a collector.
///
/// # Errors
/// It is none, in words for the one who gave it.
pub(crate) fn collector(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("traces go over http or https, and not {other}")),
    }
}
