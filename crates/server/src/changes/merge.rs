//! Merging a change: everything is asked again, and then two refs move, or none.

use std::sync::Arc;

use api::DiagnosticText;
use git::{
    CommitRecord, Merge, MergeHow, MoveError, RefMove, Repository, commit_message, merge, move_refs,
};
use jiff::Timestamp;
use model::CommitId;
use release::access::Answer;

use super::{
    Actor, Change, Entry, Event, Register, RegisterError, Review, ReviewError, Reviews, signature,
    waits,
};
use crate::authorize::person;
use crate::controller::SOURCE_REF;
use crate::identity::Caller;

/// How often it is tried anew when `main` moves in between.
const ATTEMPTS: usize = 5;

/// What becomes of the commits of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// They become part of the history, by a merge commit.
    #[default]
    Merge,
    /// One commit on top of `main` stands for them.
    Squash,
}

/// Why a change is not merged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotMerged {
    /// It is not open.
    #[error("change {0} is {1}")]
    Over(u32, &'static str),
    /// The head is another than whoever merges has seen.
    #[error("change {0} has another head by now")]
    Stale(u32),
    /// Both sides edited these files.
    #[error("`main` and the change edit the same places of {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// There is nothing in it that `main` does not have.
    #[error("`main` has everything of change {0} already")]
    Nothing(u32),
    /// It adds errors.
    #[error("it has errors that `main` does not have")]
    Mistakes(Vec<DiagnosticText>),
    /// There is no valid source in use whose Roles could be asked.
    #[error("only the administrator may merge while no valid source is in use")]
    NoRoles,
    /// It may not be merged by them.
    #[error("you may not merge this: {0}")]
    NotAllowed(String),
    /// It waits for approvals.
    #[error("it waits for approvals: {0}")]
    Waits(String),
    /// It cannot be looked at.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// It cannot be read or written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// `main` kept moving.
    #[error("`main` moved {ATTEMPTS} times in between")]
    Busy,
}

/// Merges changes. All of it blocks.
pub(crate) struct Merger<'a> {
    pub(crate) register: &'a Register,
    pub(crate) reviews: &'a Reviews,
    pub(crate) repository: &'a Repository,
}

impl Merger<'_> {
    /// Merges a change as a caller who has seen a head of it; answers the change and the commit
    /// that `main` is at.
    ///
    /// # Errors
    /// [`NotMerged`]; then nothing has moved.
    pub(crate) fn merge(
        &self,
        number: u32,
        seen: Option<CommitId>,
        style: Style,
        caller: &Caller,
    ) -> Result<(Arc<Change>, CommitId), NotMerged> {
        for _ in 0..ATTEMPTS {
            let entry = self.register.find(number)?;
            let change = &entry.change;
            if !change.is_open() {
                return Err(NotMerged::Over(number, change.status.word()));
            }
            if seen.is_some_and(|seen| seen != change.head) {
                return Err(NotMerged::Stale(number));
            }
            let review = self.reviews.of(change.head)?;
            may_merge(change, &review, caller)?;
            if let Some(merged) = self.attempt(&entry, &review, style, caller)? {
                return Ok(merged);
            }
        }
        Err(NotMerged::Busy)
    }

    /// Makes the commit and moves the refs; answers nothing if somebody was faster.
    fn attempt(
        &self,
        entry: &Entry,
        review: &Review,
        style: Style,
        caller: &Caller,
    ) -> Result<Option<(Arc<Change>, CommitId)>, NotMerged> {
        let change = &entry.change;
        let actor = Actor::of(caller);
        let how = match style {
            Style::Merge => MergeHow::Commit,
            Style::Squash => MergeHow::Squash,
        };
        let record = record(change, style, &actor);
        let made = merge(self.repository, review.base, change.head, how, &record);
        let made = match made.map_err(ReviewError::Merge)? {
            Merge::Made(made) => made,
            Merge::AlreadyMerged => return Err(NotMerged::Nothing(change.number)),
            Merge::Conflicts(conflicts) => {
                let paths = conflicts.into_iter().map(|conflict| conflict.path).collect();
                return Err(NotMerged::Conflicts(paths));
            }
        };
        let act = actor.does(Event::Merged { commit: made.commit });
        let prepared = self.register.prepare(Some(entry), change.number, &act)?;
        let main =
            RefMove { name: SOURCE_REF.to_owned(), from: Some(review.base), to: Some(made.commit) };
        match move_refs(self.repository, &[main, prepared.meta.clone()]) {
            Ok(()) => {
                self.register.has_moved(&prepared.change, &act);
                Ok(Some((prepared.change, made.commit)))
            }
            Err(MoveError::Moved { .. }) => Ok(None),
            Err(error) => Err(RegisterError::from(error).into()),
        }
    }
}

/// Whether a change may be merged by a caller now.
fn may_merge(change: &Change, review: &Review, caller: &Caller) -> Result<(), NotMerged> {
    let Some(pair) = &review.pair else {
        return Err(NotMerged::Conflicts(review.conflicts.clone()));
    };
    let mistakes = pair.mistakes();
    if !mistakes.new.is_empty() {
        return Err(NotMerged::Mistakes(mistakes.wire(&mistakes.new)));
    }
    let Some(judged) = &review.judged else {
        return if caller.is_administrator { Ok(()) } else { Err(NotMerged::NoRoles) };
    };
    let nobody = || NotMerged::NotAllowed("no Role can name you".to_owned());
    let verdict = judged.verdict(&person(caller).ok_or_else(nobody)?);
    if let Answer::Refused { lacks, .. } = &verdict.merge {
        let lacks: Vec<String> = lacks.iter().map(ToString::to_string).collect();
        return Err(NotMerged::NotAllowed(lacks.join("; ")));
    }
    let waits: Vec<String> =
        waits(change, judged, &verdict).iter().map(ToString::to_string).collect();
    if waits.is_empty() { Ok(()) } else { Err(NotMerged::Waits(waits.join("; "))) }
}

/// What the merge commit says. Whoever opened the change is the author of what is squashed.
fn record(change: &Change, style: Style, actor: &Actor) -> CommitRecord {
    let number = change.number.to_string();
    let mut trailers = vec![("Change", number.as_str())];
    let approvers = change.approvals.iter().map(|one| ("Approved-by", one.by.subject.as_str()));
    trailers.extend(approvers);
    let subject = match style {
        Style::Merge => format!("Merge change {number}: {}", change.title),
        Style::Squash => change.title.clone(),
    };
    let author = Actor { subject: change.author().to_owned(), ..Actor::default() };
    CommitRecord {
        author: signature(if style == Style::Squash { &author } else { actor }),
        committer: signature(actor),
        message: commit_message(&subject, &change.text, &trailers),
        at: Timestamp::now(),
    }
}
