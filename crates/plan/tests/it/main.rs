//! The tests of the room, one module for each of its parts.

mod expression_syntax;
mod fleet_mistakes;
mod fleets;
