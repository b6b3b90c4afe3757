//! `res-edge whoami`: who one is at a server.

use api::Whoami;

use super::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Shows who you are at a server, as Roles can name you.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge whoami -o json")]
pub(crate) struct Arguments {
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
    #[command(flatten)]
    target: Target,
}

/// Asks the server.
///
/// # Errors
/// It cannot be reached, or does not know the token.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let whoami: Whoami = remote.get("/api/v1/whoami", session)?;
    let text = match arguments.output.as_str() {
        "json" => serde_json::to_string_pretty(&whoami).unwrap_or_default(),
        _ => text(&whoami),
    };
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}

fn text(whoami: &Whoami) -> String {
    let mut text = format!("{}\nsubjects: {}", whoami.name, whoami.subjects.join(", "));
    if whoami.is_administrator {
        text.push_str("\nadministrator of this server");
    }
    text
}
