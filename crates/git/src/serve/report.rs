//! The answer to a push: <https://git-scm.com/docs/gitprotocol-pack#_report_status>.

use std::io::{self, Write};

use model::CommitId;

use super::command::{Request, Version};
use super::packet::{Band, Bands, append};
use crate::RefMove;

/// How many bytes of a reason are sent.
const REASON: usize = 1000;

/// What became of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// This ref moved.
    Moved(RefMove),
    /// Nothing did, and why.
    Refused(String),
}

/// What the client is told.
pub(super) struct Report<'a> {
    pub(super) request: &'a Request,
    /// What is wrong with the pack.
    pub(super) unpacked: Result<(), String>,
    /// For each command.
    pub(super) fates: Vec<Fate>,
    /// For the person.
    pub(super) text: String,
}

impl Report<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// If the client cannot be written to.
    pub(super) fn write(&self, output: impl Write) -> io::Result<()> {
        let mut bands = Bands::new(output, self.request.is_banded);
        bands.write(Band::Text, shown(&self.text).as_bytes())?;
        if let Some(version) = self.request.report {
            bands.write(Band::Answer, &self.answer(version))?;
        }
        bands.finish()
    }

    fn answer(&self, version: Version) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut line = |text: String| append(&mut answer, format!("{text}\n").as_bytes());
        match &self.unpacked {
            Ok(()) => line("unpack ok".to_owned()),
            Err(reason) => line(format!("unpack {}", short(reason))),
        }
        for (command, fate) in self.request.commands.iter().zip(&self.fates) {
            match fate {
                Fate::Refused(reason) => line(format!("ng {} {}", command.name, short(reason))),
                Fate::Moved(step) => {
                    line(format!("ok {}", command.name));
                    if version == Version::V2 && step.name != command.name {
                        let id = |id: Option<CommitId>| id.unwrap_or(CommitId([0; 20]));
                        line(format!("option refname {}", step.name));
                        line(format!("option old-oid {}", id(step.from)));
                        line(format!("option new-oid {}", id(step.to)));
                    }
                }
            }
        }
        answer.extend_from_slice(b"0000");
        answer
    }
}

/// A reason in one line of not too many bytes.
fn short(reason: &str) -> String {
    let line = shown(reason).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.floor_char_boundary(REASON) {
        end if end < line.len() => format!("{}...", &line[..end]),
        _ => line,
    }
}

/// A text without what would command a terminal: an excerpt of a file may hold anything.
fn shown(text: &str) -> String {
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut shown: String =
        text.chars().map(|c| if is_shown(c) { c } else { '\u{fffd}' }).collect();
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_a_terminal() {
        assert_eq!(shown("a\tb\r\n\u{1b}[31mc\u{9b}"), "a\tb\u{fffd}\n\u{fffd}[31mc\u{fffd}\n");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(short("a\n b"), "a b");
        let long = short(&"ä".repeat(1000));
        assert!(long.ends_with("ä...") && long.len() <= REASON + 3);
    }
}
