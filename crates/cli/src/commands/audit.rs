//! `res-edge audit`: what was done at a server, and whether that record is whole.

use api::{AuditAnchor, AuditEntry, AuditVerification, Page};
use serde_json::Value;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Shows what was done at a server, and checks that record.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  res-edge audit list --limit 20
  res-edge audit verify")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// List what was done, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value = "100")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        #[command(flatten)]
        listing: ListingArguments,
        #[command(flatten)]
        target: Target,
    },
    /// Check that no row was altered, inserted or removed
    Verify {
        #[command(flatten)]
        target: Target,
    },
}

/// Runs `audit`.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.act {
        Act::List { limit, listing, target } => {
            let remote = Remote::open(target, session)?;
            let path = format!("/api/v1/audit?limit={limit}");
            let page: Page<AuditEntry> = remote.get(&path, session)?;
            listing::write(page.items.into_iter().map(Row), *listing, session.terminal)?;
            Ok(Outcome::Done)
        }
        Act::Verify { target } => verify(target, session),
    }
}

fn verify(target: &Target, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(target, session)?;
    let found: AuditVerification = remote.get("/api/v1/audit/verification", session)?;
    if found.is_whole {
        let rows = api::text::count(usize::try_from(found.number).unwrap_or(usize::MAX), "row");
        session.terminal.message(&format!("whole: {rows}, each follows from the one before it"));
        match &found.ledger {
            Some(AuditAnchor { step, number, .. }) => session
                .terminal
                .message(&format!("row {number} is the one that step {step} of the ledger names")),
            None => session.terminal.message("no step of the ledger names a row yet"),
        }
        session.terminal.print_line(&found.digest.unwrap_or_default())?;
        return Ok(Outcome::Done);
    }
    let why = found.why.unwrap_or_default();
    session.terminal.report(&format!("error: row {} is wrong: {why}", found.number));
    session
        .terminal
        .report("hint: compare with a backup; whoever can write to the database did it");
    Ok(Outcome::Faulty)
}

struct Row(AuditEntry);

impl Item for Row {
    const COLUMNS: &'static [Column] = &[
        column("NUMBER"),
        column("TIME"),
        column("ACTOR"),
        column("ACTION"),
        column("OBJECT"),
        wide("REQUEST"),
        wide("DETAILS"),
    ];

    fn reference(&self) -> String {
        format!("audit/{}", self.0.number)
    }

    fn cells(&self) -> Vec<String> {
        let AuditEntry { number, time, actor, action, object, request, details, .. } = &self.0;
        let texts = [actor, action, object, request].map(|text| api::text::printable(text));
        let mut cells = vec![number.to_string(), time.to_string()];
        cells.extend(texts);
        cells.push(details.to_string());
        cells
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
