//! `publish --follow`: releases each new commit as it comes, until the process is ended.
//!
//! Ending it at any moment is safe, as it is for a single publish. A source that is refused is
//! told once, and the next commit is waited for; anything else that fails is tried again.

use std::time::{Duration, Instant};

use model::CommitId;
use serde_json::{Value, json};

use super::{Output, Publication, Run};
use crate::commands::Outcome;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Releases commits until the process is ended.
///
/// # Errors
/// The first release fails, or standard output takes no more.
pub(super) fn run(run: &mut Run<'_>, session: &mut Session) -> Result<Outcome, CommandError> {
    let revision = session.revision().unwrap_or("HEAD").to_owned();
    let mut last = None;
    let mut told = None;
    loop {
        match turn(run, &revision, last, session) {
            Ok(commit) => (last, told) = (Some(commit), None),
            Err((_, error)) if last.is_none() || error.kind() == ErrorKind::ClosedPipe => {
                return Err(error);
            }
            Err((commit, error)) => {
                if told.as_deref() != Some(error.message()) {
                    error.present(session.terminal);
                    told = Some(error.message().to_owned());
                }
                // The same commit is refused again; for anything else the world may change.
                last = commit.filter(|_| error.kind() == ErrorKind::Source).or(last);
            }
        }
        session.terminal.flush()?;
        std::thread::sleep(run.arguments.interval);
    }
}

/// Looks once, and releases what is new. Answers the commit that was looked at.
fn turn(
    run: &mut Run<'_>,
    revision: &str,
    last: Option<CommitId>,
    session: &mut Session,
) -> Result<CommitId, (Option<CommitId>, CommandError)> {
    let commit = run.loader.resolve(revision);
    let commit = commit.map_err(|error| (None, crate::source::load_error(&error)))?;
    if Some(commit) != last {
        let start = Instant::now();
        release(run, commit, start, session).map_err(|error| (Some(commit), error))?;
    }
    Ok(commit)
}

fn release(
    run: &mut Run<'_>,
    commit: CommitId,
    start: Instant,
    session: &mut Session,
) -> Result<(), CommandError> {
    let understood = run.compile(Some(&commit.to_string()), session)?;
    let publication = run.publish(&understood, session)?;
    let took = start.elapsed();
    match run.arguments.output {
        Output::Json => {
            let parts = run.laps.document();
            let line = line(&publication, commit, took, parts).to_string();
            session.terminal.print_line(&line)
        }
        Output::Text => {
            understood.present(session.terminal);
            let short = &commit.to_string()[..10];
            let text = format!("{short}: {} ({})", publication.headline(), shown(took));
            session.terminal.message(&text);
            publication.write_problems(session);
            Ok(())
        }
    }
}

/// One line about one release.
fn line(publication: &Publication<'_>, commit: CommitId, took: Duration, parts: Value) -> Value {
    json!({
        "commit": commit.to_string(),
        "generation": publication.generation().map(|generation| generation.0),
        "released": publication.is_step(),
        "clustersChanged": publication.n_clusters_changed(),
        "outcome": format!("{:?}", publication.outcome()),
        "seconds": took.as_secs_f64(),
        "parts": parts,
    })
}

fn shown(took: Duration) -> String {
    match took.as_millis() {
        0..10_000 => format!("{:.1} ms", took.as_secs_f64() * 1_000.0),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}
