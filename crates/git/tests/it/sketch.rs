//! Small ledgers of any shape.

use std::sync::Arc;

use git::Objects;
use jiff::Timestamp;
use model::{
    ApplicationId, ApplicationName, Approval, ClusterName, ClusterUid, CommitId, Deletions, Digest,
    Entry, Fragment, Generation, Hold, HoldKind, Layout, Ledger, LedgerCell, LedgerCluster, Mode,
    NamespaceName, ObjectId, Parts, PlacedHold, PlacedKind, Sink,
};
use proptest::prelude::*;

use crate::fleet::FLEET;

fn object() -> impl Strategy<Value = u8> {
    0..20_u8
}

/// A ledger whose objects are named by small numbers; [`real`] makes them.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    flux: bool,
    clusters: Vec<SketchCluster>,
    holds: Vec<(u8, u8)>,
    approvals: Vec<(u8, String)>,
    deletions: Vec<(u32, i64, u32)>,
}

/// The content, the step that released it, and since which one it is stale.
type SketchCell = (u8, u32, Option<u32>);

#[derive(Clone, Debug)]
struct SketchCluster {
    cells: Vec<Option<SketchCell>>,
    namespaces: Vec<(u8, u8)>,
    bootstrap: Vec<u8>,
}

fn cluster() -> impl Strategy<Value = SketchCluster> {
    let cell = prop::option::of((object(), 1..4_u32, prop::option::of(1..4_u32)));
    let cells = prop::collection::vec(cell, 4);
    let namespaces = prop::collection::vec((0..5_u8, object()), 0..3);
    let bootstrap = prop::collection::vec(object(), 0..3);
    (cells, namespaces, bootstrap).prop_map(|(cells, namespaces, bootstrap)| SketchCluster {
        cells,
        namespaces,
        bootstrap,
    })
}

/// Any small ledger.
pub(crate) fn sketch() -> impl Strategy<Value = Sketch> {
    (
        any::<bool>(),
        prop::collection::vec(cluster(), 0..12),
        prop::collection::vec((any::<u8>(), object()), 0..3),
        prop::collection::vec((any::<u8>(), "\\PC{1,20}|[\\x00-\\x1f\"\\\\:# ]{1,9}"), 0..3),
        prop::collection::vec((1..9_u32, 0..1_000_000_i64, any::<u32>()), 0..3),
    )
        .prop_map(|(flux, clusters, holds, approvals, deletions)| Sketch {
            flux,
            clusters,
            holds,
            approvals,
            deletions,
        })
}

/// Small ledgers one after the other, of which most clusters stay as they were.
pub(crate) fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let stays = prop::collection::vec(prop::bool::weighted(0.8), 12);
    let layout = prop::bool::weighted(0.1);
    prop::collection::vec((sketch(), stays, layout), 1..5).prop_map(|drawn| {
        let mut sketches: Vec<Sketch> = Vec::new();
        for (mut sketch, stays, other_layout) in drawn {
            if let Some(last) = sketches.last() {
                sketch.flux = last.flux != other_layout;
                let pairs = sketch.clusters.iter_mut().zip(&last.clusters).zip(stays);
                for ((new, old), _) in pairs.filter(|(_, stays)| *stays) {
                    new.clone_from(old);
                }
            }
            sketches.push(sketch);
        }
        sketches
    })
}

/// The ledger that a sketch is of, with its objects.
pub(crate) fn real(objects: &Objects, sketch: &Sketch) -> Ledger {
    let names = ["api", "api-2", "no", "web"];
    let mut clusters: Vec<_> = sketch
        .clusters
        .iter()
        .enumerate()
        .map(|(index, cluster)| real_cluster(objects, sketch.flux, index, cluster))
        .collect();
    clusters.sort_by_key(|cluster| cluster.uid);
    let applications = leave_out_unused(&mut clusters, &names);
    let clusters: Vec<_> = clusters.into_iter().map(Arc::new).collect();
    Ledger {
        fleet: FLEET,
        engine: 1,
        generation: Generation(1),
        source: Digest([9; 32]),
        source_commit: Some(CommitId([8; 20])),
        layout: if sketch.flux { Layout::Flux } else { Layout::Manifests },
        applications,
        holds: holds(objects, sketch, &clusters),
        placed: placed(sketch),
        approvals: approvals(sketch),
        deletions: sketch.deletions.iter().map(deletions).collect(),
        clusters,
    }
}

/// The names of applications that some cluster runs, and cells that are numbered by them.
fn leave_out_unused(clusters: &mut [LedgerCluster], names: &[&str]) -> Vec<ApplicationName> {
    let mut used: Vec<ApplicationId> =
        clusters.iter().flat_map(|c| c.cells.iter().map(|cell| cell.application)).collect();
    used.sort_unstable();
    used.dedup();
    for cluster in clusters {
        let number = |id: ApplicationId| ApplicationId(used.binary_search(&id).unwrap() as u32);
        let cell = |cell: LedgerCell| LedgerCell { application: number(cell.application), ..cell };
        cluster.cells = cluster.cells.iter().map(cell).collect();
    }
    used.iter().map(|id| ApplicationName::parse(names[id.0 as usize]).unwrap()).collect()
}

fn file(objects: &Objects, number: u8) -> ObjectId {
    objects.blob(&[number])
}

fn folder(objects: &Objects, number: u8) -> ObjectId {
    objects.tree(&[Entry::new("f", Mode::File, file(objects, number))])
}

fn real_cluster(
    objects: &Objects,
    flux: bool,
    index: usize,
    sketch: &SketchCluster,
) -> LedgerCluster {
    let mut namespaces: Vec<_> = sketch
        .namespaces
        .iter()
        .map(|(name, number)| {
            (NamespaceName::parse(&format!("n{name}")).unwrap(), file(objects, *number))
        })
        .collect();
    namespaces.sort();
    namespaces.dedup_by(|a, b| a.0 == b.0);
    let mut bootstrap: Vec<_> = sketch
        .bootstrap
        .iter()
        .filter(|_| flux)
        .map(|number| Entry::new(&format!("b{number}"), Mode::File, file(objects, *number)))
        .collect();
    bootstrap.sort_by(|a, b| a.name.cmp(&b.name));
    bootstrap.dedup();
    let name = ClusterName::parse(&format!("{index}")).unwrap();
    LedgerCluster {
        uid: ClusterUid::derived(FLEET, name.as_str(), Generation(1)),
        first_name: name.clone(),
        since: Generation(1),
        changed: Generation(1),
        tree: ObjectId([0; 20]),
        parts: Parts {
            namespaces_listener: (flux && !namespaces.is_empty()).then(|| file(objects, 1)),
            namespaces: namespaces.into(),
            bootstrap: bootstrap.into(),
            applications: Vec::new(),
        },
        cells: cells(objects, flux, &sketch.cells).into_iter().collect(),
        name,
    }
}

fn cells(objects: &Objects, flux: bool, sketch: &[Option<SketchCell>]) -> Vec<LedgerCell> {
    let cell = |(index, cell): (usize, &Option<SketchCell>)| {
        let (number, released, stale) = (*cell)?;
        let listener = flux.then(|| file(objects, number));
        Some(LedgerCell {
            application: ApplicationId(index as u32),
            fragment: Fragment { tree: folder(objects, number), listener },
            released: Generation(released),
            stale: stale.map(Generation),
        })
    };
    sketch.iter().enumerate().filter_map(cell).collect()
}

fn holds(objects: &Objects, sketch: &Sketch, clusters: &[Arc<LedgerCluster>]) -> Vec<Hold> {
    if clusters.is_empty() {
        return Vec::new();
    }
    let hold = |(index, number): &(u8, u8)| Hold {
        cluster: clusters[*index as usize % clusters.len()].uid,
        kind: HoldKind::Foreign,
        tree: folder(objects, *number),
        since: Generation(1),
    };
    let mut holds: Vec<_> = sketch.holds.iter().map(hold).collect();
    holds.sort_by_key(|hold| hold.cluster);
    holds.dedup_by_key(|hold| hold.cluster);
    holds
}

fn approvals(sketch: &Sketch) -> Vec<Approval> {
    let approval = |(number, by): &(u8, String)| Approval {
        plan: Digest([*number; 32]),
        by: by.clone(),
        generation: Generation(1),
    };
    let mut approvals: Vec<_> = sketch.approvals.iter().map(approval).collect();
    approvals.sort_by_key(|approval| approval.plan);
    approvals.dedup_by_key(|approval| approval.plan);
    approvals
}

fn deletions((generation, at, n_bindings): &(u32, i64, u32)) -> Deletions {
    let at = jiff::Timestamp::from_millisecond(*at).unwrap();
    Deletions { generation: Generation(*generation), at, n_bindings: *n_bindings }
}

/// As many holds of persons as there are of clusters, each with other fields left out.
fn placed(sketch: &Sketch) -> Vec<PlacedHold> {
    let name = |name: &str| ApplicationName::parse(name).unwrap();
    let hold = |index: usize| PlacedHold {
        since: Generation(index as u32 + 1),
        kind: [PlacedKind::Hold, PlacedKind::Rollback, PlacedKind::Stop][index % 3],
        clusters: index.is_multiple_of(2).then(|| "/m/ring/\"be ta\" and not /c/a".to_owned()),
        applications: if index.is_multiple_of(3) {
            vec![name("api"), name("web")]
        } else {
            Vec::new()
        },
        reason: "it: \"fails\" # there".to_owned(),
        by: "anna <anna@example.com>".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        until: (!index.is_multiple_of(2)).then_some(Timestamp::UNIX_EPOCH),
    };
    (0..sketch.holds.len()).map(hold).collect()
}
