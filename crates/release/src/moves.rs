//! Objects that move between the parts of one cluster.
//!
//! An object that leaves one part and appears in another is a move, not a deletion. So parts
//! between which an object moves go on together or not at all: where one is held, both files
//! would else claim the object, or none would.

use std::collections::HashMap;

use model::ObjectKey;

use crate::held::{Part, Reason, Reasons};

/// A part of a cluster's tree that would change, with its objects.
#[derive(Debug)]
pub(crate) struct Moving {
    /// Which part.
    pub(crate) part: Part,
    /// Objects that it would take.
    pub(crate) appeared: Vec<ObjectKey>,
    /// Objects that it would give up, and whether each waits for a person.
    pub(crate) vanished: Vec<(ObjectKey, bool)>,
    /// Why it is held already: the position of the reason.
    pub(crate) held: Option<usize>,
}

/// In place of a reason: a person holds it.
pub(crate) const PLACED: usize = usize::MAX - 1;

/// Why a part is held.
enum Why {
    /// For a reason that a confirmation opens.
    Reason(Reason),
    /// Since it moves with a part that a person holds.
    Placed,
}

/// Where an object is given up and where it is taken.
#[derive(Default)]
struct Ends {
    takers: Vec<usize>,
    givers: Vec<usize>,
}

/// Holds what must be held because of objects: protected ones that vanish, and partners of moves
/// with a held part. Repeats until nothing more is held.
pub(crate) fn hold(parts: &mut [Moving], reasons: &mut Reasons) {
    let mut ends: HashMap<ObjectKey, Ends> = HashMap::new();
    for (index, part) in parts.iter().enumerate() {
        for (object, _) in &part.vanished {
            ends.entry(object.clone()).or_default().givers.push(index);
        }
        for object in &part.appeared {
            ends.entry(object.clone()).or_default().takers.push(index);
        }
    }
    if ends.is_empty() {
        return;
    }
    loop {
        let mut found = false;
        for index in 0..parts.len() {
            if parts[index].held.is_none()
                && let Some(why) = reason_to_hold(parts, index, &ends)
            {
                parts[index].held = Some(match why {
                    Why::Reason(reason) => reasons.add(reason),
                    Why::Placed => PLACED,
                });
                found = true;
            }
        }
        if !found {
            return;
        }
    }
}

fn reason_to_hold(parts: &[Moving], index: usize, ends: &HashMap<ObjectKey, Ends>) -> Option<Why> {
    let part = &parts[index];
    let goes_on = |other: &usize| *other != index && parts[*other].held.is_none();
    let is_lost = |object: &ObjectKey| !ends[object].takers.iter().any(goes_on);
    let partner = moving_partner(parts, index, ends);
    if let Some(partner) = partner {
        // What moves with something that a person holds waits for that person too.
        return Some(match parts[partner].held {
            Some(PLACED) => Why::Placed,
            _ => Why::Reason(Reason::MovesWith { part: parts[partner].part.clone() }),
        });
    }
    let lost = part.vanished.iter().filter(|(object, waits)| *waits && is_lost(object));
    let objects: Vec<ObjectKey> = lost.map(|(object, _)| object.clone()).collect();
    (!objects.is_empty()).then_some(Why::Reason(Reason::Protected { objects }))
}

/// A held part that gives what this one takes, or takes what this one gives.
fn moving_partner(
    parts: &[Moving],
    index: usize,
    ends: &HashMap<ObjectKey, Ends>,
) -> Option<usize> {
    let is_held = |other: &&usize| **other != index && parts[**other].held.is_some();
    let part = &parts[index];
    let givers = part.appeared.iter().filter_map(|object| ends[object].givers.iter().find(is_held));
    let takers =
        part.vanished.iter().filter_map(|(object, _)| ends[object].takers.iter().find(is_held));
    givers.chain(takers).next().copied()
}
