//! `res-edge publish`: releases what the source says to the fleet.
//!
//! Renders, decides against the ledger, appends the step and projects it. What waits for a
//! person, and what could not be rendered, is shown and does not stop the rest.

mod follow;
mod laps;
mod released;
mod renames;
mod report;

use std::cell::RefCell;
use std::fs::File;
use std::rc::Rc;
use std::time::Duration;

use git::Loader;
use jiff::Timestamp;
use model::{Cause, Digest, Generation, Observed};
use release::Orders;
use server::{Phase, Publisher, Request};

use super::Outcome;
use crate::delivery::{self, AuthorArguments, ClusterArguments, DeliveryArguments};
use crate::error::CommandError;
use crate::expansion::expand;
use crate::session::Session;
use crate::source::{self, Understood};
use crate::terminal::Paint;
use laps::Laps;
pub(crate) use report::Output;
use report::Publication;

/// Releases what the source says: renders it, appends a step to the ledger, and writes what
/// clusters read.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 released, or nothing to do; 1 some cells are faulty and keep what they
have; 2 failed; 3 something waits for a confirmation.

Examples:
  res-edge publish --dry-run
  res-edge publish --follow --rev main --interval 500ms
  res-edge publish --to /srv/git/delivery.git --rev main
  res-edge publish --to https://forge.example/fleet/delivery.git --to-token-file token.txt")]
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
    /// Keep running, and release each new commit of `--rev` (else `HEAD`) as it comes
    #[arg(long, conflicts_with_all = ["dry_run", "confirm"])]
    follow: bool,
    /// With `--follow`, how often to look for a new commit
    #[arg(long, value_name = "DURATION", default_value = "1s", hide_default_value = true)]
    #[arg(value_parser = crate::duration::duration)]
    interval: Duration,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
    /// What another command orders together with the release.
    #[arg(skip)]
    orders: Orders,
    /// The step that a rollback goes back to.
    #[arg(skip)]
    roll_back: Option<Generation>,
}

/// The arguments that every command has that appends a step with what a person orders.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReleaseArguments {
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    author: AuthorArguments,
    /// Let pass what waits; the digest names exactly what was shown
    #[arg(long, value_name = "DIGEST")]
    confirm: Option<Digest>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
}

impl ReleaseArguments {
    /// How a server is to answer that is given an order, and whether it only looks.
    ///
    /// # Errors
    /// Something was said that is only for a release without a server.
    pub(crate) fn for_server(&self) -> Result<(Output, bool), CommandError> {
        let Self { delivery, author, confirm, dry_run, output } = self;
        if delivery.to.is_some() || author.by.is_some() || confirm.is_some() {
            let message = "`--to`, `--by` and `--confirm` are for releases without a server";
            return Err(CommandError::user(message)
                .hint("the server knows where and as whom; `res-edge confirm` confirms"));
        }
        Ok((*output, *dry_run))
    }

    /// The same, for an act on one cluster.
    pub(crate) fn on_cluster(&self, cluster: &str) -> ClusterArguments {
        ClusterArguments::new(cluster, &self.delivery, &self.author)
    }
}

impl Arguments {
    /// A plain release to a repository.
    pub(crate) fn releasing_to(delivery: DeliveryArguments) -> Self {
        Self {
            delivery,
            author: AuthorArguments::default(),
            confirm: None,
            all_or_nothing: false,
            dry_run: false,
            follow: false,
            interval: Duration::from_secs(1),
            output: Output::Text,
            orders: Orders::default(),
            roll_back: None,
        }
    }

    /// A release together with what a person orders.
    pub(crate) fn ordering(release: &ReleaseArguments, orders: Orders) -> Self {
        Self {
            author: release.author.clone(),
            confirm: release.confirm,
            dry_run: release.dry_run,
            output: release.output,
            orders,
            ..Self::releasing_to(release.delivery.clone())
        }
    }

    /// A release that lets what waits pass; without its digest, only what would be released.
    pub(crate) fn confirming(
        delivery: &DeliveryArguments,
        author: &AuthorArguments,
        confirm: Option<Digest>,
        output: Output,
    ) -> Self {
        Self {
            author: author.clone(),
            confirm,
            dry_run: confirm.is_none(),
            output,
            ..Self::releasing_to(delivery.clone())
        }
    }

    /// The same, going back to what a step gave.
    pub(crate) fn rolling_back(self, to: Generation) -> Self {
        Self { roll_back: Some(to), ..self }
    }
}

/// Releases, and reports.
///
/// # Errors
/// The source is not accepted, the release is refused, or something cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut run = Run::new(arguments, session)?;
    if arguments.follow {
        return follow::run(&mut run, session);
    }
    let revision = session.revision().map(str::to_owned);
    let compiled = run.compile(revision.as_deref(), session)?;
    if arguments.output == Output::Text {
        compiled.present(session.terminal);
    }
    let publication = run.publish(&compiled, session)?;
    publication.write(arguments.output, session)?;
    if arguments.output == Output::Text {
        run.ask_about_renames(&publication, &compiled, session);
    }
    Ok(publication.outcome())
}

/// One publish, or many after one another.
struct Run<'a> {
    arguments: &'a Arguments,
    loader: Loader,
    publisher: Publisher,
    /// Held while the copy of a repository that is elsewhere is used.
    _lock: Option<File>,
    laps: Laps,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Arguments, session: &Session) -> Result<Self, CommandError> {
        let loader = source::open(session.source())?;
        let (publisher, lock) = arguments.delivery.open(session)?.into_publisher();
        Ok(Self { arguments, loader, publisher, _lock: lock, laps: Laps::default() })
    }

    /// Reads the source at a revision and compiles it.
    ///
    /// # Errors
    /// It cannot be read, or is not accepted, which was then presented.
    fn compile(
        &mut self,
        revision: Option<&str>,
        session: &mut Session,
    ) -> Result<Understood, CommandError> {
        self.laps.start("read");
        let source = {
            let _progress = session.terminal.progress("reading the source");
            source::read_with(&mut self.loader, revision)?
        };
        self.laps.begin("compile");
        let expander = Rc::clone(&session.expander);
        let (terminal, counter) = (&mut *session.terminal, self.publisher.counter());
        let mut progress = Some(terminal.progress_of("rendering", &counter));
        let compiled = self.publisher.compile(source, |files, requests| {
            // What is built shows its own.
            drop(progress.take());
            let built = expand(files, requests, &expander, terminal);
            progress = Some(terminal.progress_of("rendering", &counter));
            built
        });
        drop(progress);
        let compiled = compiled?;
        Understood::new(compiled).or_refuse(session.terminal)
    }

    /// Releases what was compiled, or shows what would be released.
    ///
    /// # Errors
    /// It is refused, or something cannot be read or written.
    fn publish<'u>(
        &mut self,
        understood: &'u Understood,
        session: &Session,
    ) -> Result<Publication<'u>, CommandError> {
        let (loader, arguments, laps) = (&self.loader, self.arguments, &self.laps);
        let author = arguments.author.author();
        let (progress, counter) = (RefCell::new(None), self.publisher.counter());
        let request = Request {
            author: &author,
            confirm: arguments.confirm,
            all_or_nothing: arguments.all_or_nothing,
            orders: arguments.orders.clone(),
            roll_back: arguments.roll_back,
            descends: &|commit, ancestor| match loader.repository() {
                Some(repository) => git::descends(repository, commit, ancestor),
                None => Observed::Unknown(Cause("the source is in no repository".to_owned())),
            },
            trailers: &[],
            now: Timestamp::now(),
            begins: &|phase| {
                // The bar of what ended goes before the next one is drawn.
                drop(progress.take());
                laps.begin(lap_of(phase));
                let shown = session.terminal.progress_of(words_of(phase), &counter);
                *progress.borrow_mut() = Some(shown);
            },
        };
        let accepted = understood.accepted();
        let published = match arguments.dry_run {
            true => self.publisher.preview(accepted, &request),
            false => self.publisher.publish(accepted, &request),
        };
        drop(progress);
        self.laps.end();
        let published = published.map_err(|error| delivery::publish_error(&error))?;
        let publication = Publication::new(understood, published, self.command(session));
        Ok(if arguments.dry_run { publication.dry_run() } else { publication })
    }

    /// Names documents that may have been renamed, where some went.
    fn ask_about_renames(
        &mut self,
        publication: &Publication<'_>,
        understood: &Understood,
        session: &mut Session,
    ) {
        let Some(commit) = publication.documents_went_since() else { return };
        let word = session.terminal.paint_message(Paint::Warning, "renamed?");
        for one in renames::since(commit, &mut self.loader, understood) {
            session.terminal.message(&format!("{word} {one}"));
        }
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
        for (flag, value) in self.arguments.delivery.options() {
            option(flag, value);
        }
        words.join(" ")
    }
}

/// What the part of a release is called where its time is told.
fn lap_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Compare => "compare",
        Phase::Append => "append",
        Phase::Project => "project",
    }
}

/// What a person reads while a part of a release goes on.
fn words_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Compare => "comparing with what is released",
        Phase::Append => "releasing",
        Phase::Project => "writing what clusters read",
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
