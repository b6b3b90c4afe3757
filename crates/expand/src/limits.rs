//! What one run of a program may cost.

use std::time::Duration;

/// The limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may take.
    pub time: Duration,
    /// How much address space it may have, in bytes. Programs written in Go reserve far more than
    /// they use.
    pub memory: u64,
    /// How much it may print, in bytes.
    pub output: u64,
}

impl Default for Limits {
    /// A minute, 4 GiB of addresses and 16 MiB of output: a hundred times what large charts take.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory: 4 << 30, output: 16 << 20 }
    }
}
