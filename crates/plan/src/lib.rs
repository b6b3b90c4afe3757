//! From documents to what every cluster must run.
//!
//! ```text
//! documents ─assemble─▶ Fleet ─┐
//!                              ├─render─▶ Rendered (trees by id, and diagnostics)
//! template files ──parse───────┘
//!        └──expansions──▶ what kustomize and Helm must build first
//! ```
//!
//! In: the documents of one source, and its template files. Out: a validated [`Fleet`], the
//! bindings, and a tree for every cluster through a [`model::Sink`]. Mistakes are values: an
//! inventory is accepted whole or not at all, a fault of a template or a value breaks its cells
//! only. A [`Compiler`] goes this way for source after source, and does only what differs. No IO,
//! no clock, no environment; the same input gives the same bytes, on any number of threads and in
//! any order of documents.

pub mod change;
pub mod compile;
pub mod documents;
pub mod expansion;
pub mod explain;
pub mod expression;
pub mod fleet;
mod kustomization;
mod layout;
pub mod overlay;
pub mod query;
pub mod render;
pub mod template;
pub mod values;

pub use change::{Changes, Side, policies};
pub use compile::{Accepted, Compiled, Compiler};
pub use explain::{explain_placement, explain_values};
pub use fleet::{
    Application, Cluster, Column, Fleet, Group, GroupId, KeySpace, Namespace, Origin, ValueId,
    assemble,
};
pub use overlay::explain_overlay;
pub use render::{expansions, folder, render};
