//! How simulated clusters stand, as they go on: lines for people, or one JSON object for each event.

use std::time::Duration;

use serde::Serialize;

use super::Arguments;
use crate::commands::Outcome;
use crate::commands::publish::Output;
use crate::error::CommandError;
use crate::session::Session;
use crate::signals::told_to_end;
use crate::simulation::{Simulation, StepTimes, Summary};

/// How often it is looked at how they stand.
const LOOK: Duration = Duration::from_millis(500);

/// What a program is told, one JSON object on each line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
enum Event<'a> {
    /// The server has answered every cluster; seconds since the first agent started.
    Ready { clusters: usize, seconds: f64 },
    /// Every cluster is synced and healthy, for the first time.
    Settled { clusters: usize, seconds: f64 },
    /// A step of the ledger came to clusters.
    Release(&'a StepTimes),
    /// How they stood at the end.
    Summary {
        seconds: f64,
        #[serde(flatten)]
        summary: &'a Summary,
    },
}

/// Says how clusters stand until it is time to end.
pub(super) struct Watching<'a> {
    simulation: &'a Simulation,
    arguments: &'a Arguments,
    said: Option<Summary>,
    is_ready: bool,
    was_settled: bool,
}

impl<'a> Watching<'a> {
    /// Nothing is said yet.
    pub(super) fn new(simulation: &'a Simulation, arguments: &'a Arguments) -> Self {
        Self { simulation, arguments, said: None, is_ready: false, was_settled: false }
    }

    /// Watches until it is time to end.
    ///
    /// # Errors
    /// Standard output takes no more.
    pub(super) async fn run(mut self, session: &mut Session<'_>) -> Result<Outcome, CommandError> {
        let end = told_to_end();
        tokio::pin!(end);
        loop {
            let summary = self.look(session)?;
            let is_settled = summary.settled == summary.clusters;
            let elapsed = self.simulation.timings().elapsed();
            let is_over = self.arguments.length.is_some_and(|length| elapsed >= length);
            if (self.arguments.once && is_settled) || is_over {
                self.finish(session)?;
                let fails = self.arguments.once && !is_settled;
                return Ok(if fails { Outcome::Faulty } else { Outcome::Done });
            }
            tokio::select! {
                () = &mut end => {
                    self.finish(session)?;
                    return Ok(Outcome::Done);
                }
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Says what is new, and answers how they stand.
    fn look(&mut self, session: &mut Session<'_>) -> Result<Summary, CommandError> {
        let (summary, timings) = (self.simulation.summary(), self.simulation.timings());
        let (clusters, elapsed) = (summary.clusters, timings.elapsed());
        if self.said.as_ref() != Some(&summary) {
            let seconds = elapsed.as_secs_f64();
            session.terminal.message(&format!("{seconds:>6.1} s  {}", summary.line()));
            self.said = Some(summary.clone());
        }
        if let Some(joined) = timings.joined(clusters).filter(|_| !self.is_ready) {
            self.is_ready = true;
            self.tell(&Event::Ready { clusters, seconds: seconds(joined) }, session)?;
        }
        if summary.settled == clusters && !self.was_settled {
            self.was_settled = true;
            self.tell(&Event::Settled { clusters, seconds: seconds(elapsed) }, session)?;
        }
        for times in &timings.finished() {
            self.tell(&Event::Release(times), session)?;
        }
        Ok(summary)
    }

    fn finish(&self, session: &mut Session<'_>) -> Result<(), CommandError> {
        let (summary, timings) = (self.simulation.summary(), self.simulation.timings());
        for times in &timings.rest() {
            self.tell(&Event::Release(times), session)?;
        }
        if self.arguments.output == Output::Text {
            return session.terminal.print_line(&summary.line());
        }
        let seconds = seconds(timings.elapsed());
        self.tell(&Event::Summary { seconds, summary: &summary }, session)
    }

    /// Tells a program something at once.
    fn tell(&self, event: &Event<'_>, session: &mut Session<'_>) -> Result<(), CommandError> {
        if self.arguments.output == Output::Text {
            return Ok(());
        }
        session.terminal.print_line(&serde_json::json!(event).to_string())?;
        session.terminal.flush()
    }
}

/// Seconds to the millisecond.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}
