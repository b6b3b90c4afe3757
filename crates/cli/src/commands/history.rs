//! `res-edge history`: what the steps of the ledger did to one cluster or application.

use api::{Page, Step};
use git::Subject;
use model::{ApplicationName, ClusterName, NameError};
use serde_json::Value;

use super::Outcome;
use crate::delivery::{DeliveryArguments, existing_ledger};
use crate::error::{CommandError, ErrorKind};
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target};
use crate::session::Session;
use api::text::some_of;

/// How many changes of one kind are named in a table.
const NAMED: usize = 3;

/// Shows what each release did to a cluster or an application, newest first, as the ledger says.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge history cluster/central-la-nola-2301
  res-edge history application/dogs-cats -o wide")]
pub(crate) struct Arguments {
    /// Whose history: cluster/NAME or application/NAME
    #[arg(value_name = "cluster/NAME|application/NAME", value_parser = subject)]
    subject: Subject,
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    listing: ListingArguments,
    #[command(flatten)]
    target: Target,
}

/// Writes the history.
///
/// # Errors
/// Nothing was released, the ledger never held the subject, or it cannot be read.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let steps = match arguments.target.is_given() {
        true => ask(arguments, session)?,
        false => read(arguments, session)?,
    };
    listing::write(steps.into_iter().map(Told), arguments.listing, session.terminal)?;
    Ok(Outcome::Done)
}

/// The steps, from the ledger of this machine.
fn read(arguments: &Arguments, session: &mut Session) -> Result<Vec<Step>, CommandError> {
    let place = arguments.delivery.open(session)?;
    let repository = place.repository();
    existing_ledger(repository)?;
    let progress = session.terminal.progress("reading the ledger");
    let records = git::history(repository, &arguments.subject)
        .map_err(|error| CommandError::of(ErrorKind::Unavailable, &error))?;
    drop(progress);
    if records.is_empty() {
        let shown = shown(&arguments.subject);
        return Err(CommandError::user(format!("`{shown}` was never released"))
            .hint("`res-edge get clusters` and `res-edge get applications` list the names"));
    }
    let step =
        |record: &git::Record| server::step_of_record(record, server::Told::new(&record.changes));
    Ok(records.iter().map(step).collect())
}

/// The steps, from a server, page after page.
fn ask(arguments: &Arguments, session: &mut Session) -> Result<Vec<Step>, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let path = match &arguments.subject {
        Subject::Cluster(name) => format!("/api/v1/clusters/{name}/history?limit=1000"),
        Subject::Application(name) => format!("/api/v1/applications/{name}/history?limit=1000"),
    };
    let (mut steps, mut asked) = (Vec::new(), path.clone());
    loop {
        let page: Page<Step> = remote.get(&asked, session)?;
        steps.extend(page.items);
        match page.next {
            Some(next) => asked = format!("{path}&continue={next}"),
            None => return Ok(steps),
        }
    }
}

fn subject(text: &str) -> Result<Subject, String> {
    let complaint = |error: NameError| error.to_string();
    match text.split_once('/') {
        Some(("cluster" | "clusters", name)) => {
            ClusterName::parse(name).map(Subject::Cluster).map_err(complaint)
        }
        Some(("application" | "applications" | "app", name)) => {
            ApplicationName::parse(name).map(Subject::Application).map_err(complaint)
        }
        _ => Err("write `cluster/NAME` or `application/NAME`".to_owned()),
    }
}

fn shown(subject: &Subject) -> String {
    match subject {
        Subject::Cluster(name) => format!("cluster/{name}"),
        Subject::Application(name) => format!("application/{name}"),
    }
}

/// One step that changed something.
struct Told(Step);

impl Told {
    /// The source: its commit, or else its digest, each cut to what people read.
    fn source(&self) -> String {
        let status = &self.0.status;
        short(status.source_commit.as_ref().unwrap_or(&status.source))
    }

    /// `added web, till; updated menu`.
    fn changes(&self) -> String {
        let status = &self.0.status;
        let mut texts = status.other.clone();
        let verbs =
            [("added", &status.added), ("updated", &status.updated), ("removed", &status.removed)];
        for (verb, names) in verbs {
            if !names.is_empty() {
                texts.push(format!("{verb} {}", some_of(names, NAMED)));
            }
        }
        texts.join("; ")
    }
}

/// The first digits of an id.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

impl Item for Told {
    const COLUMNS: &'static [Column] = &[
        column("STEP"),
        column("TIME"),
        column("SOURCE"),
        column("WHAT"),
        wide("BY"),
        wide("APPROVED BY"),
        wide("LEDGER"),
    ];

    fn reference(&self) -> String {
        format!("step/{}", self.0.metadata.name)
    }

    fn cells(&self) -> Vec<String> {
        let status = &self.0.status;
        vec![
            self.0.metadata.name.clone(),
            status.time.to_string(),
            self.source(),
            self.changes(),
            status.by.clone(),
            status.approved_by.clone().unwrap_or_default(),
            short(&status.commit),
        ]
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
