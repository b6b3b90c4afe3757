//! How long each part of a release took.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// The parts of one release, in order, with what each took.
#[derive(Debug, Default)]
pub(super) struct Laps {
    ended: RefCell<Vec<(&'static str, Duration)>>,
    running: RefCell<Option<(&'static str, Instant)>>,
}

impl Laps {
    /// Begins the first part of a new release.
    pub(super) fn start(&self, name: &'static str) {
        self.ended.borrow_mut().clear();
        self.running.replace(Some((name, Instant::now())));
    }

    /// Ends the part that runs, and begins the next.
    pub(super) fn begin(&self, name: &'static str) {
        self.end();
        self.running.replace(Some((name, Instant::now())));
    }

    /// Ends the part that runs.
    pub(super) fn end(&self) {
        if let Some((name, since)) = self.running.take() {
            self.ended.borrow_mut().push((name, since.elapsed()));
        }
    }

    /// Every part with its seconds, as a document.
    pub(super) fn document(&self) -> serde_json::Value {
        let seconds = |(name, took): &(&str, Duration)| ((*name).to_owned(), took.as_secs_f64());
        self.ended.borrow().iter().map(seconds).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_in_order() {
        let laps = Laps::default();
        laps.start("read");
        laps.begin("compile");
        laps.end();
        laps.end();
        let parts: Vec<&str> = laps.ended.borrow().iter().map(|(name, _)| *name).collect();
        assert_eq!(parts, ["read", "compile"]);
        laps.start("read");
        assert_eq!(laps.document(), serde_json::json!({}));
    }
}
