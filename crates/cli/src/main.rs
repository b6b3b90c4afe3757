//! The binary `res-edge`: the process around [`cli::run`].

use std::process::ExitCode;

use cli::Terminal;

fn main() -> ExitCode {
    let mut terminal = Terminal::of_process();
    ExitCode::from(cli::run(std::env::args_os(), &mut terminal))
}
