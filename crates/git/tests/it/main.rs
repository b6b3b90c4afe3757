//! The room `git` against real repositories, read back by the `git` program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod change;
mod compact;
mod delivery;
mod edits;
mod fleet;
mod http;
mod ledger;
mod load;
mod merges;
mod mirror;
mod objects;
mod packs;
mod projection;
mod receive;
mod received;
mod record;
mod remote;
mod repository;
mod serve;
mod signatures;
mod sketch;
mod steps;
mod support;
