//! Documents on the wire, shaped as those of Kubernetes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{ActualState, DiagnosticText};

/// A document of the source, with what the fleet and the ledger say of it.
///
/// `metadata` and `spec` are the document as it was written; with a selection of fields, only
/// these are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// `res-edge.dev/v1`.
    pub api_version: String,
    /// `Fleet`, `Cluster`, `Group`, `Namespace`, `Application` or `Role`.
    pub kind: String,
    /// What the document is called.
    pub metadata: Metadata,
    /// What is wanted.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub spec: Map<String, Value>,
    /// What the fleet and the ledger say of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub status: Map<String, Value>,
}

/// What a document is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name; of a group the last part of its path.
    pub name: String,
    /// The digest of the document's text: what an edit is held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// What expressions select by.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub labels: Map<String, Value>,
    /// Whatever else it holds, such as a former name.
    #[serde(flatten)]
    #[schema(ignore)]
    pub rest: Map<String, Value>,
}

/// One application on one cluster: what it should run, and what it is told to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// `res-edge.dev/v1`.
    pub api_version: String,
    /// `Binding`.
    pub kind: String,
    /// `<application>.<cluster>`.
    pub metadata: BindingMetadata,
    /// Where it is.
    pub spec: BindingSpec,
    /// How it stands.
    pub status: BindingStatus,
}

/// What a binding is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingMetadata {
    /// `<application>.<cluster>`.
    pub name: String,
}

/// Where a binding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingSpec {
    /// The cluster.
    pub cluster: String,
    /// The application.
    pub application: String,
    /// The namespace; absent where the application is in no document any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The template; absent where the application is in no document any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// How a binding stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingStatus {
    /// How the render and the release relate.
    pub state: BindingState,
    /// What the source renders; absent where it places nothing there, or cannot be rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Tree>,
    /// What the cluster is told to run; absent where nothing is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<ReleasedTree>,
    /// Since when it keeps an old tree because its template or a value is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<StaleSince>,
    /// How it is on the cluster; absent where the cluster never said, and for the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<ActualState>,
}

/// How the render of a binding and its release relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BindingState {
    /// What is rendered is released.
    Released,
    /// What is rendered is not released yet.
    Waiting,
    /// The cluster is held, or the binding's removal waits for a person.
    Held,
    /// The template or a value is broken, and the last tree stays.
    Stale,
    /// The template or a value is broken, and nothing was released yet.
    Broken,
}

impl BindingState {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Stale => "stale",
            Self::Broken => "broken",
        }
    }
}

/// A tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// Its Git id.
    pub tree: String,
}

/// A tree that is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedTree {
    /// Its Git id.
    pub tree: String,
    /// The step that released it.
    pub generation: u32,
}

/// Since when a binding is stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaleSince {
    /// The step.
    pub generation: u32,
}

/// An expression to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpressionQuery {
    /// The expression, up to 65,536 bytes.
    #[schema(max_length = 65536)]
    pub expression: String,
}

/// What an expression selects now, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpressionCheck {
    /// Whether it has no error; it may have warnings.
    pub valid: bool,
    /// How many clusters it selects of those that the caller may see.
    pub clusters: u32,
    /// The first of them by name.
    pub names: Vec<String>,
    /// What is wrong, each with its place in the text.
    pub diagnostics: Vec<DiagnosticText>,
}

/// One place where a searched term stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchMatch {
    /// The kind of the document.
    pub kind: String,
    /// Its name; of a group its path.
    pub name: String,
    /// What stands there, as in `label city=nola`.
    pub text: String,
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u64,
}
