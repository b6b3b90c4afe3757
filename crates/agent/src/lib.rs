//! The door on a cluster: takes releases, keeps the cluster equal to them, tells how it is.
//!
//! ```text
//! Link ─Parcel─▶ verify ─Release─▶ Book (on disk) ─Todo─▶ sync::Engine ─▶ cluster
//!      ◀report── Standing ◀──────────────────────────────── Pass
//! ```
//!
//! The server holds no credentials of a cluster: everything here is pulled, verified, and done by
//! the cluster itself, with or without a link. What is decided is decided by pure functions
//! ([`verify`], [`will`], [`report`], [`pace`], `sync::difference`); the loop only carries values
//! between them, the disk, the link and the cluster. Nothing is deleted because something is
//! missing, late, unreadable or refused.

pub mod book;
pub mod cluster;
pub mod key;
pub mod link;
pub mod pace;
pub mod report;
mod run;
pub mod site;
pub mod state;
pub mod verify;
pub mod will;

pub use run::{Agent, Settings};
