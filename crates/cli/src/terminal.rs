//! Standard output and standard error, and the only way to them.
//!
//! Results go to standard output, messages and progress to standard error. Colour is decided once
//! for each stream. Writing to a closed pipe ends the command quietly; a message that cannot be
//! written is lost, since there is nobody to tell.

use std::io::{self, BufWriter, ErrorKind as IoErrorKind, IsTerminal, Write};
use std::sync::Arc;

use model::Counter;

use crate::error::{CommandError, ErrorKind};
use crate::present::Progress;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only, and what waits for a person: what keeps the exit code from being 0.
    Quiet,
    /// What a person wants to know.
    #[default]
    Normal,
    /// How it was found out as well.
    Verbose,
}

/// What a stretch of text means, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Done, present, added.
    Good,
    /// An error, gone, removed.
    Bad,
    /// A warning, something that waits.
    Warning,
    /// A heading.
    Strong,
    /// Of less weight.
    Faint,
}

impl Paint {
    /// The parameters of the escape sequence (ECMA-48, "select graphic rendition").
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warning => "33",
            Self::Strong => "1",
            Self::Faint => "2",
        }
    }

    fn apply(self, colour: bool, text: &str) -> String {
        if colour { format!("\x1b[{}m{text}\x1b[0m", self.code()) } else { text.to_owned() }
    }
}

/// The two streams of a command.
pub struct Terminal {
    stdout: Box<dyn Write>,
    stderr: Box<dyn Write>,
    stdout_colour: bool,
    stderr_colour: bool,
    stderr_is_terminal: bool,
    verbosity: Verbosity,
}

impl Terminal {
    /// The streams of this process, with colour where a person reads them and neither `NO_COLOR`
    /// (<https://no-color.org>) nor `TERM=dumb` says otherwise.
    #[must_use]
    pub fn of_process() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = !is_set("NO_COLOR") && !dumb;
        Self {
            stdout_colour: colour && io::stdout().is_terminal(),
            stderr_colour: colour && io::stderr().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal() && !dumb,
            ..Self::new(BufWriter::with_capacity(1 << 16, io::stdout()), io::stderr())
        }
    }

    /// Any two streams, without colour or progress.
    #[must_use]
    pub fn new(stdout: impl Write + 'static, stderr: impl Write + 'static) -> Self {
        Self {
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            stdout_colour: false,
            stderr_colour: false,
            stderr_is_terminal: false,
            verbosity: Verbosity::Normal,
        }
    }

    /// Takes what the flags say.
    pub(crate) fn configure(&mut self, verbosity: Verbosity, no_color: bool) {
        self.verbosity = verbosity;
        self.stdout_colour &= !no_color;
        self.stderr_colour &= !no_color;
    }

    /// Whether standard output takes colour.
    pub(crate) fn colours_results(&self) -> bool {
        self.stdout_colour
    }

    /// Whether standard error takes colour.
    pub(crate) fn colours_messages(&self) -> bool {
        self.stderr_colour
    }

    /// Whether warnings and notes are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether details are wanted.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// A text for standard output in its colour.
    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        paint.apply(self.stdout_colour, text)
    }

    /// A text for standard error in its colour.
    pub(crate) fn paint_message(&self, paint: Paint, text: &str) -> String {
        paint.apply(self.stderr_colour, text)
    }

    /// Writes a result as it is.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), CommandError> {
        self.stdout.write_all(text.as_bytes()).map_err(|error| stdout_error(&error))
    }

    /// Writes a result and ends the line.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn print_line(&mut self, text: &str) -> Result<(), CommandError> {
        self.print(text)?;
        self.print("\n")
    }

    /// Hands over what is still in the buffer.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn flush(&mut self) -> Result<(), CommandError> {
        self.stdout.flush().map_err(|error| stdout_error(&error))
    }

    /// Says something on standard error unless quiet was asked for.
    pub(crate) fn message(&mut self, text: &str) {
        if !self.is_quiet() {
            self.report(text);
        }
    }

    /// Says how something was found out, where that was asked for.
    pub(crate) fn detail(&mut self, text: &str) {
        if self.is_verbose() {
            self.report(text);
        }
    }

    /// Says something on standard error in any case. What was printed comes first.
    pub(crate) fn report(&mut self, text: &str) {
        let _ = self.stdout.flush();
        let _ = writeln!(self.stderr, "{text}");
    }

    /// Shows that something goes on, from the first second until the answer is dropped, where a
    /// person looks at standard error.
    pub(crate) fn progress(&self, activity: &'static str) -> Progress {
        self.progress_of(activity, &Arc::default())
    }

    /// The same, with a bar from when on it is known how much there is to do.
    pub(crate) fn progress_of(&self, activity: &'static str, counter: &Arc<Counter>) -> Progress {
        let is_visible = self.stderr_is_terminal && !self.is_quiet();
        Progress::start(activity, Arc::clone(counter), is_visible)
    }
}

fn stdout_error(error: &io::Error) -> CommandError {
    match error.kind() {
        IoErrorKind::BrokenPipe => CommandError::new(ErrorKind::ClosedPipe, "closed pipe"),
        _ => CommandError::unavailable("cannot write to standard output", error),
    }
}
