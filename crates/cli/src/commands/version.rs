//! `res-edge version`: which program this is, and which others it finds.

use expand::{Expander, NetworkState, ProgramState};
use model::Program;
use serde_json::{Value, json};

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;

/// The newest rendering engine of this program; `spec.engine` of `fleet.yaml` pins one.
const ENGINE: u32 = 1;

/// Prints the version, and the programs that build templates: kustomize and Helm.
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
    let text = match arguments.output.as_str() {
        "json" => document(&session.expander).to_string(),
        _ => text(&session.expander),
    };
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}

const PROGRAMS: [Program; 2] = [Program::Kustomize, Program::Helm];

fn text(expander: &Expander) -> String {
    let mut text = format!("res-edge {}, engine {ENGINE}", env!("CARGO_PKG_VERSION"));
    for program in PROGRAMS {
        let name = program.name();
        text.push_str(&match expander.program(program) {
            ProgramState::Ready(ready) => {
                format!("\n{name} {} at {}", ready.version, ready.path.display())
            }
            ProgramState::Missing => format!("\n{name} {} not found", wanted(program)),
            ProgramState::Wrong { path, found } => {
                let wanted = wanted(program);
                format!("\n{name} {found} at {}, {wanted} is needed", path.display())
            }
            ProgramState::Broken { path, why } => {
                format!("\n{name} at {} cannot be used: {why}", path.display())
            }
        });
    }
    let network = match network(expander) {
        None => "closed for both".to_owned(),
        Some(why) => format!("not closed for both: {why}"),
    };
    format!("{text}\nnetwork {network}")
}

fn document(expander: &Expander) -> Value {
    let program = |program: Program| {
        let (path, version, problem) = match expander.program(program) {
            ProgramState::Ready(ready) => (Some(&ready.path), Some(&*ready.version), None),
            ProgramState::Missing => (None, None, Some("missing")),
            ProgramState::Wrong { path, found } => (Some(path), Some(&**found), Some("version")),
            ProgramState::Broken { path, .. } => (Some(path), None, Some("broken")),
        };
        json!({
            "name": program.name(),
            "wanted": wanted(program),
            "path": path.map(|path| path.display().to_string()),
            "version": version,
            "problem": problem,
        })
    };
    let network = network(expander);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "engine": ENGINE,
        "programs": PROGRAMS.map(program),
        "network": { "closed": network.is_none(), "problem": network },
    })
}

fn wanted(program: Program) -> &'static str {
    match program {
        Program::Kustomize => expand::KUSTOMIZE_VERSION,
        Program::Helm => expand::HELM_VERSION,
    }
}

/// Why programs could reach the network; nothing if they cannot.
fn network(expander: &Expander) -> Option<String> {
    match expander.network() {
        Ok(NetworkState::Closed) => None,
        Ok(NetworkState::Open(why)) => Some(why),
        Err(error) => Some(error.to_string()),
    }
}
