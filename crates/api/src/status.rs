//! What a server knows at the moment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::DiagnosticText;

/// The state of a server in one look: `GET /api/v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// The version of the program.
    pub version: String,
    /// The source that is in use; absent before the first one was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,
    /// The newest source, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedSource>,
    /// What is released; absent before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerStatus>,
    /// The repository of the source, where it is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_remote: Option<RemoteStatus>,
    /// The repository of the ledger, where it is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_remote: Option<RemoteStatus>,
}

/// How a repository elsewhere is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteStatus {
    /// Its address.
    pub url: String,
    /// When it was read last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read: Option<Timestamp>,
    /// Why it cannot be read or written, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<RemoteFailure>,
}

/// Why a repository elsewhere cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteFailure {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, in one sentence.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The source that is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// The commit.
    pub commit: String,
    /// The digest of its folders.
    pub digest: String,
    /// How many clusters it has.
    pub clusters: u32,
    /// How many applications.
    pub applications: u32,
    /// How many bindings.
    pub bindings: u64,
    /// How many errors are in templates and values; their cells keep what they run.
    pub errors: u32,
    /// How many warnings.
    pub warnings: u32,
}

/// A source that changed nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedSource {
    /// The commit.
    pub commit: String,
    /// Why, in one sentence.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The mistakes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<DiagnosticText>,
}

/// What is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerStatus {
    /// The last step.
    pub generation: u32,
    /// The commit of the ledger.
    pub commit: String,
    /// The commit of the source that it released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How many clusters have a release.
    pub clusters: u32,
    /// How many bindings are released.
    pub bindings: u64,
    /// How many clusters wait for a person.
    pub held: u32,
    /// When the server looked last.
    #[schema(value_type = String, format = DateTime)]
    pub observed: Timestamp,
}
