//! A change beside what is in use: merged, compiled and compared.
//!
//! Derived from two commits, and kept in memory for a while: whoever asks again gets the same.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use git::{CommitRecord, Merge, MergeError, MergeHow, Repository, RepositoryError, merge};
use jiff::Timestamp;
use model::CommitId;
use release::Preview;
use tokio::runtime::Handle;

use crate::Controller;
use crate::controller::SOURCE_REF;
use crate::evaluate::{EvaluateError, Judged, Pair};
use crate::preview::{Read, Told};

/// How many reviews are kept at most.
const MOST_KEPT: usize = 8;

/// How many bindings those that are kept may have together; the newest is kept in any case. A
/// million of them take some 40 MB, and a review of a large fleet has three.
const MOST_BINDINGS: usize = 4_000_000;

/// Why a change could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReviewError {
    /// `main` has no commit.
    #[error("`main` has no commit yet: push the first source to it")]
    NoSource,
    /// It cannot be compiled.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// It cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// A change beside what is in use.
pub(crate) struct Review {
    /// What is in use.
    pub(crate) base: CommitId,
    /// The files that both edited, where they cannot be merged.
    pub(crate) conflicts: Vec<String>,
    /// What is in use, and what would be; nothing where they cannot be merged.
    pub(crate) pair: Option<Pair>,
    /// What it means; nothing where one side is not accepted.
    pub(crate) judged: Option<Judged>,
    preview: OnceLock<Option<Arc<Preview>>>,
}

impl Review {
    /// What it does to the whole fleet; nothing where one side is not accepted. It takes a while
    /// the first time.
    pub(crate) fn preview(&self) -> Option<Arc<Preview>> {
        self.preview.get_or_init(|| self.make_preview().map(Arc::new)).clone()
    }

    /// How many bindings it holds.
    fn n_bindings(&self) -> usize {
        let accepted = self.pair.as_ref().and_then(|pair| pair.head.accepted.as_ref());
        accepted.map_or(0, |accepted| accepted.rendered.n_bindings())
    }

    fn make_preview(&self) -> Option<Preview> {
        let pair = self.pair.as_ref()?;
        let (_, before) = pair.base_accepted()?;
        let after = pair.head.accepted.as_ref()?;
        let read = Read { objects: &pair.objects, layout: after.rendered.layout };
        let reasons = Told::new(pair.changes()?);
        Some(release::preview(&before.rendered, &after.rendered, &read, &reasons))
    }
}

/// What a review is of: a base and a head, and whether they are merged first.
type Key = (CommitId, CommitId, bool);

/// A review, by what it is of.
type Kept = (Key, Arc<Review>);

/// Makes reviews, and keeps the last of them. All of it blocks.
pub(crate) struct Reviews {
    controller: Controller,
    repository: Repository,
    /// The one that was used last comes last.
    kept: Mutex<Vec<Kept>>,
}

impl Reviews {
    /// Reviews of commits of a repository.
    pub(crate) fn new(controller: Controller, repository: &Repository) -> Self {
        Self { controller, repository: repository.clone(), kept: Mutex::default() }
    }

    /// A commit merged into what `main` is now.
    ///
    /// # Errors
    /// [`ReviewError`]; that two cannot be merged is no error.
    pub(crate) fn of(&self, head: CommitId) -> Result<Arc<Review>, ReviewError> {
        let base = self.repository.reference(SOURCE_REF)?.ok_or(ReviewError::NoSource)?;
        self.kept((base, head, true), || self.make(base, head))
    }

    /// A commit as it is, beside another.
    ///
    /// # Errors
    /// [`ReviewError`].
    pub(crate) fn beside(
        &self,
        base: CommitId,
        head: CommitId,
    ) -> Result<Arc<Review>, ReviewError> {
        self.kept((base, head, false), || self.compile(base, head))
    }

    fn kept(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<Review, ReviewError>,
    ) -> Result<Arc<Review>, ReviewError> {
        let known = |kept: &[Kept]| {
            kept.iter().find(|(known, _)| *known == key).map(|(_, review)| Arc::clone(review))
        };
        let found = known(&self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        let review = match found {
            Some(review) => review,
            None => Arc::new(make()?),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != key);
        kept.push((key, Arc::clone(&review)));
        let sizes: Vec<usize> = kept.iter().map(|(_, review)| review.n_bindings()).collect();
        kept.drain(..n_too_many(&sizes));
        Ok(review)
    }

    fn make(&self, base: CommitId, head: CommitId) -> Result<Review, ReviewError> {
        let (merged, _keep) = match self.merged(base, head)? {
            Merge::Made(made) => (made.commit, Some(made.keep)),
            Merge::AlreadyMerged => (base, None),
            Merge::Conflicts(conflicts) => {
                let preview = OnceLock::new();
                let conflicts = conflicts.into_iter().map(|conflict| conflict.path).collect();
                return Ok(Review { base, conflicts, pair: None, judged: None, preview });
            }
        };
        self.compile(base, merged)
    }

    fn compile(&self, base: CommitId, head: CommitId) -> Result<Review, ReviewError> {
        let view = self.repository.clone();
        let compiling = Pair::compile(&self.controller, Some(base), view, head);
        let pair = Handle::current().block_on(compiling)?;
        let (judged, preview) = (pair.judge(), OnceLock::new());
        Ok(Review { base, conflicts: Vec::new(), pair: Some(pair), judged, preview })
    }

    /// What would be merged. No ref will ever be at this commit.
    fn merged(&self, base: CommitId, head: CommitId) -> Result<Merge, MergeError> {
        let who = "res-edge <res-edge@localhost>".to_owned();
        let record = CommitRecord {
            author: who.clone(),
            committer: who,
            message: "what would be merged".to_owned(),
            // The same commits give the same commit, which is stored once.
            at: Timestamp::UNIX_EPOCH,
        };
        merge(&self.repository, base, head, MergeHow::Squash, &record)
    }
}

/// How many of the oldest reviews go, by how many bindings each has.
fn n_too_many(sizes: &[usize]) -> usize {
    let (mut n_kept, mut sum) = (0, 0_usize);
    for size in sizes.iter().rev() {
        sum = sum.saturating_add(*size);
        if n_kept > 0 && (n_kept == MOST_KEPT || sum > MOST_BINDINGS) {
            break;
        }
        n_kept += 1;
    }
    sizes.len() - n_kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_large_reviews_are_kept_or_some_small_ones() {
        assert_eq!(n_too_many(&[]), 0);
        assert_eq!(n_too_many(&[10; MOST_KEPT]), 0);
        assert_eq!(n_too_many(&[10; MOST_KEPT + 2]), 2);
        assert_eq!(n_too_many(&[3_000_000, 3_000_000]), 1);
        assert_eq!(n_too_many(&[1_000_000, 3_000_000]), 0);
        assert_eq!(n_too_many(&[10, MOST_BINDINGS * 2]), 1);
    }
}
