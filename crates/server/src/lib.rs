//! The door for people, programs and clusters: HTTP around the loop that releases.
//!
//! ```text
//! requests ──http──▶ Caller ──▶ Snapshot (reads)
//!                       └─────▶ Controller (acts, one at a time)
//! source ─compile─▶ render ─compare, decide─▶ step ─append─▶ ledger ─project─▶ what clusters read
//! ```
//!
//! In: sources, as they come, and requests. Out: steps of one ledger, their projection, and
//! answers. A [`Publisher`] keeps what it read and made, so that the next release costs what
//! changed; it can be dropped and made again at any moment, since all it knows stands in Git. One
//! run of `res-edge publish` is one turn of the same loop. A [`Controller`] owns it in a thread of
//! its own and tells everyone else by a [`Snapshot`], which is never altered: readers wait for
//! nobody. What is read often is made into bytes once for each snapshot (`catalogue`).

mod agents;
mod authorize;
mod backup;
mod blame;
mod catalogue;
mod changes;
mod commit_status;
mod connection;
mod controller;
mod data;
mod edits;
mod error;
mod evaluate;
mod events;
mod follow;
mod hosting;
mod http;
mod identity;
mod operate;
mod orders;
pub mod preview;
mod publisher;
mod records;
mod serve;
mod settings;
mod sight;
mod snapshot;
mod telemetry;
mod upstream;
mod webhook;

pub use backup::{BackupError, Entry, Manifest, RestoreError, backup, restore};
pub use commit_status::CommitStatuses;
pub use connection::Patience;
pub use controller::{Controller, ControllerGone, Desk};
pub use data::{Data, DataError};
pub use error::PublishError;
pub use identity::{Caller, Oidc, OidcMistake, Secret};
pub use publisher::{ClusterAct, ClusterOrder, Phase, Published, Publisher, Request};
pub use records::{Told, step_of_record};
pub use serve::{ServeError, Server};
pub use settings::{Elsewhere, ForgeMistake, PairError, Settings, Tls};
pub use snapshot::{Refused, Released, Snapshot, Sourced, Waits};
pub use upstream::Branches;
pub use webhook::{Provider, UnknownProvider};
