//! Steps of the ledger on the wire, and what gave a cell its tree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Binding, Page};

/// One step of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `res-edge.dev/v1`.
    pub api_version: String,
    /// `Step`.
    pub kind: String,
    /// The number of the step.
    pub metadata: StepMetadata,
    /// What it did.
    pub status: StepStatus,
}

/// What a step is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepMetadata {
    /// Its generation.
    pub name: String,
}

/// What a step did; the lists are about the cluster or the application that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The digest of the source that it released.
    pub source: String,
    /// The commit of that source, where it was one.
    pub source_commit: Option<String>,
    /// The commit of the ledger.
    pub commit: String,
    /// Who made it, as `Name <mail>`.
    pub by: String,
    /// Who confirmed it, if it needed that.
    pub approved_by: Option<String>,
    /// The first line of its message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What came.
    #[serde(default)]
    pub added: Vec<String>,
    /// What got another tree.
    #[serde(default)]
    pub updated: Vec<String>,
    /// What went.
    #[serde(default)]
    pub removed: Vec<String>,
    /// What else happened, in words.
    #[serde(default)]
    pub other: Vec<String>,
}

/// One step with the clusters that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDetail {
    /// The step.
    pub step: Step,
    /// The clusters that it changed, in pages.
    pub clusters: Page<ClusterStep>,
}

/// What a step did to one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStep {
    /// The cluster.
    pub cluster: String,
    /// Applications that came.
    #[serde(default)]
    pub added: Vec<String>,
    /// Applications that got another tree.
    #[serde(default)]
    pub updated: Vec<String>,
    /// Applications that went.
    #[serde(default)]
    pub removed: Vec<String>,
    /// What else happened, in words.
    #[serde(default)]
    pub other: Vec<String>,
}

/// What gave a binding the tree that is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blame {
    /// The application.
    pub application: String,
    /// The cluster.
    pub cluster: String,
    /// The tree.
    pub tree: String,
    /// The step that released it.
    pub step: Step,
    /// The commit of the source that the step released; absent where it was none, or is not in
    /// the repository of the source any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceCommit>,
    /// The edits of the source that made the difference to the tree before.
    #[serde(default)]
    pub edits: Vec<SourceEdit>,
    /// Why edits cannot be told, where they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A commit of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceCommit {
    /// Its id.
    pub commit: String,
    /// Who wrote it, as `Name <mail>`.
    pub author: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The first line of its message.
    pub subject: String,
    /// The change that it merged, by its trailer `Change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

/// One edit of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceEdit {
    /// What was edited, in words, as in "label `ring`".
    pub subject: String,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What stood there, if it is short and no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now, if it is short and no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a cluster was told to run after a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PastCluster {
    /// The cluster, by the name that it had.
    pub cluster: String,
    /// Its identity through renames.
    pub uid: String,
    /// Its whole tree.
    pub tree: String,
    /// The step that is told of.
    pub step: Step,
    /// Its bindings.
    pub bindings: Vec<Binding>,
}
