//! What an agent reads and writes on its cluster for itself: its lease, its mark, the site's will.
//!
//! All of it stands in the agent's own namespace.

mod lease;
mod mark;

pub use lease::{Grip, Lease};
pub use mark::{CONFIG, MARK, Mark, read_ask, read_mark, write_mark};
