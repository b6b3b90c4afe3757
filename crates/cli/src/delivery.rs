//! The repository that the ledger is in, for the commands that release or decide about clusters.
//!
//! Opens it, reads the ledger, and hands what a person decides to the publisher. What the steps are
//! is decided in the room `release`. A repository that is elsewhere has a copy in the cache
//! ([`elsewhere`]).

pub(crate) mod elsewhere;

use std::path::{Path, PathBuf};

use git::remote::RemoteError;
use git::{AppendError, Repository};
use jiff::Timestamp;
use model::{CommitId, Ledger};
use server::{ClusterAct, ClusterOrder, PublishError};

use crate::error::{CommandError, ErrorKind};
use crate::session::Session;
use elsewhere::{Place, To};

/// Where the ledger is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct DeliveryArguments {
    /// Repository with the ledger and what clusters read, as a path or URL; else the source's own
    #[arg(long, value_name = "REPO|URL")]
    pub(crate) to: Option<To>,
    /// File with a token for the URL, as TOKEN or USER:TOKEN
    #[arg(long, value_name = "FILE", requires = "to")]
    to_token_file: Option<PathBuf>,
    /// Private key for an SSH URL; else what ssh uses
    #[arg(long, value_name = "FILE", requires_all = ["to", "known_hosts"])]
    to_key: Option<PathBuf>,
    /// Known keys of SSH hosts, with --to-key
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
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

impl ClusterArguments {
    /// Refuses what is only for a ledger on this machine.
    ///
    /// # Errors
    /// Such a thing was said.
    pub(crate) fn for_server(&self) -> Result<(), CommandError> {
        match self.delivery.to.is_some() || self.author.by.is_some() {
            true => Err(CommandError::user("`--to` and `--by` are for releases without a server")
                .hint("the server knows where and as whom")),
            false => Ok(()),
        }
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
    /// Opens the repository, and reads one that is elsewhere.
    ///
    /// # Errors
    /// There is none, or it cannot be opened or reached.
    pub(crate) fn open(&self, session: &Session) -> Result<Place, CommandError> {
        match &self.to {
            Some(To::Path(path)) => Repository::open(path).map(Place::here),
            Some(To::Url(url)) => {
                let mut place = elsewhere::open(url, &self.secrets(), session)?;
                place.refresh()?;
                return Ok(place);
            }
            Some(To::Wrong(error)) => return Err(elsewhere::wrong_address(error)),
            None => {
                let found = source_repository(session.source())?.ok_or_else(|| {
                    let shown = session.source().display();
                    CommandError::user(format!("the source `{shown}` is in no Git repository"))
                        .hint("name the repository that clusters read with `--to`, or put the source under Git")
                });
                Ok(Place::here(found?))
            }
        }
        .map_err(|error| repository_error(&error))
    }

    /// The flags of these arguments with what was given for them.
    pub(crate) fn options(&self) -> [(&'static str, Option<String>); 4] {
        let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        [
            ("--to", self.to.as_ref().map(ToString::to_string)),
            ("--to-token-file", shown(&self.to_token_file)),
            ("--to-key", shown(&self.to_key)),
            ("--known-hosts", shown(&self.known_hosts)),
        ]
    }

    fn secrets(&self) -> elsewhere::Secrets<'_> {
        elsewhere::Secrets {
            token: self.to_token_file.as_deref(),
            key: self.to_key.as_deref(),
            known_hosts: self.known_hosts.as_deref(),
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

/// A failure of a repository that is elsewhere, with what to do next.
pub(crate) fn remote_error(error: &RemoteError) -> CommandError {
    let kind = match error {
        RemoteError::Moved { .. } => ErrorKind::Conflict,
        RemoteError::Plain { .. } | RemoteError::Mismatch { .. } => ErrorKind::User,
        _ => ErrorKind::Unavailable,
    };
    let shown = CommandError::of(kind, error);
    error.hint().into_iter().fold(shown, CommandError::hint)
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

/// Appends what a person decides about one cluster, and makes what clusters read equal to it.
///
/// # Errors
/// Nothing is released, there is nothing to decide, or it cannot be written.
pub(crate) fn act_on_cluster(
    arguments: &ClusterArguments,
    act: ClusterAct,
    session: &mut Session,
) -> Result<(), CommandError> {
    let checked = crate::source::check(session)?;
    let place = arguments.delivery.open(session)?;
    existing_ledger(place.repository())?;
    let order = ClusterOrder {
        cluster: &arguments.cluster,
        act,
        seen: None,
        author: &arguments.author.author(),
        trailers: &[],
        now: Timestamp::now(),
    };
    // The copy of a repository that is elsewhere is locked until the end.
    let (mut publisher, _lock) = place.into_publisher();
    let decided = publisher.decide_on_cluster(&checked.fleet.delivery, &order);
    decided.map(drop).map_err(|error| publish_error(&error))
}

/// Why a source was not released, with what to do next.
pub(crate) fn publish_error(error: &PublishError) -> CommandError {
    match error {
        PublishError::Ledger(error) => ledger_error(error),
        PublishError::Repository(error) => repository_error(error),
        PublishError::Remote(error) => remote_error(error),
        PublishError::Look(error) => CommandError::of(ErrorKind::Unavailable, error),
        PublishError::Refused(refusal) => {
            CommandError::new(ErrorKind::Conflict, refusal.to_string()).hint(refusal.hint())
        }
        PublishError::Append(error) => append_error(error),
        PublishError::Order(_)
        | PublishError::Scope { .. }
        | PublishError::NothingReleased
        | PublishError::NoSuchCluster { .. }
        | PublishError::Cluster(_)
        | PublishError::OtherTree(_)
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
