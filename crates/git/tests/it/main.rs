//! The room `git` against real repositories, read back by the `git` program.

extern crate res_edge_git as git;

mod repository;
mod support;
