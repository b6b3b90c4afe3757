//! `res-edge change create`: a commit of this machine becomes a change of a server.

use api::{Change, ChangeFilter, ChangeStatus, Whoami};
use git::remote::{Credentials, RefUpdate, RemoteError, RemoteUrl, push};
use git::{Repository, remote};
use model::{CommitId, ObjectId};

use super::{Format, all, show, url};
use crate::commands::Outcome;
use crate::delivery;
use crate::error::{CommandError, ErrorKind};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// The ref that a change is pushed to.
const PROPOSED: &str = "refs/for/main";

/// What `change create` takes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The commit to propose
    #[arg(default_value = "HEAD", value_name = "REVISION")]
    revision: String,
    /// By what you find it again: the same topic updates the same change
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    target: Target,
}

/// Pushes the commit, and says which change it is.
///
/// # Errors
/// There is no such commit, or the server cannot be reached or refuses it.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let repository = delivery::source_repository(session.source())?.ok_or_else(|| {
        let shown = session.source().display();
        CommandError::user(format!("`{shown}` is in no Git repository"))
            .hint("commit what you propose first, or edit with `res-edge edit`")
    })?;
    let head = repository.resolve(&arguments.revision);
    let head = head.map_err(|error| CommandError::of(ErrorKind::User, &error))?;
    let asked = Remote::open(&arguments.target, session)?;
    let me: Whoami = asked.get("/api/v1/whoami", session)?;
    propose(&repository, head, arguments.topic.as_deref(), &asked, session)?;
    let filter = ChangeFilter {
        status: Some(ChangeStatus::Open),
        author: me.subjects.first().cloned(),
        ..ChangeFilter::default()
    };
    let changes = all(filter, &asked, session)?;
    let commit = head.to_string();
    let found: Option<Change> = changes.into_iter().find(|change| change.head == commit);
    let change = found.ok_or_else(|| {
        CommandError::new(ErrorKind::Conflict, "the change was closed or merged meanwhile")
    })?;
    if !arguments.format.is_json() {
        session.terminal.print_line(&url(change.number, &asked))?;
    }
    show::checked(&change, &arguments.format, &asked, session)
}

fn propose(
    repository: &Repository,
    head: CommitId,
    topic: Option<&str>,
    asked: &Remote,
    session: &mut Session,
) -> Result<(), CommandError> {
    let address = format!("{}/git/source.git", asked.client().server());
    let to =
        RemoteUrl::parse(&address).map_err(|error| CommandError::of(ErrorKind::User, &error))?;
    let token = asked.token().map(str::to_owned).unwrap_or_default();
    let credentials = Credentials::Token { user: "token".to_owned(), token };
    let to = remote::Remote::new(to, credentials);
    let to = to.map_err(|error| CommandError::of(ErrorKind::User, &error))?;
    let name = topic.map_or_else(|| PROPOSED.to_owned(), |topic| format!("{PROPOSED}/{topic}"));
    let update = RefUpdate { name, expected: None, new: Some(ObjectId(head.0)) };
    let progress = session.terminal.progress("pushing");
    let pushed = push(repository, &to, &[update]);
    drop(progress);
    match pushed {
        Ok(()) => Ok(()),
        // It is proposed already.
        Err(RemoteError::Refused { reason, .. })
            if reason.contains("is at this commit already") =>
        {
            Ok(())
        }
        Err(error @ RemoteError::Refused { .. }) => Err(CommandError::of(ErrorKind::User, &error)),
        Err(error) => Err(CommandError::of(ErrorKind::Unavailable, &error)),
    }
}
