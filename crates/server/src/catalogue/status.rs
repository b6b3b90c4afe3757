//! What the ledger says of a document, and what of it someone sees.

use model::{ApplicationId, ClusterId, ClusterSet, HoldKind, LedgerCluster};
use plan::documents::DocumentId;
use schema::Kind;
use serde_json::{Map, Value, json};

use super::Catalogue;
use crate::sight::Sight;

impl Catalogue {
    /// What the ledger says of a document: of a cluster its release and its hold, of an
    /// application how its cells stand, of the fleet the last step.
    pub(super) fn status(&self, id: DocumentId, sight: &Sight) -> Map<String, Value> {
        let status = match id.kind {
            Kind::Fleet if sight.is_everything() => self.fleet_status(),
            Kind::Cluster => self.cluster_status(ClusterId(id.index)),
            Kind::Application => self.application_status(id.index as usize, sight),
            Kind::Fleet | Kind::Group | Kind::Namespace | Kind::Role => Value::Null,
        };
        match status {
            Value::Object(status) => status,
            _ => Map::new(),
        }
    }

    /// Leaves out of what the fleet says what someone does not see: names are not told, and
    /// counts are of what is seen.
    pub(super) fn narrow(&self, id: DocumentId, sight: &Sight, status: &mut Map<String, Value>) {
        let fleet = self.fleet();
        let index = id.index as usize;
        let sees = |kind, index: u32| sight.document(fleet, DocumentId { kind, index });
        match id.kind {
            Kind::Fleet => status.retain(|key, _| key == "uid"),
            Kind::Role => {}
            Kind::Cluster => {
                let cluster = ClusterId(id.index);
                let on = |name: &str| {
                    let application = fleet.application_id(name);
                    application.is_some_and(|one: ApplicationId| sight.cell(fleet, one, cluster))
                };
                keep(status, "applications", on);
                let on = |name: &str| {
                    let namespace = fleet.namespace_id(name);
                    let on = namespace.and_then(|one| sight.on(one.0 as usize));
                    on.is_some_and(|clusters| clusters.contains(cluster))
                };
                keep(status, "namespaces", on);
            }
            Kind::Group => count(status, &fleet.groups[index].clusters, sight.clusters()),
            Kind::Namespace => {
                count(status, &fleet.namespaces[index].clusters, sight.on(index));
                let is_seen = |name: &str| {
                    let application = fleet.application_id(name);
                    application.is_some_and(|one| sees(Kind::Application, one.0))
                };
                keep(status, "applications", is_seen);
            }
            Kind::Application => {
                let application = &fleet.applications[index];
                let seen = sight.on(application.namespace.0 as usize);
                count(status, &application.clusters, seen);
            }
        }
    }

    fn fleet_status(&self) -> Value {
        let Some(released) = &self.released else { return Value::Null };
        let ledger = &released.ledger;
        json!({"released": {
            "generation": ledger.generation.0,
            "commit": released.commit.to_string(),
            "source": ledger.source_commit.map(|commit| commit.to_string()),
            "bindings": ledger.n_bindings(),
        }})
    }

    fn cluster_status(&self, cluster: ClusterId) -> Value {
        let Some(in_ledger) = self.ledger_cluster(cluster) else { return Value::Null };
        let mut status = json!({"uid": in_ledger.uid.to_string(), "released": released(in_ledger)});
        if let Some(hold) = self.hold(cluster) {
            let kind = match hold.kind {
                HoldKind::Foreign => "foreign",
                HoldKind::Adopted => "adopted",
            };
            status["held"] = json!({"kind": kind, "since": hold.since.0});
        }
        status
    }

    fn application_status(&self, index: usize, sight: &Sight) -> Value {
        if self.released.is_none() {
            return Value::Null;
        }
        let Some(summary) = self.survey(sight).applications.get(index) else { return Value::Null };
        json!({"released": {
            "released": summary.released,
            "waiting": summary.waiting,
            "held": summary.held,
            "stale": summary.stale,
            "broken": summary.broken,
        }})
    }
}

fn released(cluster: &LedgerCluster) -> Value {
    json!({
        "generation": cluster.changed.0,
        "since": cluster.since.0,
        "tree": cluster.tree.to_string(),
    })
}

/// Keeps the names of a list that are seen.
fn keep(status: &mut Map<String, Value>, key: &str, is_seen: impl Fn(&str) -> bool) {
    if let Some(Value::Array(names)) = status.get_mut(key) {
        names.retain(|name| name.as_str().is_some_and(&is_seen));
    }
}

/// Counts the clusters of a set that are seen.
fn count(status: &mut Map<String, Value>, clusters: &ClusterSet, seen: Option<&ClusterSet>) {
    let mut both = clusters.clone();
    both.intersect(seen.unwrap_or(&ClusterSet::default()));
    status.insert("clusters".to_owned(), both.len().into());
}
