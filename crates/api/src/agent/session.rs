//! How an agent proves who it is, and for how long that holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The purpose of the signature of a proof.
pub const PROOF_NAMESPACE: &str = "res-edge-session";

/// The key that signs the releases of this server: `GET /api/v1/agent/key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerKey {
    /// In OpenSSH form.
    pub release_key: String,
}

/// A text that counts once and soon: `POST /api/v1/agent/challenge`.
///
/// It comes from the server, so that the clock of the agent plays no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// The text, up to 128 characters.
    pub challenge: String,
    /// For how many seconds it counts.
    pub seconds: u32,
    /// The time at the server.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

/// A proof that the sender has a key of a cluster: `POST /api/v1/agent/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionProof {
    /// The name of the cluster by which the agent was joined; a cluster that was renamed since is
    /// found by its key.
    #[schema(max_length = 63)]
    pub cluster: String,
    /// The public key, in OpenSSH form.
    #[schema(max_length = 256)]
    pub public_key: String,
    /// The challenge that was signed.
    #[schema(max_length = 128)]
    pub challenge: String,
    /// The signature of [`session_text`] by that key, for [`PROOF_NAMESPACE`].
    #[schema(max_length = 4096)]
    pub proof: String,
}

/// A session: what follows carries its token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// The token, for `Authorization: Bearer`, or as the password of stock Git.
    pub token: String,
    /// For how many seconds it counts.
    pub seconds: u32,
    /// The identity of the cluster; absent until its first release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The present name of the cluster.
    pub cluster: String,
    /// The time at the server.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

/// What an agent signs to begin a session: it means this server, now.
///
/// `release_key` is the key that signs releases in OpenSSH form, which the agent was given when it
/// was joined: a proof for one server is none for another, whatever they are called.
#[must_use]
pub fn session_text(cluster: &str, release_key: &str, challenge: &str) -> String {
    format!("res-edge session\ncluster {cluster}\nserver {release_key}\nchallenge {challenge}\n")
}
