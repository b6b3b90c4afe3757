//! How many simulated clusters there are, and how they stand together.

use std::ops::Deref;

use agent::report::Standing;
use api::agent::{HealthyWord, SyncedWord};
use serde::Serialize;

/// How clusters stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// All of them.
    pub(crate) clusters: usize,
    /// Those that took a release.
    pub(crate) released: usize,
    /// The generations that they took, from lowest to highest.
    pub(crate) generations: Option<(u32, u32)>,
    /// Their applications.
    pub(crate) applications: usize,
    /// Those that are as the release says.
    pub(crate) synced: usize,
    /// Those that are well.
    pub(crate) healthy: usize,
    /// Clusters of which all applications are both.
    pub(crate) settled: usize,
    /// Clusters at which something is wrong.
    pub(crate) alarmed: usize,
}

/// Whether all applications of a cluster are as the release says, and well.
pub(crate) fn is_settled(standing: &Standing) -> bool {
    let all = &standing.applications;
    standing.release.is_some()
        && all
            .values()
            .all(|one| one.synced == SyncedWord::Synced && one.healthy == HealthyWord::Healthy)
}

impl Summary {
    /// Sums up.
    pub(crate) fn of(standings: impl Iterator<Item = impl Deref<Target = Standing>>) -> Self {
        let mut sum = Self::default();
        for standing in standings {
            sum.clusters += 1;
            if let Some((generation, _)) = standing.release {
                sum.released += 1;
                let (low, high) = sum.generations.unwrap_or((generation, generation));
                sum.generations = Some((low.min(generation), high.max(generation)));
            }
            let all = standing.applications.values();
            sum.applications += all.len();
            sum.synced += all.clone().filter(|one| one.synced == SyncedWord::Synced).count();
            sum.healthy += all.filter(|one| one.healthy == HealthyWord::Healthy).count();
            sum.settled += usize::from(is_settled(&standing));
            sum.alarmed += usize::from(!standing.alarms.is_empty());
        }
        sum
    }

    /// On one line.
    pub(crate) fn line(&self) -> String {
        let steps = match self.generations {
            None => "none yet".to_owned(),
            Some((low, high)) if low == high => format!("step {high}"),
            Some((low, high)) => format!("steps {low} to {high}"),
        };
        let alarms = match self.alarmed {
            0 => String::new(),
            n => format!(", {n} with alarms"),
        };
        format!(
            "{} of {} clusters settled at {steps}; of {} applications {} synced, {} healthy{alarms}",
            self.settled, self.clusters, self.applications, self.synced, self.healthy
        )
    }
}
