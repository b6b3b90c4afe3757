//! How long it takes to compare and decide for 30,000 clusters with 100 applications each.
//!
//! `cargo bench -p res-edge-release`. The bound for one changed cluster, compared, decided and
//! appended in a running process, is 2 ms; for a first step of everything it is 3 s.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use model::{
    ApplicationId, ApplicationName, Cell, ClusterName, Delivery, FleetUid, Fragment, Layout,
    Ledger, NamespaceId, NamespaceName, ObjectChange, ObjectId, Observed, Origin, Rendered,
    RenderedCluster, Step, sha256,
};
use release::{Comparison, Decision, Difference, World, compare, decide};

const N_CLUSTERS: usize = 30_000;
const N_APPLICATIONS: u32 = 100;

/// A tree that no other cell has.
fn tree(cluster: usize, application: u32, version: u8) -> ObjectId {
    let mut id = [version; 20];
    id[..8].copy_from_slice(&(cluster as u64).to_le_bytes());
    id[8..12].copy_from_slice(&application.to_le_bytes());
    ObjectId(id)
}

fn cluster(number: usize, version: impl Fn(u32) -> u8) -> Arc<RenderedCluster> {
    let cell = |application| {
        let tree = tree(number, application, version(application));
        (ApplicationId(application), Cell::Tree(Fragment { tree, listener: None }))
    };
    Arc::new(RenderedCluster {
        name: ClusterName::parse(&format!("store-{number:05}")).expect("it is a name"),
        former_name: None,
        cells: (0..N_APPLICATIONS).map(cell).collect(),
        namespaces: (0..10).map(NamespaceId).collect(),
        bootstrap: Ok(Vec::new()),
        namespaces_listener: None,
    })
}

fn rendered() -> Rendered {
    let application =
        |number| (ApplicationName::parse(&format!("a{number:03}")).expect("it is a name"), None);
    let namespace = |number: u8| {
        let name = NamespaceName::parse(&format!("n{number}")).expect("it is a name");
        (name, ObjectId([number; 20]))
    };
    Rendered {
        fleet: FleetUid([1; 16]),
        engine: 1,
        source: sha256(b"source"),
        origin: Origin::Folder,
        layout: Layout::Manifests,
        delivery: Delivery::Branches,
        deletion_budget_ppm: 10_000,
        applications: (0..N_APPLICATIONS).map(application).collect(),
        namespaces: (0..10).map(namespace).collect(),
        clusters: (0..N_CLUSTERS).map(|number| cluster(number, |_| 1)).collect(),
        empty_expressions: Vec::new(),
        diagnostics: Vec::new(),
    }
}

fn step(ledger: Option<&Ledger>, rendered: &Rendered, difference: &Difference) -> Step {
    let unmoved = |transition| (transition, Observed::Known(ObjectChange::default()));
    let object_changes: HashMap<_, _> = difference.transitions().into_iter().map(unmoved).collect();
    let world = World {
        object_changes,
        foreign: Vec::new(),
        descends: Observed::Known(true),
        confirm: None,
        by: "anna".to_owned(),
        all_or_nothing: false,
        placed: Vec::new(),
    };
    match decide(ledger, rendered, difference, &world, Timestamp::UNIX_EPOCH) {
        Decision::Decided(decided) => decided.step.expect("something changes"),
        Decision::Refused(refusal) => panic!("{refusal}"),
    }
}

/// A fleet in which renders follow each other.
struct Fleet {
    comparison: Comparison,
    ledger: Ledger,
    renders: [Rendered; 2],
    n_steps: usize,
}

impl Fleet {
    /// The second render of a fleet differs from the first in some clusters.
    fn new(first: &Rendered, change: impl FnOnce(&mut Rendered)) -> Self {
        let ledger = step(None, first, &compare(None, first)).ledger;
        let mut comparison = Comparison::default();
        comparison.update(Some(&ledger), first);
        let mut second = first.clone();
        change(&mut second);
        Self { comparison, ledger, renders: [second, first.clone()], n_steps: 0 }
    }

    /// Releases the other render.
    fn go_on(&mut self) {
        let render = &self.renders[self.n_steps % 2];
        let difference = self.comparison.update(Some(&self.ledger), render);
        self.ledger = step(Some(&self.ledger), render, difference).ledger;
        self.n_steps += 1;
    }
}

fn benches(criterion: &mut Criterion) {
    let first = rendered();
    let mut group = criterion.benchmark_group("compare and decide");
    group.sample_size(10);
    group.bench_function("a first step of 30,000 x 100", |bencher| {
        bencher.iter(|| step(None, black_box(&first), &compare(None, &first)));
    });
    let mut everywhere = Fleet::new(&first, |render| {
        for (number, one) in render.clusters.iter_mut().enumerate() {
            *one = cluster(number, |application| 1 + u8::from(application == 50));
        }
    });
    group.bench_function("one application on all clusters", |bencher| {
        bencher.iter(|| everywhere.go_on());
    });
    drop(everywhere);
    let mut one = Fleet::new(&first, |render| {
        render.clusters[17_000] = cluster(17_000, |application| 1 + u8::from(application == 50));
    });
    group.sample_size(100);
    group.bench_function("one application on one cluster", |bencher| {
        bencher.iter(|| one.go_on());
    });
    group.bench_function("nothing, without memory", |bencher| {
        bencher.iter(|| compare(Some(black_box(&one.ledger)), &first));
    });
    group.finish();
}

criterion_group!(steps, benches);
criterion_main!(steps);
