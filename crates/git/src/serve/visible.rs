//! Which refs a client may see, and what may be reached from them.

use std::collections::HashSet;

use model::{ClusterName, CommitId, ObjectId};

use crate::reader::bytes_of;
use crate::{Repository, RepositoryError, projection};

/// Which refs a client may see. Names are whole, such as `refs/heads/main`; one that is the start
/// of others up to a `/` stands for them too.
///
/// A client that may not see everything cannot fetch what is reached only from the rest, whatever
/// ids it knows. That holds for fetching: who may push to a repository can get hold of any object
/// of it whose id they know (see [SECURITY](https://git-scm.com/docs/gitnamespaces#_security)), so
/// never let push who may not see everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// Only these.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

impl Visible {
    /// What an agent sees: the branch of its own cluster, and the signed statement beside it.
    #[must_use]
    pub fn cluster(name: &ClusterName) -> Self {
        Self::Only(vec![
            format!("{}{name}", projection::PREFIX),
            format!("{}{name}", crate::statements::STATEMENTS),
        ])
    }

    /// Whether a ref of this name may be seen.
    #[must_use]
    pub fn shows(&self, name: &str) -> bool {
        let is_below = |stem: &String| {
            let stem = stem.trim_end_matches('/');
            name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(is_below),
            Self::Except(names) => !names.iter().any(is_below),
        }
    }

    /// The same as settings of the `git` program, of which the last that concerns a ref counts:
    /// <https://git-scm.com/docs/git-config#Documentation/git-config.txt-transferhideRefs>.
    /// `HEAD` is hidden with the branch that it names, which `head` is.
    pub(super) fn settings(&self, head: Option<&str>) -> Vec<String> {
        let rule = |text: &str| format!("transfer.hideRefs={}", text.trim_end_matches('/'));
        let mut rules = match self {
            Self::All => return Vec::new(),
            Self::Only(names) => {
                let shown = names.iter().map(|name| rule(&format!("!{name}")));
                std::iter::once(rule("refs")).chain(shown).collect::<Vec<_>>()
            }
            Self::Except(names) => names.iter().map(|name| rule(name)).collect(),
        };
        if head.is_none_or(|head| !self.shows(head)) {
            rules.push(rule("HEAD"));
        }
        rules
    }
}

/// A ref that a client may see. Of an annotated tag, it is the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) name: String,
    pub(super) id: ObjectId,
}

/// The refs that a client may see, in the order of names.
///
/// # Errors
/// If refs cannot be read.
pub(super) fn tips(
    repository: &Repository,
    visible: &Visible,
) -> Result<Vec<Tip>, RepositoryError> {
    let Visible::Only(names) = visible else {
        let mut tips = all(repository)?;
        tips.retain(|tip| visible.shows(&tip.name));
        return Ok(tips);
    };
    let mut tips = Vec::new();
    for name in names.iter().map(|name| name.trim_end_matches('/')) {
        let found = repository.reference(name)?.map(|commit| (name.to_owned(), commit));
        let below = repository.references(&format!("{name}/"))?;
        tips.extend(found.into_iter().chain(below).map(tip));
    }
    tips.sort_by(|a, b| a.name.cmp(&b.name));
    tips.dedup();
    Ok(tips)
}

fn tip((name, commit): (String, CommitId)) -> Tip {
    Tip { name, id: ObjectId(commit.0) }
}

/// Every ref. One that refers to another, which is rare, is followed.
fn all(repository: &Repository) -> Result<Vec<Tip>, RepositoryError> {
    if let Ok(refs) = repository.references("refs/") {
        return Ok(refs.into_iter().map(tip).collect());
    }
    let unreadable = |error: gix::Error| repository.reference_error("refs/", error.to_string());
    let local = repository.local();
    let platform = local.references().map_err(unreadable)?;
    let mut tips = Vec::new();
    for reference in platform.all().map_err(unreadable)? {
        let mut reference =
            reference.map_err(|error| repository.reference_error("refs/", error.to_string()))?;
        // A ref to a branch without a commit is none yet.
        let Ok(id) = reference.follow_to_object().map(|id| bytes_of(&id)) else { continue };
        tips.push(Tip { name: reference.name().as_bstr().to_string(), id: ObjectId(id) });
    }
    tips.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tips)
}

/// Which of some ids are those of refs that a client may see, or of commits that these descend
/// from.
///
/// # Errors
/// If refs or commits cannot be read.
pub(super) fn reached(
    repository: &Repository,
    visible: &Visible,
    mut asked: HashSet<ObjectId>,
) -> Result<HashSet<ObjectId>, RepositoryError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder;
    let mut found = HashSet::new();
    let mut starts = Vec::new();
    let reader = repository.reader();
    for Tip { id, .. } in tips(repository, visible)? {
        let (peeled, kind) = reader.peel(id)?;
        found.extend([id, peeled].into_iter().filter(|id| asked.remove(id)));
        starts.extend((kind == gix::objs::Kind::Commit).then(|| gix::ObjectId::from(peeled.0)));
    }
    asked.retain(|id| reader.holds(*id));
    if asked.is_empty() || starts.is_empty() {
        return Ok(found);
    }
    let error = |error: gix::Error| reader.error("commit", starts_with(&starts), &error);
    let order = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
    let walk = reader.objects().rev_walk(starts.iter().copied()).sorting(order);
    for commit in walk.all().map_err(error)? {
        let commit =
            commit.map_err(|fault| reader.error("commit", starts_with(&starts), &fault))?;
        let id = ObjectId(bytes_of(&commit.id));
        if asked.remove(&id) {
            found.insert(id);
        }
        if asked.is_empty() {
            break;
        }
    }
    Ok(found)
}

fn starts_with(starts: &[gix::ObjectId]) -> &[u8; 20] {
    starts[0].as_slice().try_into().unwrap_or(&[0; 20])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_itself_and_what_is_below_it() {
        let names = vec!["refs/heads/clusters/one".to_owned(), "refs/tags/".to_owned()];
        let cases = [
            ("refs/heads/clusters/one", true),
            ("refs/heads/clusters/one/x", true),
            ("refs/heads/clusters/one-two", false),
            ("refs/heads/clusters", false),
            ("refs/tags/v1", true),
            ("HEAD", false),
        ];
        for (name, expected) in cases {
            assert_eq!(Visible::Only(names.clone()).shows(name), expected, "{name}");
            assert_eq!(Visible::Except(names.clone()).shows(name), !expected, "{name}");
            assert!(Visible::All.shows(name));
        }
    }
}
