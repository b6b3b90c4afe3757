//! The tests of the room, one module for each of its parts.

extern crate res_edge_plan as plan;

mod expression_syntax;
