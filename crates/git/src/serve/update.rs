//! What a push wants, as whoever decides on it sees it.

use std::collections::HashMap;

use model::{CommitId, ObjectId, Observed};

use super::command::Command;
use super::index_pack::commit_of;
use super::{ServeError, Visible, visible};
use crate::{Repository, descends};

/// The reason of a ref that is not where it was seen.
pub(super) const MOVED: &str = "it was moved in the meantime: fetch, then push again";

/// A push that was received into quarantine, before anything has moved.
#[derive(Debug)]
pub struct Push<'a> {
    /// The refs that shall move, in the order in which they were sent. Those that cannot move
    /// whatever is decided are not among them.
    pub updates: &'a [RefUpdate],
    /// What the person gave with `git push -o`.
    pub options: &'a [String],
    /// The objects of the repository and those of the push. It has no refs.
    pub repository: &'a Repository,
}

/// One ref that shall move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name that was pushed to.
    pub name: String,
    /// Where it is; nothing if it is not there.
    pub old: Option<ObjectId>,
    /// Where it shall be; nothing to remove it. Below `refs/tags/` it may be a tag object.
    pub new: Option<ObjectId>,
    /// The commit that it shall be at, or that the tag stands for.
    pub commit: Option<CommitId>,
    /// How it shall move.
    pub kind: UpdateKind,
}

/// How a ref shall move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// It is new.
    Create,
    /// The new commit descends from the old one.
    FastForward,
    /// It does not, or that is not known: something is taken back.
    Forced,
    /// It goes.
    Delete,
}

/// Marks what is not where the client saw it, or must not be pushed to.
///
/// # Errors
/// If refs cannot be read.
pub(super) fn compare(repository: &Repository, commands: &mut [Command]) -> Result<(), ServeError> {
    let tips = visible::tips(repository, &Visible::All)?;
    let tips: HashMap<&str, ObjectId> =
        tips.iter().map(|tip| (tip.name.as_str(), tip.id)).collect();
    let checked_out = repository.checked_out()?;
    for command in commands.iter_mut().filter(|command| command.fault.is_none()) {
        let found = tips.get(command.name.as_str()).copied();
        if found != command.old {
            command.fault = Some(MOVED.to_owned());
        } else if checked_out.contains(&command.name) {
            command.fault = Some("it is checked out in a work tree".to_owned());
        }
    }
    Ok(())
}

/// What a command that is not at fault means; nothing if its ref may not be at such an object,
/// which then is its fault.
///
/// # Errors
/// If objects cannot be read.
pub(super) fn update(
    view: &Repository,
    command: &mut Command,
) -> Result<Option<RefUpdate>, ServeError> {
    let (old, new) = (command.old, command.new);
    let commit = match new {
        None => None,
        Some(id) => match commit_of(view, &command.name, id)? {
            None => {
                command.fault = Some("it can only be at a commit".to_owned());
                return Ok(None);
            }
            commit => commit,
        },
    };
    let kind = match (old, commit) {
        (None, _) => UpdateKind::Create,
        (Some(_), None) => UpdateKind::Delete,
        (Some(old), Some(commit)) => match descends(view, commit, CommitId(old.0)) {
            Observed::Known(true) => UpdateKind::FastForward,
            _ => UpdateKind::Forced,
        },
    };
    Ok(Some(RefUpdate { name: command.name.clone(), old, new, commit, kind }))
}
