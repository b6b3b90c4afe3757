//! The words of `res-edge-agent`, and what they do.
//!
//! Every flag can be given as a variable `RES_EDGE_<FLAG>`. Exit codes: 0 done, 1 something is
//! wrong on the cluster (`status`), 2 usage or a failure of the world.

mod run;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keeps one cluster equal to its release
#[derive(Debug, Parser)]
#[command(name = "res-edge-agent", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    disable_help_subcommand = true,
    after_help = "\
Examples:
  res-edge-agent status                              how this cluster stands
  res-edge-agent hold --for 4h --reason 'stocktake'  no new release for four hours
  res-edge-agent resume                              end that

In a pod: kubectl exec -n res-edge deploy/res-edge-agent -- res-edge-agent status"
)]
struct Line {
    /// Folder of the key and of what must survive a restart
    #[arg(long, global = true, env = "RES_EDGE_STATE", default_value = "/var/lib/res-edge")]
    #[arg(value_name = "DIR")]
    state: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent, until the process is told to end
    Run(Box<run::Arguments>),
    /// Hold new releases back; what runs is kept as it is
    Hold(site::HoldArguments),
    /// End a hold
    Resume,
    /// Show how this cluster stands
    Status(site::StatusArguments),
}

/// Runs the words of this process.
pub(crate) fn run() -> ExitCode {
    let line = Line::parse();
    let done = match line.command {
        Command::Run(arguments) => run::run(&arguments, &line.state).map(|()| ExitCode::SUCCESS),
        Command::Hold(arguments) => site::hold(&arguments, &line.state),
        Command::Resume => site::resume(&line.state),
        Command::Status(arguments) => site::status(&arguments, &line.state),
    };
    done.unwrap_or_else(|error| {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent_and_every_flag_has_a_variable() {
        let command = Line::command();
        command.clone().debug_assert();
        let all = [&command].into_iter().chain(command.get_subcommands());
        for argument in all.flat_map(clap::Command::get_arguments) {
            let Some(long) = argument.get_long().filter(|l| !["help", "version"].contains(l))
            else {
                continue;
            };
            let variable = format!("RES_EDGE_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(
                argument.get_env().and_then(|name| name.to_str()),
                Some(&*variable),
                "{long}"
            );
        }
    }
}
