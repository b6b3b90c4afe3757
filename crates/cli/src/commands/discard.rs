//! `res-edge discard`: writes the release over what someone else wrote.

use super::Outcome;
use crate::delivery::{self, Act, ClusterArguments};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Writes the release over what someone else wrote into a cluster's folder or branch, adopted or
/// not.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge discard central-la-nola-2301")]
pub(crate) struct Arguments {
    #[command(flatten)]
    on: ClusterArguments,
}

/// Takes the hold away and projects the release.
///
/// # Errors
/// There is nothing foreign on the cluster, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let name = &arguments.on.cluster;
    let decide = |act: &Act<'_>| {
        release::discard(act.ledger, act.uid, act.found, act.by, act.now).map_err(|error| {
            CommandError::of(ErrorKind::User, &error)
                .hint("`res-edge publish` names the clusters that hold something else")
        })
    };
    delivery::act_on_cluster(&arguments.on, session, decide)?.project_over_foreign()?;
    session.terminal.message(&format!("discarded: `{name}` holds its release again"));
    Ok(Outcome::Done)
}
