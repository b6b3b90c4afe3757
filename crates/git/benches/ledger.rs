//! How long it takes to append a step to the ledger of 30,000 clusters with 100 applications
//! each, and to read it.
//!
//! `cargo bench -p res-edge-git`. A step is durable when it is appended, so the disk is measured
//! too. The bound for reading is 2 s.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use git::{Objects, Repository, append, read_ledger};
use jiff::Timestamp;
use model::{
    ApplicationId, ApplicationName, Cells, ClusterName, ClusterUid, CommitId, Digest, Entry,
    FleetUid, Fragment, Generation, Layout, Ledger, LedgerCell, LedgerCluster, Mode, NamespaceName,
    ObjectId, Parts, Sink as _, Step,
};
use tempfile::TempDir;

const N_CLUSTERS: usize = 30_000;
const N_APPLICATIONS: u32 = 100;

/// How many trees applications have; which of them a cell has differs from cluster to cluster.
const N_TREES: usize = 10_007;

const AUTHOR: &str = "Anna Ops <anna@example.com>";

fn repository() -> (TempDir, Repository) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.git");
    git::init_bare(&path).expect("a repository can be made");
    let repository = Repository::open(&path).expect("it can be opened");
    (folder, repository)
}

fn trees(objects: &Objects) -> Vec<ObjectId> {
    let tree = |number: usize| {
        let file = objects.blob(format!("{number}").as_bytes());
        objects.tree(&[Entry::new("file", Mode::File, file)])
    };
    (0..N_TREES).map(tree).collect()
}

fn cells(trees: &[ObjectId], ids: &Arc<[ApplicationId]>, number: usize) -> Cells {
    let cell = |id: &ApplicationId| {
        let tree = trees[(number * 131 + id.0 as usize * 17) % N_TREES];
        let (fragment, released) = (Fragment { tree, listener: None }, Generation(1));
        LedgerCell { application: *id, fragment, released, stale: None }
    };
    Cells::of(ids.clone(), &ids.iter().map(cell).collect::<Vec<_>>())
}

fn ledger(objects: &Objects) -> Ledger {
    let (trees, fleet) = (trees(objects), FleetUid([1; 16]));
    let ids: Arc<[ApplicationId]> = (0..N_APPLICATIONS).map(ApplicationId).collect();
    let namespace = |number: u8| {
        let name = NamespaceName::parse(&format!("n{number}")).expect("it is a name");
        (name, objects.blob(&[number]))
    };
    let parts = Parts { namespaces: (0..10).map(namespace).collect(), ..Parts::default() };
    let cluster = |number: usize| {
        let name = ClusterName::parse(&format!("store-{number:05}")).expect("it is a name");
        Arc::new(LedgerCluster {
            uid: ClusterUid::derived(fleet, name.as_str(), Generation(1)),
            first_name: name.clone(),
            name,
            since: Generation(1),
            changed: Generation(1),
            tree: ObjectId([0; 20]),
            parts: parts.clone(),
            cells: cells(&trees, &ids, number),
        })
    };
    let mut clusters: Vec<_> = (0..N_CLUSTERS).map(cluster).collect();
    clusters.sort_by_key(|cluster| cluster.uid);
    let name = |number| ApplicationName::parse(&format!("a{number:03}")).expect("it is a name");
    Ledger {
        fleet,
        engine: 1,
        generation: Generation(1),
        source: Digest([9; 32]),
        source_commit: Some(CommitId([8; 20])),
        layout: Layout::Manifests,
        applications: (0..N_APPLICATIONS).map(name).collect(),
        clusters,
        holds: Vec::new(),
        placed: Vec::new(),
        approvals: Vec::new(),
        deletions: Vec::new(),
    }
}

fn step(ledger: Ledger, changed: Vec<ClusterUid>) -> Step {
    let at = Timestamp::UNIX_EPOCH;
    Step { ledger, changed, subject: "release".to_owned(), trailers: Vec::new(), at }
}

fn first(ledger: &Ledger) -> Step {
    step(ledger.clone(), ledger.clusters.iter().map(|cluster| cluster.uid).collect())
}

/// A step in which one application of one cluster gets the tree of another.
fn next(ledger: &Ledger) -> Step {
    let mut next = ledger.clone();
    next.generation = next.generation.next();
    let index = next.generation.0 as usize * 7919 % N_CLUSTERS;
    let cluster = Arc::make_mut(&mut next.clusters[index]);
    let mut cells: Vec<LedgerCell> = cluster.cells.iter().collect();
    cells[50].fragment = cells[51 + next.generation.0 as usize % 40].fragment;
    cells[50].released = next.generation;
    cluster.cells = Cells::of(cluster.cells.applications().clone(), &cells);
    let uid = cluster.uid;
    step(next, vec![uid])
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger of 30,000 x 100");
    group.sample_size(10);
    let (_folder, source) = repository();
    let objects = Objects::new(&source);
    let whole = ledger(&objects);
    let mut tip = append(&objects, None, first(&whole), AUTHOR).expect("it is appended");
    drop(objects);
    group.bench_function("append a first step", |bencher| {
        let fresh = || {
            let (folder, repository) = repository();
            let objects = Objects::new(&repository);
            trees(&objects);
            for number in 0..10 {
                let _ = objects.blob(&[number]);
            }
            (folder, objects, first(&whole))
        };
        let write = |(folder, objects, step): (TempDir, Objects, Step)| {
            (folder, append(&objects, None, step, AUTHOR).expect("it is appended"))
        };
        bencher.iter_batched(fresh, write, BatchSize::PerIteration);
    });
    drop(whole);
    group.bench_function("read", |bencher| {
        bencher.iter(|| read_ledger(black_box(&source)).expect("it is read"));
    });
    group.sample_size(50);
    group.bench_function("append one cell", |bencher| {
        bencher.iter(|| {
            let (commit, ledger) = &tip;
            let objects = Objects::new(&source);
            tip = append(&objects, Some((*commit, ledger)), next(ledger), AUTHOR)
                .expect("it is appended");
        });
    });
    group.finish();
}

criterion_group!(steps, benches);
criterion_main!(steps);
