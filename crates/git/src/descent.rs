//! Whether one commit descends from another.

use model::{Cause, CommitId, Observed};

use crate::reader::{Reader, bytes_of};
use crate::{Repository, RepositoryError};

/// Whether `ancestor` is the commit itself or one that it descends from.
///
/// It is unknown where the repository does not hold both commits and the whole history between:
/// in a shallow clone, or where the ancestor was never fetched.
#[must_use]
pub fn descends(repository: &Repository, commit: CommitId, ancestor: CommitId) -> Observed<bool> {
    if commit == ancestor {
        return Observed::Known(true);
    }
    let reader = repository.reader();
    for id in [commit, ancestor] {
        if let Err(error) = reader.commit(id) {
            return Observed::Unknown(Cause(error.to_string()));
        }
    }
    match walk_to(&reader, commit, ancestor) {
        Ok(true) => Observed::Known(true),
        Ok(false) => match repository.is_shallow() {
            Ok(false) => Observed::Known(false),
            Ok(true) => Observed::Unknown(Cause(format!(
                "the repository `{}` is a shallow clone, which does not hold the history from {ancestor} to {commit}",
                repository.path().display()
            ))),
            Err(error) => Observed::Unknown(Cause(error.to_string())),
        },
        Err(error) => Observed::Unknown(Cause(error.to_string())),
    }
}

fn walk_to(
    reader: &Reader<'_>,
    commit: CommitId,
    ancestor: CommitId,
) -> Result<bool, RepositoryError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder;
    let error = |error: gix::Error| reader.error("commit", &commit.0, &error);
    let order = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
    let walk = reader.objects().rev_walk([gix::ObjectId::from(commit.0)]).sorting(order);
    for found in walk.all().map_err(error)? {
        let found = found.map_err(|fault| reader.error("commit", &commit.0, &fault))?;
        if bytes_of(&found.id) == ancestor.0 {
            return Ok(true);
        }
    }
    Ok(false)
}
