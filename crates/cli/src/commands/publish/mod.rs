//! `res-edge publish`: releases what the source says to the fleet.
//!
//! Renders, decides against the ledger, appends the step and projects it. What waits for a
//! person, and what could not be rendered, is shown and does not stop the rest.

mod released;
mod report;

use std::collections::HashMap;

use git::{Objects, Repository};
use jiff::Timestamp;
use model::{CommitId, Digest, Ledger, Observed, Rendered};
use release::{Decided, Decision, Difference, World};

use super::Outcome;
use crate::delivery::{self, ATTEMPTS, AuthorArguments, DeliveryArguments};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;
use crate::source::{self, Checked};
use report::{Output, Publication};

/// Releases what the source says: renders it, appends a step to the ledger, and writes what
/// clusters read.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 released, or nothing to do; 1 some cells are faulty and keep what they
have; 2 failed; 3 something waits for a confirmation.

Examples:
  res-edge publish --dry-run
  res-edge publish --to /srv/git/delivery.git --rev main")]
pub(crate) struct Arguments {
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    author: AuthorArguments,
    /// Let pass what waits; the digest names exactly what was shown
    #[arg(long, value_name = "DIGEST")]
    confirm: Option<Digest>,
    /// Release nothing if some cell is faulty
    #[arg(long)]
    all_or_nothing: bool,
    /// Show what would be released, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
}

impl Arguments {
    /// A plain release to a repository.
    pub(crate) fn releasing_to(delivery: DeliveryArguments) -> Self {
        let (author, confirm, output) = (AuthorArguments::default(), None, Output::Text);
        Self { delivery, author, confirm, all_or_nothing: false, dry_run: false, output }
    }
}

/// Releases, and reports.
///
/// # Errors
/// The source is not accepted, the release is refused, or something cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let checked = source::check(session)?;
    let repository = arguments.delivery.open(session)?;
    let objects = Objects::new(&repository);
    let rendered = checked.render(&objects, session)?;
    if arguments.output == Output::Text {
        checked.present(&rendered, usize::MAX, session.terminal);
    }
    let run = Run { arguments, checked: &checked, repository: &repository, rendered: &rendered };
    for _ in 0..ATTEMPTS {
        if let Some(publication) = run.attempt(&objects, session)? {
            publication.write(arguments.output, session)?;
            return Ok(publication.outcome());
        }
    }
    Err(delivery::moved())
}

/// One publish.
struct Run<'a> {
    arguments: &'a Arguments,
    checked: &'a Checked,
    repository: &'a Repository,
    rendered: &'a Rendered,
}

impl<'a> Run<'a> {
    /// Decides against the ledger as it is now; answers nothing when it moved meanwhile.
    fn attempt(
        &self,
        objects: &Objects,
        session: &mut Session,
    ) -> Result<Option<Publication<'a>>, CommandError> {
        let before = delivery::read_ledger(self.repository)?;
        let known = before.as_ref().map(|(commit, ledger)| (*commit, ledger));
        let ledger = known.map(|(_, ledger)| ledger);
        let difference = release::compare(ledger, self.rendered);
        let decided = self.decide(objects, ledger, &difference, session)?;
        let publication = |after: Option<&Ledger>, decided| {
            let released = released::count(ledger, after);
            let command = self.command(session);
            Publication::new(self.checked, self.rendered, decided, released, after, command)
        };
        if self.arguments.dry_run {
            let after = decided.step.as_ref().map(|step| step.ledger.clone());
            return Ok(Some(publication(after.as_ref(), decided).dry_run()));
        }
        let Some(after) = self.append(objects, known, &decided, session)? else {
            return Ok(None);
        };
        let after = after.or_else(|| before.as_ref().map(|(_, ledger)| ledger.clone()));
        let mut publication = publication(after.as_ref(), decided);
        if after.is_some() {
            let _progress = session.terminal.progress("writing what clusters read");
            publication.projected =
                Some(delivery::project(self.repository, &self.rendered.delivery)?);
        }
        Ok(Some(publication))
    }

    fn decide(
        &self,
        objects: &Objects,
        ledger: Option<&Ledger>,
        difference: &Difference,
        session: &Session,
    ) -> Result<Decided, CommandError> {
        let _progress = session.terminal.progress("comparing with what is released");
        let world = World {
            object_changes: self.object_changes(objects, difference),
            foreign: match ledger {
                Some(ledger) => {
                    delivery::foreign(self.repository, ledger, &self.rendered.delivery)?
                }
                None => Vec::new(),
            },
            descends: self.descends(ledger, session),
            confirm: self.arguments.confirm,
            by: self.arguments.author.author(),
            all_or_nothing: self.arguments.all_or_nothing,
        };
        match release::decide(ledger, self.rendered, difference, &world, Timestamp::now()) {
            Decision::Decided(decided) => Ok(*decided),
            Decision::Refused(refusal) => {
                Err(CommandError::new(ErrorKind::Conflict, refusal.to_string())
                    .hint(refusal.hint()))
            }
        }
    }

    fn object_changes(
        &self,
        objects: &Objects,
        difference: &Difference,
    ) -> HashMap<release::Transition, Observed<model::ObjectChange>> {
        let layout = self.rendered.layout;
        let transitions = difference.transitions().into_iter();
        transitions
            .map(|one| (one, git::object_change(objects, layout, one.old, one.new)))
            .collect()
    }

    fn descends(&self, ledger: Option<&Ledger>, session: &Session) -> Observed<bool> {
        delivery::descends(session.source(), self.rendered.origin.commit(), ledger)
    }

    /// Appends the step, if there is one. The outer answer is nothing when the ledger moved.
    fn append(
        &self,
        objects: &Objects,
        before: Option<(CommitId, &Ledger)>,
        decided: &Decided,
        session: &Session,
    ) -> Result<Option<Option<Ledger>>, CommandError> {
        let Some(step) = decided.step.clone() else { return Ok(Some(None)) };
        let _progress = session.terminal.progress("releasing");
        let appended = delivery::append(objects, before, step, &self.arguments.author.author())?;
        Ok(appended.map(|(_, ledger)| Some(ledger)))
    }

    /// This command again, without what concerns only this run.
    fn command(&self, session: &Session) -> String {
        let mut words = vec!["res-edge publish".to_owned()];
        let mut option = |flag: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("{flag} {}", quoted(&value))));
        };
        let source = session.source().display().to_string();
        option("--source", Some(source).filter(|source| source != "."));
        option("--rev", session.revision().map(str::to_owned));
        let to = self.arguments.delivery.to.as_ref();
        option("--to", to.map(|path| path.display().to_string()));
        words.join(" ")
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@~^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
