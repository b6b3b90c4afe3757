//! Clusters whose folder someone else changed.

use insta::assert_snapshot;

use crate::script::run;

#[test]
fn a_foreign_cluster_is_held_whole_and_others_go_on() {
    assert_snapshot!(run("cluster a: web=1\ncluster b: web=1\n==\n\
        cluster a: web=2\ncluster b: web=2\nforeign a=x\n==\n\
        cluster a: web=2\ncluster b: web=2\nforeign a=x\n==\n\
        cluster a: web=2\ncluster b: web=2\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     a: web=1@1
     *b: web=2@2
      hold a: foreign x @2
    kept a: Foreign x
    ==
    nothing
    kept a: Foreign x
    ==
    release 3: 1 cluster, 1 application changed
     *a: web=2@3
     b: web=2@2
    ");
}

#[test]
fn a_confirmation_releases_no_foreign_cluster() {
    assert_snapshot!(run("cluster a: api=1 web=1\ncluster b: api=1 web=1\n==\n\
        cluster a: api=1\ncluster b: api=1\nforeign a=x\n==\n\
        cluster a: api=1\ncluster b: api=1\nforeign a=x\nconfirm\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: api=1@1 web=1@1
     *b: api=1@1 web=1@1
    ==
    release 2: 0 clusters, 0 applications changed
     a: api=1@1 web=1@1
     b: api=1@1 web=1@1
      hold a: foreign x @2
    held b application web 1 -> -: `web` would leave its last 2 clusters: its document is gone
    kept a: Foreign x
    ==
    release 3: 1 cluster, 1 application changed
     a: api=1@1 web=1@1
     *b: api=1@1
      hold a: foreign x @2
      approved by anna @3
    kept a: Foreign x
    ");
}

#[test]
fn a_foreign_cluster_is_not_orphaned() {
    assert_snapshot!(run("cluster a: web=1\ncluster b: web=1\n==\n\
        cluster b: web=1\nforeign a=x\n==\ncluster b: web=1\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed
     a: web=1@1
     b: web=1@1
      hold a: foreign x @2
    kept a: Foreign x
    ==
    release 3: 0 clusters, 0 applications changed, 1 cluster removed
     b: web=1@1
    ");
}

#[test]
fn an_adopted_tree_stays_until_resume() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=2\nforeign a=x\n==\nadopt a=x\n==\n\
        cluster a: web=2\n==\nresume a\n==\ncluster a: web=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed
     a: web=1@1
      hold a: foreign x @2
    kept a: Foreign x
    ==
    adopt 3: a
     a: web=1@1
      hold a: adopted x @3
    ==
    nothing
    kept a: Adopted x
    ==
    resume 4: a
     *a: web=1@1
    ==
    release 5: 1 cluster, 1 application changed
     *a: web=2@5
    ");
}

#[test]
fn an_adopted_tree_that_is_changed_again_is_foreign_too() {
    assert_snapshot!(run("cluster a: web=1\n==\nadopt a=x\n==\ncluster a: web=1\nforeign a=y\n==\n\
        cluster a: web=1\n==\nadopt a=y\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    adopt 2: a
     a: web=1@1
      hold a: adopted x @2
    ==
    nothing
    kept a: Foreign y
    kept a: Adopted x
    ==
    nothing
    kept a: Adopted x
    ==
    adopt 3: a
     a: web=1@1
      hold a: adopted y @3
    ");
}

#[test]
fn discard_lets_the_ledger_win() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=2\nforeign a=x\n==\ndiscard a\n==\n\
        cluster a: web=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed
     a: web=1@1
      hold a: foreign x @2
    kept a: Foreign x
    ==
    discard 3: a
     a: web=1@1
    ==
    release 4: 1 cluster, 1 application changed
     *a: web=2@4
    ");
    assert_snapshot!(run("cluster a: web=1\n==\nadopt a=x\n==\ndiscard a\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    adopt 2: a
     a: web=1@1
      hold a: adopted x @2
    ==
    discard 3: a
     *a: web=1@1
    ");
    assert_snapshot!(run("cluster a: web=1\n==\ndiscard a=x\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    discard 2: a
     a: web=1@1
    ");
}

#[test]
fn there_may_be_nothing_to_decide() {
    assert_snapshot!(run("cluster a: web=1\n==\ndiscard a\n==\nresume a\n==\nresume b\n==\n\
        cluster a: web=1\nforeign a=x\n==\nresume a\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    error: nothing foreign is on `a`: there is nothing to discard
    ==
    error: no tree was adopted for `a`: there is nothing to resume
    ==
    error: the ledger has no cluster `09090909090909090909090909090909`
    ==
    release 2: 0 clusters, 0 applications changed
     a: web=1@1
      hold a: foreign x @2
    kept a: Foreign x
    ==
    error: no tree was adopted for `a`: there is nothing to resume
    ");
}

#[test]
fn a_tree_that_the_ledger_has_cannot_be_adopted() {
    assert_snapshot!(run("cluster a: web=1\n==\nadopt a=x\n==\nadopt a=x\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    adopt 2: a
     a: web=1@1
      hold a: adopted x @2
    ==
    error: `a` holds what was released: there is nothing to adopt
    ");
}
