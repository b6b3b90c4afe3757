//! Changes: proposed edits of the source, from their opening to their merge.
//!
//! ```text
//! push to refs/for/main, API ──▶ Register (refs/changes/<n>, in Git) ──▶ Change
//! (main, head) ──▶ Review: merged, compiled, compared; what is new, what it means, its effect
//! Review, Roles, approvals ──merge──▶ `main` moves, with the change's own ref, or neither
//! ```
//!
//! In: commits of the source, and what people do. Out: refs. What can be derived, such as checks
//! and previews, is derived when it is asked for and never stored. `state` is pure.

mod merge;
mod pick;
mod register;
mod review;
mod state;

pub(crate) use merge::{Merger, NotMerged, Style};
pub(crate) use pick::{Asked, Pick, pick};
pub(crate) use register::{Entry, Register, RegisterError, head_ref, signature};
pub(crate) use review::{Review, ReviewError, Reviews};
pub(crate) use state::{Act, Actor, Change, Event, Status};

use jiff::Timestamp;
use release::access::{Approved, Outstanding, Person, Verdict, outstanding};

use crate::authorize::{self, Standing};
use crate::evaluate::Judged;
use crate::identity::{Caller, Scope};

impl Actor {
    /// A caller as somebody who acts.
    pub(crate) fn of(caller: &Caller) -> Self {
        let mut subjects = caller.subjects.iter().cloned();
        Self {
            // What no Role can name has no rights here, and is only told.
            subject: subjects.next().unwrap_or_else(|| format!("the token {}", caller.name)),
            groups: subjects.collect(),
            administrator: caller.has_fleet,
            others: caller.others.clone(),
            scope: caller.scope.as_ref().map(|scope| scope.wire().to_vec()),
        }
    }

    /// The same person as Roles see it; nobody with a scope that cannot be read.
    fn person(&self) -> Option<Person> {
        let subjects = std::iter::once(&self.subject).chain(&self.groups).map(String::as_str);
        let scope = self.scope.as_deref().map(Scope::new).transpose().ok()?;
        let standing =
            Standing { has_fleet: self.administrator, others: &self.others, scope: scope.as_ref() };
        authorize::person_of(subjects, &standing)
    }

    /// What they do, now.
    pub(crate) fn does(&self, event: Event) -> Act {
        Act { event, by: self.clone(), at: Timestamp::now() }
    }
}

/// What merging a change by a verdict still waits for.
pub(crate) fn waits(change: &Change, judged: &Judged, verdict: &Verdict) -> Vec<Outstanding> {
    let authors: Vec<_> =
        change.authors.iter().filter_map(|author| model::Subject::parse(author)).collect();
    let approved = change.approvals.iter().filter_map(|approval| {
        Some(Approved { by: approval.by.person()?, head: change.head, plan: approval.plan })
    });
    let approved: Vec<Approved> = approved.collect();
    let current = (change.head, judged.effect.plan);
    outstanding(&judged.policies, &judged.meaning, verdict, &authors, &approved, current)
}
