//! The cluster's own budget: too much at once waits, whatever the server said.

use super::{Action, ApplyStep, Deletion, Held, HeldReason, Rules};
use crate::AppliedSet;

/// Holds all changes where there are more than the budget allows; creations, corrections, repairs
/// of what was begun or is not in the applied set, and what an allowance names go on.
pub(super) fn changes(
    steps: Vec<ApplyStep>,
    applied: Option<&AppliedSet>,
    rules: &Rules,
    held: &mut Vec<Held>,
) -> Vec<ApplyStep> {
    let is_begun = |step: &ApplyStep| {
        let known = applied.and_then(|set| set.objects.get(&step.desired.key));
        known.is_none_or(|known| known.digest.is_none())
    };
    let counts = |step: &ApplyStep| {
        let changes = match step.action {
            Action::Change => !is_begun(step),
            Action::Adopt => true,
            _ => false,
        };
        changes && !rules.allowances.contains(&step.desired.key)
    };
    let n = steps.iter().filter(|step| counts(step)).count();
    // Without an applied set, every object of ours is a change: then the cluster is repaired.
    let Some(set) = applied else { return steps };
    let limit = rules.budget.changes.of(set.objects.len());
    if n <= limit {
        return steps;
    }
    let (over, on): (Vec<_>, Vec<_>) = steps.into_iter().partition(counts);
    held.extend(over.into_iter().map(|step| Held {
        key: step.desired.key.clone(),
        application: step.desired.application.clone(),
        reason: HeldReason::ChangeBudget { n, limit },
    }));
    on
}

/// Holds all deletions where there are more than the budget allows, or where they would leave
/// nothing; what an allowance names goes on and does not count.
pub(super) fn deletions(
    deletions: Vec<Deletion>,
    n_held: usize,
    empties: bool,
    rules: &Rules,
    held: &mut Vec<Held>,
) -> Vec<Deletion> {
    let (allowed, others): (Vec<_>, Vec<_>) =
        deletions.into_iter().partition(|deletion| rules.allowances.contains(&deletion.key));
    let (n, limit) = (others.len(), rules.budget.deletions.of(n_held));
    let reason = match (empties, n > limit) {
        (true, _) => HeldReason::Emptied,
        (false, true) => HeldReason::DeletionBudget { n, limit },
        (false, false) => return allowed.into_iter().chain(others).collect(),
    };
    held.extend(others.into_iter().map(|deletion| Held {
        key: deletion.key,
        application: deletion.application,
        reason: reason.clone(),
    }));
    allowed
}
