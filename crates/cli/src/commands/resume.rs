//! `res-edge resume`: ends a hold, or an adoption.

use model::Generation;
use release::Orders;

use super::Outcome;
use super::publish::{self, ReleaseArguments};
use crate::delivery::{self, Act};
use crate::error::{CommandError, ErrorKind};
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
}

/// Takes the hold away and releases, or projects.
///
/// # Errors
/// There is no such hold, or the ledger cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
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
    let decide = |act: &Act<'_>| {
        release::resume(act.ledger, act.uid, act.by, act.now).map_err(|error| {
            CommandError::of(ErrorKind::User, &error)
                .hint("a change that was not adopted is taken away with `res-edge discard`")
        })
    };
    delivery::act_on_cluster(&release.on_cluster(name), session, decide)?.project()?;
    session.terminal.message(&format!(
        "resumed: `{name}` holds its last release; `res-edge publish` brings it to the newest"
    ));
    Ok(Outcome::Done)
}

fn hold(text: &str) -> Result<Generation, String> {
    let number = text.strip_prefix("hold-").and_then(|number| number.parse().ok());
    number.map(Generation).ok_or_else(|| "a hold is called `hold-12`".to_owned())
}
