//! How the key of a cluster becomes known.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// The purpose of the signature of an enrolment.
pub const ENROLMENT_NAMESPACE: &str = "res-edge-enrolment";

/// How a cluster is to be joined: `POST /api/v1/clusters/{name}/join`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinOptions {
    /// For how many hours the one-time token is valid; 24 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 720)]
    pub hours: Option<u16>,
}

/// What an agent needs to enrol. The token is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterJoin {
    /// The cluster.
    pub cluster: String,
    /// The one-time token: for this cluster, and for the first key that comes with it.
    pub token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
    /// The key that signs releases, in OpenSSH form.
    pub release_key: String,
    /// The kinds of objects that the fleet uses, in each namespace: what the agent may need.
    pub kinds: Vec<JoinKind>,
}

/// A kind of objects in the release of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace, or nothing for objects of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// An agent that asks to be let in with a key that it made: `POST /api/v1/agent/enrolment`.
///
/// It may be sent again and again with the same token and key; the answer says how it stands.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolment {
    /// The name of the cluster.
    #[schema(max_length = 63)]
    pub cluster: String,
    /// The one-time token that `cluster join` printed.
    #[schema(max_length = 128)]
    pub token: String,
    /// The public key of the agent, in OpenSSH form.
    #[schema(max_length = 256)]
    pub public_key: String,
    /// The signature of [`enrolment_text`] by that key, for [`ENROLMENT_NAMESPACE`].
    #[schema(max_length = 4096)]
    pub proof: String,
}

/// How an enrolment stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentAnswer {
    /// Whether the key counts.
    pub state: EnrolmentState,
    /// The identity of the cluster, once it has a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The change that brings the key into the Cluster document, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<u64>,
    /// The key that signs releases, in OpenSSH form: the same as the join printed.
    pub release_key: String,
}

/// Whether an enrolled key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EnrolmentState {
    /// Its change waits for an approval, or is being taken into use.
    Pending,
    /// It stands in the Cluster document that is in use.
    Accepted,
}

/// What an agent signs to enrol: it has the key, means this cluster and this server, and was given
/// this token.
#[must_use]
pub fn enrolment_text(cluster: &str, release_key: &str, token: &str) -> String {
    let token: String =
        Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("res-edge enrolment\ncluster {cluster}\nserver {release_key}\ntoken {token}\n")
}
