//! The program `res-edge-agent`.

use std::process::ExitCode;

mod command;

fn main() -> ExitCode {
    command::run()
}
