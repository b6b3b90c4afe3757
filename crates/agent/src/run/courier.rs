//! The courier: brings releases, and tells the centre how the cluster is.
//!
//! Whatever the link says, the cluster keeps what it runs.

use std::sync::Arc;
use std::time::Duration;

use api::agent::AgentEvent;
use tokio::time::{Instant, sleep_until};

use super::Shared;
use crate::book::NotTaken;
use crate::link::{Link, LinkError};
use crate::pace::{Dice, Failures, Times, part};
use crate::report::{Standing, report, whole};

/// While the centre tells by itself, it is asked so many times more seldom.
const SELDOM: u32 = 10;

/// Runs for ever.
pub(super) async fn run<L: Link>(link: L, shared: Arc<Shared>) {
    let dice = Dice::new(shared.settings.seed ^ 0xc0);
    let (now, times) = (Instant::now(), shared.settings.times);
    let courier = Courier {
        link,
        shared,
        times,
        dice,
        fetch_at: now,
        listen_at: now,
        report_at: now + times.heartbeat,
        fetches: Failures::default(),
        listens: Failures::default(),
        reports: Failures::default(),
        told: None,
    };
    courier.run().await;
}

struct Courier<L> {
    link: L,
    shared: Arc<Shared>,
    times: Times,
    dice: Dice,
    fetch_at: Instant,
    listen_at: Instant,
    report_at: Instant,
    fetches: Failures,
    listens: Failures,
    reports: Failures,
    /// What the centre was told last; nothing where it must be told everything.
    told: Option<Standing>,
}

impl<L: Link> Courier<L> {
    async fn run(mut self) {
        let mut standing = self.shared.standing.subscribe();
        loop {
            let have = self.shared.book().have();
            let listen = async {
                sleep_until(self.listen_at).await;
                self.link.listen(&have).await
            };
            tokio::select! {
                () = sleep_until(self.fetch_at) => self.fetch().await,
                heard = listen => self.hear(heard),
                Ok(()) = standing.changed() => self.report_soon(),
                () = sleep_until(self.report_at) => {
                    let now = standing.borrow_and_update().clone();
                    self.tell(now).await;
                }
            }
        }
    }

    async fn fetch(&mut self) {
        let have = self.shared.book().have();
        let brought = self.link.release(&have).await;
        let now = jiff::Timestamp::now();
        let mut book = self.shared.book();
        let taken = match brought {
            Ok(None) => Ok(false),
            Ok(Some(parcel)) => book.take(parcel, now).map_err(Failed::Taking),
            Err(error) => Err(Failed::Link(error)),
        };
        match taken {
            Ok(is_other) => {
                for reason in ["ReleaseRefused", "NotLetIn", "NotKept"] {
                    book.clear(reason);
                }
                drop(book);
                // An equal tree may come with other holds, stops or allowances.
                self.shared.wake();
                tracing::debug!(is_other, "asked the centre");
                self.fetches = Failures::default();
                self.fetch_at = Instant::now() + self.calm();
            }
            Err(failed) => {
                failed.raise(&mut book);
                drop(book);
                tracing::warn!(error = %failed, "no release was taken");
                self.fetches = self.fetches.more();
                let wait = self.fetches.wait(&self.times, self.dice.roll());
                self.fetch_at = Instant::now() + wait;
                self.shared.wake();
            }
        }
    }

    /// How long until the next look, while all is well.
    fn calm(&mut self) -> Duration {
        let poll = self.times.poll;
        let often = if self.listens.0 == 0 { poll * SELDOM } else { poll };
        part(often, 50, self.dice.roll())
    }

    fn hear(&mut self, heard: Result<AgentEvent, LinkError>) {
        let now = Instant::now();
        let event = match heard {
            Ok(event) => event,
            Err(error) => {
                tracing::debug!(%error, "the centre tells nothing now");
                self.listens = self.listens.more();
                self.listen_at = now + self.listens.wait(&self.times, self.dice.roll());
                let poll = part(self.times.poll, 50, self.dice.roll());
                self.fetch_at = self.fetch_at.min(now + poll);
                return;
            }
        };
        self.listens = Failures::default();
        match event {
            AgentEvent::Release { .. } => {
                self.fetch_at =
                    self.fetch_at.min(now + part(self.times.spread, 0, self.dice.roll()));
            }
            AgentEvent::Sync {} => {
                self.fetch_at = self.fetch_at.min(now);
                self.shared.wake();
            }
            AgentEvent::Report {} => {
                self.told = None;
                self.report_soon();
            }
        }
    }

    fn report_soon(&mut self) {
        if self.reports.0 == 0 {
            self.report_at = self.report_at.min(Instant::now() + self.times.gather);
        }
    }

    async fn tell(&mut self, now: Standing) {
        if now.stands_by {
            // What the centre knows by then is what the other agent said.
            self.told = None;
            return self.rest();
        }
        let time = jiff::Timestamp::now();
        // Nothing changed: the same state again, after itself, says that this cluster is there.
        let next = report(self.told.as_ref(), &now, time)
            .or_else(|| Some(heartbeat(&now, time)).filter(|_| self.told.is_some()));
        let Some(next) = next else { return self.rest() };
        match self.link.report(&next).await {
            Ok(answer) if answer.send_all && self.told.is_some() => {
                self.told = None;
                self.report_at = Instant::now();
            }
            Ok(_) => {
                self.told = Some(now);
                self.rest();
            }
            Err(error) => {
                tracing::debug!(%error, "the centre took no report");
                self.reports = self.reports.more();
                self.report_at = Instant::now() + self.reports.wait(&self.times, self.dice.roll());
            }
        }
    }

    fn rest(&mut self) {
        self.reports = Failures::default();
        self.report_at = Instant::now() + part(self.times.heartbeat, 80, self.dice.roll());
    }
}

/// The same state after itself: this cluster is there.
fn heartbeat(now: &Standing, time: jiff::Timestamp) -> api::agent::AgentReport {
    let all = whole(now, time);
    api::agent::AgentReport { after: Some(all.state.clone()), applications: Vec::new(), ..all }
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Link(LinkError),
    #[error(transparent)]
    Taking(NotTaken),
}

impl Failed {
    /// What a person should know, where the reason is not that there is no link.
    fn raise(&self, book: &mut crate::book::Book) {
        let message = self.to_string();
        match self {
            Self::Taking(NotTaken::Refused(_)) => book.raise("ReleaseRefused", message),
            Self::Taking(NotTaken::Disk(_)) => book.raise("NotKept", message),
            Self::Link(LinkError::NotLetIn(_) | LinkError::Pending(_)) => {
                book.raise("NotLetIn", message);
            }
            Self::Link(_) => {}
        }
    }
}
