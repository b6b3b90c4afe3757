//! `res-edge describe`: all that a server knows of one thing, for a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use api::text::printable;
use api::{Binding, Page, Step};
use schema::Kind;
use serde_json::Value;

use super::Outcome;
use crate::document::{Named, NamedArguments};
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// How many steps are shown.
const STEPS: usize = 5;

/// How many bindings of a cluster are shown.
const BINDINGS: usize = 100;

/// Shows a document of a server as it is written, how it stands, and what happened to it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge describe cluster central-la-nola-2301
  res-edge describe group /stores/central")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: NamedArguments,
    #[command(flatten)]
    target: Target,
}

/// Runs `describe`.
///
/// # Errors
/// There is no such document, or the server cannot be reached.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let named = arguments.named.named()?;
    let remote = Remote::open(&arguments.target, session)?;
    let written = remote.must_be_written(&named, session)?;
    let document: Value = remote.get(&named.path(), session)?;
    let mut text = String::new();
    for line in written.text.lines() {
        let _ = writeln!(text, "{}", printable(line));
    }
    if let Some(Value::Object(status)) = document.get("status") {
        text.push_str("\nstatus:\n");
        for (key, value) in status {
            let _ = writeln!(text, "  {key}: {}", printable(&shown(value)));
        }
    }
    text.push_str(&bindings(&named, &remote, session)?);
    text.push_str(&steps(&named, &remote, session)?);
    session.terminal.print(&text)?;
    Ok(Outcome::Done)
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", shown(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What runs on a cluster; of an application, how many of its bindings stand in which way.
fn bindings(named: &Named, remote: &Remote, session: &mut Session) -> Result<String, CommandError> {
    match named.kind {
        Kind::Cluster => {
            let path = format!("{}/bindings?limit={BINDINGS}", named.path());
            let page: Page<Binding> = remote.get(&path, session)?;
            let row = |binding: &Binding| {
                let step = binding.status.released.as_ref();
                let step = step.map_or_else(|| "-".to_owned(), |tree| tree.generation.to_string());
                vec![
                    binding.spec.application.clone(),
                    binding.spec.namespace.clone().unwrap_or_default(),
                    binding.status.state.word().to_owned(),
                    step,
                ]
            };
            let titles = ["APPLICATION", "NAMESPACE", "STATE", "STEP"].map(str::to_owned);
            let rows: Vec<_> = page.items.iter().map(row).collect();
            if rows.is_empty() {
                return Ok("\nno application is on it\n".to_owned());
            }
            Ok(format!("\n{}", columns(Some(titles.to_vec()), rows)))
        }
        Kind::Application => {
            let path = format!("{}/bindings?limit=1000&fields=status", named.path());
            let page: Page<Value> = remote.get(&path, session)?;
            let mut states: BTreeMap<String, usize> = BTreeMap::new();
            for binding in &page.items {
                let state = binding.pointer("/status/state").map(shown).unwrap_or_default();
                *states.entry(state).or_default() += 1;
            }
            let states: Vec<String> =
                states.iter().map(|(state, n)| format!("{n} {state}")).collect();
            let more = if page.next.is_some() { " (of the first 1000)" } else { "" };
            match states.is_empty() {
                true => Ok("\nit is on no cluster\n".to_owned()),
                false => Ok(format!("\nbindings: {}{more}\n", states.join(", "))),
            }
        }
        _ => Ok(String::new()),
    }
}

/// The last steps that changed it.
fn steps(named: &Named, remote: &Remote, session: &mut Session) -> Result<String, CommandError> {
    if !matches!(named.kind, Kind::Cluster | Kind::Application) {
        return Ok(String::new());
    }
    let path = format!("{}/history?limit={STEPS}", named.path());
    let request = remote.client().get::<Page<Step>>(&path);
    let steps = match remote.try_wait(request, session) {
        // Nothing was released yet.
        Err(error) if error.code() == Some("not-found") => return Ok(String::new()),
        answer => answer.map_err(|error| remote.failure(error, session.terminal))?,
    };
    let mut text = "\nlast steps:\n".to_owned();
    for step in &steps.items {
        let (name, time) = (&step.metadata.name, step.status.time);
        let _ = writeln!(text, "  {name}  {time}  {}", printable(&step.status.subject));
    }
    Ok(text)
}
