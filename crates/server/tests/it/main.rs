//! Tests of the running server, over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod documents;
mod identity;
mod ledger;
mod metrics;
mod openapi;
mod repeats;
mod start;
mod support;
