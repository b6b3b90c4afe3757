//! Tests of the running server, over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agents;
mod attacks;
mod authorize;
mod backup;
mod changes;
mod clone;
mod documents;
mod edits;
mod elsewhere;
mod events;
mod faults;
mod hosting;
mod identity;
mod ledger;
mod matrix;
mod metrics;
mod mission;
mod oidc;
mod openapi;
mod operations;
mod provider;
mod repeats;
mod scopes;
mod start;
mod support;
