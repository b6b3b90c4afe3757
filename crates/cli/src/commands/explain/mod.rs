//! `res-edge explain`: why an application is on a cluster or not, and what set its values.

mod document;
mod text;

use model::{ApplicationId, ClusterId};
use plan::explain::{Placement, ValueExplanation};
use plan::overlay::OverlayExplanation;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::session::Session;
use crate::source::{self, Checked};

/// Explains why an application is on a cluster or not: expressions with the truth of each part,
/// the overlay, and the document and line that set each value.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge explain central-la-nola-2301
  res-edge explain central-la-nola-2301 dogs-cats")]
pub(crate) struct Arguments {
    /// The cluster
    cluster: String,
    /// The application; else each application with yes or no
    application: Option<String>,
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
}

/// Writes the explanation.
///
/// # Errors
/// The source is not accepted, or there is no such cluster or application.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let checked = source::check(session)?;
    let cluster = checked.cluster(&arguments.cluster)?;
    let as_json = arguments.output == "json";
    let Some(name) = &arguments.application else {
        return every_application(&checked, cluster, as_json, session);
    };
    let cell = Cell::explain(&checked, cluster, checked.application(name)?);
    if as_json {
        let document = serde_json::to_string_pretty(&cell.document()).unwrap_or_default();
        session.terminal.print_line(&document)?;
    } else {
        let text = cell.text(session.terminal);
        session.terminal.print(&text)?;
    }
    Ok(Outcome::Done)
}

/// One cell of the grid, explained.
struct Cell<'a> {
    checked: &'a Checked,
    cluster: ClusterId,
    application: ApplicationId,
    placement: Placement,
    /// Nothing where the template's overlays are broken, which `validate` explains.
    overlay: Option<OverlayExplanation>,
    values: Vec<ValueExplanation>,
}

impl<'a> Cell<'a> {
    fn explain(checked: &'a Checked, cluster: ClusterId, application: ApplicationId) -> Self {
        let (fleet, source) = (&checked.fleet, &checked.source);
        Self {
            checked,
            cluster,
            application,
            placement: plan::explain_placement(fleet, cluster, application),
            overlay: plan::explain_overlay(fleet, source, cluster, application).ok(),
            values: plan::explain_values(fleet, cluster, application),
        }
    }

    fn cluster_name(&self) -> &str {
        self.checked.fleet.clusters[self.cluster.index()].name.as_str()
    }

    fn application_name(&self) -> &str {
        self.checked.fleet.applications[self.application.0 as usize].name.as_str()
    }
}

/// A line for each application: whether it is on the cluster, and by whose word.
fn every_application(
    checked: &Checked,
    cluster: ClusterId,
    as_json: bool,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let ids = (0..checked.fleet.applications.len() as u32).map(ApplicationId);
    let cells: Vec<Cell<'_>> = ids.map(|id| Cell::explain(checked, cluster, id)).collect();
    if as_json {
        let documents: Vec<_> = cells.iter().map(Cell::document).collect();
        let list = serde_json::json!({
            "apiVersion": "res-edge.dev/v1", "kind": "List", "items": documents,
        });
        session.terminal.print_line(&serde_json::to_string_pretty(&list).unwrap_or_default())?;
        return Ok(Outcome::Done);
    }
    let rows = cells.iter().map(|cell| {
        let placed = if cell.placement.placed { "yes" } else { "no" };
        vec![cell.application_name().to_owned(), placed.to_owned(), cell.short_reason()]
    });
    let titles = ["APPLICATION", "HERE", "BECAUSE"].map(str::to_owned).to_vec();
    session.terminal.print(&columns(Some(titles), rows.collect()))?;
    session.terminal.message("name an application to see each part and value");
    Ok(Outcome::Done)
}
