//! How clusters and applications are, as their agents say it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agent::{AgentAlarm, AgentHold, HealthyWord, Stopped, SyncedWord};

/// How the clusters are that the caller may see: `GET /api/v1/summary`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetSummary {
    /// The last step of the ledger; 0 before the first.
    pub generation: u32,
    /// Clusters with a release.
    pub clusters: u32,
    /// Those that have said how they are.
    pub reporting: u32,
    /// Those that run what is released to them, and hold what it says.
    pub synced: u32,
    /// Those where all that runs is well.
    pub healthy: u32,
    /// Those that were heard once, and not for a while now.
    pub unreachable: u32,
    /// Those whose sites hold releases back.
    pub held: u32,
    /// Those where something is wrong with the agent.
    pub alarms: u32,
    /// Those whose agents only look.
    pub report_only: u32,
    /// Applications that the reporting clusters have.
    pub applications: u64,
    /// Those of them that are as their trees say.
    pub applications_synced: u64,
    /// Those of them that are well.
    pub applications_healthy: u64,
    /// Who stopped every release, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
}

/// How one cluster is: `GET /api/v1/clusters/{name}/report`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    /// Its name.
    pub cluster: String,
    /// Its identity through renames; absent before its first release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// How it is, in one word.
    pub state: ClusterWord,
    /// The tree that is released to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// The tree of the release that it took last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// The generation of that release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// How many applications it has.
    pub applications: u32,
    /// Those that are as their trees say.
    pub synced: u32,
    /// Those that are well.
    pub healthy: u32,
    /// When it was heard last, by the clock of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen: Option<Timestamp>,
    /// When it reported last, by the clock of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reported: Option<Timestamp>,
    /// Whether its agent listens for releases.
    pub is_listening: bool,
    /// Whether its agent only looks.
    pub is_report_only: bool,
    /// The version of its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// That the site holds releases back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AgentHold>,
    /// What is wrong with the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AgentAlarm>,
    /// The applications that are not both synced and healthy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abnormal: Vec<AbnormalApplication>,
}

/// An application that is not both synced and healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbnormalApplication {
    /// The application.
    pub application: String,
    /// How it is.
    #[serde(flatten)]
    pub actual: ActualState,
}

/// How an application is on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActualState {
    /// Whether the cluster holds what is released.
    pub synced: SyncedWord,
    /// Whether what runs is well.
    pub healthy: HealthyWord,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The tree that was applied last, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Since when it is not as it should be, by the clock of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Whether the cluster can be reached: if not, this is what it said last.
    pub is_reachable: bool,
}

/// How a cluster is, in one word: the first that is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClusterWord {
    /// It never said how it is.
    Unknown,
    /// It was not heard for a while.
    Unreachable,
    /// Its site holds releases back, or something on it waits for a person.
    Held,
    /// Something on it failed.
    Degraded,
    /// It is on its way to what is released.
    Progressing,
    /// It runs what is released, and all of it is well.
    Ready,
}

impl ClusterWord {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Held => "held",
            Self::Degraded => "degraded",
            Self::Progressing => "progressing",
            Self::Ready => "ready",
        }
    }
}

/// What became of a request to look now: `POST /api/v1/clusters/{name}/sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncAnswer {
    /// How many agents were told; one that does not listen looks by itself within a minute.
    pub told: u32,
}
