//! The room `git` against real repositories, read back by the `git` program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod change;
mod compact;
mod fleet;
mod http;
mod ledger;
mod load;
mod objects;
mod packs;
mod projection;
mod receive;
mod record;
mod repository;
mod serve;
mod sketch;
mod steps;
mod support;
