//! The loop that releases: a new source is compiled, decided about, appended to the ledger and
//! projected.
//!
//! ```text
//! source ─compile─▶ render ─compare, decide─▶ step ─append─▶ ledger ─project─▶ what clusters read
//! ```
//!
//! In: sources, as they come. Out: steps of one ledger and their projection. A [`Publisher`] keeps
//! what it read and made, so that the next release costs what changed; it can be dropped and
//! made again at any moment, since all it knows stands in Git. One run of `res-edge publish` is
//! one turn of the same loop. Later the server for people and clusters is built around it.

mod error;
mod publisher;

pub use error::PublishError;
pub use publisher::{Phase, Published, Publisher, Request};
