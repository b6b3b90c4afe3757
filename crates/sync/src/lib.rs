//! Make one cluster equal a tree: what is desired, what we hold, what differs, and how it is.
//!
//! ```text
//! files of a tree ─read_tree─▶ Desired ┐
//! applied set (Observed) ──────────────┼─difference─▶ ApplyPlan: stages, deletions, what is held
//! objects of the cluster (Live) ───────┘
//! object ─health─▶ Health      (object, what we applied) ─drift─▶ fields that another one took
//! ```
//!
//! Decisions are pure functions of values, with every time an argument. Nothing is deleted
//! because it could not be read: an unreadable file, a lost applied set, an object that could
//! not be looked at, and a tree older than the one before delete nothing.
//!
//! It does not fetch releases, verify signatures or keep files: that is the agent's.

mod applied;
mod desired;
mod difference;
pub mod drift;
mod engine;
pub mod health;
pub mod kube;
mod live;
mod manifest;
mod marks;
mod object;
pub mod simulated;
mod status;
mod world;

pub use applied::{AppliedObject, AppliedSet};
pub use desired::{
    Dependencies, Desired, DesiredObject, TreeFile, Unreadable, read_tree, read_tree_after,
    without_dependency,
};
pub use difference::{
    Action, ApplyPlan, ApplyStep, Budget, Deletion, Held, HeldReason, Left, LeftReason, Limit,
    Move, Refusal, Rules, Stage, StageKind, Stopped, difference,
};
pub use engine::{Acts, Alarm, Engine, EngineOptions, Mode, Order, Outcome, Pass};
pub use live::{Live, LiveObject, Owner, Seen};
pub use manifest::read_manifest;
pub use marks::{DriftMode, Ignore, Marks, Prune};
pub use object::{FIELD_MANAGER, Object, ObjectError};
pub use status::{
    ApplicationStatus, Condition, Healthy, HealthyState, Synced, SyncedState, application_status,
};
pub use world::{
    Detail, Fault, Going, ListPage, Notes, Place, Scope, ServedKind, Trial, Watching, World,
    WorldError,
};
