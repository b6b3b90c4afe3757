//! `res-edge schema`: JSON Schemas of the documents and of what is printed as JSON.

use schema::document::Kind;
use serde_json::{Value, json};
use server::preview::preview_schema;

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;
use crate::source::unknown;

const KINDS: &[(&str, Kind)] = &[
    ("Fleet", Kind::Fleet),
    ("Cluster", Kind::Cluster),
    ("Group", Kind::Group),
    ("Namespace", Kind::Namespace),
    ("Application", Kind::Application),
    ("Role", Kind::Role),
];

/// Prints a JSON Schema of the documents.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge schema > res-edge.schema.json
  # then, at the top of a file of the inventory:
  # yaml-language-server: $schema=../res-edge.schema.json")]
pub(crate) struct Arguments {
    /// Fleet, Cluster, Group, Namespace, Application or Role, or `preview` for what `res-edge
    /// diff -o json` prints; else all documents in one
    kind: Option<String>,
}

/// Prints the schema.
///
/// # Errors
/// There is no such kind.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let schema = match &arguments.kind {
        None => all(),
        Some(name) if name.eq_ignore_ascii_case("preview") => preview_schema(),
        Some(name) => {
            let mut known = KINDS.iter().filter(|(kind, _)| kind.eq_ignore_ascii_case(name));
            let (_, kind) = known.next().ok_or_else(|| unknown_kind(name))?;
            schema::json_schema(*kind)
        }
    };
    session.terminal.print_line(&serde_json::to_string_pretty(&schema).unwrap_or_default())?;
    Ok(Outcome::Done)
}

fn all() -> Value {
    let kinds: Vec<Value> = KINDS.iter().map(|(_, kind)| schema::json_schema(*kind)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Documents of res-edge.dev/v1",
        "oneOf": kinds,
    })
}

fn unknown_kind(name: &str) -> CommandError {
    let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let capital: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    let typed = capital + &name.chars().skip(1).collect::<String>();
    unknown("kind", &typed, &kinds).hint(format!("the kinds are {}", kinds.join(", ")))
}
