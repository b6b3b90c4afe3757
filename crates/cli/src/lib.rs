//! The door for people: the commands of `res-edge`.
//!
//! In: the words of the command line, and the environment as flags. Out: tables and documents on
//! standard output, messages on standard error, and an exit code. A command only parses, calls
//! one or two rooms, and presents; what the acts mean is decided in `plan` and `release`.
//!
//! ```text
//! words ─arguments─▶ Command ─commands─▶ Outcome or CommandError ─▶ exit code
//!                       │  source: location ─▶ documents ─▶ Fleet ─▶ Rendered
//!                       └─ present: diagnostics, tables, documents ─▶ Terminal
//! ```
//!
//! Exit codes: 0 done; 1 differences, or errors in the source; 2 usage, or a failure of the
//! world; 3 something waits for a person's word; 141 the reader of standard output went away.

mod arguments;
mod commands;
mod contexts;
mod delivery;
mod document;
mod duration;
mod error;
mod expansion;
mod files;
mod log;
mod oidc;
mod present;
mod prompt;
mod remote;
mod session;
mod signals;
mod simulation;
mod sinks;
mod source;
mod terminal;

use std::ffi::OsString;

pub use terminal::Terminal;

/// Runs one command and answers the exit code.
pub fn run(words: impl IntoIterator<Item = OsString>, terminal: &mut Terminal) -> u8 {
    let result = arguments::parse(words, terminal).and_then(|parsed| match parsed {
        Some(line) => commands::run(line, terminal),
        None => Ok(commands::Outcome::Done),
    });
    let result = result.and_then(|outcome| terminal.flush().map(|()| outcome));
    match result {
        Ok(outcome) => outcome.exit_code(),
        Err(error) => {
            error.present(terminal);
            error.exit_code()
        }
    }
}

/// The whole command line as clap knows it, for completions and the generated reference.
#[must_use]
pub fn command() -> clap::Command {
    arguments::command()
}
