//! Asks a person: for a secret, without showing it, or whether something shall be done.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use server::Secret;

use crate::error::CommandError;
use crate::terminal::Terminal;

/// Asks a person whether something shall be done. Only a person at a terminal, who types `y` or
/// `yes`, says yes.
///
/// # Errors
/// There is no terminal, or it cannot be read.
pub(crate) fn confirm(question: &str, terminal: &mut Terminal) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::user(format!("there is nobody to ask: {question}"))
            .hint("say `--yes` to do it without being asked"));
    }
    terminal.report(&format!("{question} [y/N]"));
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(LONGEST);
    input
        .read_line(&mut line)
        .map_err(|error| CommandError::unavailable("cannot read the answer", &error))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The longest secret that is taken.
const LONGEST: u64 = 4096;

/// Asks for a secret on the terminal, where it is not shown; without a terminal it is the next
/// line of standard input.
///
/// # Errors
/// Nothing was given, or the terminal cannot be used.
pub(crate) fn secret(what: &str, terminal: &mut Terminal) -> Result<Secret, CommandError> {
    let read = if std::io::stdin().is_terminal() {
        terminal.flush()?;
        rpassword::prompt_password(format!("{what}: "))
    } else {
        let mut line = String::new();
        let mut input = std::io::stdin().lock().take(LONGEST);
        input.read_line(&mut line).map(|_| line)
    };
    let text =
        read.map_err(|error| CommandError::unavailable(format!("cannot read the {what}"), &error))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(CommandError::user(format!("no {what} was given"))
            .hint(format!("type the {what}, or give it as a line of standard input")));
    }
    Ok(Secret::new(text))
}
