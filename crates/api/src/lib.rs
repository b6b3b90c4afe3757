//! The wire: the types that the server and its clients exchange, and a client.
//!
//! In: Rust values. Out: JSON as `/api/v1` speaks it, and back. The types are versioned with the
//! path; a field is only ever added. The OpenAPI document is made from them. Nothing here decides
//! anything, and nothing here knows how the server finds its answers.

mod client;
mod identity;
mod page;
mod problem;
mod status;
pub mod text;

pub use client::{Client, ClientError, ClientSettings};
pub use identity::Whoami;
pub use page::Page;
pub use problem::{DiagnosticText, Place, Problem};
pub use status::{LedgerStatus, RefusedSource, ServerStatus, SourceStatus};

/// The media type of a [`Problem`], RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";
