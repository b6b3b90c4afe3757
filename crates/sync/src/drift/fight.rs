//! Two writers that undo each other: we give way, slower and slower, and say so.

use jiff::{SignedDuration, Timestamp};

/// How a fight over one object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FightState {
    /// Correct now.
    Correct,
    /// Correct not before this time.
    Wait {
        /// The time.
        until: Timestamp,
        /// Someone must look: the other writer does not give up.
        alarm: bool,
    },
}

/// What is remembered of corrections of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fight {
    rounds: u32,
    last: Option<Timestamp>,
}

impl Fight {
    /// Corrections that follow each other within this time are one fight.
    pub const QUIET: SignedDuration = SignedDuration::from_mins(10);
    /// The wait after the second correction; it doubles with each further one.
    pub const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
    /// The longest wait.
    pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
    /// So many corrections in one fight are an alarm.
    pub const ALARM: u32 = 5;

    /// Whether an object that was found changed may be corrected now.
    ///
    /// A clock that went backwards never makes anyone wait longer than [`Self::LONGEST_WAIT`].
    #[must_use]
    pub fn state(&self, now: Timestamp) -> FightState {
        let Some(last) = self.last.filter(|_| self.rounds > 1) else {
            return FightState::Correct;
        };
        let wait = self.wait();
        let since = now.duration_since(last);
        if since >= wait || since <= -Self::LONGEST_WAIT {
            return FightState::Correct;
        }
        let until = last.checked_add(wait).unwrap_or(now);
        FightState::Wait { until, alarm: self.rounds >= Self::ALARM }
    }

    /// What is remembered after a correction.
    #[must_use]
    pub fn corrected(self, now: Timestamp) -> Self {
        let quiet = self.last.is_none_or(|last| {
            now.duration_since(last) > Self::QUIET.max(self.wait() + self.wait())
        });
        let rounds = if quiet { 1 } else { self.rounds.saturating_add(1) };
        Self { rounds, last: Some(now) }
    }

    /// Whether someone must look.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.rounds >= Self::ALARM
    }

    fn wait(&self) -> SignedDuration {
        let doublings = self.rounds.saturating_sub(2).min(16);
        (Self::FIRST_WAIT * (1_i32 << doublings)).min(Self::LONGEST_WAIT)
    }
}
