//! The binary `res-edge`: the process around [`cli::run`], and the start of the sandbox in which
//! it runs kustomize and Helm.

use std::process::ExitCode;

use cli::Terminal;

fn main() -> ExitCode {
    // Before anything else: a process with threads cannot close its own network.
    if std::env::args_os().nth(1).is_some_and(|word| word == expand::SANDBOX_WORD) {
        return expand::enter_sandbox(std::env::args_os().skip(2));
    }
    let mut terminal = Terminal::of_process();
    ExitCode::from(cli::run(std::env::args_os(), &mut terminal))
}
