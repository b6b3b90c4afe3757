//! Edits of documents on the wire, and previews of what is not proposed yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::{Change, ChangeEffect, Document};

/// What became of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EditOutcome {
    /// It is part of `main`.
    Merged,
    /// It is a change, which waits for somebody.
    Open,
    /// Everything is so already.
    Unchanged,
    /// It was only tried.
    DryRun,
}

/// What became of an edit, and what it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edited {
    /// What became of it.
    pub outcome: EditOutcome,
    /// The commit of the source that holds it, for `?wait=`; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The change that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// How many documents it is about.
    pub count: u32,
    /// The first of them, as they are with the edit.
    pub documents: Vec<EditedDocument>,
    /// The files that differ.
    pub files: Vec<String>,
    /// What it does to what clusters run; absent where nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<ChangeEffect>,
    /// How many warnings there are in the source.
    pub warnings: u32,
    /// What the caller lacks to merge it, and what the merge waits for.
    pub waits: Vec<String>,
}

/// A document that an edit is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditedDocument {
    /// Its kind.
    pub kind: String,
    /// Its name, or the path of a group.
    pub name: String,
    /// The document, where it is the only one and is still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// How an edit is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditParameters {
    /// Whether nothing is changed, and only answered what would be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Whether the change stays open, even where it could be merged at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub propose: bool,
    /// The title of the change, one line; else it says which documents are edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 200)]
    pub message: Option<String>,
    /// `released`, to be answered when the edit is released or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// Seconds to wait at most, up to 100; 30 if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// For a new document, the file that it goes to; else one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 1024)]
    pub file: Option<String>,
}

/// One merge patch for all documents that are selected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BulkEdit {
    /// An expression: only what is about clusters that it selects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8192)]
    pub expression: Option<String>,
    /// Labels as kubectl reads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
    /// A condition on fields, as lists take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8192)]
    pub filter: Option<String>,
    /// Names, or the paths of groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5000)]
    pub names: Vec<String>,
    /// A merge patch (RFC 7396).
    pub patch: Map<String, Value>,
    /// How many documents a dry run found; another number is not edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What is looked at: a commit, a branch, or files that are not committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPreview {
    /// A commit that a branch holds, and that it is compared with as it is; else what is looked at
    /// is merged into `main` as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// A branch, without `refs/heads/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A commit that a branch holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Files that would stand on the base, by path: their text, or `null` where they would go.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Option<String>>,
}
