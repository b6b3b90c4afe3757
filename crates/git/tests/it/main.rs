//! The room `git` against real repositories, read back by the `git` program.

mod load;
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

extern crate res_edge_git as git;

mod objects;
mod repository;
mod support;
