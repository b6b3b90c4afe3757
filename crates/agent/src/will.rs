//! What the people at a site want: not now.
//!
//! In: what was asked for, what is on, the bound of the fleet, and the time. Out: what is on now.
//! A hold keeps new releases away and nothing else: what runs is kept as it is. It ends by itself,
//! and another one begins only after the newest release was applied, so that no row of holds
//! outlasts the bound. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The bound of a hold where the fleet says none.
pub const DEFAULT_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Where people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// `res-edge-agent hold`.
    Command,
    /// An annotation of the agent's ConfigMap.
    Annotation,
}

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ask {
    /// Where.
    pub place: Place,
    /// For how long, from when it was seen.
    pub length: SignedDuration,
    /// Why.
    pub reason: String,
    /// What tells one asking from the next; the same one is honoured once.
    pub token: String,
}

/// A hold that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalHold {
    /// What was asked for.
    pub ask: Ask,
    /// Since when.
    pub since: Timestamp,
    /// Until when at the latest.
    pub until: Timestamp,
}

/// What is remembered of holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Will {
    /// The hold that is on.
    pub hold: Option<LocalHold>,
    /// Askings that were honoured and are over, the newest last.
    pub spent: Vec<String>,
    /// Whether the newest release was not applied since the last hold ended.
    pub is_owed: bool,
}

/// How many askings that are over are remembered.
const SPENT: usize = 8;

/// What becomes of an asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing changed.
    Nothing,
    /// A hold began, or was changed.
    Held,
    /// The hold ended.
    Ended,
    /// It is not honoured: the newest release must be applied first.
    Refused,
}

impl Will {
    /// Looks at what is asked for now. `max` bounds a hold.
    pub fn look(&mut self, asked: Option<&Ask>, max: SignedDuration, now: Timestamp) -> Answer {
        self.follow_clock(now);
        let is_over = self.hold.as_ref().is_some_and(|hold| {
            now >= hold.until || asked.is_none_or(|ask| self.spent.contains(&ask.token))
        });
        if is_over {
            self.end();
            // The next look begins another one, if another one is asked for.
            return Answer::Ended;
        }
        let Some(ask) = asked.filter(|ask| !self.spent.contains(&ask.token)) else {
            return Answer::Nothing;
        };
        match &self.hold {
            Some(hold) if hold.ask == *ask => Answer::Nothing,
            Some(hold) => {
                let (since, before) = (hold.since, hold.ask.token.clone());
                self.spend(before);
                self.begin(ask, since, max, now)
            }
            None if self.is_owed => Answer::Refused,
            None => self.begin(ask, now, max, now),
        }
    }

    /// The newest release was applied: the next hold may begin.
    pub fn applied(&mut self) {
        self.is_owed = false;
    }

    fn begin(
        &mut self,
        ask: &Ask,
        since: Timestamp,
        max: SignedDuration,
        now: Timestamp,
    ) -> Answer {
        let wanted = now.checked_add(ask.length).unwrap_or(Timestamp::MAX);
        let bound = since.checked_add(max).unwrap_or(Timestamp::MAX);
        self.hold = Some(LocalHold { ask: ask.clone(), since, until: wanted.min(bound) });
        Answer::Held
    }

    fn end(&mut self) {
        if let Some(hold) = self.hold.take() {
            self.spend(hold.ask.token);
            self.is_owed = true;
        }
    }

    fn spend(&mut self, token: String) {
        self.spent.push(token);
        let n = self.spent.len();
        self.spent.drain(..n.saturating_sub(SPENT));
    }

    /// A clock that was set back must not make a hold longer than it was.
    fn follow_clock(&mut self, now: Timestamp) {
        if let Some(hold) = &mut self.hold
            && now < hold.since
        {
            let length = hold.until.duration_since(hold.since);
            (hold.since, hold.until) = (now, now.checked_add(length).unwrap_or(Timestamp::MAX));
        }
    }
}
