//! Tests of the wire.

mod events;
mod ssh;
