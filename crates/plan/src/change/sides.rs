//! One of two sources.

use model::Source;

use crate::Fleet;

/// One of two sources: the fleet and the files that it was assembled from.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// The files.
    pub source: &'a Source,
}
