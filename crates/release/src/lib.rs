//! Compare what is rendered with the ledger, and decide the next step.
//!
//! ```text
//! (ledger, rendered) ─compare─▶ Difference ─decide─▶ a step, what waits for a person, or a refusal
//! (base, head) ─preview─▶ what a change does to the whole fleet, as groups of equal hunks
//! (base, head) ─effect─▶ the digest of what a change does, which an approval names
//! (Roles of the base, what differs, a person) ─access─▶ what they may do with it, and why not
//! ```
//!
//! Pure: no client, no clock (`now` is an argument), no file. Deletions accept only proven
//! absence: what could not be read holds the cell it concerns.

pub mod access;
mod brakes;
mod compare;
mod comparison;
mod decide;
mod difference;
mod effect;
mod foreign;
mod held;
mod moves;
mod names;
mod placed;
mod preview;
mod refusal;
mod rollback;
mod step;

pub use comparison::{Comparison, compare};
pub use decide::{
    Decided, Decision, KeptCluster, StaleCell, Summary, WaitingCluster, World, decide,
};
pub use difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Difference, NamespaceChange,
    NamespaceDifference, Transition,
};
pub use effect::{Effect, effect};
pub use foreign::{HoldError, adopt, discard, resume};
pub use held::{Emptied, Held, HeldItem, Part, Reason};
pub use placed::{NewHold, OrderError, Orders, Placed, follow_orders};
pub use preview::{
    BindingChange, Brake, Clusters, Contents, CreatedObject, DeletedObject, EffectCount, Fetch,
    FileChange, FleetRequests, Group, GroupRequests, Hidden, Line, NamespaceCount, Preview,
    Reasons, Sign, UnreadRequests, brakes, preview,
};
pub use refusal::Refusal;
pub use rollback::{RollbackScope, RolledBack, roll_back};
