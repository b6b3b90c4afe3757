//! The repository that the ledger is in, for the commands that release or decide about clusters.
//!
//! Reads the ledger and the world, appends steps by compare-and-swap, and projects what was
//! appended. What the steps are is decided in the room `release`.

use std::path::{Path, PathBuf};

use git::{AppendError, Objects, Repository};
use jiff::Timestamp;
use model::{ClusterUid, CommitId, Delivery, Ledger, LedgerCluster, ObjectId, Step};
use server::PublishError;

use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// How often a step is decided anew when someone else appended one in between.
const ATTEMPTS: usize = 5;

/// Where the ledger is.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DeliveryArguments {
    /// Repository with the ledger and what clusters read; else the source's own
    #[arg(long, value_name = "REPO")]
    pub(crate) to: Option<PathBuf>,
}

/// Who acts.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct AuthorArguments {
    /// Who acts, for the record; else $GIT_AUTHOR_NAME or $USER
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// The cluster that a person decides about.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ClusterArguments {
    /// The cluster
    pub(crate) cluster: String,
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    author: AuthorArguments,
}

impl ClusterArguments {
    /// A cluster in a repository, with who acts.
    pub(crate) fn new(
        cluster: &str,
        delivery: &DeliveryArguments,
        author: &AuthorArguments,
    ) -> Self {
        let (delivery, author) = (delivery.clone(), author.clone());
        Self { cluster: cluster.to_owned(), delivery, author }
    }
}

impl AuthorArguments {
    /// Who acts, as `Name <mail>`.
    pub(crate) fn author(&self) -> String {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = self.by.clone().or_else(|| variable("GIT_AUTHOR_NAME"));
        let name = named.or_else(|| variable("USER")).unwrap_or_else(|| "unknown".to_owned());
        if name.contains('<') {
            return name;
        }
        let mail = variable("GIT_AUTHOR_EMAIL").filter(|_| self.by.is_none());
        let account = || name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(".");
        let mail = mail.unwrap_or_else(|| format!("{}@localhost", account()));
        format!("{name} <{mail}>")
    }
}

impl DeliveryArguments {
    /// Opens the repository.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub(crate) fn open(&self, session: &Session) -> Result<Repository, CommandError> {
        match &self.to {
            Some(path) => Repository::open(path).map_err(|error| repository_error(&error)),
            None => source_repository(session.source())?.ok_or_else(|| {
                let shown = session.source().display();
                CommandError::user(format!("the source `{shown}` is in no Git repository"))
                    .hint("name the repository that clusters read with `--to`, or put the source under Git")
            }),
        }
    }
}

/// The repository that a source is in, if it is in one.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn source_repository(source: &Path) -> Result<Option<Repository>, CommandError> {
    Repository::discover(source).map_err(|error| repository_error(&error))
}

/// A failure of a repository, with what to do next.
pub(crate) fn repository_error(error: &git::RepositoryError) -> CommandError {
    let shown = CommandError::of(ErrorKind::Unavailable, error);
    match error.hint() {
        Some(hint) => shown.hint(hint),
        None => shown,
    }
}

/// The ledger at the moment, and the commit it was read from.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_ledger(
    repository: &Repository,
) -> Result<Option<(CommitId, Ledger)>, CommandError> {
    git::read_ledger(repository).map_err(|error| ledger_error(&error))
}

fn ledger_error(error: &git::LedgerError) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error).hint(
        "the branch `res-edge/ledger` is written by res-edge alone; restore it with `git reflog`",
    )
}

/// The ledger, where there must be one.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) fn existing_ledger(repository: &Repository) -> Result<(CommitId, Ledger), CommandError> {
    read_ledger(repository)?.ok_or_else(|| {
        let shown = repository.path().display();
        CommandError::user(format!("nothing was released yet in `{shown}`"))
            .hint("release with `res-edge publish`, or name another repository with `--to`")
    })
}

/// The cluster of a ledger by its name.
///
/// # Errors
/// There is none.
pub(crate) fn released_cluster<'a>(
    ledger: &'a Ledger,
    name: &str,
) -> Result<&'a LedgerCluster, CommandError> {
    ledger.cluster(name).ok_or_else(|| {
        let known = ledger.clusters.iter().map(|one| one.name.as_str());
        let error = CommandError::user(format!("no cluster `{name}` was released"));
        match schema::nearest(name, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("release it with `res-edge publish` first"),
        }
    })
}

/// Clusters whose branch or folder holds what the ledger never gave them.
///
/// # Errors
/// The projection cannot be read.
pub(crate) fn foreign(
    repository: &Repository,
    ledger: &Ledger,
    delivery: &Delivery,
) -> Result<Vec<(ClusterUid, ObjectId)>, CommandError> {
    git::foreign(repository, ledger, delivery)
        .map_err(|error| CommandError::of(ErrorKind::Unavailable, &error))
}

/// Appends a step; answers nothing when someone else was faster.
///
/// # Errors
/// The step cannot be written.
pub(crate) fn append(
    objects: &Objects,
    before: Option<(CommitId, &Ledger)>,
    step: Step,
    author: &str,
) -> Result<Option<(CommitId, Ledger)>, CommandError> {
    match git::append(objects, before, step, author) {
        Ok(appended) => Ok(Some(appended)),
        Err(AppendError::Moved) => Ok(None),
        Err(error) => Err(append_error(&error)),
    }
}

fn append_error(error: &AppendError) -> CommandError {
    let hint = match error {
        AppendError::Refs(error) => error.hint(),
        _ => None,
    };
    let shown = CommandError::of(ErrorKind::Unavailable, error);
    hint.into_iter().fold(shown, CommandError::hint)
}

/// The error after so many appends that others were faster than.
fn moved(attempts: usize) -> CommandError {
    let message = PublishError::Moved { attempts }.to_string();
    CommandError::new(ErrorKind::Conflict, message).hint(
        "another publisher is at work; look at `git log res-edge/ledger`, then run this again",
    )
}

/// Appends one step that a person decided about one cluster.
///
/// # Errors
/// Nothing is released, there is nothing to decide, or it cannot be written.
pub(crate) fn act_on_cluster(
    arguments: &ClusterArguments,
    session: &mut Session,
    decide: impl Fn(&Act<'_>) -> Result<Step, CommandError>,
) -> Result<Acted, CommandError> {
    let checked = crate::source::check(session)?;
    let repository = arguments.delivery.open(session)?;
    let delivery = &checked.fleet.delivery;
    let by = arguments.author.author();
    for _ in 0..ATTEMPTS {
        let (commit, ledger) = existing_ledger(&repository)?;
        let uid = released_cluster(&ledger, &arguments.cluster)?.uid;
        let found = foreign(&repository, &ledger, delivery)?;
        let found = found.iter().find(|(foreign, _)| *foreign == uid).map(|(_, tree)| *tree);
        let act = Act { ledger: &ledger, uid, found, by: &by, now: Timestamp::now() };
        let step = decide(&act)?;
        let objects = Objects::new(&repository);
        if append(&objects, Some((commit, &ledger)), step, &by)?.is_some() {
            let foreign = found.map(|tree| (uid, tree));
            return Ok(Acted { repository, delivery: delivery.clone(), foreign });
        }
    }
    Err(moved(ATTEMPTS))
}

/// A decision about a cluster that is in the ledger, and not yet in what clusters read.
pub(crate) struct Acted {
    repository: Repository,
    delivery: Delivery,
    foreign: Option<(ClusterUid, ObjectId)>,
}

impl Acted {
    /// Makes what clusters read equal to the ledger; what is foreign stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn project(self) -> Result<(), CommandError> {
        project(&self.repository, &self.delivery).map(drop)
    }

    /// Makes what clusters read equal to the ledger, over the foreign tree that was found.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn project_over_foreign(self) -> Result<(), CommandError> {
        let discarded: Vec<_> = self.foreign.into_iter().collect();
        git::project_over(&self.repository, &self.delivery, &discarded)
            .map(drop)
            .map_err(|error| project_error(&error))
    }
}

/// What a person's decision about a cluster is made from.
pub(crate) struct Act<'a> {
    /// The ledger at the moment.
    pub(crate) ledger: &'a Ledger,
    /// The cluster.
    pub(crate) uid: ClusterUid,
    /// The foreign tree that was found, if there is one.
    pub(crate) found: Option<ObjectId>,
    /// Who decides.
    pub(crate) by: &'a str,
    /// When.
    pub(crate) now: Timestamp,
}

/// Makes what clusters read equal to the ledger.
///
/// # Errors
/// It cannot be written.
pub(crate) fn project(
    repository: &Repository,
    delivery: &Delivery,
) -> Result<git::Projected, CommandError> {
    let projected = git::project(repository, delivery).map_err(|error| project_error(&error))?;
    // Housekeeping: what cannot be merged now is merged after the next step.
    let _ = git::compact(repository);
    Ok(projected)
}

/// Why a source was not released, with what to do next.
pub(crate) fn publish_error(error: &PublishError) -> CommandError {
    match error {
        PublishError::Ledger(error) => ledger_error(error),
        PublishError::Repository(error) => repository_error(error),
        PublishError::Look(error) => CommandError::of(ErrorKind::Unavailable, error),
        PublishError::Refused(refusal) => {
            CommandError::new(ErrorKind::Conflict, refusal.to_string()).hint(refusal.hint())
        }
        PublishError::Append(error) => append_error(error),
        PublishError::Order(_)
        | PublishError::Scope { .. }
        | PublishError::NoSuchStep(_)
        | PublishError::NothingToRollBack(_) => {
            let shown = CommandError::of(ErrorKind::User, error);
            error.hint().into_iter().fold(shown, CommandError::hint)
        }
        PublishError::Moved { attempts } => moved(*attempts),
        PublishError::Project(error) => project_error(error),
    }
}

/// A failure to write what clusters read; the release itself is safe.
fn project_error(error: &git::ProjectError) -> CommandError {
    let again = || {
        "the release is recorded; run `res-edge publish` again to write what clusters read"
            .to_owned()
    };
    CommandError::of(ErrorKind::Unavailable, error).hint(error.hint().unwrap_or_else(again))
}
