//! `res-edge diff`: what a change of the source does to the whole fleet.
//!
//! Renders both sides and shows equal changes once, with the clusters that they concern.

use std::collections::HashSet;

use git::Objects;
use model::{Diagnostic, Rendered};
use release::Preview;

use super::Outcome;
use crate::delivery;
use crate::error::CommandError;
use crate::session::Session;
use crate::source::{self, Checked};
use api::text::count;
use plan::{Changes, Side};
use server::preview::{Read, Told, document};

/// How many differing files are shown at first.
const SHOWN: usize = 20;

/// Shows what a change does to the whole fleet: your uncommitted edits against HEAD, or two
/// revisions.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 nothing changes for any cluster; 1 something does; 2 failed.

Examples:
  res-edge diff                   the work tree against HEAD
  res-edge diff main              the work tree against main
  res-edge diff main HEAD -o markdown    as a comment on a change
  res-edge diff main my-change -o json")]
pub(crate) struct Arguments {
    /// The revision before the change
    #[arg(default_value = "HEAD")]
    base: String,
    /// The revision after it; else the work tree
    head: Option<String>,
    /// Show at most so many differing files
    #[arg(long, value_name = "N", default_value_t = SHOWN)]
    limit: usize,
    /// Output format
    #[arg(short, long, value_parser = ["text", "json", "markdown"], default_value = "text")]
    #[arg(
        value_name = "text|json|markdown",
        hide_possible_values = true,
        hide_default_value = true
    )]
    output: String,
}

impl Arguments {
    /// The command that shows everything.
    fn command(&self) -> String {
        let head = self.head.as_ref().map_or_else(String::new, |head| format!(" {head}"));
        format!("res-edge diff {}{head}", self.base)
    }
}

/// Compares, and writes what differs.
///
/// # Errors
/// One of the two cannot be read or is not accepted.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    // Exit code 1 means differences here, so a source that is not accepted is a failure.
    compare(arguments, session).map_err(CommandError::into_failure)
}

/// Writes what the uncommitted edits of a work tree change.
///
/// # Errors
/// As those of [`run`].
pub(crate) fn preview_work_tree(session: &mut Session) -> Result<Outcome, CommandError> {
    let (base, output) = ("HEAD".to_owned(), "text".to_owned());
    run(&Arguments { base, head: None, limit: SHOWN, output }, session)
}

fn compare(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let sides = Sides::read(&arguments.base, arguments.head.as_deref(), session)?;
    sides.present_new_errors(session);
    let preview = sides.preview(session);
    match arguments.output.as_str() {
        "markdown" => session.terminal.print(&preview.to_markdown(&arguments.command()))?,
        "json" => {
            let document = document(&preview);
            let text = serde_json::to_string_pretty(&document).unwrap_or_default();
            session.terminal.print_line(&text)?;
        }
        _ => write_text(&preview, arguments.limit, session)?,
    }
    Ok(if preview.is_empty() { Outcome::Done } else { Outcome::Differences })
}

fn write_text(preview: &Preview, limit: usize, session: &mut Session) -> Result<(), CommandError> {
    if preview.is_empty() {
        session.terminal.message("nothing changes for any cluster");
        return Ok(());
    }
    let text = preview.to_text(session.terminal.colours_results(), limit);
    session.terminal.print(&text)?;
    if preview.n_clusters_changed > 0 {
        let n = count(preview.n_clusters_changed, "cluster");
        session.terminal.message(&format!("{n} would change"));
    }
    if preview.groups.len() > limit {
        session.terminal.message("show more with `--limit N`");
    }
    Ok(())
}

/// Both sources, and what is rendered of them.
pub(super) struct Sides {
    pub(super) base: Checked,
    pub(super) head: Checked,
    pub(super) rendered_base: Rendered,
    pub(super) rendered_head: Rendered,
    objects: Objects,
}

impl Sides {
    /// Reads both sides: two revisions, or one and the work tree or the revision of the session.
    ///
    /// # Errors
    /// One of them cannot be read or is not accepted.
    pub(super) fn read(
        base: &str,
        head: Option<&str>,
        session: &mut Session,
    ) -> Result<Self, CommandError> {
        let repository = delivery::source_repository(session.source())?.ok_or_else(|| {
            let shown = session.source().display();
            CommandError::user(format!("`{shown}` is in no Git repository, so it has no revisions"))
                .hint("put it under Git first: `git init && git add . && git commit`")
        })?;
        let newer = head.map(str::to_owned).or_else(|| session.location.revision.clone());
        let location = session.location.source.clone();
        let mut read = |revision: Option<&str>| {
            source::read(&location, revision, session.terminal)?.or_refuse(session.terminal)
        };
        let base = read(Some(base))?;
        let head = read(newer.as_deref())?;
        // Nothing of this is written: the objects only live as long as the comparison.
        let objects = Objects::new(&repository);
        let rendered_base = base.render(&objects, session)?;
        let rendered_head = head.render(&objects, session)?;
        Ok(Self { base, head, rendered_base, rendered_head, objects })
    }

    fn preview<'s>(&'s self, session: &Session) -> Preview {
        let _progress = session.terminal.progress("comparing");
        let read = Read { objects: &self.objects, layout: self.rendered_head.layout };
        let side = |checked: &'s Checked| Side { fleet: &checked.fleet, source: &checked.source };
        let reasons = Told::new(Changes::new(side(&self.base), side(&self.head)));
        release::preview(&self.rendered_base, &self.rendered_head, &read, &reasons)
    }

    /// Writes the errors of the newer side that the older one does not have.
    fn present_new_errors(&self, session: &mut Session) {
        let key = |one: &Diagnostic| (one.code.name, one.message.clone());
        let known: HashSet<_> =
            self.base.diagnostics.iter().chain(&self.rendered_base.diagnostics).map(key).collect();
        let all = self.head.diagnostics.iter().chain(&self.rendered_head.diagnostics);
        let new: Vec<Diagnostic> = all.filter(|one| !known.contains(&key(one))).cloned().collect();
        source::present(&self.head.report(), &new, session.terminal);
    }
}
