//! What goes: objects of the applied set that the tree proves absent.
//!
//! Computed over the whole cluster, so that an object which moved between applications is still
//! in the tree.

use std::cmp::Reverse;

use model::{ObjectKey, Observed};

use super::stage::kind_of;
use super::{ApplyPlan, Deletion, Held, HeldReason, Left, LeftReason, Rules, guard};
use crate::{AppliedObject, AppliedSet, Desired, LiveObject, Owner, Prune, Seen};

enum Fate {
    Delete(Deletion),
    Wait(HeldReason),
    Leave(LeftReason),
}

/// Adds deletions, what waits and what is left alone to the plan.
pub(super) fn plan(
    desired: &Desired,
    set: &AppliedSet,
    live: &impl Seen,
    rules: &Rules,
    plan: &mut ApplyPlan,
) {
    let mut deletions = Vec::new();
    for (key, applied) in absent(desired, set) {
        match fate(key, applied, live.of(key), rules) {
            Fate::Delete(deletion) => deletions.push(deletion),
            Fate::Leave(reason) => plan.left.push(Left { key: key.clone(), reason }),
            Fate::Wait(reason) => plan.held.push(Held {
                key: key.clone(),
                application: applied.application.clone(),
                reason,
            }),
        }
    }
    let empties = desired.objects.is_empty();
    let mut deletions =
        guard::deletions(deletions, set.objects.len(), empties, rules, &mut plan.held);
    deletions.sort_by_key(|deletion| order(&deletion.key));
    plan.deletions = deletions;
}

/// Objects that we hold and the tree proves absent.
fn absent<'a>(
    desired: &'a Desired,
    set: &'a AppliedSet,
) -> impl Iterator<Item = (&'a ObjectKey, &'a AppliedObject)> {
    set.objects.iter().filter(|(key, applied)| {
        !desired.objects.contains_key(*key)
            && !desired.unreadable.contains_key(&applied.application)
            && !desired.may_hold(key)
    })
}

fn fate(
    key: &ObjectKey,
    applied: &AppliedObject,
    live: Observed<Option<&LiveObject>>,
    rules: &Rules,
) -> Fate {
    let live = match live {
        Observed::Unknown(cause) => return Fate::Wait(HeldReason::Unread(cause.0)),
        Observed::Known(None) => return Fate::Leave(LeftReason::Gone),
        Observed::Known(Some(live)) => live,
    };
    if live.owner(Some(applied)) != Owner::Us
        || applied.uid.as_deref().is_some_and(|uid| uid != live.uid())
    {
        return Fate::Leave(LeftReason::Replaced);
    }
    if live.is_terminating() {
        return Fate::Wait(HeldReason::Terminating);
    }
    if live.has_controller() {
        return Fate::Leave(LeftReason::Owned);
    }
    let prune = live.prune();
    if applied.keep || prune == Prune::Disabled || is_untouchable(key, rules) {
        return Fate::Leave(LeftReason::Kept);
    }
    let waits = key.is_protected() || applied.confirm || prune == Prune::Confirm;
    if waits && !rules.allowances.contains(key) {
        return Fate::Wait(HeldReason::Protected);
    }
    Fate::Delete(Deletion {
        key: key.clone(),
        api_version: applied.api_version.clone(),
        application: applied.application.clone(),
        uid: live.uid().to_owned(),
    })
}

/// The namespaces that Kubernetes makes, and the agent's own: no allowance reaches them.
fn is_untouchable(key: &ObjectKey, rules: &Rules) -> bool {
    let is_namespace = key.group.is_empty() && key.kind == "Namespace";
    let own = |name: &str| rules.own_namespace.as_deref() == Some(name);
    if is_namespace {
        return key.name == "default" || key.name.starts_with("kube-") || own(&key.name);
    }
    key.namespace.as_deref().is_some_and(own)
}

/// Webhooks first, since they refuse when what answers them is gone; what others stand on last.
fn order(key: &ObjectKey) -> impl Ord + use<> {
    let kind = kind_of(key);
    (Reverse(kind), key.clone())
}
