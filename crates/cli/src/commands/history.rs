//! `res-edge history`: what the steps of the ledger did to one cluster or application.

use git::{Record, RecordedChange, Subject};
use model::{ApplicationName, ClusterName, NameError};
use serde_json::{Value, json};

use super::Outcome;
use crate::delivery::{DeliveryArguments, existing_ledger};
use crate::error::{CommandError, ErrorKind};
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
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
}

/// Writes the history.
///
/// # Errors
/// Nothing was released, the ledger never held the subject, or it cannot be read.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let repository = arguments.delivery.open(session)?;
    existing_ledger(&repository)?;
    let progress = session.terminal.progress("reading the ledger");
    let records = git::history(&repository, &arguments.subject)
        .map_err(|error| CommandError::of(ErrorKind::Unavailable, &error))?;
    drop(progress);
    if records.is_empty() {
        let shown = shown(&arguments.subject);
        return Err(CommandError::user(format!("`{shown}` was never released"))
            .hint("`res-edge get clusters` and `res-edge get applications` list the names"));
    }
    listing::write(records.into_iter().map(Step), arguments.listing, session.terminal)?;
    Ok(Outcome::Done)
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
struct Step(Record);

impl Step {
    /// The source: its commit, or else its digest, each cut to what people read.
    fn source(&self) -> String {
        let whole = match self.0.source_commit {
            Some(commit) => commit.to_string(),
            None => self.0.source.to_string(),
        };
        whole[..12].to_owned()
    }

    /// `added web, till; updated menu`.
    fn changes(&self) -> String {
        let verbs = ["added", "updated", "removed"];
        let mut texts: Vec<String> = self.0.changes.iter().filter_map(alone).collect();
        for verb in verbs {
            let names: Vec<&str> =
                self.0.changes.iter().filter_map(|one| named(one, verb)).collect();
            if !names.is_empty() {
                texts.push(format!("{verb} {}", some_of(&names, NAMED)));
            }
        }
        texts.join("; ")
    }
}

/// A change that stands for itself.
fn alone(change: &RecordedChange) -> Option<String> {
    match change {
        RecordedChange::Appeared => Some("joined the fleet".to_owned()),
        RecordedChange::Left => Some("left the fleet".to_owned()),
        RecordedChange::Renamed(from) => Some(format!("renamed from {from}")),
        RecordedChange::Other => Some("namespaces changed".to_owned()),
        RecordedChange::Held => Some("held: a foreign change was found".to_owned()),
        RecordedChange::Adopted => Some("foreign change adopted".to_owned()),
        RecordedChange::Freed => Some("hold ended".to_owned()),
        RecordedChange::Added(_) | RecordedChange::Updated(_) | RecordedChange::Removed(_) => None,
    }
}

/// The name in a change with this verb.
fn named<'a>(change: &'a RecordedChange, verb: &str) -> Option<&'a str> {
    match (change, verb) {
        (RecordedChange::Added(name), "added")
        | (RecordedChange::Updated(name), "updated")
        | (RecordedChange::Removed(name), "removed") => Some(name),
        _ => None,
    }
}

impl Item for Step {
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
        format!("step/{}", self.0.generation)
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.0.generation.to_string(),
            self.0.time.to_string(),
            self.source(),
            self.changes(),
            self.0.author.clone(),
            self.0.approved_by.clone().unwrap_or_default(),
            self.0.commit.to_string()[..12].to_owned(),
        ]
    }

    fn document(&self) -> Value {
        let names = |verb| {
            let names = self.0.changes.iter().filter_map(|change| named(change, verb));
            names.collect::<Vec<_>>()
        };
        let other: Vec<String> = self.0.changes.iter().filter_map(alone).collect();
        json!({
            "apiVersion": "res-edge.dev/v1",
            "kind": "Step",
            "metadata": { "name": self.0.generation.to_string() },
            "status": {
                "time": self.0.time.to_string(),
                "source": self.0.source.to_string(),
                "sourceCommit": self.0.source_commit.map(|commit| commit.to_string()),
                "commit": self.0.commit.to_string(),
                "by": self.0.author,
                "approvedBy": self.0.approved_by,
                "added": names("added"),
                "updated": names("updated"),
                "removed": names("removed"),
                "other": other,
            },
        })
    }
}
