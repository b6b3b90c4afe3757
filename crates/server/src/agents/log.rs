//! What happened on a cluster, told from what its agent said before and what it says now. Pure.
//!
//! One entry for each change of how something is, and none for a report that changes nothing. What
//! was not kept yet stands here; what is older than the newest hundred is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use api::agent::{AgentAlarm, AgentHold, HealthyWord, SyncedWord};
use api::{LogEntry, LogWord};
use jiff::Timestamp;
use store::{Abnormal, LINES, LogLine, ReportedCluster};

use super::actual::{read, words};

/// The entries of a cluster that are not kept yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    last: i64,
    entries: Vec<LogEntry>,
}

/// How a cluster was said to be.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) row: &'a ReportedCluster,
    pub(super) abnormal: &'a BTreeMap<String, Abnormal>,
}

impl Log {
    /// Notes what happened.
    pub(super) fn note(&mut self, entries: impl IntoIterator<Item = LogEntry>) {
        for mut entry in entries {
            self.last = entry.time.as_microsecond().max(self.last + 1);
            entry.id = self.last;
            self.entries.push(entry);
        }
        let beyond = self.entries.len().saturating_sub(LINES);
        self.entries.drain(..beyond);
    }

    /// What is to be kept.
    pub(super) fn lines(&self) -> Vec<LogLine> {
        let line = |entry: &LogEntry| {
            let text = serde_json::to_string(entry).ok()?;
            Some(LogLine { id: entry.id, entry: text })
        };
        self.entries.iter().filter_map(line).collect()
    }

    /// What was kept is not needed here any more.
    pub(super) fn were_kept(&mut self, lines: &[LogLine]) {
        let last = lines.last().map_or(0, |line| line.id);
        self.entries.retain(|entry| entry.id > last);
    }

    /// What is not kept yet.
    pub(super) fn entries(&self) -> &[LogEntry] {
        &self.entries
    }
}

/// What was kept, and what is not kept yet, after an entry; the newest hundred.
pub(super) fn merged(kept: Vec<LogLine>, pending: Vec<LogEntry>, after: i64) -> Vec<LogEntry> {
    let kept = kept.iter().filter_map(|line| read::<LogEntry>(&line.entry));
    let all: BTreeMap<i64, LogEntry> =
        kept.chain(pending).map(|entry| (entry.id, entry)).filter(|(id, _)| *id > after).collect();
    let beyond = all.len().saturating_sub(LINES);
    all.into_values().skip(beyond).collect()
}

/// That a cluster was heard again.
pub(super) fn returned(since: Timestamp, now: Timestamp) -> LogEntry {
    LogEntry { since: Some(since), ..LogEntry::new(LogWord::Return, now) }
}

/// What a report tells that was not known before it.
pub(super) fn changes(before: Said<'_>, after: Said<'_>, now: Timestamp) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    if before.row.agent != after.row.agent {
        let agent = Some(after.row.agent.clone());
        entries.push(LogEntry { message: agent, ..LogEntry::new(LogWord::Agent, now) });
    }
    if let Some(generation) = after.row.generation
        && before.row.generation != Some(generation)
    {
        let taken = Some(generation);
        entries.push(LogEntry { generation: taken, ..LogEntry::new(LogWord::Release, now) });
    }
    entries.extend(of_hold(before.row, after.row, now));
    entries.extend(of_alarms(before.row, after.row, now));
    entries.extend(of_applications(before.abnormal, after.abnormal, now));
    entries
}

fn of_hold(before: &ReportedCluster, after: &ReportedCluster, now: Timestamp) -> Option<LogEntry> {
    if before.hold == after.hold {
        return None;
    }
    let Some(hold) = after.hold.as_deref().and_then(read::<AgentHold>) else {
        return Some(LogEntry::new(LogWord::HoldEnd, now));
    };
    let (message, until) = (Some(hold.reason), Some(hold.until));
    Some(LogEntry { message, until, ..LogEntry::new(LogWord::Hold, now) })
}

fn of_alarms(before: &ReportedCluster, after: &ReportedCluster, now: Timestamp) -> Vec<LogEntry> {
    let alarms = |row: &ReportedCluster| read::<Vec<AgentAlarm>>(&row.alarms).unwrap_or_default();
    let (before, after) = (alarms(before), alarms(after));
    let is_among =
        |all: &[AgentAlarm], one: &AgentAlarm| all.iter().any(|o| o.reason == one.reason);
    let entry = |word, one: &AgentAlarm| LogEntry {
        reason: Some(one.reason.clone()),
        message: Some(one.message.clone()),
        ..LogEntry::new(word, now)
    };
    let ended = before.iter().filter(|one| !is_among(&after, one));
    let ended = ended.map(|one| entry(LogWord::AlarmEnd, one));
    let began = after.iter().filter(|one| !is_among(&before, one));
    ended.chain(began.map(|one| entry(LogWord::Alarm, one))).collect()
}

/// Applications that are in another way than before; a sentence alone is no change.
fn of_applications(
    before: &BTreeMap<String, Abnormal>,
    after: &BTreeMap<String, Abnormal>,
    now: Timestamp,
) -> Vec<LogEntry> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let way = |one: &'_ Abnormal| (one.synced.clone(), one.healthy.clone(), one.reason.clone());
    let changed = names.into_iter().filter(|name| {
        let (before, after) = (before.get(*name), after.get(*name));
        before.map(way) != after.map(way)
    });
    changed.map(|name| of_application(name, after.get(name), now)).collect()
}

fn of_application(name: &str, one: Option<&Abnormal>, now: Timestamp) -> LogEntry {
    let (synced, healthy) = one.map_or((SyncedWord::Synced, HealthyWord::Healthy), words);
    LogEntry {
        application: Some(name.to_owned()),
        synced: Some(synced),
        healthy: Some(healthy),
        reason: one.map(|one| one.reason.clone()),
        message: one.and_then(|one| one.message.clone()),
        ..LogEntry::new(LogWord::Application, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn entries_have_growing_numbers_and_the_newest_hundred_stay() {
        let mut log = Log::default();
        let some = |n| (0..n).map(|_| LogEntry::new(LogWord::Release, at(0)));
        log.note(some(3));
        // A clock that goes back changes no order.
        log.note([LogEntry::new(LogWord::Agent, at(-9))]);
        let ids: Vec<i64> = log.entries().iter().map(|entry| entry.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        let first = log.lines();
        log.note(some(1));
        log.were_kept(&first);
        assert_eq!(log.entries().len(), 1);
        log.note(some(200));
        assert_eq!(log.entries().len(), LINES);
    }

    #[test]
    fn what_is_kept_meanwhile_is_told_once() {
        let mut log = Log::default();
        log.note((0..4).map(|n| LogEntry::new(LogWord::Release, at(n))));
        let (lines, pending) = (log.lines(), log.entries().to_vec());
        assert_eq!(merged(lines[..2].to_vec(), pending[1..].to_vec(), 0), pending);
        assert_eq!(merged(lines, Vec::new(), pending[2].id), pending[3..]);
    }
}
