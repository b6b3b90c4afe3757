//! What is delivered to one cluster: packs of what it lacks, and what may go.

use std::collections::BTreeSet;

use git::{Given, Objects, StatementEdit, statements, tree_pack, write_statements};
use model::{Generation, Layout, ObjectKey, Trailer};

use crate::fleet::{TestCluster, publish, publish_step, step, time};
use crate::support::Temporary;

const BEFORE: &[TestCluster<'_>] = &[("one", &[("api", "b"), ("old", "c"), ("web", "a")])];
const AFTER: &[TestCluster<'_>] = &[("one", &[("api", "b"), ("web", "d")])];

/// Gives a pack to stock Git, and answers how many objects it holds.
fn index(temporary: &Temporary, pack: &[u8]) -> u32 {
    let path = temporary.path().join("new.pack");
    std::fs::write(&path, pack).unwrap();
    temporary.git(&["index-pack", "--strict", "new.pack"]);
    let name = format!("objects/pack/pack-{}", temporary.git(&["hash-object", "new.pack"]));
    for end in ["pack", "idx"] {
        let to = temporary.path().join(format!("{name}.{end}"));
        std::fs::copy(temporary.path().join(format!("new.{end}")), to).unwrap();
    }
    u32::from_be_bytes(*pack[8..].first_chunk().unwrap())
}

#[test]
fn a_pack_brings_what_is_lacking_and_stock_git_takes_it() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let before = publish(&repository, BEFORE).cluster("one").unwrap().tree;
    let after = publish(&repository, AFTER).cluster("one").unwrap().tree;
    let client = Temporary::bare();
    let all = index(&client, &tree_pack(&repository, before, None, 1 << 20).unwrap());
    assert_eq!(
        client.git(&["ls-tree", "-r", &before.to_string()]),
        temporary.git(&["ls-tree", "-r", &before.to_string()])
    );
    let few = index(&client, &tree_pack(&repository, after, Some(before), 1 << 20).unwrap());
    assert_eq!(few, 4, "the root, two folders and a file of {all}");
    client.git(&["rev-list", "--objects", "--no-object-names", &format!("{after}")]);
    client.git(&["fsck", "--strict", "--no-dangling"]);
    assert!(tree_pack(&repository, after, Some(after), 0).unwrap().is_empty());
    let large = tree_pack(&repository, after, None, 10).unwrap_err().to_string();
    assert!(large.ends_with("brings more than 10 bytes"), "{large}");
}

fn config_map(name: &str) -> ObjectKey {
    ObjectKey {
        group: String::new(),
        kind: "ConfigMap".to_owned(),
        namespace: Some(name.to_owned()),
        name: "text".to_owned(),
    }
}

#[test]
fn what_a_person_confirmed_may_go_until_it_comes_back() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let uid = publish(&repository, BEFORE).cluster("one").unwrap().uid;
    let given = |since, before: BTreeSet<ObjectKey>| {
        let given = Given::open(&repository).unwrap().unwrap();
        given.allowances(Layout::Manifests, uid, Generation(since), before).unwrap()
    };
    publish(&repository, AFTER);
    assert!(given(0, BTreeSet::new()).is_empty(), "nobody confirmed it");
    publish(&repository, BEFORE);
    // What the repository holds by now needs not be put again.
    let confirmed = publish_step(&repository, |last| {
        let mut step = step(&Objects::new(&repository), Some(last), AFTER);
        let by = "Anna Ops <anna@example.com>".to_owned();
        step.trailers.push(Trailer { key: "Approved-by", value: by });
        step
    });
    let old = BTreeSet::from([config_map("old")]);
    assert_eq!(given(0, BTreeSet::new()), old);
    assert_eq!(given(3, BTreeSet::new()), old, "from where it was known");
    let open = Given::open(&repository).unwrap().unwrap();
    assert!(open.confirmed_since(Generation(3)).unwrap());
    assert!(!open.confirmed_since(confirmed.generation).unwrap());
    let tree = confirmed.cluster("one").unwrap().tree;
    assert!(open.gave(uid, tree).unwrap());
    assert!(!open.gave(uid, model::ObjectId([7; 20])).unwrap());
    // What came back does not go again by the same word.
    publish(&repository, BEFORE);
    publish(&repository, AFTER);
    assert!(given(0, BTreeSet::new()).is_empty());
    assert!(given(confirmed.generation.0, old).is_empty());
}

#[test]
fn statements_stand_beside_the_branches_and_go_with_their_clusters() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let at = time(Generation(1));
    let edit = |cluster, from, text: &'static [u8]| StatementEdit {
        cluster,
        from,
        to: Some((text, "signed", at)),
    };
    let written =
        write_statements(&repository, &[edit("one", None, b"1"), edit("two", None, b"2")]);
    let written = written.unwrap();
    assert_eq!(temporary.git(&["show", "refs/releases/two:statement.json"]), "2");
    let stored = statements(&repository).unwrap();
    let names: Vec<&str> = stored.iter().map(|one| one.cluster.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(stored[0].signed, Some((b"1".to_vec(), "signed".to_owned())));
    // The same again is the same commit; one that was moved meanwhile is not written over.
    assert_eq!(
        write_statements(&repository, &[edit("one", written[0], b"1")]).unwrap(),
        written[..1]
    );
    assert!(write_statements(&repository, &[edit("one", written[1], b"3")]).is_err());
    let gone = StatementEdit { cluster: "one", from: written[0], to: None };
    write_statements(&repository, &[gone]).unwrap();
    assert_eq!(statements(&repository).unwrap().len(), 1);
    // What is no statement is told, and no reason to stop.
    temporary.commit_files("main", &[("a", "b")]);
    temporary.git(&["update-ref", "refs/releases/three", "main"]);
    let stored = statements(&repository).unwrap();
    assert_eq!((stored[0].cluster.as_str(), &stored[0].signed), ("three", &None));
}
