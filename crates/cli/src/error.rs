//! What ends a command early: a kind, a sentence, its causes and what to do next.
//!
//! Every failure of a room becomes a [`CommandError`] once, here at the door. A user's mistake in
//! the source is no error of this kind: it is a diagnostic, presented by the room `present`, and
//! ends the command with [`ErrorKind::Source`].

use std::error::Error;

use crate::terminal::{Paint, Terminal};

/// What went wrong, as far as the exit code and the reader care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The words were no command, which was explained already.
    Usage,
    /// The command was called in a way that cannot work.
    User,
    /// The source has errors, which were presented already.
    Source,
    /// Someone else moved what this command wanted to move.
    Conflict,
    /// A file, repository or ref could not be read or written.
    Unavailable,
    /// Something that cannot happen did.
    Internal,
    /// The reader of standard output went away; nobody is there to read a message.
    ClosedPipe,
}

/// A failure of a command.
#[derive(Clone, Debug)]
pub(crate) struct CommandError {
    kind: ErrorKind,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl CommandError {
    /// A failure of some kind.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// A command that was called wrongly.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::User, message)
    }

    /// A failure of the world, with what the failing room says.
    pub(crate) fn unavailable(message: impl Into<String>, source: &dyn Error) -> Self {
        Self::new(ErrorKind::Unavailable, message).caused_by(source)
    }

    /// A failure of the world, in the words of the failing room.
    pub(crate) fn of(kind: ErrorKind, source: &dyn Error) -> Self {
        let error = Self::new(kind, source.to_string());
        match source.source() {
            Some(cause) => error.caused_by(cause),
            None => error,
        }
    }

    /// What went wrong, as far as the exit code and the reader care.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, in one sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same, with an error and everything that caused it.
    pub(crate) fn caused_by(mut self, source: &dyn Error) -> Self {
        let mut next = Some(source);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// The same, with what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, for a command in which a source that is not accepted is a failure.
    pub(crate) fn into_failure(mut self) -> Self {
        if self.kind == ErrorKind::Source {
            self.kind = ErrorKind::User;
        }
        self
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Source => 1,
            ErrorKind::Usage
            | ErrorKind::User
            | ErrorKind::Conflict
            | ErrorKind::Unavailable
            | ErrorKind::Internal => 2,
            ErrorKind::ClosedPipe => 141,
        }
    }

    /// Writes `error:`, `caused by:` and `hint:` lines to standard error.
    pub(crate) fn present(&self, terminal: &mut Terminal) {
        if matches!(self.kind, ErrorKind::ClosedPipe | ErrorKind::Usage) {
            return;
        }
        let mut lines = vec![(Paint::Bad, "error", &self.message)];
        lines.extend(self.causes.iter().map(|cause| (Paint::Faint, "caused by", cause)));
        lines.extend(self.hint.iter().map(|hint| (Paint::Good, "hint", hint)));
        for (paint, word, text) in lines {
            let word = terminal.paint_message(paint, word);
            terminal.report(&format!("{word}: {text}"));
        }
    }
}
