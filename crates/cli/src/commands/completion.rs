//! `res-edge completion`: a script that teaches a shell the commands.

use clap_complete::Shell;

use super::Outcome;
use crate::error::CommandError;
use crate::session::Session;

/// Prints a completion script.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(res-edge completion bash)
  res-edge completion zsh > \"${fpath[1]}/_res-edge\"
  res-edge completion fish > ~/.config/fish/completions/res-edge.fish")]
pub(crate) struct Arguments {
    /// bash, elvish, fish, powershell or zsh
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When standard output takes no more.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::command(), "res-edge", &mut script);
    session.terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
