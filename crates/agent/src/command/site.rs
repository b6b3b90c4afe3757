//! `hold`, `resume` and `status`: what people at the site say and see, with no link.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use agent::site::{SiteStatus, ask_for_hold, ask_to_resume, read_status};
use agent::state::Disk;
use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge-agent hold --for 4h --reason 'stocktake until noon'

The fleet bounds how long a hold may be. It ends by itself, and the newest release is applied
before another hold can begin. `kubectl annotate configmap -n res-edge res-edge-agent
res-edge.dev/hold=4h` says the same.")]
pub(super) struct HoldArguments {
    /// For how long, as in 30m, 4h or 1d
    #[arg(long = "for", env = "RES_EDGE_FOR", value_name = "TIME", value_parser = length)]
    length: SignedDuration,
    /// Why; it is shown at the centre
    #[arg(long, env = "RES_EDGE_REASON", value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge-agent status --output json")]
pub(super) struct StatusArguments {
    /// How to print it
    #[arg(long, short, env = "RES_EDGE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    #[arg(value_parser = ["text", "json"])]
    output: String,
}

fn length(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no time such as 30m, 4h or 1d");
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    let length = match days {
        Some(days) => SignedDuration::from_hours(days.saturating_mul(24).min(24 * 366)),
        None => text.parse().map_err(|_| wrong())?,
    };
    if length.is_positive() { Ok(length) } else { Err(wrong()) }
}

pub(super) fn hold(arguments: &HoldArguments, state: &Path) -> anyhow::Result<ExitCode> {
    let disk = disk(state)?;
    ask_for_hold(&disk, arguments.length, &arguments.reason, Timestamp::now())
        .with_context(|| format!("cannot write to `{}`", state.display()))?;
    print("asked: no new release is applied; `res-edge-agent status` shows until when\n")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn resume(state: &Path) -> anyhow::Result<ExitCode> {
    let disk = disk(state)?;
    ask_to_resume(&disk).with_context(|| format!("cannot write to `{}`", state.display()))?;
    print("asked: the newest release is applied\n")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn status(arguments: &StatusArguments, state: &Path) -> anyhow::Result<ExitCode> {
    let read = read_status(&disk(state)?);
    let status = read.with_context(|| format!("cannot read `{}`", state.display()))?;
    let Some(status) = status else {
        bail!(
            "no agent said anything in `{}` yet: `res-edge-agent run` starts one",
            state.display()
        )
    };
    match arguments.output.as_str() {
        "json" => print(&format!("{}\n", serde_json::to_string_pretty(&status)?))?,
        _ => print(&text(&status))?,
    }
    Ok(if status.alarms.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Opens the folder, which an agent made: a typing mistake must not make another one.
fn disk(state: &Path) -> anyhow::Result<Disk> {
    if !state.is_dir() {
        bail!(
            "there is no folder `{}`: say where the agent keeps its state with --state",
            state.display()
        )
    }
    Disk::folder(state).with_context(|| format!("cannot use `{}`", state.display()))
}

fn text(status: &SiteStatus) -> String {
    let number = |number: Option<u32>| number.map_or("none".to_owned(), |n| n.to_string());
    let (all, synced, healthy) = status.counts;
    let mut text = format!(
        "cluster       {}\ngeneration    {}\napplications  {all}, {synced} synced, {healthy} \
         healthy\nsaid at       {}\n",
        status.cluster,
        number(status.generation),
        status.time
    );
    if let Some(hold) = &status.hold {
        text += &format!("held          until {}: {}\n", hold.until, hold.ask.reason);
        text += &format!("waiting       generation {}\n", number(status.waiting));
    }
    if status.hold_is_owed && status.hold.is_none() {
        text += "next hold     after the newest release was applied\n";
    }
    for (reason, message) in &status.alarms {
        text += &format!("alarm         {reason}: {message}\n");
    }
    for event in status.events.iter().rev().take(10) {
        text += &format!("event         {} {}: {}\n", event.time, event.reason, event.message);
    }
    text
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
