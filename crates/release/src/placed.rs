//! What persons hold back, and which parts of which clusters that is.
//!
//! Unlike a brake, such a hold is not opened by a confirmation: only by taking it away, or by its
//! time. What it covers keeps what the ledger says, and so does what would take an object from it.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    ApplicationName, ClusterId, ClusterSet, Generation, Ledger, Observed, PlacedHold, PlacedKind,
};

/// A hold as a person asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// What it holds.
    pub kind: PlacedKind,
    /// The expression that selects the clusters; every cluster without one.
    pub clusters: Option<String>,
    /// The applications; everything of the clusters if there are none.
    pub applications: Vec<ApplicationName>,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// What a person orders about holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// A hold to place.
    pub place: Option<NewHold>,
    /// Holds to take away, by the steps that placed them.
    pub lift: Vec<Generation>,
}

/// Why an order cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No step placed such a hold, or it has ended.
    #[error("there is no hold `hold-{0}`")]
    NoSuchHold(Generation),
    /// A hold without a reason helps nobody who finds it.
    #[error("a hold needs a reason")]
    NoReason,
    /// It would have ended before it begins.
    #[error("a hold cannot end at {0}, which has passed")]
    Passed(Timestamp),
}

/// The holds of persons after an order, in the order of their steps. Those whose time has come
/// are gone. `by` is who orders.
///
/// # Errors
/// A hold to take away is not there, or the one to place makes no sense.
pub fn follow_orders(
    ledger: Option<&Ledger>,
    orders: &Orders,
    by: &str,
    now: Timestamp,
) -> Result<Vec<PlacedHold>, OrderError> {
    let before = ledger.map_or(&[][..], |ledger| &ledger.placed);
    let is_there = |since: &&Generation| before.iter().any(|hold| hold.since == **since);
    if let Some(missing) = orders.lift.iter().find(|since| !is_there(since)) {
        return Err(OrderError::NoSuchHold(*missing));
    }
    let goes_on = |hold: &&PlacedHold| hold.is_active(now) && !orders.lift.contains(&hold.since);
    let mut after: Vec<PlacedHold> = before.iter().filter(goes_on).cloned().collect();
    if let Some(new) = &orders.place {
        let since = ledger.map_or(Generation(0), |ledger| ledger.generation).next();
        after.push(new.placed(since, by, now)?);
    }
    Ok(after)
}

impl NewHold {
    fn placed(&self, since: Generation, by: &str, at: Timestamp) -> Result<PlacedHold, OrderError> {
        let reason = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            return Err(OrderError::NoReason);
        }
        if let Some(until) = self.until.filter(|until| *until <= at) {
            return Err(OrderError::Passed(until));
        }
        let mut applications = self.applications.clone();
        applications.sort();
        applications.dedup();
        let Self { kind, clusters, until, .. } = self.clone();
        let by = by.to_owned();
        Ok(PlacedHold { since, kind, clusters, applications, reason, by, at, until })
    }
}

/// A hold that goes on, and the clusters of the render that it selects. Where its expression can
/// no longer be understood these are unknown, and then it holds every cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The hold.
    pub hold: PlacedHold,
    /// Its clusters.
    pub clusters: Observed<ClusterSet>,
    /// Whether it holds in this step already; a rollback is put in place by the step that places
    /// its hold.
    pub holds_now: bool,
}

/// All that is held back in one decision.
#[derive(Debug, Default)]
pub(crate) struct Covered<'a> {
    /// Whether nothing at all may be released.
    pub(crate) stops: bool,
    everything: Vec<&'a Observed<ClusterSet>>,
    applications: HashMap<&'a ApplicationName, Vec<&'a Observed<ClusterSet>>>,
}

impl<'a> Covered<'a> {
    pub(crate) fn new(placed: &'a [Placed]) -> Self {
        let mut covered = Self::default();
        for Placed { hold, clusters, .. } in placed.iter().filter(|one| one.holds_now) {
            if hold.kind == PlacedKind::Stop {
                covered.stops = true;
            } else if hold.applications.is_empty() {
                covered.everything.push(clusters);
            } else {
                for name in &hold.applications {
                    covered.applications.entry(name).or_default().push(clusters);
                }
            }
        }
        covered
    }

    /// Whether nothing is held back.
    pub(crate) fn is_empty(&self) -> bool {
        !self.stops && self.everything.is_empty() && self.applications.is_empty()
    }

    /// Whether everything of a cluster of the render is held back.
    pub(crate) fn cluster(&self, rendered: usize) -> bool {
        self.stops || self.everything.iter().any(|clusters| selects(clusters, rendered))
    }

    /// Whether an application is held back on a cluster of the render.
    pub(crate) fn cell(&self, rendered: usize, application: &ApplicationName) -> bool {
        let of_it = self.applications.get(application).into_iter().flatten();
        self.cluster(rendered) || of_it.into_iter().any(|clusters| selects(clusters, rendered))
    }
}

fn selects(clusters: &Observed<ClusterSet>, rendered: usize) -> bool {
    match clusters {
        Observed::Known(clusters) => clusters.contains(ClusterId(rendered as u32)),
        Observed::Unknown(_) => true,
    }
}
