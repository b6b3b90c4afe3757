//! `res-edge adopt`: keeps what someone else wrote into a cluster's folder or branch.

use model::HoldKind;

use super::Outcome;
use crate::delivery::{self, Act, ClusterArguments};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// Keeps what someone else wrote into a cluster's folder or branch. The cluster gets no release
/// until `resume` or `discard`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge adopt central-la-nola-2301")]
pub(crate) struct Arguments {
    #[command(flatten)]
    on: ClusterArguments,
}

/// Records the foreign tree, and says how to go on.
///
/// # Errors
/// There is nothing foreign on the cluster, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let name = &arguments.on.cluster;
    let decide = |act: &Act<'_>| {
        let recorded = act.ledger.holds.iter().find(|hold| hold.cluster == act.uid);
        let recorded = recorded.filter(|hold| hold.kind == HoldKind::Foreign);
        let tree = act.found.or(recorded.map(|hold| hold.tree)).ok_or_else(|| nothing(name))?;
        release::adopt(act.ledger, act.uid, tree, act.by, act.now)
            .map_err(|error| CommandError::of(ErrorKind::User, &error))
    };
    delivery::act_on_cluster(&arguments.on, session, decide)?.project()?;
    session.terminal.message(&format!(
        "adopted: `{name}` keeps what was found there, and gets no release until \
         `res-edge resume {name}`"
    ));
    Ok(Outcome::Done)
}

fn nothing(name: &str) -> CommandError {
    CommandError::user(format!("`{name}` holds what was released: there is nothing to adopt"))
        .hint("`res-edge publish` names the clusters that hold something else")
}
