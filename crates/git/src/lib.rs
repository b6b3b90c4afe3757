//! Repositories: read a source, write packs, append to the ledger, project it.
//!
//! The only room that uses gix and runs the `git` program. No type of gix is in its interface.
