//! `res-edge validate`: reads everything, renders everything, and says what is wrong.

use model::Diagnostic;
use serde_json::{Value, json};

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;
use crate::sinks::Hashes;
use crate::source::{self, Checked, Read};
use api::text::count;
use api::text::{Report, Tally};

/// Checks the source: documents, expressions, templates and values, on every cluster.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 no errors; 1 errors; 2 the source cannot be read.

Examples:
  res-edge validate
  res-edge validate --source git/fleet --rev main -o json")]
pub(crate) struct Arguments {
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
    /// Show at most so many of what was found; else all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Checks, and presents what was found.
///
/// # Errors
/// The source cannot be read, or has errors, which were presented.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let read = source::read(session.source(), session.revision(), session.terminal)?;
    let as_json = arguments.output == "json";
    let limit = arguments.limit.unwrap_or(usize::MAX);
    match read {
        Read::Refused(refused) if as_json => {
            let report = refused.report();
            write_json(&report, refused.diagnostics().to_vec(), session)
        }
        Read::Refused(refused) => Err(refused.present(limit, session.terminal)),
        Read::Valid(checked) => valid(&checked, as_json, limit, session),
    }
}

fn valid(
    checked: &Checked,
    as_json: bool,
    limit: usize,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let rendered = checked.render(&Hashes, session)?;
    if as_json {
        let mut all = checked.diagnostics.clone();
        all.extend(rendered.diagnostics.iter().cloned());
        return write_json(&checked.report(), all, session);
    }
    let tally = checked.present(&rendered, limit, session.terminal);
    let size = format!(
        "{}, {}, {}",
        count(checked.fleet.clusters.len(), "cluster"),
        count(checked.fleet.applications.len(), "application"),
        count(rendered.n_bindings(), "binding"),
    );
    session.terminal.message(&format!("{size}: {tally}"));
    Ok(outcome(tally))
}

fn outcome(tally: Tally) -> Outcome {
    if tally.n_errors > 0 { Outcome::Faulty } else { Outcome::Done }
}

fn write_json(
    report: &Report<'_>,
    diagnostics: Vec<Diagnostic>,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let tally = Tally::of(&diagnostics);
    let sorted = report.sorted(&diagnostics);
    let list: Vec<Value> = sorted.into_iter().map(|one| report.json(one)).collect();
    let document = json!({
        "apiVersion": "res-edge.dev/v1",
        "kind": "Validation",
        "status": {
            "valid": tally.n_errors == 0,
            "errors": tally.n_errors,
            "warnings": tally.n_warnings,
            "diagnostics": list,
        },
    });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    session.terminal.print_line(&text)?;
    Ok(outcome(tally))
}
