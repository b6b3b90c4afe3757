//! What the brakes would hold if the base were released whole and the head followed it.
//!
//! The brakes themselves decide, so that a preview and a release cannot disagree.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use model::{Ledger, ObjectChange, Observed, Rendered};

use super::{Brake, Clusters};
use crate::brakes::Brakes;
use crate::decide::World;
use crate::difference::{Difference, Transition};
use crate::held::{Held, HeldItem, Part, Reason};
use crate::placed::Covered;

/// What is held of a difference to a ledger that was made of the base.
pub(super) fn against_base(
    ledger: &Ledger,
    rendered: &Rendered,
    difference: &Difference,
    object_changes: HashMap<Transition, Observed<ObjectChange>>,
) -> Vec<Brake> {
    let world = World {
        object_changes,
        foreign: Vec::new(),
        descends: Observed::Known(true),
        confirm: None,
        by: String::new(),
        all_or_nothing: false,
        placed: Vec::new(),
    };
    // The ledger of a base records no deletions, so any time is as good as another.
    let (kept, now) = (HashSet::new(), Timestamp::UNIX_EPOCH);
    let covered = Covered::default();
    let brakes =
        Brakes { ledger, rendered, difference, world: &world, kept: &kept, covered: &covered, now };
    let verdicts = brakes.hold();
    let items = brakes.items(&verdicts);
    grouped(&items, &verdicts.reasons.into_list())
}

/// What is held, by reason, and for each reason by part.
#[must_use]
pub fn brakes(held: &Held) -> Vec<Brake> {
    grouped(&held.items, &held.reasons)
}

fn grouped(items: &[HeldItem], reasons: &[Reason]) -> Vec<Brake> {
    let mut parts: Vec<BTreeMap<&Part, Clusters>> = vec![BTreeMap::new(); reasons.len()];
    for item in items {
        parts[item.reason].entry(&item.part).or_default().add(&item.name);
    }
    let brakes = reasons.iter().zip(parts).filter(|(_, parts)| !parts.is_empty());
    let owned = |(part, clusters): (&Part, Clusters)| (part.clone(), clusters);
    brakes
        .map(|(reason, parts)| Brake {
            reason: reason.clone(),
            parts: parts.into_iter().map(owned).collect(),
        })
        .collect()
}
