//! What an agent says of its cluster.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// How a cluster is: `POST /api/v1/agent/report`.
///
/// The first one, and one after a gap, says everything; the others what changed. The server keeps
/// the digest of the state that it knows: a report that follows another state is not taken, and
/// answered with `sendAll`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentReport {
    /// The digest of the state that this one changes; absent for one that says everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub after: Option<String>,
    /// The digest of the state after it: [`state_digest`].
    #[schema(max_length = 64)]
    pub state: String,
    /// When it was seen, by the clock of the cluster.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The generation of the newest statement that was taken; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// The tree of that statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub tree: Option<String>,
    /// Of all applications.
    pub counts: AgentCounts,
    /// The applications that changed, or all.
    #[serde(default)]
    #[schema(max_items = 10000)]
    pub applications: Vec<ApplicationReport>,
    /// Applications that are no more on the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// That the site holds releases back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AgentHold>,
    /// What is wrong with the agent itself, or with its statement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 32)]
    pub alarms: Vec<AgentAlarm>,
    /// The version of the agent.
    #[schema(max_length = 64)]
    pub agent: String,
    /// Whether it only looks, beside Flux or Argo CD.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_report_only: bool,
}

/// How many applications there are, and how they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentCounts {
    /// All.
    pub applications: u32,
    /// Those that are as the tree says.
    pub synced: u32,
    /// Those that are well.
    pub healthy: u32,
}

/// How one application is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationReport {
    /// Its name; `namespaces` for the Namespaces themselves.
    pub name: String,
    /// The id of its tree that was applied last; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Whether the cluster holds what the tree says.
    pub synced: SyncedWord,
    /// Whether what runs is well.
    pub healthy: HealthyWord,
    /// A word in `CamelCase` for programs: of the first axis if it is not synced, else of the other.
    pub reason: String,
    /// A sentence for people, up to 500 characters; absent where all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whether a cluster holds what its tree says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SyncedWord {
    /// It does.
    Synced,
    /// Not yet.
    OutOfSync,
    /// Something waits for a person.
    Held,
    /// It cannot be reached by going on.
    Failed,
    /// It cannot be said.
    Unknown,
}

/// Whether what runs is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HealthyWord {
    /// It is.
    Healthy,
    /// Some objects are on the way.
    Progressing,
    /// It cannot be said.
    Unknown,
    /// Some objects are not there.
    Missing,
    /// Some objects have failed.
    Degraded,
}

impl SyncedWord {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::OutOfSync => "outOfSync",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl HealthyWord {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing => "progressing",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Degraded => "degraded",
        }
    }
}

/// That a site holds releases back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentHold {
    /// Why.
    pub reason: String,
    /// Who, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Until when, by the clock of the cluster.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// What is wrong with an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentAlarm {
    /// A word in `CamelCase`, as in `ReleaseExpired`.
    pub reason: String,
    /// A sentence, up to 500 characters.
    pub message: String,
}

/// What the server says to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// Whether the report was not taken, and all is to be sent.
    pub send_all: bool,
    /// The time at the server.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

/// The digest of all applications of a cluster, by name: 32 hexadecimal digits.
///
/// Only its maker needs to be able to make it: the server compares it with what it was told.
#[must_use]
pub fn state_digest(applications: &BTreeMap<String, ApplicationReport>) -> String {
    let mut digest = Sha256::new();
    for report in applications.values() {
        // A struct of texts and words has a form as JSON.
        digest.update(serde_json::to_vec(report).unwrap_or_default());
        digest.update(b"\n");
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
