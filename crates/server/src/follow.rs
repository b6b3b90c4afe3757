//! Keeping the copy of a source that is elsewhere equal to it.
//!
//! A thread of its own fetches: whenever somebody hints that there may be something new (a
//! webhook), and by itself after a while, later and later where that fails. It moves the copy's
//! branch and wakes the loop, which takes what is there as if it had been pushed here. A hint is
//! only that: what it says is not looked at, and many of them cost one fetch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use git::remote::{Mirror, RemoteError, Tracked};
use jiff::Timestamp;

use crate::controller::{Controller, SOURCE_REF};
use crate::telemetry::Metrics;

/// The least time between two fetches: a flood of hints costs no more than these.
const PAUSE: Duration = Duration::from_millis(500);

/// The first time after which a fetch that failed is tried again.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// The longest time after which it is tried again, where polling is not rarer.
const LAST_RETRY: Duration = Duration::from_secs(300);

enum Wake {
    Hint,
    Stop,
}

/// Says that there may be something new elsewhere. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hints {
    wakes: Sender<Wake>,
    /// Whether one is on its way already.
    is_hinted: Arc<AtomicBool>,
}

/// Where hints arrive.
pub(crate) struct Inbox {
    wakes: Receiver<Wake>,
    is_hinted: Arc<AtomicBool>,
}

/// A way for hints, before there is somebody who follows them.
pub(crate) fn hints() -> (Hints, Inbox) {
    let (sender, receiver) = channel();
    let is_hinted = Arc::new(AtomicBool::new(false));
    let inbox = Inbox { wakes: receiver, is_hinted: Arc::clone(&is_hinted) };
    (Hints { wakes: sender, is_hinted }, inbox)
}

impl Hints {
    /// Has the source fetched soon.
    pub(crate) fn hint(&self) {
        if !self.is_hinted.swap(true, Ordering::AcqRel) {
            // When nobody follows any more there is nothing left to fetch.
            let _ = self.wakes.send(Wake::Hint);
        }
    }

    /// Ends the thread after what it is doing.
    pub(crate) fn stop(&self) {
        let _ = self.wakes.send(Wake::Stop);
    }
}

/// How a repository elsewhere was reached last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// When it was read last.
    pub(crate) fetched: Option<Timestamp>,
    /// Why it cannot be read, if it cannot.
    pub(crate) failing: Option<Failing>,
}

/// Why a repository elsewhere cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Why, in one sentence.
    pub(crate) detail: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl Reach {
    /// The state after it was tried once more.
    pub(crate) fn after(&self, failure: Option<(String, Option<String>)>, now: Timestamp) -> Self {
        match failure {
            None => Self { fetched: Some(now), failing: None },
            Some((detail, hint)) => {
                let since = self.failing.as_ref().map_or(now, |failing| failing.since);
                Self { fetched: self.fetched, failing: Some(Failing { since, detail, hint }) }
            }
        }
    }
}

/// A source that is elsewhere, for everyone who asks about it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Followed {
    /// Its address.
    pub(crate) url: Arc<str>,
    /// Says that there may be something new.
    pub(crate) hints: Hints,
    reach: Arc<ArcSwap<Reach>>,
}

impl Followed {
    /// Ends the thread that follows it, after what it is doing.
    pub(crate) fn stop(&self) {
        self.hints.stop();
    }

    /// How it was reached last.
    pub(crate) fn reach(&self) -> Arc<Reach> {
        self.reach.load_full()
    }
}

/// Follows a branch of a repository elsewhere, and wakes the loop when it moved.
pub(crate) fn follow(
    mirror: Mirror,
    branch: &str,
    poll: Duration,
    (hints, inbox): (Hints, Inbox),
    controller: Controller,
    metrics: Arc<Metrics>,
) -> Followed {
    let here = SOURCE_REF.trim_start_matches("refs/heads/");
    let tracked = [Tracked::branch_as(branch, here)];
    let reach = Arc::new(ArcSwap::from_pointee(Reach::default()));
    let url = mirror.url().to_string().into();
    let mut follower =
        Follower { mirror, tracked, poll, controller, metrics, reach: Arc::clone(&reach) };
    std::thread::spawn(move || follower.run(&inbox));
    Followed { url, hints, reach }
}

struct Follower {
    mirror: Mirror,
    tracked: [Tracked; 1],
    poll: Duration,
    controller: Controller,
    metrics: Arc<Metrics>,
    reach: Arc<ArcSwap<Reach>>,
}

impl Follower {
    fn run(&mut self, inbox: &Inbox) {
        let mut n_failures: u32 = 0;
        loop {
            // Whoever hints from now on may mean what this fetch does not see any more.
            inbox.is_hinted.store(false, Ordering::Release);
            n_failures = if self.fetch() { 0 } else { n_failures.saturating_add(1) };
            let end = Instant::now();
            let random = getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX));
            if inbox.wait(end, pause(n_failures, self.poll, random)) == Waited::Stop {
                return;
            }
        }
    }

    /// Fetches once, and says whether that succeeded.
    fn fetch(&mut self) -> bool {
        let fetched = self.mirror.fetch(&self.tracked);
        let failure = fetched.as_ref().err().map(told);
        let reach = self.reach.load().after(failure, Timestamp::now());
        self.metrics.fetched(reach.failing.is_none());
        if let Some(failing) = &reach.failing {
            tracing::error!(url = %self.mirror.url(), error = failing.detail, "the source cannot be fetched");
        }
        self.reach.store(Arc::new(reach));
        if let Ok(true) = fetched {
            self.controller.wake();
        }
        fetched.is_ok()
    }
}

/// A failure in words.
pub(crate) fn told(error: &RemoteError) -> (String, Option<String>) {
    (error.to_string(), error.hint().map(str::to_owned))
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Fetch,
    Stop,
}

impl Inbox {
    /// Waits until the time is over or somebody hints, and in any case for the least pause.
    fn wait(&self, since: Instant, most: Duration) -> Waited {
        let mut end = since + most.max(PAUSE);
        loop {
            match self.wakes.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Wake::Hint) => end = end.min(since + PAUSE),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Waited::Stop,
                Err(RecvTimeoutError::Timeout) => return Waited::Fetch,
            }
        }
    }
}

/// How long to wait until the next fetch, after so many failures in a row; `random` is between 0
/// and 1. Many servers that lost one forge must not come back to it at the same moment.
pub(crate) fn pause(n_failures: u32, poll: Duration, random: f64) -> Duration {
    if n_failures == 0 {
        return poll.mul_f64(0.9 + 0.2 * random);
    }
    let first = FIRST_RETRY.min(poll);
    let longest = LAST_RETRY.max(poll);
    let doubled = first.saturating_mul(1 << (n_failures - 1).min(16)).min(longest);
    doubled.mul_f64(0.5 + 0.5 * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_later_and_later_and_never_all_at_once() {
        let poll = Duration::from_secs(30);
        let seconds = |n, random| pause(n, poll, random).as_secs_f64();
        assert_eq!([seconds(0, 0.0), seconds(0, 1.0)], [27.0, 33.0]);
        let grown: Vec<f64> = (1..=10).map(|n| seconds(n, 1.0)).collect();
        assert_eq!(grown, [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]);
        assert_eq!(seconds(3, 0.0), 4.0, "half of it at least");
        assert_eq!(pause(u32::MAX, poll, 1.0), LAST_RETRY);
        let rare = Duration::from_secs(3_600);
        assert_eq!(pause(40, rare, 1.0), rare, "never more often than asked for");
    }

    #[test]
    fn many_hints_are_one() {
        let (hints, inbox) = hints();
        (0..1_000).for_each(|_| hints.hint());
        assert_eq!(inbox.wakes.try_iter().count(), 1);
        inbox.is_hinted.store(false, Ordering::Release);
        hints.hint();
        assert_eq!(inbox.wait(Instant::now() - PAUSE, Duration::from_secs(60)), Waited::Fetch);
        hints.stop();
        assert_eq!(inbox.wait(Instant::now(), Duration::from_secs(60)), Waited::Stop);
    }

    #[test]
    fn it_is_told_since_when_something_fails() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let failure = || Some(("gone".to_owned(), None));
        let reach = Reach::default().after(None, at(1)).after(failure(), at(2));
        let reach = reach.after(failure(), at(3));
        assert_eq!(reach.fetched, Some(at(1)));
        assert_eq!(reach.failing.as_ref().map(|failing| failing.since), Some(at(2)));
        assert_eq!(reach.after(None, at(4)).failing, None);
    }
}
