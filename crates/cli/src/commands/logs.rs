//! `res-edge logs`: what happened on a cluster, as its agent said it.

use std::time::Duration;

use api::text::printable;
use api::{ClientError, ClusterLog, ClusterWord, LogEntry, LogWord};
use jiff::{SignedDuration, Timestamp};

use super::Outcome;
use super::publish::Output;
use crate::error::CommandError;
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// How long between two looks of one that follows.
const PAUSE: Duration = Duration::from_secs(2);

/// How often in a row the server may not answer one that follows.
const TRIES: u32 = 150;

/// Shows what happened on a cluster: releases that it took, applications that failed or became
/// well, holds of its site. The server keeps the newest hundred entries of each cluster; the log of
/// the agent itself is that of its pod.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge logs central-la-nola-2301
  res-edge logs central-la-nola-2301 dogs-cats --since 2h
  res-edge logs central-la-nola-2301 -n 5 --follow")]
pub(crate) struct Arguments {
    /// The cluster
    cluster: String,
    /// Only what is about this application
    application: Option<String>,
    /// Only what is not older than this
    #[arg(long, value_name = "DURATION")]
    since: Option<SignedDuration>,
    /// Only the last entries, so many
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,
    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,
    /// Output format; `json` is one line for each entry
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
    #[command(flatten)]
    target: Target,
}

/// Asks the server.
///
/// # Errors
/// It cannot be reached, or there is no such cluster or application.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let log: ClusterLog = remote.get(&path(arguments, 0), session)?;
    let last = log.entries.last().map_or(0, |entry| entry.id);
    let n_left_out = log.entries.len().saturating_sub(arguments.lines.unwrap_or(usize::MAX));
    let oldest = arguments.since.and_then(|since| Timestamp::now().checked_sub(since).ok());
    let recent = log.entries.iter().skip(n_left_out);
    for entry in recent.filter(|entry| oldest.is_none_or(|oldest| entry.time >= oldest)) {
        show(entry, arguments.output, session)?;
    }
    tell_state(&log, session);
    match arguments.follow {
        true => follow(arguments, &remote, last, session),
        false => Ok(Outcome::Done),
    }
}

/// Shows what comes after an entry, until somebody ends it or the server is away for long.
fn follow(
    arguments: &Arguments,
    remote: &Remote,
    mut last: i64,
    session: &mut Session<'_>,
) -> Result<Outcome, CommandError> {
    let mut n_tries = 0;
    loop {
        session.terminal.flush()?;
        std::thread::sleep(PAUSE);
        match remote.run(remote.client().get::<ClusterLog>(&path(arguments, last))) {
            Ok(log) => {
                n_tries = 0;
                for entry in &log.entries {
                    show(entry, arguments.output, session)?;
                    last = last.max(entry.id);
                }
            }
            Err(ClientError::Unreachable { .. }) if n_tries < TRIES => {
                if n_tries == 0 {
                    session.terminal.message("the server does not answer; trying again");
                }
                n_tries += 1;
            }
            Err(error) => return Err(remote.failure(error, session.terminal)),
        }
    }
}

fn path(arguments: &Arguments, after: i64) -> String {
    let only = arguments.application.as_deref().map(segment);
    let only = only.map(|name| format!("&application={name}")).unwrap_or_default();
    format!("/api/v1/clusters/{}/log?after={after}{only}", segment(&arguments.cluster))
}

/// Says where what was shown may not be how it is.
fn tell_state(log: &ClusterLog, session: &mut Session) {
    match (log.state, log.seen) {
        (ClusterWord::Unknown, _) => session
            .terminal
            .message("its agent never reported: `res-edge cluster join` lets one in"),
        (ClusterWord::Unreachable, Some(seen)) => {
            session.terminal.message(&format!("not heard since {}", time(seen)));
        }
        _ if log.entries.is_empty() => session.terminal.message("nothing is kept of that"),
        _ => {}
    }
}

fn show(entry: &LogEntry, output: Output, session: &mut Session<'_>) -> Result<(), CommandError> {
    session.terminal.print_line(&match output {
        Output::Json => serde_json::json!(entry).to_string(),
        Output::Text => printable(&format!("{}  {}", time(entry.time), sentence(entry))),
    })
}

/// A time to the second.
fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What happened, in words.
fn sentence(entry: &LogEntry) -> String {
    let (message, reason) =
        (entry.message.as_deref().unwrap_or_default(), entry.reason.as_deref().unwrap_or_default());
    match entry.event {
        LogWord::Agent => format!("agent {message} says how the cluster is"),
        LogWord::Release => format!("took step {}", entry.generation.unwrap_or_default()),
        LogWord::Application => application(entry, reason, message),
        LogWord::Hold => {
            let until = entry.until.map(|until| format!(" until {}", time(until)));
            format!("the site holds releases back{}: {message}", until.unwrap_or_default())
        }
        LogWord::HoldEnd => "the site holds nothing back any more".to_owned(),
        LogWord::Alarm => format!("alarm {reason}: {message}"),
        LogWord::AlarmEnd => format!("no more {reason}"),
        LogWord::Return => {
            let since =
                entry.since.map(|since| format!(", which it was not since {}", time(since)));
            format!("heard again{}", since.unwrap_or_default())
        }
    }
}

fn application(entry: &LogEntry, reason: &str, message: &str) -> String {
    let name = entry.application.as_deref().unwrap_or_default();
    let synced = entry.synced.map_or("unknown", |word| word.as_str());
    let healthy = entry.healthy.map_or("unknown", |word| word.as_str());
    let why: Vec<&str> = [reason, message].into_iter().filter(|text| !text.is_empty()).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(": ")) };
    format!("{name}: {synced}, {healthy}{why}")
}
