//! What someone else changed of what we applied.
//!
//! Server-side apply records which field manager owns which field. Whoever changes a value of
//! ours takes its field, and whoever removes a field takes it from all: so drift is what our
//! entry in `managedFields` has lost, and metadata is enough to see it. Values are not compared,
//! because a cluster writes `1000m` as `1` and nobody changed anything. Where somebody else applies,
//! there is no such entry, and [`differing`] compares.

mod autoscaled;
mod fields;
mod fight;
mod values;

pub(crate) use autoscaled::is_scaled_by_another;
pub use autoscaled::{Scaled, autoscaled, without_fields};
pub use fields::{fields_digest, uncovered};
pub use fight::{Fight, FightState};
pub use values::differing;

use model::Digest;

use crate::{DesiredObject, LiveObject};

/// The fields of ours that another one has taken or removed; empty if none.
///
/// `recorded` is what our field manager owned after the last apply, as [`fields_digest`] gives
/// it. Fields that are left to others ([`without_fields`]) do not count.
#[must_use]
pub fn lost_fields(
    desired: &DesiredObject,
    recorded: Option<Digest>,
    live: &LiveObject,
    left_out: &[String],
) -> Vec<String> {
    // An object that says no more than its name has no field of ours, before as after.
    if recorded == live.own_digest() {
        return Vec::new();
    }
    let own = live.own_fields();
    let lost = uncovered(&desired.object, own.as_ref(), left_out);
    if lost.is_empty() && own.is_none() {
        return vec!["all fields".to_owned()];
    }
    lost
}
