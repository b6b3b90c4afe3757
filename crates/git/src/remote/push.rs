//! Moving refs of a remote, all or none, and only from where they were seen.

use model::ObjectId;

use super::failure::shown;
use super::{Remote, RemoteError, list};
use crate::Repository;
use crate::refs::check_name;

/// How many refs one push moves. `git push` compares each lease and each name with each ref of
/// the remote: 10,000 refs of 10,000 took a minute of CPU time, and 30,000 leases are more than a
/// process may be given as arguments.
pub(super) const MOST: usize = 1_000;

/// One ref of a remote that shall move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name, such as `refs/heads/main`.
    pub name: String,
    /// Where it was seen; nothing if it was not there.
    pub expected: Option<ObjectId>,
    /// Where it shall be, which the repository has; nothing to remove it.
    pub new: Option<ObjectId>,
}

/// Sends what is missing and moves all of these refs in one transaction, each only from where it
/// was expected; one that is already where it shall be is left there.
///
/// # Errors
/// [`RemoteError::Moved`] if one of them is elsewhere: then none has moved. If the remote went
/// away in the middle, they have moved or not; [`list`] says which.
pub fn push(
    repository: &Repository,
    remote: &Remote,
    updates: &[RefUpdate],
) -> Result<(), RemoteError> {
    // One that stays where it is belongs to what all the others depend on.
    let updates: Vec<&RefUpdate> = updates.iter().collect();
    if updates.is_empty() {
        return Ok(());
    }
    if updates.len() > MOST {
        let url = remote.url.clone();
        return Err(RemoteError::TooMany { url, found: updates.len(), most: MOST });
    }
    for update in &updates {
        check_name(&update.name)?;
    }
    let arguments = arguments(remote, &updates);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = remote.run(repository, &arguments, b"")?;
    if ran.is_success {
        return Ok(());
    }
    let printed = remote.credentials.hide(&String::from_utf8_lossy(&ran.printed));
    let refusals = refusals(&printed);
    if ran.complaint.contains("does not support --atomic") {
        return Err(RemoteError::NotAtomic { url: remote.url.clone() });
    }
    if refusals.is_empty() {
        return Err(RemoteError::of_complaint(&remote.url, &ran.complaint));
    }
    refused(repository, remote, &updates, &refusals, &ran.complaint)
}

fn arguments(remote: &Remote, updates: &[&RefUpdate]) -> Vec<String> {
    let mut arguments = vec!["push".to_owned()];
    // Nothing of the mirror's own configuration, such as a `push.followTags`.
    arguments.extend(["--porcelain", "--no-follow-tags", "--no-verify"].map(str::to_owned));
    arguments.extend((updates.len() > 1).then(|| "--atomic".to_owned()));
    for RefUpdate { name, expected, .. } in updates {
        let expected = expected.map(|id| id.to_string()).unwrap_or_default();
        arguments.push(format!("--force-with-lease={name}:{expected}"));
    }
    arguments.extend(["--".to_owned(), remote.url.as_str().to_owned()]);
    for RefUpdate { name, new, .. } in updates {
        let new = new.map(|id| id.to_string()).unwrap_or_default();
        arguments.push(format!("{new}:{name}"));
    }
    arguments
}

/// A ref that did not move, and why.
struct Refusal<'a> {
    name: &'a str,
    summary: &'a str,
}

/// The lines `!<tab><from>:<to><tab><summary>` of `git push --porcelain`.
fn refusals(printed: &str) -> Vec<Refusal<'_>> {
    printed
        .lines()
        .filter_map(|line| {
            let (refspec, summary) = line.strip_prefix("!\t")?.split_once('\t')?;
            let name = refspec.split_once(':').map_or(refspec, |(_, name)| name);
            Some(Refusal { name, summary })
        })
        .collect()
}

/// Tells a lost race from a refusal. A server that loses its own race says so in many words, so
/// the refs are looked at.
fn refused(
    repository: &Repository,
    remote: &Remote,
    updates: &[&RefUpdate],
    refusals: &[Refusal<'_>],
    complaint: &str,
) -> Result<(), RemoteError> {
    let moved = |name: &str| RemoteError::Moved { url: remote.url.clone(), name: name.to_owned() };
    if let Some(stale) = refusals.iter().find(|one| one.summary.contains("(stale info)")) {
        return Err(moved(stale.name));
    }
    let names: Vec<&str> = updates.iter().map(|update| update.name.as_str()).collect();
    let now = list(repository, remote, &names)?;
    let is_elsewhere = |update: &&&RefUpdate| now.get(&update.name) != update.expected.as_ref();
    if let Some(update) = updates.iter().find(is_elsewhere) {
        return Err(moved(&update.name));
    }
    let summary = refusals.iter().find(|one| !one.summary.contains("atomic"));
    let summary = summary.or(refusals.first()).map_or("", |one| one.summary);
    let said: Vec<&str> =
        complaint.lines().filter_map(|line| line.strip_prefix("remote:")).map(str::trim).collect();
    let reason = shown(&format!("{summary} {}", said.join(" ")));
    Err(RemoteError::Refused { url: remote.url.clone(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_from_what_git_prints() {
        let printed = "To http://host/a\n \tabc:refs/heads/a\ta..b\n!\tabc:refs/heads/b\t[rejected] \
                       (stale info)\n!\t:refs/heads/c\t[remote rejected] (hook declined)\nDone\n";
        let read: Vec<_> =
            refusals(printed).iter().map(|one| format!("{} {}", one.name, one.summary)).collect();
        let wanted = [
            "refs/heads/b [rejected] (stale info)",
            "refs/heads/c [remote rejected] (hook declined)",
        ];
        assert_eq!(read, wanted);
    }
}
