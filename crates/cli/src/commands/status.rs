//! `res-edge status`: how the fleet is, as the agents of its clusters say.

use std::fmt::Write as _;

use api::text::printable;
use api::{ClusterReport, ClusterWord, FleetSummary};

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// How many clusters that are not well are named.
const NAMED: usize = 20;

/// Shows how the fleet is, or one cluster, as its agent says.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 all is well; 1 something is not; 2 failed.

Examples:
  res-edge status
  res-edge status central-la-nola-2301")]
pub(crate) struct Arguments {
    /// A cluster; else the fleet
    cluster: Option<String>,
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
    #[command(flatten)]
    target: Target,
}

/// Asks the server.
///
/// # Errors
/// It cannot be reached, or there is no such cluster.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let is_json = arguments.output == "json";
    if let Some(name) = &arguments.cluster {
        let path = format!("/api/v1/clusters/{}/report", segment(name));
        let report: ClusterReport = remote.get(&path, session)?;
        let text = if is_json { json(&report) } else { cluster_text(&report) };
        session.terminal.print_line(&text)?;
        return Ok(outcome(report.state == ClusterWord::Ready));
    }
    let summary: FleetSummary = remote.get("/api/v1/summary", session)?;
    let states = "unreachable,held,degraded,progressing";
    let path = format!("/api/v1/reports?state={states}&limit={NAMED}");
    let others: api::Page<ClusterReport> = remote.get(&path, session)?;
    let text = match is_json {
        true => json(&summary),
        false => summary_text(&summary, &others.items, others.total),
    };
    session.terminal.print_line(&text)?;
    let is_well = summary.clusters == summary.reporting && others.total == 0;
    Ok(outcome(is_well && summary.stopped.is_none()))
}

fn outcome(is_well: bool) -> Outcome {
    if is_well { Outcome::Done } else { Outcome::Faulty }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn summary_text(summary: &FleetSummary, others: &[ClusterReport], n_others: u64) -> String {
    let mut text = format!("step {}", summary.generation);
    if let Some(stopped) = &summary.stopped {
        let (by, reason) = (printable(&stopped.by), printable(&stopped.reason));
        let _ = write!(text, "\nstopped by {by} since {}: {reason}", stopped.since);
    }
    let silent = summary.clusters.saturating_sub(summary.reporting);
    let _ = write!(
        text,
        "\nclusters: {} with a release, {} synced, {} healthy, {} unreachable, {} held by \
         their sites, {silent} never reported",
        summary.clusters, summary.synced, summary.healthy, summary.unreachable, summary.held,
    );
    let _ = write!(
        text,
        "\napplications: {}, {} synced, {} healthy",
        summary.applications, summary.applications_synced, summary.applications_healthy,
    );
    if summary.alarms > 0 {
        let _ = write!(text, "\nagents with an alarm: {}", summary.alarms);
    }
    if others.is_empty() {
        return text;
    }
    let rows = others.iter().map(|report| {
        let why = report
            .abnormal
            .first()
            .map(|one| format!("{}: {}", one.application, one.actual.reason));
        let why = why.or_else(|| report.hold.as_ref().map(|hold| hold.reason.clone()));
        vec![
            report.cluster.clone(),
            report.state.as_str().to_owned(),
            format!("{}/{}", report.synced, report.applications),
            format!("{}/{}", report.healthy, report.applications),
            printable(&why.unwrap_or_default()),
        ]
    });
    let heads = ["CLUSTER", "STATE", "SYNCED", "HEALTHY", "WHY"].map(str::to_owned).to_vec();
    let _ = write!(text, "\n\n{}", columns(Some(heads), rows.collect()).trim_end());
    if n_others > others.len() as u64 {
        let _ = write!(text, "\n... and {} more", n_others - others.len() as u64);
    }
    text
}

fn cluster_text(report: &ClusterReport) -> String {
    let mut text = format!("{}: {}", report.cluster, report.state.as_str());
    match (report.reported, report.seen) {
        (Some(at), Some(seen)) => {
            let listens = if report.is_listening { ", listens" } else { "" };
            let _ = write!(text, "\nreported {at}, heard {seen}{listens}");
        }
        _ => text.push_str("\nits agent never reported: `res-edge cluster join` lets one in"),
    }
    let _ = write!(
        text,
        "\napplications: {}, {} synced, {} healthy",
        report.applications, report.synced, report.healthy
    );
    match (&report.released, &report.tree) {
        (Some(released), Some(tree)) if released == tree => {
            let _ = write!(text, "\nruns what is released: tree {tree}");
        }
        (Some(released), Some(tree)) => {
            let _ = write!(text, "\nruns tree {tree}; released is {released}");
        }
        (Some(released), None) => {
            let _ = write!(text, "\nreleased is tree {released}");
        }
        (None, _) => text.push_str("\nnothing is released to it yet"),
    }
    if let Some(hold) = &report.hold {
        let _ = write!(text, "\nits site holds until {}: {}", hold.until, printable(&hold.reason));
    }
    for alarm in &report.alarms {
        let _ = write!(text, "\n{}: {}", printable(&alarm.reason), printable(&alarm.message));
    }
    for one in &report.abnormal {
        let (synced, healthy) = (one.actual.synced.as_str(), one.actual.healthy.as_str());
        let reason = printable(&one.actual.reason);
        let name = printable(&one.application);
        let _ = write!(text, "\n{name}: {synced}, {healthy}: {reason}");
        if let Some(message) = &one.actual.message {
            let _ = write!(text, "\n  {}", printable(message));
        }
    }
    text
}
