//! How many clusters are how. Pure: the time is an argument.

use jiff::Timestamp;
use model::ObjectId;

use super::presence::{NOTHING, Reach, Seen};

/// How many clusters are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// They have said how they are.
    pub(crate) reporting: u32,
    /// They run what is released to them, and hold what it says.
    pub(crate) synced: u32,
    /// All that they run is well.
    pub(crate) healthy: u32,
    /// They were not heard for a while.
    pub(crate) unreachable: u32,
    /// Their sites hold releases back.
    pub(crate) held: u32,
    /// Something is wrong with their agents.
    pub(crate) alarms: u32,
    /// Their agents only look.
    pub(crate) report_only: u32,
    /// Applications that they have.
    pub(crate) applications: u64,
    /// Those that are as their trees say.
    pub(crate) applications_synced: u64,
    /// Those that are well.
    pub(crate) applications_healthy: u64,
}

impl Tally {
    /// Counts one cluster, to which this tree is released.
    pub(crate) fn count(&mut self, seen: &Seen, released: Option<ObjectId>, now: Timestamp) {
        if seen.reach(now) == Reach::Unreachable {
            self.unreachable += 1;
        }
        let row = &seen.row;
        if row.reported.is_none() {
            return;
        }
        self.reporting += 1;
        self.synced += u32::from(row.tree == released && row.synced == row.applications);
        self.healthy += u32::from(row.healthy == row.applications);
        self.held += u32::from(row.hold.is_some());
        self.alarms += u32::from(row.alarms != NOTHING);
        self.report_only += u32::from(row.is_report_only);
        self.applications += u64::from(row.applications);
        self.applications_synced += u64::from(row.synced);
        self.applications_healthy += u64::from(row.healthy);
    }
}
