//! What goes wrong at simulated sites: flags, and a link that comes and goes.

use std::collections::BTreeSet;
use std::time::Duration;

use agent::link::{Have, Link, LinkError, Parcel};
use api::agent::{AgentEvent, AgentReport, ReportAnswer};
use tokio::time::Instant;

use crate::duration::duration;

/// What is to go wrong. The same seed gives the same clusters the same faults.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "What goes wrong")]
pub(crate) struct FaultArguments {
    /// How long a workload takes until its pods are ready
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) ready_after: Duration,
    /// How long each request to a cluster takes, as 50ms
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = zero_or_duration)]
    pub(crate) slow: Duration,
    /// Images that cannot be fetched: a part of their names
    #[arg(long, value_name = "TEXT")]
    pub(crate) failing_images: Vec<String>,
    /// How much of the time a site has no link, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) offline: u8,
    /// How wrong the clocks are, in hours, to either side
    #[arg(long, value_name = "HOURS", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=8760))]
    pub(crate) skew: u32,
    /// Number that the faults follow from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

impl Default for FaultArguments {
    fn default() -> Self {
        Self {
            ready_after: Duration::from_secs(2),
            slow: Duration::ZERO,
            failing_images: Vec::new(),
            offline: 0,
            skew: 0,
            seed: 1,
        }
    }
}

fn zero_or_duration(text: &str) -> Result<Duration, String> {
    if text == "0s" { Ok(Duration::ZERO) } else { duration(text) }
}

/// Numbers of one cluster.
pub(super) struct Dice(agent::pace::Dice);

impl Dice {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        // Seeds that follow each other must not give numbers that do.
        let mixed = (seed ^ number.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(agent::pace::Dice::new(mixed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.roll()
    }
}

/// How long a link stays as it is.
const SPELL: Duration = Duration::from_secs(20);

/// A link that comes and goes.
pub(super) struct Unsteady<L> {
    link: L,
    percent: u8,
    dice: Dice,
    is_on: bool,
    until: Instant,
}

impl<L> Unsteady<L> {
    pub(super) fn new(link: L, percent: u8, seed: u64) -> Self {
        Self { link, percent, dice: Dice::new(seed, 0), is_on: true, until: Instant::now() }
    }

    fn check(&mut self) -> Result<(), LinkError> {
        if self.percent > 0 && Instant::now() >= self.until {
            self.is_on = self.dice.next() % 100 >= u64::from(self.percent);
            self.until = Instant::now() + SPELL;
        }
        match self.is_on {
            true => Ok(()),
            false => Err(LinkError::Unreachable("the simulated site has no link".to_owned())),
        }
    }
}

impl<L: Link> Link for Unsteady<L> {
    async fn release(&mut self, have: &Have) -> Result<Option<Parcel>, LinkError> {
        self.check()?;
        self.link.release(have).await
    }

    async fn listen(&mut self, have: &Have) -> Result<AgentEvent, LinkError> {
        self.check()?;
        if self.percent == 0 {
            return self.link.listen(have).await;
        }
        let until = self.until;
        tokio::select! {
            heard = self.link.listen(have) => heard,
            () = tokio::time::sleep_until(until) => {
                Err(LinkError::Unreachable("the simulated link ended".to_owned()))
            }
        }
    }

    async fn report(&mut self, report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        self.check()?;
        self.link.report(report).await
    }
}

/// Names, each once, in order.
pub(super) fn once(names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}
