//! Turns values into text for people and programs: diagnostics with excerpts, tables, documents,
//! progress. Nothing here decides anything or reads the world.

pub(crate) mod listing;
mod progress;
pub(crate) mod yaml;

pub(crate) use progress::Progress;
