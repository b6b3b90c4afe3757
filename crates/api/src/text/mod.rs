//! Words for people: diagnostics with excerpts, counts, lists of names. The command line, the
//! server's answers and its messages to the terminal of a `git push` all take them from here, so
//! that the same failure reads the same everywhere.

mod diagnostics;
mod words;

pub use diagnostics::{Report, Tally};
pub use words::{count, printable, some_of};
