//! `res-edge role`: the Roles of a server.

use api::Document;
use serde_json::Value;

use super::Outcome;
use crate::document::Named;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Shows the Roles of a server: who may do what. They are documents, edited as all others are.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  res-edge role list
  res-edge role show pets-editors
  res-edge edit role pets-editors")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// List the Roles
    List {
        #[command(flatten)]
        listing: ListingArguments,
        #[command(flatten)]
        target: Target,
    },
    /// Show a Role as it is written
    Show {
        /// Name
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Runs `role`.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.act {
        Act::List { listing, target } => {
            let remote = Remote::open(target, session)?;
            let roles: Vec<Document> = remote.pages("/api/v1/roles", session)?;
            listing::write(roles.into_iter().map(Row), *listing, session.terminal)?;
        }
        Act::Show { name, target } => {
            let remote = Remote::open(target, session)?;
            let named = Named { kind: schema::Kind::Role, name: name.clone() };
            let written = remote.must_be_written(&named, session)?;
            for line in written.text.lines() {
                session.terminal.print_line(&api::text::printable(line))?;
            }
        }
    }
    Ok(Outcome::Done)
}

struct Row(Document);

impl Item for Row {
    const COLUMNS: &'static [Column] =
        &[column("NAME"), column("SUBJECTS"), column("VERBS"), wide("APPROVALS")];

    fn reference(&self) -> String {
        format!("role/{}", self.0.metadata.name)
    }

    fn cells(&self) -> Vec<String> {
        let spec = &self.0.spec;
        let words = |value: Option<&Value>| {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let rules = spec.get("rules").and_then(Value::as_array).into_iter().flatten();
        let mut verbs: Vec<String> = rules.flat_map(|rule| words(rule.get("verbs"))).collect();
        verbs.sort();
        verbs.dedup();
        let count = spec.get("approvals").and_then(|approvals| approvals.get("count"));
        vec![
            self.0.metadata.name.clone(),
            words(spec.get("subjects")).join(","),
            verbs.join(","),
            count.map(ToString::to_string).unwrap_or_default(),
        ]
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
