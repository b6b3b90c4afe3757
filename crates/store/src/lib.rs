//! The database: what is, and never what should be.
//!
//! In: people, tokens, sessions, activity and reports, as they come. Out: the same, found again.
//! Losing it loses no desired state: that is in Git. One set of statements runs on SQLite (one
//! server, embedded) and on PostgreSQL (several servers); the same tests run on both. Migrations
//! only go forward. Nothing secret is stored: passwords and tokens as hashes only.

mod attempts;
mod audit;
mod clusters;
mod codes;
mod copy;
mod database;
mod error;
mod joins;
mod people;
mod sessions;
mod time;
mod tokens;

pub use attempts::Attempt;
pub use audit::{Chain, Deed, Head, Recorded};
pub use clusters::{Abnormal, KeptCluster, LINES, LogLine, ReportedCluster};
pub use copy::{copy, damage};
pub use database::{Place, Store};
pub use error::StoreError;
pub use joins::{Join, NewJoin};
pub use people::{LOCAL, NewPerson, Person};
pub use sessions::Session;
pub use tokens::{NewToken, Token};
