//! What `compare`, `decide` and `preview` answer, as text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod brakes;
mod effects;
mod fleet;
mod foreign;
mod laws;
mod memory;
mod placed;
mod previews;
mod refusals;
mod releases;
mod script;
