//! What an order needs the right to operate, by the clusters and cells that it concerns.
//!
//! In: an order, the fleet, the ledger and what waits. Out: places that Roles must cover. What
//! cannot be found in the fleet could be anyone's, and is for who may operate everything.

use std::collections::BTreeMap;

use model::{ApplicationName, ClusterSet, Kind, NamespaceName, Observed, PlacedHold, PlacedKind};
use plan::Fleet;
use release::access::{PLACING, Place};
use release::{Held, NewHold, OrderError, Part};

use super::{OperateError, Operation};
use crate::PublishError;
use crate::orders;
use crate::snapshot::Snapshot;

/// One place that a rule must cover, by a right for one of these kinds.
pub(super) struct Need {
    pub(super) kinds: &'static [Kind],
    pub(super) place: Place,
}

/// All that an order needs.
///
/// # Errors
/// It names what is not there.
pub(super) fn of(
    snapshot: &Snapshot,
    fleet: &Fleet,
    operation: &Operation,
) -> Result<Vec<Need>, OperateError> {
    Ok(match operation {
        Operation::Place(hold, _) => placed(fleet, hold)?,
        Operation::Lift(since) => {
            let released = snapshot.released.iter();
            let mut holds = released.flat_map(|released| &released.ledger.placed);
            let hold = holds.find(|hold| hold.since == *since);
            lifted(fleet, hold.ok_or(PublishError::Order(OrderError::NoSuchHold(*since)))?)
        }
        Operation::Confirm(plan) => {
            let held = snapshot.waits.as_ref().and_then(|waits| waits.held.as_ref());
            let held = held.filter(|held| held.plan == *plan);
            confirmed(fleet, held.ok_or(OperateError::NotWaiting)?)
        }
        Operation::OnCluster { cluster, .. } => whole_cluster(fleet, cluster),
    })
}

fn placed(fleet: &Fleet, hold: &NewHold) -> Result<Vec<Need>, PublishError> {
    let Some(text) = &hold.clusters else { return Ok(vec![everywhere()]) };
    let clusters = orders::select(fleet, text)?;
    Ok(scope(fleet, hold.kind, &clusters, &hold.applications))
}

/// Who may place a hold may end it, whoever placed it.
fn lifted(fleet: &Fleet, hold: &PlacedHold) -> Vec<Need> {
    let known = hold.clusters.as_deref();
    match (known, orders::clusters(fleet, known)) {
        (Some(_), Observed::Known(clusters)) => {
            scope(fleet, hold.kind, &clusters, &hold.applications)
        }
        _ => vec![everywhere()],
    }
}

/// Some clusters as a whole, or applications on them. Going back changes what they run, too.
fn scope(
    fleet: &Fleet,
    kind: PlacedKind,
    clusters: &ClusterSet,
    applications: &[ApplicationName],
) -> Vec<Need> {
    if kind == PlacedKind::Stop {
        return vec![everywhere()];
    }
    if !applications.is_empty() {
        let of_each = applications.iter().map(|name| cells(namespace_of(fleet, name), clusters));
        return of_each.collect();
    }
    let mut needs =
        vec![Need { kinds: &[Kind::Cluster], place: Place::Clusters(clusters.clone()) }];
    if kind == PlacedKind::Rollback {
        let of_each = fleet.namespaces.iter().filter_map(|namespace| {
            let mut there = namespace.clusters.clone();
            there.intersect(clusters);
            (!there.is_empty()).then(|| cells(Some(namespace.name.clone()), &there))
        });
        needs.extend(of_each);
    }
    needs
}

/// What waits, part by part.
fn confirmed(fleet: &Fleet, held: &Held) -> Vec<Need> {
    let mut parts: BTreeMap<&Part, ClusterSet> = BTreeMap::new();
    for item in &held.items {
        match fleet.cluster_id(item.name.as_str()) {
            Some(id) if item.part != Part::Cluster => {
                parts.entry(&item.part).or_default().insert(id);
            }
            // It left the fleet, and with it what would say whose it is.
            _ => return vec![everywhere()],
        }
    }
    let need = |(part, clusters): (&Part, ClusterSet)| match part {
        Part::Application(name) => cells(namespace_of(fleet, name), &clusters),
        Part::Namespace(name) => {
            let known = fleet.namespace_id(name.as_str()).map(|_| name.clone());
            cells(known, &clusters)
        }
        Part::Bootstrap | Part::Cluster => cells(None, &clusters),
    };
    parts.into_iter().map(need).collect()
}

/// A cluster with whatever is on it.
fn whole_cluster(fleet: &Fleet, name: &str) -> Vec<Need> {
    let Some(id) = fleet.cluster_id(name) else { return vec![everywhere()] };
    let one: ClusterSet = [id].into_iter().collect::<ClusterSet>();
    vec![Need { kinds: &[Kind::Cluster], place: Place::Clusters(one.clone()) }, cells(None, &one)]
}

fn namespace_of(fleet: &Fleet, name: &ApplicationName) -> Option<NamespaceName> {
    let id = fleet.application_id(name.as_str())?;
    let namespace = fleet.applications[id.0 as usize].namespace;
    Some(fleet.namespaces[namespace.0 as usize].name.clone())
}

fn cells(namespace: Option<NamespaceName>, clusters: &ClusterSet) -> Need {
    Need { kinds: PLACING, place: Place::Cells(namespace, clusters.clone()) }
}

fn everywhere() -> Need {
    Need { kinds: PLACING, place: Place::everywhere() }
}
