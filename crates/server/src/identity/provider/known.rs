//! What is known of a provider: its metadata and its keys, fetched when they are needed.
//!
//! What was fetched is used for an hour, and for a day if the provider does not answer. After a
//! failure it is asked again later and later, so that it is not flooded when it comes back. Whoever
//! comes meanwhile is told so at once.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::NotProven;

/// For how long what was fetched is used without asking.
const FRESH: Duration = Duration::from_secs(3_600);

/// For how long it is used if the provider does not answer.
const USABLE: Duration = Duration::from_secs(24 * 3_600);

/// How long it is waited at most after a failure.
const LONGEST_WAIT: u64 = 300;

/// Something that was fetched from a provider, of which one caller at a time fetches more.
pub(super) struct Known<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    fetched: Option<(Instant, Arc<T>)>,
    failed: Option<Failed>,
}

#[derive(Clone)]
struct Failed {
    at: Instant,
    n: u32,
    why: String,
}

impl Failed {
    /// When the provider is asked again.
    fn due(&self) -> Instant {
        self.at + Duration::from_secs(wait(self.n))
    }
}

/// After how many seconds it is asked again after so many failures in a row: 1, 2, 4, ...
fn wait(n: u32) -> u64 {
    1_u64.checked_shl(n.saturating_sub(1)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

impl<T> Known<T> {
    /// Nothing yet.
    pub(super) fn nothing() -> Self {
        Self { state: Mutex::new(State { fetched: None, failed: None }) }
    }

    /// What is known, fetched anew if it is old.
    ///
    /// # Errors
    /// [`NotProven::Unreachable`]: nothing is known, and the provider does not say it.
    pub(super) async fn current<F>(&self, fetch: impl FnOnce() -> F) -> Result<Arc<T>, NotProven>
    where
        F: Future<Output = Result<T, String>>,
    {
        let oldest = Instant::now().checked_sub(FRESH);
        self.since(oldest, fetch).await
    }

    /// What is known that was fetched after a moment, or else what is usable.
    ///
    /// # Errors
    /// As [`Known::current`].
    pub(super) async fn since<F>(
        &self,
        moment: Option<Instant>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, NotProven>
    where
        F: Future<Output = Result<T, String>>,
    {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(known) = state.after(moment) {
            return Ok(known);
        }
        if state.failed.as_ref().is_none_or(|failed| failed.due() <= now) {
            match fetch().await {
                Ok(fetched) => {
                    let fetched = Arc::new(fetched);
                    state.fetched = Some((Instant::now(), Arc::clone(&fetched)));
                    state.failed = None;
                    return Ok(fetched);
                }
                Err(why) => state.fail(why),
            }
        }
        let usable = Instant::now().checked_sub(USABLE);
        state.after(usable).ok_or_else(|| state.unreachable())
    }
}

impl<T> State<T> {
    fn after(&self, moment: Option<Instant>) -> Option<Arc<T>> {
        let (at, known) = self.fetched.as_ref()?;
        moment.is_none_or(|moment| *at >= moment).then(|| Arc::clone(known))
    }

    fn fail(&mut self, why: String) {
        let n = self.failed.as_ref().map_or(1, |failed| failed.n.saturating_add(1));
        tracing::warn!(n_failures = n, why, "the provider of identities cannot be asked");
        self.failed = Some(Failed { at: Instant::now(), n, why });
    }

    fn unreachable(&self) -> NotProven {
        let now = Instant::now();
        let (why, due) = match &self.failed {
            Some(failed) => (failed.why.clone(), failed.due()),
            None => ("it was not asked yet".to_owned(), now),
        };
        let retry_after = due.saturating_duration_since(now).as_secs() + 1;
        NotProven::Unreachable { why, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn it_is_waited_longer_and_longer_up_to_a_limit() {
        let waits = [1, 2, 3, 4, 9, 10, 64, u32::MAX].map(wait);
        assert_eq!(waits, [1, 2, 4, 8, 256, 300, 300, 300]);
    }

    #[tokio::test]
    async fn a_failure_is_told_without_asking_again_and_what_is_known_stays_usable() {
        let (known, n_asked) = (Known::<u32>::nothing(), AtomicU32::new(0));
        let ask = |answer: Result<u32, &'static str>| {
            n_asked.fetch_add(1, Ordering::SeqCst);
            async move { answer.map_err(str::to_owned) }
        };
        for _ in 0..3 {
            let told = known.current(|| ask(Err("it is down"))).await.unwrap_err();
            assert!(told.to_string().ends_with("cannot be asked: it is down"), "{told}");
        }
        assert_eq!(n_asked.swap(0, Ordering::SeqCst), 1, "the wait was not over");
        known.state.lock().await.failed = None;
        assert_eq!(*known.current(|| ask(Ok(7))).await.unwrap(), 7);
        assert_eq!(*known.current(|| ask(Ok(8))).await.unwrap(), 7, "it is fresh");
        let later = Instant::now() + Duration::from_secs(1);
        assert_eq!(*known.since(Some(later), || ask(Err("down again"))).await.unwrap(), 7);
        assert_eq!(*known.since(Some(later), || ask(Ok(9))).await.unwrap(), 7, "it is waited");
        assert_eq!(n_asked.load(Ordering::SeqCst), 2);
    }
}
