//! The room `git` against real repositories, read back by the `git` program.

mod load;
mod repository;
mod support;
