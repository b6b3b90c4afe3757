//! What an agent remembers, so that it goes on after a power cut and without a link.
//!
//! ```text
//! journal.0 journal.1   who we are, the highest generation, what runs, what waits, the site's will
//! applied.0 applied.1   what we hold on the cluster (sync::AppliedSet)
//! tree-<id>             every object of a released tree; worth what its ids say
//! key.pem               the key, never replaced
//! ```
//!
//! Two files in turn for what changes, content under its own id for the rest. What cannot be read
//! is unknown: it deletes nothing, and does not lower the generation that is accepted.

mod disk;
mod journal;
mod slots;
mod trees;

pub use disk::{Disk, Memory};
pub use journal::{Event, Journal, KeptRelease};
pub use slots::{Found, Slots};
pub use trees::{forget_trees, keep_tree, read_tree_objects};

use model::{Cause, Observed};
use sync::AppliedSet;

/// The name of the journal.
pub const JOURNAL: &str = "journal";
/// The name of the applied set.
pub const APPLIED: &str = "applied";

/// The applied set as it stands on disk. One that was never written is empty where the cluster has
/// no mark of an earlier agent (`is_first`), else it was lost.
#[must_use]
pub fn applied_set(found: Found, is_first: bool) -> Observed<AppliedSet> {
    match found {
        Found::Known(bytes) => match String::from_utf8(bytes) {
            Ok(text) => AppliedSet::decode(&text),
            Err(_) => Observed::Unknown(Cause("the applied set is no text".to_owned())),
        },
        Found::Damaged(cause) => Observed::Unknown(cause),
        Found::Never if is_first => Observed::Known(AppliedSet::default()),
        Found::Never => Observed::Unknown(Cause("the applied set was lost".to_owned())),
    }
}
