//! What happens at a server, for whoever watches: the last of it, in order, each with an id.
//!
//! In: what the loop and the register of changes tell. Out: what came after an id, or that some of
//! it is forgotten. Nothing is decided by events and nothing is lost with them: each says that
//! something is to be read again. Who may see one is asked when it is told, by what it is about.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use api::{ClusterWord, Hold, WatchEvent};
use jiff::Timestamp;
use model::PlacedHold;
use tokio::sync::watch;

use crate::changes::{Act, Change};
use crate::snapshot::Snapshot;

/// How many events are kept.
const KEPT: usize = 4_096;

/// The id of an event: of one run of a server, and counted up there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventId {
    run: i64,
    number: u64,
}

/// What an event is about, by which it is decided who sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The source, or a step of the ledger: for whoever sees anything of the fleet.
    Fleet,
    /// A change: for whoever sees changes.
    Change,
    /// A hold: for whoever sees it.
    Hold(Box<Hold>),
    /// How a cluster of this name is: for whoever sees it.
    Cluster(String),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) id: EventId,
    pub(crate) about: About,
    pub(crate) event: WatchEvent,
}

/// What came after an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// All of it.
    All(Vec<Arc<Happened>>),
    /// Some of it is forgotten; this is where it goes on.
    Gap(EventId),
}

/// The last events of a server.
pub(crate) struct Events {
    run: i64,
    kept: Mutex<VecDeque<Arc<Happened>>>,
    newest: watch::Sender<u64>,
    is_closed: watch::Sender<bool>,
}

impl Events {
    /// No events yet.
    pub(crate) fn new() -> Self {
        let (newest, is_closed) = (watch::Sender::new(0), watch::Sender::new(false));
        // Two runs never begin in the same microsecond: they hold a lock on the data folder.
        Self { run: Timestamp::now().as_microsecond(), kept: Mutex::default(), newest, is_closed }
    }

    /// Keeps something that happened, and wakes who watches.
    pub(crate) fn tell(&self, about: About, event: WatchEvent) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *self.newest.borrow() + 1;
        let id = EventId { run: self.run, number };
        kept.push_back(Arc::new(Happened { id, about, event }));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        // Under the lock, so that numbers and places agree.
        self.newest.send_replace(number);
    }

    /// Where somebody stands who has seen all of it.
    pub(crate) fn now(&self) -> EventId {
        EventId { run: self.run, number: *self.newest.borrow() }
    }

    /// What came after an id.
    pub(crate) fn since(&self, last: EventId) -> Since {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = *self.newest.borrow();
        let oldest = kept.front().map_or(newest + 1, |first| first.id.number);
        if last.run != self.run || last.number > newest || last.number + 1 < oldest {
            return Since::Gap(EventId { run: self.run, number: newest });
        }
        let skip = (last.number + 1 - oldest) as usize;
        Since::All(kept.iter().skip(skip).cloned().collect())
    }

    /// Told whenever something happens.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Told when nobody is to watch any more.
    pub(crate) fn closed(&self) -> watch::Receiver<bool> {
        self.is_closed.subscribe()
    }

    /// Sends everyone away who watches, since the server stops.
    pub(crate) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Tells what differs between two snapshots.
    pub(crate) fn tell_difference(&self, before: &Snapshot, after: &Snapshot) {
        for (about, event) in differences(before, after) {
            self.tell(about, event);
        }
    }

    /// Tells that a cluster is in trouble, or in none any more.
    pub(crate) fn tell_cluster(&self, cluster: &str, trouble: Option<ClusterWord>, at: Timestamp) {
        let word = trouble.map_or("recovered", ClusterWord::as_str);
        let text = match trouble {
            Some(_) => format!("cluster {cluster} is {word}"),
            None => format!("cluster {cluster} has recovered"),
        };
        self.tell(
            About::Cluster(cluster.to_owned()),
            WatchEvent {
                kind: format!("cluster-{word}"),
                at,
                text,
                by: None,
                name: Some(cluster.to_owned()),
                commit: None,
            },
        );
    }

    /// Tells what somebody did to a change.
    pub(crate) fn tell_change(&self, change: &Change, act: &Act) {
        self.tell(
            About::Change,
            WatchEvent {
                kind: format!("change-{}", act.event.word()),
                at: act.at,
                text: format!("{} change {}: {}", act.event.word(), change.number, change.title),
                by: Some(act.by.subject.clone()),
                name: Some(change.number.to_string()),
                commit: Some(change.head.to_string()),
            },
        );
    }
}

/// What happened between two snapshots, in the order in which it did.
fn differences(before: &Snapshot, after: &Snapshot) -> Vec<(About, WatchEvent)> {
    let mut found = Vec::new();
    let at = after.observed.unwrap_or_default();
    let event = |kind: &str, text: String| WatchEvent {
        kind: kind.to_owned(),
        at,
        text,
        by: None,
        name: None,
        commit: None,
    };
    let commit = |snapshot: &Snapshot| snapshot.source.as_ref().map(|source| source.commit);
    if let Some(source) = commit(after).filter(|now| Some(*now) != commit(before)) {
        let text = format!("{source} is in use");
        let commit = Some(source.to_string());
        found.push((About::Fleet, WatchEvent { commit, ..event("source-taken", text) }));
    }
    let refused = |snapshot: &Snapshot| {
        snapshot.refused.as_ref().map(|refused| (refused.commit, refused.detail.clone()))
    };
    if let Some((commit, detail)) =
        refused(after).filter(|now| Some(now) != refused(before).as_ref())
    {
        let commit = commit.map(|commit| commit.to_string());
        found.push((About::Fleet, WatchEvent { commit, ..event("source-refused", detail) }));
    }
    steps(before, after, &event, &mut found);
    let waits =
        |snapshot: &Snapshot| snapshot.waits.as_ref().is_some_and(|waits| waits.is_waiting());
    let plan = |snapshot: &Snapshot| {
        let held = snapshot.waits.as_ref().and_then(|waits| waits.held.as_ref());
        held.map(|held| held.plan)
    };
    if waits(after) && (!waits(before) || plan(before) != plan(after)) {
        let text = "something waits for a person".to_owned();
        found.push((About::Fleet, event("waiting", text)));
    }
    found
}

/// The step that was made, and the holds that came and went with it.
fn steps(
    before: &Snapshot,
    after: &Snapshot,
    event: &impl Fn(&str, String) -> WatchEvent,
    found: &mut Vec<(About, WatchEvent)>,
) {
    let Some(now) = &after.released else { return };
    let known = before.released.as_ref();
    if known.is_some_and(|known| known.commit == now.commit) {
        return;
    }
    let step = now.ledger.generation;
    let made = WatchEvent {
        name: Some(step.to_string()),
        commit: Some(now.commit.to_string()),
        ..event("step", format!("step {step} of the ledger"))
    };
    found.push((About::Fleet, made));
    let none = Vec::new();
    let placed = known.map_or(&none, |known| &known.ledger.placed);
    let mut hold = |kind: &str, verb: &str, hold: &PlacedHold| {
        let text = format!("{} {verb}: {}", hold.name(), hold.reason);
        let about = About::Hold(Box::new(Hold::from(hold)));
        let by = Some(hold.by.clone()).filter(|_| kind == "hold-placed");
        found.push((about, WatchEvent { by, name: Some(hold.name()), ..event(kind, text) }));
    };
    for new in now.ledger.placed.iter().filter(|one| !placed.contains(one)) {
        hold("hold-placed", "placed", new);
    }
    for gone in placed.iter().filter(|one| !now.ledger.placed.contains(one)) {
        hold("hold-ended", "ended", gone);
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.number)
    }
}

impl FromStr for EventId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (run, number) = text.split_once('-').ok_or(())?;
        let (run, number) = (run.parse().map_err(drop)?, number.parse().map_err(drop)?);
        Ok(Self { run, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &Events, text: &str) {
        events.tell(
            About::Fleet,
            WatchEvent {
                kind: "step".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                text: text.to_owned(),
                by: None,
                name: None,
                commit: None,
            },
        );
    }

    fn texts(since: Since) -> Vec<String> {
        match since {
            Since::All(all) => all.iter().map(|one| one.event.text.clone()).collect(),
            Since::Gap(next) => vec![format!("gap until {}", next.number)],
        }
    }

    #[test]
    fn what_came_after_an_id_is_told_or_that_it_is_forgotten() {
        let events = Events::new();
        let start = events.now();
        assert_eq!(texts(events.since(start)), Vec::<String>::new());
        told(&events, "1");
        told(&events, "2");
        assert_eq!(texts(events.since(start)), ["1", "2"]);
        let one = EventId { number: 1, ..start };
        assert_eq!(texts(events.since(one)), ["2"]);
        let other = EventId { run: start.run + 1, number: 1 };
        assert_eq!(texts(events.since(other)), ["gap until 2"], "another run of the server");
        let ahead = EventId { number: 3, ..start };
        assert_eq!(texts(events.since(ahead)), ["gap until 2"]);
        (0..KEPT).for_each(|_| told(&events, "more"));
        assert_eq!(texts(events.since(one)), ["gap until 4098"]);
        assert_eq!(texts(events.since(EventId { number: 2, ..start })).len(), KEPT);
        assert_eq!(start.to_string().parse(), Ok(start));
        assert_eq!("nonsense".parse::<EventId>(), Err(()));
    }
}
