//! `res-edge adopt`: keeps what someone else wrote into a cluster's folder or branch.

use api::ClusterDecision;
use server::ClusterAct;

use super::Outcome;
use super::operate::Order;
use super::publish::Output;
use crate::delivery::{self, ClusterArguments};
use crate::error::CommandError;
use crate::remote::Target;
use crate::session::Session;

/// Keeps what someone else wrote into a cluster's folder or branch. The cluster gets no release
/// until `resume` or `discard`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge adopt central-la-nola-2301")]
pub(crate) struct Arguments {
    #[command(flatten)]
    on: ClusterArguments,
    #[command(flatten)]
    target: Target,
}

/// Records the foreign tree, and says how to go on.
///
/// # Errors
/// There is nothing foreign on the cluster, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let name = &arguments.on.cluster;
    if arguments.target.is_given() {
        arguments.on.for_server()?;
        let body = ClusterDecision { cluster: name.clone(), tree: None };
        let order = Order::post("/api/v1/adoptions", &body);
        return order.give(&arguments.target, Output::Text, session);
    }
    delivery::act_on_cluster(&arguments.on, ClusterAct::Adopt, session)?;
    session.terminal.message(&format!(
        "adopted: `{name}` keeps what was found there, and gets no release until \
         `res-edge resume {name}`"
    ));
    Ok(Outcome::Done)
}
