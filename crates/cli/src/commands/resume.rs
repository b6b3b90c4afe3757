//! `res-edge resume`: ends a hold, or an adoption.

use model::Generation;
use release::Orders;

use server::ClusterAct;

use super::Outcome;
use super::operate::Order;
use super::publish::{self, ReleaseArguments};
use crate::delivery;
use crate::error::CommandError;
use crate::remote::{Target, segment};
use crate::session::Session;

/// Ends a hold, a stop or a rollback, and releases what it held back; or ends the adoption of a
/// cluster's foreign tree, so that the cluster goes back to its release.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge resume --hold hold-12
  res-edge resume central-la-nola-2301 && res-edge publish")]
pub(crate) struct Arguments {
    /// The cluster whose adoption ends
    #[arg(required_unless_present = "hold", conflicts_with = "hold")]
    cluster: Option<String>,
    /// The hold that ends; `res-edge holds` lists them
    #[arg(long, value_name = "NAME", value_parser = hold)]
    hold: Option<Generation>,
    #[command(flatten)]
    release: ReleaseArguments,
    #[command(flatten)]
    target: Target,
}

/// Takes the hold away and releases, or projects.
///
/// # Errors
/// There is no such hold, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    if arguments.target.is_given() {
        let (output, is_dry_run) = arguments.release.for_server()?;
        let path = match (&arguments.cluster, arguments.hold) {
            (Some(cluster), _) => format!("/api/v1/adoptions/{}", segment(cluster)),
            (None, hold) => format!("/api/v1/holds/hold-{}", hold.unwrap_or(Generation(0))),
        };
        return Order::delete(path).dry_run(is_dry_run).give(&arguments.target, output, session);
    }
    match (&arguments.cluster, arguments.hold) {
        (Some(cluster), _) => end_adoption(cluster, &arguments.release, session),
        (None, hold) => {
            let orders = Orders { place: None, lift: hold.into_iter().collect() };
            publish::run(&publish::Arguments::ordering(&arguments.release, orders), session)
        }
    }
}

fn end_adoption(
    name: &str,
    release: &ReleaseArguments,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    delivery::act_on_cluster(&release.on_cluster(name), ClusterAct::Resume, session)?;
    session.terminal.message(&format!(
        "resumed: `{name}` holds its last release; `res-edge publish` brings it to the newest"
    ));
    Ok(Outcome::Done)
}

fn hold(text: &str) -> Result<Generation, String> {
    let number = text.strip_prefix("hold-").and_then(|number| number.parse().ok());
    number.map(Generation).ok_or_else(|| "a hold is called `hold-12`".to_owned())
}
