//! The commands, one file each.
//!
//! A command takes its own arguments and the [`Session`], and answers an [`Outcome`] or a
//! [`CommandError`].

mod completion;
mod init;

mod version;

use clap::Subcommand;

use crate::arguments::Line;
use crate::error::CommandError;
use crate::session::Session;
use crate::terminal::Terminal;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// `diff` found something.
    Differences,
    /// The source or some cells are faulty, as was said.
    Faulty,
    /// Something waits for a person's word, as was said.
    Held,
}

impl Outcome {
    /// The exit code of the process.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Differences | Self::Faulty => 1,
            Self::Held => 3,
        }
    }
}

/// What can be done.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a new source
    Init(init::Arguments),

    /// Print a completion script for a shell
    Completion(completion::Arguments),
    /// Print the version
    Version(version::Arguments),
}

/// Runs the command of a line.
///
/// # Errors
/// Why it could not be done.
pub(crate) fn run(line: Line, terminal: &mut Terminal) -> Result<Outcome, CommandError> {
    let location = line.configure(terminal);
    let session = &mut Session { location, terminal };
    match line.command {
        Command::Init(arguments) => init::run(&arguments, session),

        Command::Completion(arguments) => completion::run(&arguments, session),
        Command::Version(arguments) => version::run(&arguments, session),
    }
}
