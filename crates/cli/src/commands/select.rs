//! `res-edge select`: which clusters an expression selects.

use super::Outcome;
use super::get::ClusterItem;
use crate::error::CommandError;
use crate::present::listing::{self, Format, ListingArguments};
use crate::session::Session;
use crate::source;
use api::text::count;

/// Prints the clusters that an expression selects.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
An expression: /g/GROUP/PATH  /c/CLUSTER  /n/NAMESPACE  /m/LABEL/VALUE  all  none
joined with and, or, not and ( ).

Examples:
  res-edge select '/g/stores and not /m/ring/prod'
  res-edge select '/c/central-*' -o wide")]
pub(crate) struct Arguments {
    /// The expression, quoted for the shell
    #[arg(value_name = "EXPR", required = true, num_args = 1..)]
    expression: Vec<String>,
    #[command(flatten)]
    listing: ListingArguments,
}

/// Writes the clusters, and how many they are.
///
/// # Errors
/// The source is not accepted, or the expression has mistakes.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut checked = source::check(session)?;
    let selected = checked.select(&arguments.expression.join(" "), session)?;
    let items = ClusterItem::all(&checked).filter(|item| selected.contains(item.id));
    match arguments.listing.output {
        Format::Table => {
            let mut names = items.map(|item| item.cluster.name.clone());
            names.try_for_each(|name| session.terminal.print_line(name.as_str()))?;
        }
        _ => listing::write(items, arguments.listing, session.terminal)?,
    }
    let total = count(checked.clusters.len(), "cluster");
    session.terminal.message(&format!("{} of {total}", selected.len()));
    Ok(Outcome::Done)
}
