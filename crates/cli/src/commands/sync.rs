//! `res-edge sync`: asks the agent of a cluster to look at it now.

use api::SyncAnswer;

use super::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// Asks the agent of a cluster to look at it now, rather than within the next minute.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge sync central-la-nola-2301")]
pub(crate) struct Arguments {
    /// The cluster
    cluster: String,
    #[command(flatten)]
    target: Target,
}

/// Asks the server.
///
/// # Errors
/// It cannot be reached, or says why not.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let path = format!("/api/v1/clusters/{}/sync", segment(&arguments.cluster));
    let nothing = serde_json::json!({});
    let request = remote.client().post(&path, &nothing);
    let answer: SyncAnswer = remote.wait(request, session)?;
    session.terminal.message(match answer.told {
        0 => "the agent does not listen at the moment; it looks by itself when it can",
        _ => "the agent was told",
    });
    Ok(Outcome::Done)
}
