//! `res-edge blame`: what gave a binding the tree that is released.

use std::fmt::Write as _;

use api::text::printable;
use api::{Blame, Client, SourceEdit};

use super::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Shows which step, which commit and which edits gave an application its tree on a cluster.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge blame dogs-cats central-la-nola-2301
  res-edge blame dogs-cats central-la-nola-2301 --as-of 2026-03-01T06:00:00Z")]
pub(crate) struct Arguments {
    /// The application
    application: String,
    /// The cluster
    cluster: String,
    /// As a step left it, or as it was at a time
    #[arg(long, value_name = "STEP|TIME")]
    as_of: Option<String>,
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
/// It cannot be reached, or nothing was released there.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let (application, cluster) =
        (Client::escape(&arguments.application), Client::escape(&arguments.cluster));
    let mut path = format!("/api/v1/bindings/{application}/{cluster}/blame");
    if let Some(moment) = &arguments.as_of {
        let _ = write!(path, "?asOf={}", Client::escape(moment));
    }
    let blame: Blame = remote.get(&path, session)?;
    let text = match arguments.output.as_str() {
        "json" => serde_json::to_string_pretty(&blame).unwrap_or_default(),
        _ => text(&blame),
    };
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}

fn text(blame: &Blame) -> String {
    let step = &blame.step.status;
    let mut text = format!("tree {} since step {}", blame.tree, blame.step.metadata.name);
    let _ = write!(text, "\nreleased {} by {}", step.time, printable(&step.by));
    if let Some(approver) = &step.approved_by {
        let _ = write!(text, ", confirmed by {}", printable(approver));
    }
    if let Some(source) = &blame.source {
        let _ = write!(text, "\ncommit {} by {}", source.commit, printable(&source.author));
        let _ = write!(text, "\n  {}", printable(&source.subject));
        if let Some(change) = &source.change {
            let _ = write!(text, "\n  change {}", printable(change));
        }
    }
    blame.edits.iter().for_each(|one| text.push_str(&edit(one)));
    if let Some(unknown) = &blame.unknown {
        let _ = write!(text, "\nedits cannot be told: {}", printable(unknown));
    }
    text
}

/// `inventory/pets.yaml:9: `title` of the application: Dogs -> Cats`.
fn edit(edit: &SourceEdit) -> String {
    let place = match (&edit.file, edit.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        _ => String::new(),
    };
    let mut text = format!("\n{place}{}", edit.subject);
    match (&edit.before, &edit.after) {
        (Some(before), Some(after)) => {
            let _ = write!(text, ": {before} -> {after}");
        }
        (None, Some(after)) => {
            let _ = write!(text, ": {after}");
        }
        (Some(before), None) => {
            let _ = write!(text, ": was {before}");
        }
        (None, None) => {}
    }
    printable_lines(&text)
}

fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}
