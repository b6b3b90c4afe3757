//! `res-edge resume`: ends an adoption.

use super::Outcome;
use crate::delivery::{self, Act, ClusterArguments};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Ends an adoption: the cluster goes back to its release, and on with the next ones.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge resume central-la-nola-2301 && res-edge publish")]
pub(crate) struct Arguments {
    #[command(flatten)]
    on: ClusterArguments,
}

/// Takes the hold away and projects the release.
///
/// # Errors
/// Nothing was adopted for the cluster, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let name = &arguments.on.cluster;
    let decide = |act: &Act<'_>| {
        release::resume(act.ledger, act.uid, act.by, act.now).map_err(|error| {
            CommandError::of(ErrorKind::User, &error)
                .hint("a change that was not adopted is taken away with `res-edge discard`")
        })
    };
    delivery::act_on_cluster(&arguments.on, session, decide)?.project()?;
    session.terminal.message(&format!(
        "resumed: `{name}` holds its last release; `res-edge publish` brings it to the newest"
    ));
    Ok(Outcome::Done)
}
