//! The database: the same tests on SQLite and on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod clusters;
mod faults;
mod kinds;
mod migrations;
mod people;
mod tokens;
