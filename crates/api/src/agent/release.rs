//! The release of one cluster: a signed statement, and a pack of what the cluster lacks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The purpose of the signature of a statement.
pub const RELEASE_NAMESPACE: &str = "res-edge-release";

/// The media type of a release: see [`frame`].
pub const RELEASE_MEDIA: &str = "application/vnd.res-edge.release.v1";

/// What a release begins with.
pub const RELEASE_MAGIC: [u8; 8] = *b"REDGREL1";

/// What one cluster is told to run. The bytes that are sent are the bytes that are signed.
///
/// An agent refuses one of another cluster, one of a lower generation, and of an equal generation
/// one that was issued earlier than what it has. After `expires` it keeps running what it has, and
/// says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// `res-edge.dev/v1`.
    pub api_version: String,
    /// `Release`.
    pub kind: String,
    /// The identity of the fleet.
    pub fleet: String,
    /// The cluster that is meant.
    pub cluster: ClusterIdentity,
    /// The step of the ledger at which this was first said.
    pub generation: u32,
    /// The id of the whole tree, as Git has it.
    pub tree: String,
    /// What the tree holds: `manifests`, which an agent applies, or `flux`, which is for Flux.
    pub layout: String,
    /// The commit of the cluster's branch that has this tree, where releases are delivered to
    /// branches: what a fetch with stock Git brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit of the source that gave the newest of its cells, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Objects that may be deleted, by a person's confirmation, although they are protected or
    /// many.
    #[serde(default)]
    pub allowances: Vec<Allowance>,
    /// What the centre holds back on this cluster, for whoever looks.
    #[serde(default)]
    pub holds: Vec<StatementHold>,
    /// When releases may be applied; empty for always.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// Whether the agent changes nothing on the cluster, not even drift, until this goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// For each application of this cluster that waits for others: which these are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub depends_on: BTreeMap<String, BTreeSet<String>>,
    /// For how many seconds at most a site may hold back a release.
    pub max_hold_seconds: u64,
    /// When this was signed.
    #[schema(value_type = String, format = DateTime)]
    pub issued: Timestamp,
    /// Until when the server renews it.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// Which cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterIdentity {
    /// The identity through renames.
    pub uid: String,
    /// The present name.
    pub name: String,
}

/// One object that may be deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
    /// The API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; nothing for an object of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// What the centre holds back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementHold {
    /// As in `hold-12`.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub by: String,
    /// The applications; empty for all.
    #[serde(default)]
    pub applications: Vec<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// When releases may be applied. There are none yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// Its name.
    pub name: String,
}

/// Who stopped everything, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

impl From<&Allowance> for model::ObjectKey {
    fn from(allowance: &Allowance) -> Self {
        Self {
            group: allowance.group.clone(),
            kind: allowance.kind.clone(),
            namespace: allowance.namespace.clone(),
            name: allowance.name.clone(),
        }
    }
}

impl From<&model::ObjectKey> for Allowance {
    fn from(key: &model::ObjectKey) -> Self {
        Self {
            group: key.group.clone(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
        }
    }
}

/// The head of a release on the wire: [`RELEASE_MAGIC`]; the length of the statement in four
/// bytes, big-endian, and the statement; the same of the signature. The rest is a pack of Git,
/// version 2 and not thin, of the trees and files that `have` lacks; no bytes at all where it
/// lacks nothing.
#[must_use]
pub fn frame(statement: &[u8], signature: &str) -> Vec<u8> {
    let mut head = RELEASE_MAGIC.to_vec();
    for part in [statement, signature.as_bytes()] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(part);
    }
    head
}
