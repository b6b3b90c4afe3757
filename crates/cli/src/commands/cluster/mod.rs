//! `res-edge cluster`: what is done with one cluster besides its document.

mod join;
mod manifests;
mod rights;

use clap::Subcommand;

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;

/// Lets the agents of clusters in.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge cluster join central-la-nola-2301 | kubectl apply -f -")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Print the manifests of the agent of a cluster
    Join(join::Arguments),
}

/// Does it.
///
/// # Errors
/// Why not.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.action {
        Action::Join(arguments) => join::run(arguments, session),
    }
}
