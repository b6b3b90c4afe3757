//! Metrics, for Prometheus.
//!
//! Names end with their unit, counters with `_total`. What can be read from a [`Snapshot`] is
//! counted when it is asked for; nothing is kept for single bindings, of which there are millions.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use api::ClusterWord;
use jiff::Timestamp;
use model::{HoldKind, PlacedKind};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::agents::{Agents, cluster_word};
use crate::snapshot::{Released, Snapshot};

/// The prefix of every name.
const PREFIX: &str = "res_edge";

/// A request, as it is counted: by its route and never by its path, of which there are too many.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SeverityLabels {
    severity: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// How a look at the source ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A step was released, or there was nothing to release.
    Success,
    /// The source was refused.
    Refused,
    /// A repository or the database failed.
    Failed,
}

impl Outcome {
    fn labels(self) -> OutcomeLabels {
        let outcome = match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Failed => "failed",
        };
        OutcomeLabels { outcome }
    }
}

/// The kinds of holds, as they are labelled.
const HOLDS: [&str; 5] = ["foreign", "adopted", "hold", "rollback", "stop"];

/// How clusters are, as they are labelled.
const STATES: [ClusterWord; 6] = [
    ClusterWord::Unknown,
    ClusterWord::Unreachable,
    ClusterWord::Held,
    ClusterWord::Degraded,
    ClusterWord::Progressing,
    ClusterWord::Ready,
];

/// The weights of mistakes, as they are labelled.
const SEVERITIES: [&str; 2] = ["error", "warning"];

type Whole = Gauge<i64, AtomicI64>;
type Seconds = Gauge<f64, AtomicU64>;

/// Everything that is measured.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    request_duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
    reconciles: Family<OutcomeLabels, Histogram, fn() -> Histogram>,
    generation: Whole,
    clusters: Whole,
    bindings: Whole,
    stale: Whole,
    reported: Family<StateLabels, Whole>,
    holds: Family<KindLabels, Whole>,
    diagnostics: Family<SeverityLabels, Whole>,
    refused: Whole,
    fetches: Family<OutcomeLabels, Counter>,
    source_unreachable: Whole,
    ledger_unreachable: Whole,
    observed: Seconds,
}

fn quick() -> Histogram {
    // 1 ms to 16 s.
    Histogram::new(exponential_buckets(0.001, 4.0, 8))
}

fn slow() -> Histogram {
    // 10 ms to 160 s.
    Histogram::new(exponential_buckets(0.01, 4.0, 8))
}

impl Metrics {
    /// Metrics that count from nothing.
    pub(crate) fn new() -> Self {
        let quick: fn() -> Histogram = quick;
        let slow: fn() -> Histogram = slow;
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix(PREFIX)),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(quick),
            reconciles: Family::new_with_constructor(slow),
            generation: Gauge::default(),
            clusters: Gauge::default(),
            bindings: Gauge::default(),
            stale: Gauge::default(),
            reported: Family::default(),
            holds: Family::default(),
            diagnostics: Family::default(),
            refused: Gauge::default(),
            fetches: Family::default(),
            source_unreachable: Gauge::default(),
            ledger_unreachable: Gauge::default(),
            observed: Gauge::default(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }

    /// Gives every label that is known beforehand its zero: a series that appears with its first
    /// count hides that count from `increase`.
    fn begin_at_zero(&self) {
        for state in STATES {
            drop(self.reported.get_or_create(&StateLabels { state: state.as_str() }));
        }
        for kind in HOLDS {
            drop(self.holds.get_or_create(&KindLabels { kind }));
        }
        for severity in SEVERITIES {
            drop(self.diagnostics.get_or_create(&SeverityLabels { severity }));
        }
        for outcome in [Outcome::Success, Outcome::Refused, Outcome::Failed] {
            drop(self.reconciles.get_or_create(&outcome.labels()));
        }
        for outcome in [Outcome::Success, Outcome::Failed] {
            drop(self.fetches.get_or_create(&outcome.labels()));
        }
    }

    fn register(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", build);
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        let help = "How long answers took";
        let duration = self.request_duration.clone();
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, duration);
        let help = "How long looks at the source took, with compile, release and projection";
        let reconciles = self.reconciles.clone();
        registry.register_with_unit("reconcile_duration", help, Unit::Seconds, reconciles);
        let whole = [
            ("ledger_generation", "The last step of the ledger", &self.generation),
            ("clusters", "Clusters that have a release", &self.clusters),
            ("bindings", "Bindings that are released", &self.bindings),
            ("bindings_stale", "Bindings that keep their last tree since a fault", &self.stale),
            ("source_refused", "1 while the newest source is refused", &self.refused),
            (
                "source_unreachable",
                "1 while a source that is elsewhere cannot be fetched",
                &self.source_unreachable,
            ),
            (
                "ledger_unreachable",
                "1 while a ledger that is elsewhere cannot be read",
                &self.ledger_unreachable,
            ),
        ];
        for (name, help, gauge) in whole {
            registry.register(name, help, gauge.clone());
        }
        let help = "Fetches of a source that is elsewhere";
        registry.register("source_fetches", help, self.fetches.clone());
        let help = "Clusters with a release, by what their agents say of them";
        registry.register("clusters_reported", help, self.reported.clone());
        registry.register(
            "holds",
            "What gets no release until a person decides",
            self.holds.clone(),
        );
        let help = "Mistakes in the source in use";
        registry.register("source_diagnostics", help, self.diagnostics.clone());
        let help = "When the source was looked at last, in seconds since 1970";
        registry.register_with_unit(
            "source_observed_timestamp",
            help,
            Unit::Seconds,
            self.observed.clone(),
        );
    }

    /// Counts one answer.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { route: route.to_owned() };
        self.request_duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts one look at the source.
    pub(crate) fn looked(&self, outcome: Outcome, took: Duration) {
        self.reconciles.get_or_create(&outcome.labels()).observe(took.as_secs_f64());
    }

    /// Counts one fetch of a source that is elsewhere.
    pub(crate) fn fetched(&self, is_success: bool) {
        let outcome = if is_success { Outcome::Success } else { Outcome::Failed };
        self.fetches.get_or_create(&outcome.labels()).inc();
        self.source_unreachable.set(i64::from(!is_success));
    }

    /// All of it, in the text format of OpenMetrics.
    pub(crate) fn text(&self, snapshot: &Snapshot, agents: &Agents) -> String {
        self.take(snapshot);
        if let Some(released) = &snapshot.released {
            self.take_reported(released, agents);
        }
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // A string takes every text.
        let _ = encode(&mut text, &registry);
        text
    }

    fn take(&self, snapshot: &Snapshot) {
        self.refused.set(i64::from(snapshot.refused.is_some()));
        self.ledger_unreachable.set(i64::from(snapshot.ledger_reach.failing.is_some()));
        let observed = snapshot.observed.map_or(0.0, |at| at.as_millisecond() as f64 / 1_000.0);
        self.observed.set(observed);
        if let Some(source) = &snapshot.source {
            let tally = api::text::Tally::of(source.diagnostics());
            for (severity, n) in SEVERITIES.into_iter().zip([tally.n_errors, tally.n_warnings]) {
                self.diagnostics.get_or_create(&SeverityLabels { severity }).set(n as i64);
            }
        }
        if let Some(released) = &snapshot.released {
            self.take_released(released);
        }
    }

    fn take_reported(&self, Released { ledger, .. }: &Released, agents: &Agents) {
        let (mut counts, now) = ([0; STATES.len()], Timestamp::now());
        agents.presence.look(|all| {
            for cluster in &ledger.clusters {
                let word = cluster_word(all.get(&cluster.uid), Some(cluster.tree), now);
                if let Some(position) = STATES.iter().position(|state| *state == word) {
                    counts[position] += 1;
                }
            }
        });
        for (state, n) in STATES.into_iter().zip(counts) {
            self.reported.get_or_create(&StateLabels { state: state.as_str() }).set(n);
        }
    }

    fn take_released(&self, Released { ledger, .. }: &Released) {
        self.generation.set(i64::from(ledger.generation.0));
        self.clusters.set(ledger.clusters.len() as i64);
        self.bindings.set(ledger.n_bindings() as i64);
        // Runs of equal releases, of which a cluster has few, and not its cells.
        let runs = ledger.clusters.iter().flat_map(|cluster| cluster.cells.releases());
        let stale = runs.filter(|(_, release)| release.stale.is_some());
        self.stale.set(stale.map(|(count, _)| i64::from(*count)).sum());
        let cluster = |kind| ledger.holds.iter().filter(|hold| hold.kind == kind).count();
        let placed = |kind| ledger.placed.iter().filter(|hold| hold.kind == kind).count();
        let counts = [
            cluster(HoldKind::Foreign),
            cluster(HoldKind::Adopted),
            placed(PlacedKind::Hold),
            placed(PlacedKind::Rollback),
            placed(PlacedKind::Stop),
        ];
        for (kind, n) in HOLDS.into_iter().zip(counts) {
            self.holds.get_or_create(&KindLabels { kind }).set(n as i64);
        }
    }
}
