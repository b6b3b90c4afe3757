//! What is said at the site, through files beside the state: hold, resume, how it stands.
//!
//! A person who can only run a command in the agent's pod talks to it by these, with no link and
//! no right in Kubernetes.

use std::io;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::report::Standing;
use crate::state::{Disk, Event};
use crate::will::{Ask, LocalHold, Place};

const ASK: &str = "ask.json";
const STATUS: &str = "status.json";

/// What somebody said by a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// Hold releases back.
    Hold(Ask),
    /// End the hold that is on, whoever placed it.
    Resume,
}

/// How the agent stands, for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteStatus {
    /// When this was written.
    pub time: Timestamp,
    /// The cluster.
    pub cluster: String,
    /// The generation that runs.
    #[serde(default)]
    pub generation: Option<u32>,
    /// The generation that waits for the site.
    #[serde(default)]
    pub waiting: Option<u32>,
    /// How many applications there are, are synced, are healthy.
    #[serde(default)]
    pub counts: (usize, usize, usize),
    /// The hold that is on.
    #[serde(default)]
    pub hold: Option<LocalHold>,
    /// Whether an asking waits until the newest release was applied.
    #[serde(default)]
    pub hold_is_owed: bool,
    /// What someone must look at, as reason and sentence.
    #[serde(default)]
    pub alarms: Vec<(String, String)>,
    /// What happened, the newest last.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// Asks for a hold.
///
/// # Errors
/// What the disk says.
pub fn ask_for_hold(
    disk: &Disk,
    length: SignedDuration,
    reason: &str,
    now: Timestamp,
) -> io::Result<()> {
    let ask = Ask {
        place: Place::Command,
        length,
        reason: reason.to_owned(),
        token: format!("command {now}"),
    };
    say(disk, &Said::Hold(ask))
}

/// Asks to end a hold.
///
/// # Errors
/// What the disk says.
pub fn ask_to_resume(disk: &Disk) -> io::Result<()> {
    say(disk, &Said::Resume)
}

fn say(disk: &Disk, said: &Said) -> io::Result<()> {
    disk.write(ASK, &serde_json::to_vec(said)?)
}

/// What was said last; nothing that cannot be read was said.
#[must_use]
pub fn said(disk: &Disk) -> Option<Said> {
    serde_json::from_slice(&disk.read(ASK).ok()??).ok()
}

/// Forgets what was said. What cannot be removed is told apart by its token.
pub fn forget_said(disk: &Disk) {
    let _ = disk.remove(ASK);
}

/// Writes how the agent stands. Nothing depends on it.
pub fn write_status(disk: &Disk, status: &SiteStatus) {
    if let Ok(bytes) = serde_json::to_vec_pretty(status) {
        let _ = disk.write(STATUS, &bytes);
    }
}

/// How the agent stands; nothing if it never said.
///
/// # Errors
/// What the disk says.
pub fn read_status(disk: &Disk) -> io::Result<Option<SiteStatus>> {
    Ok(disk.read(STATUS)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// How many applications there are, are synced, and are healthy.
#[must_use]
pub fn counts(standing: &Standing) -> (usize, usize, usize) {
    use api::agent::{HealthyWord, SyncedWord};
    let all = standing.applications.values();
    let synced = all.clone().filter(|one| one.synced == SyncedWord::Synced).count();
    let healthy = all.clone().filter(|one| one.healthy == HealthyWord::Healthy).count();
    (all.count(), synced, healthy)
}
