//! What happened on a cluster, as its agent said it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ClusterWord;
use crate::agent::{HealthyWord, SyncedWord};

/// What happened on a cluster lately, the newest last: `GET /api/v1/clusters/{name}/log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterLog {
    /// Its name.
    pub cluster: String,
    /// How it is now, in one word.
    pub state: ClusterWord,
    /// When it was heard last, by the clock of the server; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen: Option<Timestamp>,
    /// What happened; the newest hundred are kept.
    pub entries: Vec<LogEntry>,
}

/// Something that happened on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// A number that grows with each entry of a cluster, by which later ones are asked for.
    pub id: i64,
    /// When the server learned of it, by its own clock.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What it is.
    pub event: LogWord,
    /// The application that it is about; absent where it is about the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The step that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Whether the cluster holds what is released of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<SyncedWord>,
    /// Whether what runs of it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<HealthyWord>,
    /// A word for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since when nothing was heard, of a `return`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// When it ends by itself, of a `hold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogWord {
    /// Another version of the agent says how the cluster is; the first one, too.
    Agent,
    /// The cluster took a release.
    Release,
    /// An application is in another way.
    Application,
    /// The site holds releases back.
    Hold,
    /// It holds nothing back any more.
    HoldEnd,
    /// Something is wrong with the agent.
    Alarm,
    /// That is not wrong any more.
    AlarmEnd,
    /// The cluster was heard again after it could not be reached.
    Return,
}

impl LogEntry {
    /// An entry of an event, of which nothing else is said yet.
    #[must_use]
    pub fn new(event: LogWord, time: Timestamp) -> Self {
        Self {
            id: 0,
            time,
            event,
            application: None,
            generation: None,
            synced: None,
            healthy: None,
            reason: None,
            message: None,
            since: None,
            until: None,
        }
    }
}
