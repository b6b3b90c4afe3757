//! How long to wait: between tries, between looks, and before a crowd does the same at once.
//!
//! In: how often something failed, and a random number. Out: a time. Pure; who waits is elsewhere.

use std::time::Duration;

/// The times of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The wait after the first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// How often the centre is asked while it cannot tell by itself.
    pub poll: Duration,
    /// Agents that are told of a release at the same moment ask for it within this time.
    pub spread: Duration,
    /// What changes within this time is one report.
    pub gather: Duration,
    /// A report at least so often, so that the centre knows that this cluster is there.
    pub heartbeat: Duration,
    /// How often it is looked at whether somebody at the site said something.
    pub look: Duration,
    /// How often annotations are read, which is a request to the cluster.
    pub annotation: Duration,
    /// How often the lease is renewed.
    pub renew: Duration,
    /// A lease that is not renewed for so long is free.
    pub lease: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let [first_wait, longest_wait, poll, heartbeat] =
            [1, 300, 60, 300].map(Duration::from_secs);
        let [look, annotation, renew, lease] = [5, 30, 15, 45].map(Duration::from_secs);
        let [spread, gather] = [50, 200].map(Duration::from_millis);
        Self {
            first_wait,
            longest_wait,
            poll,
            spread,
            gather,
            heartbeat,
            look,
            annotation,
            renew,
            lease,
        }
    }
}

/// Tries that failed, one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures(pub u32);

impl Failures {
    /// How long to wait before the next try: a random part of a time that doubles, and at least a
    /// tenth of it, so that many agents do not come back in step.
    #[must_use]
    pub fn wait(self, times: &Times, random: u64) -> Duration {
        let doublings = self.0.saturating_sub(1).min(16);
        let wait = times.first_wait.saturating_mul(1 << doublings);
        part(wait.min(times.longest_wait), 10, random)
    }

    /// One more.
    #[must_use]
    pub fn more(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A random part of a time, from `percent` of it to all of it.
#[must_use]
pub fn part(time: Duration, percent: u32, random: u64) -> Duration {
    let least = time * percent.min(100) / 100;
    let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
    least + (time - least).mul_f64(share)
}

/// Numbers that differ from agent to agent. They are no secret.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Numbers that follow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number, by xorshift (<https://www.jstatsoft.org/article/view/v008i14>).
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_never_nothing() {
        let (mut dice, times) = (Dice::new(7), Times::default());
        let mut longest = Duration::ZERO;
        for n in 1..200 {
            let wait = Failures(n).wait(&times, dice.roll());
            assert!(wait >= times.first_wait / 10 && wait <= times.longest_wait, "{n}: {wait:?}");
            longest = longest.max(wait);
        }
        assert!(longest > times.longest_wait / 2);
        assert!(Failures(1).wait(&times, u64::MAX) <= times.first_wait);
    }

    #[test]
    fn a_thousand_agents_do_not_come_back_in_step() {
        let waits =
            (0..1000).map(|seed| Failures(6).wait(&Times::default(), Dice::new(seed * 2).roll()));
        let mut tenths = [0; 10];
        for wait in waits {
            tenths[(wait.as_millis() * 10 / 32_001) as usize] += 1;
        }
        assert!(tenths[1..].iter().all(|n| *n > 50), "{tenths:?}");
    }
}
