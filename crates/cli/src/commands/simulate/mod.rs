//! `res-edge simulate`: clusters that are not there, with the agent that would be.

mod watching;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use api::{Client, ClientSettings, ServerStatus};
use model::CommitId;

use super::Outcome;
use super::publish::Output;
use crate::error::{CommandError, ErrorKind};
use crate::remote::{Remote, Target};
use crate::session::{Location, Session};
use crate::simulation::{FaultArguments, Fetched, Plan, Simulation, custom_kinds, join, keys_of};
use crate::source;
use watching::Watching;

/// Runs the agent's real loop on clusters in memory, thousands in one process. Their keys are
/// added to the server's source by one commit, so the token must be allowed to push that
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge simulate --clusters '/g/stores' --server http://127.0.0.1:7080 --once
  res-edge simulate --clusters all -o json      how long each release took, for a script")]
pub(crate) struct Arguments {
    /// Clusters to simulate, by expression
    #[arg(long, value_name = "EXPR")]
    clusters: String,
    /// Folder in which they remember who they are; else they are new each time
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// End when every cluster is synced and healthy
    #[arg(long)]
    once: bool,
    /// End after this time; with --once, fail then
    #[arg(long = "for", value_name = "TIME", value_parser = crate::duration::duration)]
    length: Option<Duration>,
    /// Output format; `json` is one line for each event
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
    #[command(flatten)]
    faults: FaultArguments,
    #[command(flatten)]
    target: Target,
}

/// How long a server may take to use a source.
const ACCEPT: Duration = Duration::from_secs(120);

/// Runs `simulate`.
///
/// # Errors
/// The server cannot be reached or does not take the keys, or the expression has mistakes.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let settings = remote.settings().clone();
    let token = settings.token.clone().unwrap_or_default();
    let scratch = tempfile::tempdir().map_err(|error| of(&error))?;
    let fetched = Fetched::new(remote.client().server(), &token, &scratch.path().join("source"))?;
    let (names, checked, documents) = select(&arguments.clusters, &fetched, session)?;
    if names.is_empty() {
        return Err(CommandError::user(format!("`{}` selects no cluster", arguments.clusters)));
    }
    let keys = keys_of(names, arguments.state.as_deref())?;
    let commit = join(&fetched, &checked.source, &documents, &keys)?;
    await_source(&remote, commit, session)?;
    let key = remote.wait(remote.client().release_key(), session)?.release_key;
    let plan = Plan {
        client: client_without_token(settings)?,
        release_key: key.parse().map_err(|error: api::ssh::KeyError| of(&error))?,
        folder: arguments.state.clone(),
        kinds: custom_kinds(&checked.source),
        faults: arguments.faults.clone(),
    };
    session.terminal.message(&format!("{} clusters start; Ctrl-C ends them", keys.len()));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| of(&error))?;
    runtime.block_on(async {
        let simulation = Simulation::start(&plan, keys).await.map_err(|error| of(&error))?;
        let outcome = Watching::new(&simulation, arguments).run(session).await;
        simulation.stop().await;
        outcome
    })
}

fn of(error: &dyn std::error::Error) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error)
}

/// A client whose token is each agent's own.
fn client_without_token(settings: ClientSettings) -> Result<Client, CommandError> {
    Client::new(&ClientSettings { token: None, ..settings }).map_err(|error| of(&error))
}

/// The names that an expression selects in a fetched source.
fn select(
    expression: &str,
    fetched: &Fetched,
    session: &mut Session,
) -> Result<(Vec<String>, source::Checked, Vec<schema::document::Document>), CommandError> {
    let location = Location {
        source: fetched.repository.path().to_owned(),
        revision: Some(fetched.commit.to_string()),
    };
    let (expansion, expander) = (session.expansion.clone(), session.expander.clone());
    let mut inner = Session { location, expansion, expander, terminal: session.terminal };
    let mut checked = source::check(&mut inner)?;
    let selected = checked.select(expression, &mut inner)?;
    let names = selected.iter().map(|id| checked.clusters[id.index()].clone()).collect();
    let (documents, _) = schema::read_source(&checked.source);
    Ok((names, checked, documents))
}

/// Waits until the server uses a source.
fn await_source(
    remote: &Remote,
    commit: CommitId,
    session: &mut Session,
) -> Result<(), CommandError> {
    let (until, commit) = (Instant::now() + ACCEPT, commit.to_string());
    loop {
        let status: ServerStatus = remote.get("/api/v1/status", session)?;
        if status.source.is_some_and(|source| source.commit == commit) {
            return Ok(());
        }
        if let Some(refused) = status.refused.filter(|refused| refused.commit == commit) {
            return Err(CommandError::user(format!("the server refused it: {}", refused.detail)));
        }
        if Instant::now() >= until {
            return Err(CommandError::new(
                ErrorKind::Unavailable,
                format!("the server does not use {commit} yet"),
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
