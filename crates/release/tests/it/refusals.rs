//! What is refused as a whole.

use insta::assert_snapshot;

use crate::script::run;

#[test]
fn another_fleet() {
    assert_snapshot!(run("cluster a: web=1\n==\nfleet other\ncluster a: web=1\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    refused: the ledger belongs to the fleet `37ce72ba0d8f9a56e9fdbc3f00a26cc7`, the source is of `258b7143f39c011487d6b60cc2638867`
      check that the source and the ledger are of one fleet; `metadata.uid` in `fleet.yaml` names it
    ");
}

#[test]
fn another_engine() {
    assert_snapshot!(run("cluster a: web=1\n==\nengine 2\ncluster a: web=1\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    refused: the ledger was rendered by engine 1, the source asks for 2
      set `spec.engine` in `fleet.yaml` back to the ledger's
    ");
}

#[test]
fn a_commit_that_does_not_follow() {
    assert_snapshot!(run("commit 2\ncluster a: web=2\n==\ncommit 1\ncluster a: web=1\n\
        descends no\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=2@1
    ==
    refused: the source `0101010101010101010101010101010101010101` does not follow `0202020202020202020202020202020202020202`, which is released
      publish the newest commit of the source's branch; to undo a change, `git revert` it
    ");
}

#[test]
fn a_commit_of_which_nobody_knows() {
    assert_snapshot!(run("commit 2\ncluster a: web=2\n==\ncommit 3\ncluster a: web=3\n\
        descends unknown\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=2@1
    ==
    refused: it cannot be proven that the source follows `0202020202020202020202020202020202020202`: a shallow clone
      fetch the whole history of the source, then publish again
    ");
}

#[test]
fn the_same_commit_needs_no_proof() {
    assert_snapshot!(run("commit 2\ncluster a: web=2\n==\ncommit 2\ncluster a: web=3\n\
        descends unknown\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=2@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=3@2
    ");
}

#[test]
fn a_folder_after_a_commit() {
    assert_snapshot!(run("commit 2\ncluster a: web=2\n==\nfolder\ncluster a: web=3\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=2@1
    ==
    refused: the source is a folder without history, and `0202020202020202020202020202020202020202` is released
      publish a commit of the source's repository
    ");
}

#[test]
fn a_commit_after_a_folder_is_accepted() {
    assert_snapshot!(run("folder\ncluster a: web=2\n==\ncommit 1\ncluster a: web=3\n\
        descends unknown\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=2@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=3@2
    ");
}

#[test]
fn a_work_tree_with_changes() {
    assert_snapshot!(run("dirty apps/a inventory/b c d e f g\ncluster a: web=2\n"), @r"
    refused: the source has changes that are in no commit: `apps/a`, `inventory/b`, `c`, `d`, `e`, 2 more
      commit the changes, or name the revision to publish
    ");
}

#[test]
fn anything_broken_if_all_or_nothing_was_asked_for() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=!\ncluster b: web=!\nstrict\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    refused: 2 cells are broken: `web on a`, `new b`
      mend what the diagnostics name, or let everything else be released
    ");
    assert_snapshot!(run("cluster a: boot=1 web=1\n==\ncluster a: boot=! web=2\nstrict\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1 boot=1
    ==
    refused: 1 cell is broken: `bootstrap on a`
      mend what the diagnostics name, or let everything else be released
    ");
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=2\nstrict\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=2@2
    ");
}

#[test]
fn a_confirmation_of_another_plan_releases_nothing() {
    let held = "cluster a: web=1\n==\ncluster a: api=1\n==\n";
    let wrong = run(&format!("{held}cluster a: api=1\nconfirm wrong\n"));
    // The expected digest is long; that it is named is what counts.
    assert!(wrong.contains("was confirmed, but the plan that waits is"), "{wrong}");
}

#[test]
fn a_confirmation_of_nothing() {
    let text = run("cluster a: web=1\n==\ncluster a: web=2\nconfirm wrong\n");
    assert!(text.ends_with("publish without a confirmation\n"), "{text}");
}

#[test]
fn the_same_folders_in_an_older_commit_do_not_take_its_place() {
    // Commit 5 reverts to what commit 1 held. A publisher that only knows commit 1 may confirm
    // nothing away from commit 5: commit 3 must still be refused afterwards.
    let mut publisher = crate::script::Publisher::default();
    let same = "cluster a: api=1\n";
    let digest =
        |publisher: &crate::script::Publisher| publisher.ledger.as_ref().unwrap().source_commit;
    publisher.act("commit 1\ncluster a: web=1\n");
    let mut rendered = crate::fleet::rendered(same, &mut publisher.trees);
    rendered.origin = model::Origin::Commit(crate::fleet::commit(5));
    publisher.publish(&rendered, "");
    assert_eq!(digest(&publisher), Some(crate::fleet::commit(5)));
    rendered.origin = model::Origin::Commit(crate::fleet::commit(1));
    publisher.publish(&rendered, "confirm\ndescends no\n");
    let ledger = publisher.ledger.as_ref().unwrap();
    assert_eq!((ledger.generation.0, digest(&publisher)), (3, Some(crate::fleet::commit(5))));
}
