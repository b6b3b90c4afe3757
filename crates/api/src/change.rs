//! Changes on the wire: proposed edits of the source.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::DiagnosticText;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeStatus {
    /// It can be merged.
    Open,
    /// It is part of the source.
    Merged,
    /// It was given up.
    Closed,
}

/// A change: a commit that shall become part of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its number, from 1.
    pub number: u32,
    /// One line.
    pub title: String,
    /// More of it; may be empty.
    pub text: String,
    /// Who opened it, as in `user:anna`.
    pub author: String,
    /// Everyone who wrote of it.
    pub authors: Vec<String>,
    /// By what its author finds it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What became of it.
    pub status: ChangeStatus,
    /// The proposed commit.
    pub head: String,
    /// The commit by which it became part of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<String>,
    /// Approvals of the present head.
    pub approvals: Vec<Approval>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened: Timestamp,
    /// When something happened to it last.
    #[schema(value_type = String, format = DateTime)]
    pub updated: Timestamp,
}

/// Somebody's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Who.
    pub by: String,
    /// The plan that they saw.
    pub plan: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What a change is opened with: a branch or a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChange {
    /// A branch of the source, without `refs/heads/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A commit that a branch holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// One line; else the subject of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More of it; else the rest of the commit's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A text, such as a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentText {
    /// The text.
    pub text: String,
}

/// What somebody approves: exactly what they saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveChange {
    /// The head that they saw.
    pub head: String,
    /// The plan that they saw, as the checks tell it.
    pub plan: String,
}

/// How a change is merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MergeChange {
    /// The head that whoever merges has seen; another one is not merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Whether one commit stands for those of the change, in place of a merge commit.
    #[serde(default)]
    pub squash: bool,
}

/// What is known of a change beside what is in use now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeChecks {
    /// What `main` was when this was found out.
    pub base: String,
    /// The proposed commit.
    pub head: String,
    /// Whether the caller can merge it now.
    pub mergeable: bool,
    /// Files that both sides edited and that cannot be merged.
    pub conflicts: Vec<String>,
    /// How many errors it adds.
    pub new_errors: u32,
    /// How many errors `main` has too.
    pub known_errors: u32,
    /// How many warnings there are.
    pub warnings: u32,
    /// The errors that it adds.
    pub diagnostics: Vec<DiagnosticText>,
    /// What it does; absent where it cannot be rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<ChangeEffect>,
    /// What of it the brakes would hold if `main` were released.
    pub held: Vec<String>,
    /// What the caller may do with it.
    pub access: ChangeAccess,
    /// What the caller's merge waits for, and who can help.
    pub waits: Vec<String>,
}

/// What a change does to what clusters run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEffect {
    /// The digest of exactly that, which an approval names.
    pub plan: String,
    /// How many clusters come, go or run something else.
    pub clusters: u64,
    /// How many bindings come, go or run something else.
    pub bindings: u64,
}

/// What a caller may do with a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeAccess {
    /// Whether they may merge it, once it waits for nothing.
    pub merge: bool,
    /// Whether they may approve it, if it is not their own.
    pub approve: bool,
    /// What they lack to merge it.
    pub lacks: Vec<String>,
}

/// A file that a change edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// Its path.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
}

/// Something that happened to a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEvent {
    /// `opened`, `updated`, `approved`, `withdrawn`, `merged`, `closed`, `reopened`, `retitled` or
    /// `commented`.
    pub event: String,
    /// The commit that records it.
    pub commit: String,
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was said, or the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The head of that time, or the merge commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// Which changes are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ChangeFilter {
    /// Only those with this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub status: Option<ChangeStatus>,
    /// Only those of this author, as in `user:anna`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// At most so many; 100 if it is left out, and never more than 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What the page before answered as `continue`.
    #[serde(rename = "continue", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}
