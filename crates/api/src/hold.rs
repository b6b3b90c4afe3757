//! Holds on the wire.

use jiff::Timestamp;
use model::{ClusterName, Hold as ClusterHold, HoldKind, PlacedHold, PlacedKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What gets no release until a person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// How it is taken away: `hold-12`; for a cluster with a foreign tree its name.
    pub name: String,
    /// Why it is there.
    pub kind: HoldWord,
    /// The expression that selects its clusters; every cluster without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<String>,
    /// The applications; everything of the clusters if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// Why, in words.
    pub reason: String,
    /// Who placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The step that placed it.
    pub since: u32,
}

/// The kinds of holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HoldWord {
    /// A person holds releases back.
    Hold,
    /// A person rolled something back.
    Rollback,
    /// A person stopped every release.
    Stop,
    /// Someone else changed the cluster's folder.
    Foreign,
    /// That tree was adopted.
    Adopted,
}

impl HoldWord {
    /// The word, as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "Hold",
            Self::Rollback => "Rollback",
            Self::Stop => "Stop",
            Self::Foreign => "Foreign",
            Self::Adopted => "Adopted",
        }
    }
}

impl From<&PlacedHold> for Hold {
    fn from(hold: &PlacedHold) -> Self {
        Self {
            name: hold.name(),
            kind: match hold.kind {
                PlacedKind::Hold => HoldWord::Hold,
                PlacedKind::Rollback => HoldWord::Rollback,
                PlacedKind::Stop => HoldWord::Stop,
            },
            clusters: hold.clusters.clone(),
            applications: hold.applications.iter().map(ToString::to_string).collect(),
            reason: hold.reason.clone(),
            by: Some(hold.by.clone()),
            at: Some(hold.at),
            until: hold.until,
            since: hold.since.0,
        }
    }
}

impl Hold {
    /// The hold of one cluster, for a foreign tree.
    #[must_use]
    pub fn of_cluster(hold: &ClusterHold, cluster: &ClusterName) -> Self {
        let (kind, reason) = match hold.kind {
            HoldKind::Foreign => (HoldWord::Foreign, "someone else changed what the cluster reads"),
            HoldKind::Adopted => (HoldWord::Adopted, "what someone else wrote was adopted"),
        };
        Self {
            name: cluster.to_string(),
            kind,
            clusters: Some(format!("/c/{cluster}")),
            applications: Vec::new(),
            reason: reason.to_owned(),
            by: None,
            at: None,
            until: None,
            since: hold.since.0,
        }
    }
}

/// Every hold of a ledger: those of persons, then those of single clusters.
#[must_use]
pub fn holds_of(ledger: &model::Ledger) -> Vec<Hold> {
    let of_cluster = |hold: &ClusterHold| {
        let cluster = ledger.cluster_by_uid(hold.cluster)?;
        Some(Hold::of_cluster(hold, &cluster.name))
    };
    let clusters = ledger.holds.iter().filter_map(of_cluster);
    ledger.placed.iter().map(Hold::from).chain(clusters).collect()
}
