//! Numbers for the bases that a sink stores once.
//!
//! A file that was parsed for an earlier render keeps its numbers, so that one sequence serves
//! all renders that share a memory: no two bases of them have the same number.

use std::sync::atomic::{AtomicU32, Ordering};

/// A sequence of numbers.
#[derive(Debug)]
pub(crate) struct Numbers(AtomicU32);

impl Numbers {
    /// The numbers from one on.
    pub(crate) fn from(first: u32) -> Self {
        Self(AtomicU32::new(first))
    }

    /// The first of `n` numbers that nothing else has.
    pub(crate) fn take(&self, n: usize) -> u32 {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            Some(next.saturating_add(n))
        });
        taken.unwrap_or_else(|next| next)
    }

    /// The first number that was not taken.
    pub(crate) fn next(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
