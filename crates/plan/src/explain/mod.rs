//! Why something is where it is, and what set its values.
//!
//! In: a fleet, a cluster and an application. Out: plain values for the command line to show.
//! Pure, computed on demand, and slow compared with the rest of the room: it is asked for one
//! cell at a time.

mod placement;
mod values;

pub use placement::{Placement, Reason, Selection, explain_placement};
pub use values::{ValueExplanation, explain_values};
