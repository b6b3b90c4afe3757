//! `res-edge version`: which program this is.

use serde_json::json;

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;

/// The newest rendering engine of this program; `spec.engine` of `fleet.yaml` pins one.
const ENGINE: u32 = 1;

/// Prints the version.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge version -o json")]
pub(crate) struct Arguments {
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
}

/// Prints the version.
///
/// # Errors
/// When standard output takes no more.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let version = env!("CARGO_PKG_VERSION");
    let text = match arguments.output.as_str() {
        "json" => json!({ "version": version, "engine": ENGINE }).to_string(),
        _ => format!("res-edge {version}, engine {ENGINE}"),
    };
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}
