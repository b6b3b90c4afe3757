//! What people order of the fleet, what waits for them, and what became of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Hold;

/// A hold that is to be placed: `POST /api/v1/holds`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewHold {
    /// The expression that selects the clusters.
    #[schema(max_length = 8192)]
    pub clusters: String,
    /// Only these applications there; everything of the clusters if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub applications: Vec<String>,
    /// Why, for whoever finds it.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// When it ends by itself; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// No further releases, anywhere: `POST /api/v1/stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewStop {
    /// Why, for whoever finds it.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// When it ends by itself; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Going back to what an earlier step gave: `POST /api/v1/rollbacks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRollback {
    /// The step to go back to.
    #[schema(minimum = 1)]
    pub step: u32,
    /// The expression that selects the clusters.
    #[schema(max_length = 8192)]
    pub clusters: String,
    /// Only these applications there; all of them if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub applications: Vec<String>,
    /// Why, for whoever finds it.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// When the hold that keeps it so ends by itself; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// A person's word for exactly what waits: `POST /api/v1/confirmations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConfirmation {
    /// The digest of what waits, as `GET /api/v1/waiting` gives it.
    #[schema(min_length = 64, max_length = 64)]
    pub plan: String,
}

/// A decision about a cluster that someone else changed: `POST /api/v1/adoptions` and
/// `POST /api/v1/discards`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterDecision {
    /// The cluster.
    #[schema(max_length = 63)]
    pub cluster: String,
    /// The foreign tree that was seen: where another one stands by now, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 40, max_length = 40)]
    pub tree: Option<String>,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The step of the ledger that it made, or with `dryRun` would make; absent where the ledger
    /// says the same already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The first line of that step's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The hold that it placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How many clusters it gave another tree.
    pub clusters_changed: u32,
    /// How many parts of clusters differ from the source and stay so, since they are held.
    pub on_hold: u32,
    /// Whether something waits for a confirmation, or for a decision about a cluster.
    pub is_waiting: bool,
    /// Whether nothing was done, since only a look was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dry_run: bool,
}

/// What waits for a person: `GET /api/v1/waiting`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The digest that confirms exactly these items; absent where nothing waits, and for who does
    /// not see all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What the brakes keep back, the first of it.
    pub items: Vec<WaitingItem>,
    /// How many items the caller sees.
    pub total: u64,
    /// Clusters whose folder or branch someone else changed.
    pub foreign: Vec<ForeignCluster>,
    /// How many parts of clusters differ from the source and stay so, since persons hold them.
    pub on_hold: u64,
}

/// One part of one cluster that keeps what it has until a person confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingItem {
    /// The cluster.
    pub cluster: String,
    /// Which part of it, as in `application dogs-cats`.
    pub part: String,
    /// The tree that it keeps; absent for what would be new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The tree that would follow; absent for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Why it waits.
    pub reason: String,
}

/// A cluster that keeps everything until a person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeignCluster {
    /// The cluster.
    pub cluster: String,
    /// The tree that was found, or adopted.
    pub tree: String,
    /// Whether it was adopted.
    pub is_adopted: bool,
}
