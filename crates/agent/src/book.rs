//! What an agent knows: what it runs, what waits, what it took, and how that stands on disk.
//!
//! In: parcels, what the site says, the time. Out: what is to be run now. A release counts when it
//! is on disk, and not before; one that is refused or cannot be written changes nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use git::ReceivedObjects;
use jiff::{SignedDuration, Timestamp};
use model::{Generation, Observed};

use crate::cluster::Mark;
use crate::link::{Have, Parcel};
use crate::state::{
    Disk, Event, JOURNAL, Journal, KeptRelease, Slots, forget_trees, keep_tree, read_tree_objects,
};
use crate::verify::{Known, Refused, Release, Trust, check_statement, check_tree, release};
use crate::will::{Answer, Ask, DEFAULT_MAX};

/// Why a parcel changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It may not be taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be kept.
    #[error("the release cannot be kept on disk: {0}")]
    Disk(#[from] io::Error),
}

/// What is to be done on the cluster now.
#[derive(Clone, Debug)]
pub enum Todo {
    /// Make it equal this release.
    Run(Arc<Release>),
    /// Nothing at all, and why.
    Rest(String),
}

/// What an agent knows.
pub struct Book {
    disk: Disk,
    slots: Slots,
    trust: Trust,
    /// What is on disk.
    pub journal: Journal,
    /// The highest generation by any memory of this cluster.
    highest: Generation,
    current: Option<Arc<Release>>,
    waiting: Option<Arc<Release>>,
    alarms: BTreeMap<&'static str, String>,
}

impl Book {
    /// Opens what is on disk. `mark` is what the cluster remembers of this agent.
    #[must_use]
    pub fn open(disk: &Disk, trust: Trust, mark: &Observed<Option<Mark>>) -> Self {
        let (slots, found) = Slots::open(disk, JOURNAL);
        let mut alarms = BTreeMap::new();
        let mut journal = match found.read(Journal::decode) {
            Observed::Known(journal) => journal.unwrap_or_default(),
            Observed::Unknown(cause) => {
                alarms.insert("StateDamaged", format!("the journal is lost: {cause}"));
                Journal::default()
            }
        };
        let mut highest = journal.highest();
        if let Observed::Known(Some(mark)) = mark {
            highest = highest.max(mark.generation);
            let kept = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            journal.cluster = journal.cluster.or_else(|| kept(&mark.cluster));
            journal.fleet = journal.fleet.or_else(|| kept(&mark.fleet));
        }
        let mut book = Self {
            disk: disk.clone(),
            slots,
            trust,
            journal,
            highest,
            current: None,
            waiting: None,
            alarms,
        };
        book.current = book.journal.current.clone().and_then(|kept| book.reopen(kept));
        book.waiting = book.journal.waiting.clone().and_then(|kept| book.reopen(kept));
        book
    }

    /// A release that was kept, verified again; nothing if any of it was lost or altered, and then
    /// it is fetched again.
    fn reopen(&mut self, kept: KeptRelease) -> Option<Arc<Release>> {
        let known = Known {
            cluster: self.journal.cluster.clone(),
            fleet: self.journal.fleet.clone(),
            ..Known::default()
        };
        let opened = check_statement(&kept, &self.trust, &known).and_then(|(statement, id)| {
            let tree = check_tree(id, &[], &read_tree_objects(&self.disk, id))?;
            Ok(release(statement, kept, (id, &tree), None))
        });
        match opened {
            Ok(release) => Some(Arc::new(release)),
            Err(why) => {
                self.raise("StateDamaged", format!("a release on disk is lost: {why}"));
                None
            }
        }
    }

    /// The newest release that is here whole.
    #[must_use]
    pub fn newest(&self) -> Option<&Arc<Release>> {
        self.waiting.as_ref().or(self.current.as_ref())
    }

    /// The release that is run.
    #[must_use]
    pub fn current(&self) -> Option<&Arc<Release>> {
        self.current.as_ref()
    }

    /// The release that waits for the site.
    #[must_use]
    pub fn waiting(&self) -> Option<&Arc<Release>> {
        self.waiting.as_ref()
    }

    /// The highest generation by any memory of this cluster.
    #[must_use]
    pub fn highest(&self) -> Generation {
        self.highest
    }

    /// What to ask the centre with.
    #[must_use]
    pub fn have(&self) -> Have {
        self.newest().map_or_else(Have::default, |release| Have {
            etag: Some(release.kept.etag.clone()).filter(|etag| !etag.is_empty()),
            tree: Some(release.tree),
        })
    }

    /// Takes a release, if it may be taken. Answers whether it is another than the newest here.
    ///
    /// # Errors
    /// [`NotTaken`]; then everything is as it was.
    pub fn take(&mut self, parcel: Parcel, now: Timestamp) -> Result<bool, NotTaken> {
        let known = Known {
            cluster: self.journal.cluster.clone(),
            fleet: self.journal.fleet.clone(),
            generation: self.highest,
            newest: self.newest().map(|release| (release.tree, release.statement.issued)),
        };
        let (statement, id) = check_statement(&parcel.kept, &self.trust, &known)?;
        let here = self.objects_here(&parcel);
        let tree = check_tree(id, &parcel.pack, &here)?;
        if self.newest().is_none_or(|newest| newest.tree != id) {
            keep_tree(&self.disk, id, &tree.objects)?;
        }
        let here = self.newest().map(|newest| &**newest);
        let release = Arc::new(release(statement, parcel.kept, (id, &tree), here));
        let is_other = self
            .newest()
            .is_none_or(|newest| (newest.tree, newest.generation()) != (id, release.generation()));
        self.put(release, is_other, now)?;
        Ok(is_other)
    }

    /// Objects that need not come again: of what runs and of what waits.
    fn objects_here(&self, parcel: &Parcel) -> ReceivedObjects {
        let mut here = parcel.objects.clone();
        for release in [&self.current, &self.waiting].into_iter().flatten() {
            here.extend(read_tree_objects(&self.disk, release.tree));
        }
        here
    }

    fn put(&mut self, release: Arc<Release>, is_other: bool, now: Timestamp) -> io::Result<()> {
        let mut journal = self.journal.clone();
        journal.cluster = Some(release.statement.cluster.uid.clone());
        journal.fleet = Some(release.statement.fleet.clone());
        journal.generation = journal.generation.max(release.statement.generation);
        let waits = journal.will.hold.is_some() && self.current.is_some();
        match waits {
            true => journal.waiting = Some(release.kept.clone()),
            false => {
                journal.current = Some(release.kept.clone());
                journal.waiting = None;
            }
        }
        if is_other {
            let message = format!("generation {} came", release.generation());
            journal.note(event(now, "Released", message));
        }
        self.write(journal)?;
        self.highest = self.highest.max(release.generation());
        match waits {
            true => self.waiting = Some(release),
            false => (self.current, self.waiting) = (Some(release), None),
        }
        self.forget_old_trees();
        Ok(())
    }

    fn forget_old_trees(&self) {
        let kept: Vec<_> =
            [&self.current, &self.waiting].into_iter().flatten().map(|one| one.tree).collect();
        forget_trees(&self.disk, &kept);
    }

    fn write(&mut self, journal: Journal) -> io::Result<()> {
        self.slots.write(&journal.encode())?;
        self.journal = journal;
        Ok(())
    }

    /// Looks at what the site wants; what cannot be read leaves everything as it is.
    ///
    /// # Errors
    /// What the disk says; then everything is as it was.
    pub fn look_at_will(&mut self, asked: Option<&Ask>, now: Timestamp) -> io::Result<Answer> {
        let mut journal = self.journal.clone();
        let answer = journal.will.look(asked, self.longest_hold(), now);
        let ends = journal.will.hold.is_none() && self.waiting.is_some();
        if ends {
            journal.current = journal.waiting.take();
        }
        match (&answer, &journal.will.hold) {
            (Answer::Held, Some(hold)) => {
                let text = format!("releases wait until {}: {}", hold.until, hold.ask.reason);
                journal.note(event(now, "Held", text));
            }
            (Answer::Ended, _) => {
                journal.note(event(now, "Resumed", "releases are applied again".to_owned()));
            }
            _ => {}
        }
        if journal != self.journal {
            self.write(journal)?;
        }
        if ends {
            self.current = self.waiting.take();
            self.forget_old_trees();
        }
        Ok(answer)
    }

    /// Ends the hold that is on.
    ///
    /// # Errors
    /// What the disk says.
    pub fn resume(&mut self, now: Timestamp) -> io::Result<()> {
        self.look_at_will(None, now).map(drop)
    }

    /// The newest release was applied whole.
    ///
    /// # Errors
    /// What the disk says.
    pub fn applied(&mut self) -> io::Result<()> {
        if !self.journal.will.is_owed || self.waiting.is_some() {
            return Ok(());
        }
        let mut journal = self.journal.clone();
        journal.will.applied();
        self.write(journal)
    }

    /// The bound of a hold: the fleet's, by the newest statement.
    fn longest_hold(&self) -> SignedDuration {
        self.newest().map_or(DEFAULT_MAX, |release| {
            let seconds = release.statement.max_hold_seconds;
            SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
        })
    }

    /// What is to be done on the cluster. A stop counts as soon as it is known, hold or not.
    #[must_use]
    pub fn todo(&self) -> Todo {
        let stopped = self.newest().and_then(|newest| newest.statement.stopped.as_ref());
        if let Some(stopped) = stopped {
            return Todo::Rest(format!("{} stopped every agent: {}", stopped.by, stopped.reason));
        }
        match &self.current {
            Some(release) => Todo::Run(Arc::clone(release)),
            None => Todo::Rest("there is no release yet".to_owned()),
        }
    }

    /// Says that something is wrong, until [`Book::clear`].
    pub fn raise(&mut self, reason: &'static str, message: String) {
        self.alarms.insert(reason, message);
    }

    /// Says that it is right again.
    pub fn clear(&mut self, reason: &'static str) {
        self.alarms.remove(reason);
    }

    /// What is wrong with the agent and its release.
    pub fn alarms(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut alarms: Vec<_> =
            self.alarms.iter().map(|(reason, message)| (*reason, message.clone())).collect();
        if let Some(newest) = self.newest() {
            let statement = &newest.statement;
            if now > statement.expires {
                let text = format!(
                    "the release was to be renewed by {}: the cluster keeps running it",
                    statement.expires
                );
                alarms.push(("ReleaseExpired", text));
            }
            if let Some(stopped) = &statement.stopped {
                alarms.push(("Stopped", format!("{}: {}", stopped.by, stopped.reason)));
            }
        }
        alarms
    }

    /// Notes an event for the people at the site. It is worth less than the disk's peace: it is
    /// written with the next thing that must be.
    pub fn note(&mut self, now: Timestamp, reason: &str, message: String) {
        self.journal.note(event(now, reason, message));
    }
}

fn event(time: Timestamp, reason: &str, message: String) -> Event {
    Event { time, reason: reason.to_owned(), message }
}
