//! How far something that takes a while has come.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A position and a total, which one thread looks at while others count. It decides nothing.
#[derive(Debug, Default)]
pub struct Counter {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Counter {
    /// From now on so many are to be done; nothing is measured where that is 0.
    pub fn begin(&self, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many more are done.
    pub fn add(&self, n: usize) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }

    /// How many are done, and of how many; nothing while nobody knows how many there are.
    #[must_use]
    pub fn read(&self) -> Option<(usize, usize)> {
        let total = self.total.load(Ordering::Relaxed);
        (total > 0).then(|| (self.done.load(Ordering::Relaxed).min(total), total))
    }
}
