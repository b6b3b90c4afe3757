//! `res-edge discard`: writes the release over what someone else wrote.

use api::ClusterDecision;
use server::ClusterAct;

use super::Outcome;
use super::operate::Order;
use super::publish::Output;
use crate::delivery::{self, ClusterArguments};
use crate::error::CommandError;
use crate::remote::Target;
use crate::session::Session;

/// Writes the release over what someone else wrote into a cluster's folder or branch, adopted or
/// not.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge discard central-la-nola-2301")]
pub(crate) struct Arguments {
    #[command(flatten)]
    on: ClusterArguments,
    #[command(flatten)]
    target: Target,
}

/// Takes the hold away and projects the release.
///
/// # Errors
/// There is nothing foreign on the cluster, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let name = &arguments.on.cluster;
    if arguments.target.is_given() {
        arguments.on.for_server()?;
        let body = ClusterDecision { cluster: name.clone(), tree: None };
        let order = Order::post("/api/v1/discards", &body);
        return order.give(&arguments.target, Output::Text, session);
    }
    delivery::act_on_cluster(&arguments.on, ClusterAct::Discard, session)?;
    session.terminal.message(&format!("discarded: `{name}` holds its release again"));
    Ok(Outcome::Done)
}
