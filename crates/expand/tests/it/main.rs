//! The room from outside: real programs on small templates.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[macro_use]
mod support;

mod charts;
mod kustomizations;
mod limits;
mod programs;
