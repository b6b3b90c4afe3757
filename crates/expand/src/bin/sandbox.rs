//! The sandbox without a door around it, for the tests of this room.

use std::process::ExitCode;

fn main() -> ExitCode {
    expand::enter_sandbox(std::env::args_os().skip(2))
}
