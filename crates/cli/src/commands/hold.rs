//! `res-edge hold`, `stop` and `rollback`: a person holds releases back.

use api::{NewRollback, NewStop};
use jiff::{SignedDuration, Timestamp};
use model::{ApplicationName, Generation, PlacedKind};
use release::{NewHold, Orders};

use super::Outcome;
use super::operate::Order;
use super::publish::{self, ReleaseArguments};
use crate::error::CommandError;
use crate::remote::Target;
use crate::session::Session;

/// Holds releases back from some clusters, or from some applications there, until `resume`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge hold --clusters /m/city/nola --reason 'festival' --for 48h
  res-edge hold --context prod --clusters /g/stores --application dogs-cats --reason 'votes'")]
pub(crate) struct Arguments {
    /// Hold these clusters
    #[arg(long, value_name = "EXPRESSION")]
    clusters: String,
    /// Hold only this application there; may be given again
    #[arg(long, value_name = "NAME", value_parser = application)]
    application: Vec<ApplicationName>,
    #[command(flatten)]
    term: Term,
    #[command(flatten)]
    release: ReleaseArguments,
    #[command(flatten)]
    target: Target,
}

/// Stops every release, everywhere, until `resume`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge stop --reason 'the registry serves wrong images'")]
pub(crate) struct StopArguments {
    #[command(flatten)]
    term: Term,
    #[command(flatten)]
    release: ReleaseArguments,
    #[command(flatten)]
    target: Target,
}

/// Goes back to what an earlier step gave some clusters, and holds it there until `resume`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge rollback --step 41 --clusters all --application dogs-cats --reason 'votes are lost'
  res-edge rollback --step 41 --clusters /c/central-la-nola-2301 --reason 'does not start'")]
pub(crate) struct RollbackArguments {
    /// The step to go back to; `res-edge history` lists them
    #[arg(long, value_name = "STEP", value_parser = step)]
    step: Generation,
    /// Roll these clusters back
    #[arg(long, value_name = "EXPRESSION")]
    clusters: String,
    /// Roll only this application back; may be given again
    #[arg(long, value_name = "NAME", value_parser = application)]
    application: Vec<ApplicationName>,
    #[command(flatten)]
    term: Term,
    #[command(flatten)]
    release: ReleaseArguments,
    #[command(flatten)]
    target: Target,
}

/// Why, and for how long.
#[derive(Clone, Debug, clap::Args)]
struct Term {
    /// Why, for whoever finds it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// End it by itself after this time, such as `4h` or `90m`
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
    duration: Option<SignedDuration>,
    /// End it by itself at this time, such as `2026-12-01T08:00:00-06:00`
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl Term {
    fn until(&self) -> Option<Timestamp> {
        let after = |duration| Timestamp::now().checked_add(duration).unwrap_or(Timestamp::MAX);
        self.until.or_else(|| self.duration.map(after))
    }

    fn hold(&self, kind: PlacedKind, scope: (Option<&str>, &[ApplicationName])) -> Orders {
        let (clusters, applications) = scope;
        let place = NewHold {
            kind,
            clusters: clusters.map(str::to_owned),
            applications: applications.to_vec(),
            reason: self.reason.clone(),
            until: self.until(),
        };
        Orders { place: Some(place), lift: Vec::new() }
    }
}

/// Runs `hold`.
///
/// # Errors
/// It names what is not there, or the step cannot be made.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    if arguments.target.is_given() {
        let (output, is_dry_run) = arguments.release.for_server()?;
        let body = api::NewHold {
            clusters: arguments.clusters.clone(),
            applications: names(&arguments.application),
            reason: arguments.term.reason.clone(),
            until: arguments.term.until(),
        };
        let order = Order::post("/api/v1/holds", &body).dry_run(is_dry_run);
        return order.give(&arguments.target, output, session);
    }
    let scope = (Some(arguments.clusters.as_str()), &arguments.application[..]);
    let orders = arguments.term.hold(PlacedKind::Hold, scope);
    publish::run(&publish::Arguments::ordering(&arguments.release, orders), session)
}

/// Runs `stop`.
///
/// # Errors
/// The step cannot be made.
pub(crate) fn stop(
    arguments: &StopArguments,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    if arguments.target.is_given() {
        let (output, is_dry_run) = arguments.release.for_server()?;
        let (reason, until) = (arguments.term.reason.clone(), arguments.term.until());
        let order = Order::post("/api/v1/stop", &NewStop { reason, until }).dry_run(is_dry_run);
        return order.give(&arguments.target, output, session);
    }
    let orders = arguments.term.hold(PlacedKind::Stop, (None, &[]));
    publish::run(&publish::Arguments::ordering(&arguments.release, orders), session)
}

/// Runs `rollback`.
///
/// # Errors
/// There is no such step, nothing would change, or the step cannot be made.
pub(crate) fn roll_back(
    arguments: &RollbackArguments,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    if arguments.target.is_given() {
        let (output, is_dry_run) = arguments.release.for_server()?;
        let body = NewRollback {
            step: arguments.step.0,
            clusters: arguments.clusters.clone(),
            applications: names(&arguments.application),
            reason: arguments.term.reason.clone(),
            until: arguments.term.until(),
        };
        let order = Order::post("/api/v1/rollbacks", &body).dry_run(is_dry_run);
        return order.give(&arguments.target, output, session);
    }
    let scope = (Some(arguments.clusters.as_str()), &arguments.application[..]);
    let orders = arguments.term.hold(PlacedKind::Rollback, scope);
    let release = publish::Arguments::ordering(&arguments.release, orders);
    publish::run(&release.rolling_back(arguments.step), session)
}

fn names(applications: &[ApplicationName]) -> Vec<String> {
    applications.iter().map(ToString::to_string).collect()
}

fn application(text: &str) -> Result<ApplicationName, String> {
    ApplicationName::parse(text).map_err(|error| error.to_string())
}

fn step(text: &str) -> Result<Generation, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Generation).ok_or_else(|| "a step is a number from 1 on".to_owned())
}
