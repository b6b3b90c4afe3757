//! Steps that write only what they change.

use std::sync::Arc;

use git::{Objects, Repository, append, read_ledger};
use model::{ClusterUid, CommitId, Generation, Ledger, LedgerCluster, Step};
use proptest::prelude::*;

use crate::fleet::{AUTHOR, publish, time};
use crate::sketch::{Sketch, real, sketches};
use crate::support::Temporary;

/// A repository, and the tip of its ledger.
struct Chain {
    temporary: Temporary,
    repository: Repository,
    tip: Option<(CommitId, Ledger)>,
}

impl Chain {
    fn new() -> Self {
        let temporary = Temporary::bare();
        Self { repository: temporary.open(), temporary, tip: None }
    }

    /// Appends what a sketch is of, made into the next step by `next`.
    fn append(&mut self, sketch: &Sketch, next: impl Fn(Option<&Ledger>, &mut Ledger) -> Changed) {
        let objects = Objects::new(&self.repository);
        let mut ledger = real(&objects, sketch);
        let before = self.tip.as_ref().map(|(commit, ledger)| (*commit, ledger));
        let last = before.map(|(_, ledger)| ledger);
        ledger.generation = last.map_or(Generation(1), |last| last.generation.next());
        for cluster in &mut ledger.clusters {
            let cluster = Arc::make_mut(cluster);
            if let Some(old) = last.and_then(|last| last.cluster_by_uid(cluster.uid)) {
                (cluster.tree, cluster.changed) = (old.tree, old.changed);
            }
        }
        let changed = next(last, &mut ledger);
        let at = time(ledger.generation);
        let step = Step { ledger, changed, subject: "x".to_owned(), trailers: Vec::new(), at };
        self.tip = Some(append(&objects, before, step, AUTHOR).unwrap());
    }
}

type Changed = Vec<ClusterUid>;

/// Shares what is equal with the ledger before, and names what has other parts.
fn share(last: Option<&Ledger>, ledger: &mut Ledger) -> Changed {
    let mut changed = Vec::new();
    let whole = |ledger: &Ledger, cluster: &LedgerCluster| ledger.whole_parts(cluster);
    for index in 0..ledger.clusters.len() {
        let old = last.and_then(|last| Some((last, last.position(ledger.clusters[index].uid)?)));
        let Some((last, position)) = old else {
            changed.push(ledger.clusters[index].uid);
            continue;
        };
        let (old, new) = (&last.clusters[position], &ledger.clusters[index]);
        if last.layout != ledger.layout || whole(last, old) != whole(ledger, new) {
            changed.push(new.uid);
        } else if last.applications == ledger.applications && old == new {
            ledger.clusters[index] = Arc::clone(old);
        }
    }
    changed
}

/// Shares nothing, and puts every tree together.
fn renew(_: Option<&Ledger>, ledger: &mut Ledger) -> Changed {
    ledger.clusters.iter().map(|cluster| cluster.uid).collect()
}

proptest! {
    #![proptest_config(testkit::cases(16))]

    #[test]
    fn a_step_is_what_writing_everything_anew_gives(
        sketches in sketches(),
    ) {
        let (mut shared, mut whole) = (Chain::new(), Chain::new());
        for sketch in &sketches {
            shared.append(sketch, share);
            whole.append(sketch, renew);
            prop_assert_eq!(&shared.tip, &whole.tip);
        }
        prop_assert_eq!(&read_ledger(&shared.repository).unwrap(), &shared.tip);
        shared.temporary.check();
    }
}

#[test]
fn a_step_keeps_the_folders_of_others() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")]), ("two", &[("web", "a")])]);
    publish(&repository, &[("one", &[("web", "a")]), ("two", &[("web", "b")])]);
    publish(&repository, &[("two", &[("web", "b")])]);
    let names = |range: &str| {
        let changed = temporary.git(&["diff", "--name-only", range, "--", "clusters"]);
        let clusters = changed.lines().filter_map(|path| path.split('/').nth(2).map(str::to_owned));
        let mut clusters: Vec<String> = clusters.collect();
        clusters.dedup();
        clusters
    };
    let ledger = read_ledger(&repository).unwrap().unwrap().1;
    let two = ledger.cluster("two").unwrap().uid.to_string();
    assert_eq!(names("res-edge/ledger~2..res-edge/ledger~1"), [two]);
    assert_eq!(names("res-edge/ledger~1..res-edge/ledger").len(), 1);
    let revisions =
        temporary.git(&["ls-tree", "-r", "--name-only", "res-edge/ledger", "revisions"]);
    assert_eq!(revisions, "revisions/0/1.yaml\nrevisions/0/2.yaml\nrevisions/0/3.yaml");
}
