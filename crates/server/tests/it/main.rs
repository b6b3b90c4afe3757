//! Tests of the running server, over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changes;
mod clone;
mod documents;
mod hosting;
mod identity;
mod ledger;
mod metrics;
mod mission;
mod openapi;
mod repeats;
mod start;
mod support;
