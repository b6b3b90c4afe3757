//! What happens to one object of the tree.

use std::collections::BTreeSet;

use model::Observed;

use super::{Action, ApplyStep, Held, HeldReason, Rules};
use crate::drift::{Scaled, autoscaled, lost_fields, without_fields};
use crate::{
    AppliedObject, AppliedSet, Desired, DesiredObject, DriftMode, Ignore, LiveObject, Owner, Seen,
};

/// The steps for every object of the tree whose application can go on; what waits goes to `held`.
pub(super) fn steps(
    desired: &Desired,
    applied: Option<&AppliedSet>,
    live: &impl Seen,
    rules: &Rules,
    circular: &BTreeSet<String>,
    held: &mut Vec<Held>,
) -> Vec<ApplyStep> {
    let mut steps = Vec::new();
    let scaled = autoscaled(desired);
    for object in desired.objects.values().filter(|o| !circular.contains(&o.application)) {
        let known = applied.and_then(|set| set.objects.get(&object.key));
        match action(object, known, live.of(&object.key), rules, &scaled) {
            Ok(action) => steps.push(ApplyStep { desired: object.clone(), action }),
            Err(reason) => held.push(Held {
                key: object.key.clone(),
                application: object.application.clone(),
                reason,
            }),
        }
    }
    steps
}

fn action(
    desired: &DesiredObject,
    applied: Option<&AppliedObject>,
    live: Observed<Option<&LiveObject>>,
    rules: &Rules,
    scaled: &Scaled,
) -> Result<Action, HeldReason> {
    let live = match live {
        Observed::Unknown(cause) => return Err(HeldReason::Unread(cause.0)),
        Observed::Known(None) => return Ok(Action::Create),
        Observed::Known(Some(live)) => live,
    };
    if live.is_terminating() {
        return Err(HeldReason::Terminating);
    }
    match live.owner(applied) {
        Owner::Us => ours(desired, applied, live, scaled),
        Owner::Unknown if is_adopted_silently(desired) => Ok(Action::Adopt),
        _ if desired.marks.adopt || rules.allowances.contains(&desired.key) => Ok(Action::Adopt),
        Owner::Unknown => Err(HeldReason::Foreign("someone".to_owned())),
        Owner::Other(owner) => Err(HeldReason::Foreign(owner)),
    }
}

/// A Kubernetes Namespace that bears no mark of another tool: to own its labels harms nobody,
/// its deletion waits for an allowance anyway, and a Namespace document cannot carry consent.
fn is_adopted_silently(desired: &DesiredObject) -> bool {
    desired.key.group.is_empty() && desired.key.kind == "Namespace"
}

fn ours(
    desired: &DesiredObject,
    applied: Option<&AppliedObject>,
    live: &LiveObject,
    scaled: &Scaled,
) -> Result<Action, HeldReason> {
    if desired.marks.ignore == Ignore::All {
        return Ok(Action::Keep);
    }
    let Some(applied) = applied.filter(|applied| applied.digest.is_some()) else {
        return Ok(Action::Change);
    };
    if applied.digest != Some(desired.digest) || applied.application != desired.application {
        return Ok(Action::Change);
    }
    let left_out = without_fields(desired, Some(live), scaled);
    match lost_fields(desired, applied.fields, live, &left_out) {
        fields if fields.is_empty() => Ok(Action::Keep),
        fields if desired.marks.drift == DriftMode::Report => {
            Err(HeldReason::DriftReported(fields))
        }
        fields => Ok(Action::Correct(fields)),
    }
}
