//! `res-edge wait`: until bindings run what is released to them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use api::agent::{HealthyWord, SyncedWord};
use api::{Binding, BindingState, Client, Page};
use jiff::SignedDuration;

use super::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// How long between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How many bindings are asked for at a time.
const PAGE: usize = 1_000;

/// How many bindings are named that did not get there.
const NAMED: usize = 10;

/// Waits until bindings run what the source says, and are well.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 they do; 1 they did not in time; 2 failed.

Examples:
  res-edge wait                                    the whole fleet
  res-edge wait --application dogs-cats /g/stores/central --timeout 15m
  res-edge wait --generation 12 /c/central-la-nola-2301")]
pub(crate) struct Arguments {
    /// Only clusters that this expression selects
    #[arg(value_name = "EXPRESSION")]
    clusters: Option<String>,
    /// Only this application
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
    /// Also wait until this step of the ledger is made
    #[arg(long, value_name = "STEP")]
    generation: Option<u32>,
    /// Until they are synced; else until they are healthy too
    #[arg(long)]
    synced: bool,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    timeout: SignedDuration,
    #[command(flatten)]
    target: Target,
}

/// What is lacking.
#[derive(Default)]
struct Lacking {
    n_bindings: usize,
    n_lacking: usize,
    names: Vec<String>,
}

/// Asks the server again and again.
///
/// # Errors
/// It cannot be reached, or says why not.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let patience = Duration::try_from(arguments.timeout).unwrap_or_default();
    let start = Instant::now();
    loop {
        let has_step = match arguments.generation {
            Some(step) => {
                let summary: api::FleetSummary = remote.get("/api/v1/summary", session)?;
                summary.generation >= step
            }
            None => true,
        };
        let lacking = look(arguments, &remote, session)?;
        if has_step && lacking.n_lacking == 0 {
            let n = api::text::count(lacking.n_bindings, "binding");
            session.terminal.message(&format!("{n} run what is released"));
            return Ok(Outcome::Done);
        }
        if start.elapsed() >= patience {
            session.terminal.report(&text(&lacking, has_step, arguments.generation));
            return Ok(Outcome::Faulty);
        }
        std::thread::sleep(PAUSE.min(patience.saturating_sub(start.elapsed())));
    }
}

fn text(lacking: &Lacking, has_step: bool, step: Option<u32>) -> String {
    if let (false, Some(step)) = (has_step, step) {
        return format!("step {step} was not made in time");
    }
    let (n, all) = (lacking.n_lacking, lacking.n_bindings);
    let mut text = format!("{n} of {} are not there yet", api::text::count(all, "binding"));
    for name in &lacking.names {
        let _ = write!(text, "\n  {name}");
    }
    if n > lacking.names.len() {
        let _ = write!(text, "\n  ... and {} more", n - lacking.names.len());
    }
    text
}

fn look(
    arguments: &Arguments,
    remote: &Remote,
    session: &mut Session,
) -> Result<Lacking, CommandError> {
    let mut path = format!("/api/v1/bindings?limit={PAGE}");
    for (name, value) in
        [("application", &arguments.application), ("expression", &arguments.clusters)]
    {
        if let Some(value) = value {
            let _ = write!(path, "&{name}={}", Client::escape(value));
        }
    }
    let mut lacking = Lacking::default();
    let mut next: Option<String> = None;
    loop {
        let continued = next
            .iter()
            .fold(path.clone(), |path, next| format!("{path}&continue={}", Client::escape(next)));
        let page: Page<Binding> = remote.get(&continued, session)?;
        for binding in &page.items {
            lacking.n_bindings += 1;
            if let Some(why) = why(binding, arguments.synced) {
                lacking.n_lacking += 1;
                if lacking.names.len() < NAMED {
                    let (cluster, application) = (&binding.spec.cluster, &binding.spec.application);
                    lacking.names.push(format!("{application} on {cluster}: {why}"));
                }
            }
        }
        match page.next {
            Some(token) => next = Some(token),
            None => return Ok(lacking),
        }
    }
}

/// Why a binding is not there yet.
fn why(binding: &Binding, is_synced_enough: bool) -> Option<String> {
    if binding.status.state != BindingState::Released {
        return Some(binding.status.state.word().to_owned());
    }
    let Some(actual) = &binding.status.actual else {
        return Some("its cluster never reported".to_owned());
    };
    if !actual.is_reachable {
        return Some("its cluster is unreachable".to_owned());
    }
    let is_healthy = is_synced_enough || actual.healthy == HealthyWord::Healthy;
    match actual.synced == SyncedWord::Synced && is_healthy {
        true => None,
        false => Some(api::text::printable(&actual.reason)),
    }
}
