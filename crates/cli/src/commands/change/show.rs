//! `res-edge change show`: one change, with its checks.

use std::fmt::Write as _;

use api::text::{count, printable};
use api::{Change, ChangeChecks, ChangeEvent, ChangeStatus, ChangedFile};
use serde_json::json;

use super::{Format, path, word};
use crate::commands::Outcome;
use crate::error::CommandError;
use crate::remote::Remote;
use crate::session::Session;

/// How many files and events are shown.
const MOST: usize = 10;

/// Shows a change, its files and its events.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(super) fn run(
    number: u32,
    format: &Format,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let change: Change = remote.get(&path(number), session)?;
    let files: Vec<ChangedFile> = remote.get(&format!("{}/files", path(number)), session)?;
    let events: Vec<ChangeEvent> = remote.get(&format!("{}/events", path(number)), session)?;
    if !format.is_json() {
        let mut text = head(&change);
        for file in files.iter().take(MOST) {
            let _ = writeln!(text, "  {} {}", file.change, printable(&file.path));
        }
        more(&mut text, files.len());
        for event in events.iter().take(MOST) {
            let said = event.text.as_deref().map(|text| format!(": {}", printable(text)));
            let said = said.unwrap_or_default();
            let _ = writeln!(text, "{} {} by {}{said}", event.at, event.event, event.by);
        }
        more(&mut text, events.len());
        session.terminal.print(&text)?;
    }
    checked(&change, format, remote, session)
}

fn head(change: &Change) -> String {
    let title = printable(&change.title);
    let mut text = format!("change {}: {title}\n", change.number);
    let _ = writeln!(text, "{}, by {}", word(change.status), change.authors.join(", "));
    let _ = writeln!(text, "head {}", change.head);
    if let Some(merged) = &change.merged {
        let _ = writeln!(text, "merged as {merged}");
    }
    for line in change.text.lines() {
        let _ = writeln!(text, "  {}", printable(line));
    }
    for approval in &change.approvals {
        let _ = writeln!(text, "approved by {} at {}", approval.by, approval.at);
    }
    text
}

fn more(text: &mut String, n: usize) {
    if n > MOST {
        let _ = writeln!(text, "and {} more", n - MOST);
    }
}

/// Shows the checks of a change that is open, and answers what is left to do.
///
/// # Errors
/// As those of [`run`].
pub(super) fn checked(
    change: &Change,
    format: &Format,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let checks: Option<ChangeChecks> = match change.status {
        ChangeStatus::Open => {
            Some(remote.get(&format!("{}/checks", path(change.number)), session)?)
        }
        ChangeStatus::Merged | ChangeStatus::Closed => None,
    };
    if format.is_json() {
        let document = json!({"change": change, "checks": checks});
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        session.terminal.print_line(&text)?;
    }
    let Some(checks) = checks else { return Ok(Outcome::Done) };
    if !format.is_json() {
        for diagnostic in &checks.diagnostics {
            let text = diagnostic.excerpt.as_deref().unwrap_or(&diagnostic.message);
            let lines: Vec<String> = text.lines().map(printable).collect();
            session.terminal.report(&(lines.join("\n") + "\n"));
        }
        let text = text(&checks, change.number);
        session.terminal.print(&text)?;
    }
    Ok(match checks.new_errors > 0 || !checks.conflicts.is_empty() {
        true => Outcome::Faulty,
        false => Outcome::Done,
    })
}

fn text(checks: &ChangeChecks, number: u32) -> String {
    let mut text = String::new();
    if let Some(effect) = &checks.effect {
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let clusters = count(number(effect.clusters), "cluster");
        let bindings = count(number(effect.bindings), "binding");
        let _ = match effect.clusters {
            0 => writeln!(text, "nothing changes for any cluster"),
            _ => writeln!(text, "{clusters} and {bindings} change"),
        };
    }
    for conflict in &checks.conflicts {
        let _ = writeln!(text, "conflict in {}: rebase on `main`", printable(conflict));
    }
    if checks.new_errors > 0 {
        let errors = count(checks.new_errors as usize, "error");
        let _ = writeln!(text, "it cannot be merged: {errors} that `main` does not have");
    }
    for held in &checks.held {
        let _ = writeln!(text, "a brake would hold: {}", printable(held));
    }
    for lack in &checks.access.lacks {
        let _ = writeln!(text, "you may not merge it: {}", printable(lack));
    }
    for wait in &checks.waits {
        let _ = writeln!(text, "it waits: {}", printable(wait));
    }
    if checks.mergeable {
        let _ = writeln!(text, "`res-edge change merge {number}` merges it");
    }
    text
}
