//! Steps of a small fleet, as `release` would hand them over.

use std::sync::Arc;

use git::Objects;
use jiff::Timestamp;
use model::{
    ApplicationId, ApplicationName, ClusterName, ClusterUid, Digest, Entry, FleetUid, Fragment,
    Generation, Layout, Ledger, LedgerCell, LedgerCluster, Mode, NamespaceName, ObjectId, Parts,
    Sink, Step, Trailer, sha256,
};

/// Who makes the steps.
pub(crate) const AUTHOR: &str = "Anna Ops <anna@example.com>";

/// The fleet that every test has.
pub(crate) const FLEET: FleetUid = FleetUid([0xab; 16]);

/// A cluster of a test: its name, and each application with the text of its one file.
pub(crate) type TestCluster<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// The time of a step.
pub(crate) fn time(generation: Generation) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + i64::from(generation.0) * 60).unwrap()
}

fn source(generation: Generation) -> Digest {
    sha256(format!("source {generation}").as_bytes())
}

/// An application's folder in the layout `manifests`: a ConfigMap.
pub(crate) fn application_tree(objects: &Objects, name: &str, text: &str) -> ObjectId {
    let file = objects.blob(text.as_bytes());
    let namespace = objects.tree(&[Entry::new("configmap-text.yaml", Mode::File, file)]);
    objects.tree(&[Entry::new(name, Mode::Tree, namespace)])
}

/// The step after `last` that makes the fleet these clusters. A cluster keeps its uid while its
/// name stays; use [`rename`] to carry it over.
pub(crate) fn step(objects: &Objects, last: Option<&Ledger>, clusters: &[TestCluster<'_>]) -> Step {
    let generation = last.map_or(Generation(1), |ledger| ledger.generation.next());
    let mut names: Vec<&str> = clusters.iter().flat_map(|c| c.1.iter().map(|a| a.0)).collect();
    names.sort_unstable();
    names.dedup();
    let mut ledger = Ledger {
        fleet: FLEET,
        engine: 1,
        generation,
        source: source(generation),
        source_commit: None,
        layout: Layout::Manifests,
        applications: names.iter().map(|name| ApplicationName::parse(name).unwrap()).collect(),
        clusters: Vec::new(),
        holds: Vec::new(),
        placed: Vec::new(),
        approvals: Vec::new(),
        deletions: Vec::new(),
    };
    let mut changed = Vec::new();
    for cluster in clusters {
        let old = last.and_then(|ledger| ledger.cluster(cluster.0));
        let new = released(objects, &ledger, &names, *cluster, last.zip(old));
        if old.is_none_or(|old| {
            last.map(|last| last.whole_parts(old)) != Some(ledger.whole_parts(&new))
        }) {
            changed.push(new.uid);
        }
        ledger.clusters.push(Arc::new(new));
    }
    ledger.clusters.sort_by_key(|cluster| cluster.uid);
    changed.sort_unstable();
    finish(ledger, changed)
}

fn finish(ledger: Ledger, changed: Vec<ClusterUid>) -> Step {
    let generation = ledger.generation;
    let trailers = vec![
        Trailer { key: "Source", value: ledger.source.to_string() },
        Trailer { key: "Generation", value: generation.to_string() },
        Trailer { key: "Plan-Digest", value: Digest([3; 32]).to_string() },
    ];
    let subject = format!("release generation {generation}");
    Step { ledger, changed, subject, trailers, at: time(generation) }
}

fn released(
    objects: &Objects,
    ledger: &Ledger,
    names: &[&str],
    (name, applications): TestCluster<'_>,
    old: Option<(&Ledger, &LedgerCluster)>,
) -> LedgerCluster {
    let generation = ledger.generation;
    let mut cells: Vec<LedgerCell> = applications
        .iter()
        .map(|(application, text)| {
            let tree = application_tree(objects, application, text);
            let fragment = Fragment { tree, listener: None };
            let before = old.and_then(|(last, cluster)| {
                let cell =
                    |cell: &LedgerCell| last.application(cell.application).as_str() == *application;
                cluster.cells.iter().find(cell).filter(|cell| cell.fragment == fragment)
            });
            let released = before.map_or(generation, |cell| cell.released);
            let application = names.binary_search(application).unwrap();
            LedgerCell {
                application: ApplicationId(application as u32),
                fragment,
                released,
                stale: None,
            }
        })
        .collect();
    cells.sort_by_key(|cell| cell.application);
    let namespace = objects.blob(b"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: pets\n");
    let namespaces = if applications.is_empty() {
        Vec::new()
    } else {
        vec![(NamespaceName::parse("pets").unwrap(), namespace)]
    };
    let old = old.map(|(_, old)| old);
    let name = ClusterName::parse(name).unwrap();
    LedgerCluster {
        uid: old.map_or(ClusterUid::derived(FLEET, name.as_str(), generation), |old| old.uid),
        first_name: old.map_or(&name, |old| &old.first_name).clone(),
        since: old.map_or(generation, |old| old.since),
        changed: old.map_or(generation, |old| old.changed),
        tree: old.map_or(ObjectId([0; 20]), |old| old.tree),
        parts: Parts { namespaces: namespaces.into(), ..Parts::default() },
        cells: cells.into_iter().collect(),
        name,
    }
}

/// The next step, in which one cluster gets another name and nothing else changes.
pub(crate) fn rename(last: &Ledger, from: &str, to: &str) -> Step {
    let mut ledger = next(last);
    let cluster = ledger.clusters.iter_mut().find(|c| c.name.as_str() == from).unwrap();
    Arc::make_mut(cluster).name = ClusterName::parse(to).unwrap();
    finish(ledger, Vec::new())
}

/// The next step with nothing changed yet.
pub(crate) fn next(last: &Ledger) -> Ledger {
    let mut ledger = last.clone();
    ledger.generation = last.generation.next();
    ledger.source = source(ledger.generation);
    ledger
}

/// A step of a ledger that was changed by hand.
pub(crate) fn step_of(ledger: Ledger) -> Step {
    finish(ledger, Vec::new())
}

/// Appends a step to what the repository holds.
pub(crate) fn publish(repository: &git::Repository, clusters: &[TestCluster<'_>]) -> Ledger {
    let objects = Objects::new(repository);
    let last = git::read_ledger(repository).unwrap();
    let step = step(&objects, last.as_ref().map(|(_, ledger)| ledger), clusters);
    let before = last.as_ref().map(|(commit, ledger)| (*commit, ledger));
    git::append(&objects, before, step, AUTHOR).unwrap().1
}

/// Appends a step made from the ledger's present state.
pub(crate) fn publish_step(
    repository: &git::Repository,
    step: impl FnOnce(&Ledger) -> Step,
) -> Ledger {
    let (commit, ledger) = git::read_ledger(repository).unwrap().unwrap();
    let objects = Objects::new(repository);
    git::append(&objects, Some((commit, &ledger)), step(&ledger), AUTHOR).unwrap().1
}
