//! What persons hold back.

use insta::assert_snapshot;

use crate::script::run;

#[test]
fn what_is_held_keeps_its_tree_until_it_is_resumed() {
    assert_snapshot!(run("cluster a: api=1 web=1\ncluster b: api=1 web=1\n==\n\
        cluster a: api=1 web=1\ncluster b: api=1 web=1\nhold a web it fails there\n==\n\
        cluster a: api=2 web=2\ncluster b: api=2 web=2\n==\n\
        cluster a: api=2 web=2\ncluster b: api=2 web=2\n==\n\
        cluster a: api=2 web=2\ncluster b: api=2 web=2\nlift 2\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: api=1@1 web=1@1
     *b: api=1@1 web=1@1
    ==
    order 2: hold-2 placed
     a: api=1@1 web=1@1
     b: api=1@1 web=1@1
      hold-2 Hold a: it fails there
    ==
    release 3: 2 clusters, 2 applications changed
     *a: api=2@3 web=1@1
     *b: api=2@3 web=2@3
      hold-2 Hold a: it fails there
    on hold: 1
    ==
    nothing
    on hold: 1
    ==
    release 4: 1 cluster, 1 application changed; hold-2 resumed
     *a: api=2@3 web=2@4
     b: api=2@3 web=2@3
    ");
}

#[test]
fn a_hold_of_everything_keeps_namespaces_names_and_new_clusters_out() {
    assert_snapshot!(run("cluster a: api=1 ns/x=1\n==\n\
        cluster a: api=2 ns/x=2 ns/y=1\ncluster b: api=1\nhold * * audit\n==\n\
        cluster a: api=2 ns/x=2 ns/y=1\ncluster b: api=1\nlift 2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: api=1@1 ns/x=1
    ==
    order 2: hold-2 placed
     a: api=1@1 ns/x=1
      hold-2 Hold *: audit
    on hold: 3
    ==
    release 3: 2 clusters, 1 application changed; hold-2 resumed
     *a: api=2@3 ns/x=2 ns/y=1
     *b: api=1@3
    ");
}

#[test]
fn a_hold_ends_by_itself() {
    assert_snapshot!(run("cluster a: api=1\n==\ncluster a: api=2\nhold a api party\nuntil 5h\n==\n\
        cluster a: api=2\nafter 4h\n==\ncluster a: api=2\nafter 1h\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: api=1@1
    ==
    order 2: hold-2 placed
     a: api=1@1
      hold-2 Hold a: party
    on hold: 1
    ==
    nothing
    on hold: 1
    ==
    release 3: 1 cluster, 1 application changed; hold-2 resumed
     *a: api=2@3
    ");
}

#[test]
fn a_stop_holds_every_release_and_every_removal() {
    assert_snapshot!(run("cluster a: api=1\ncluster b: api=1\n==\n\
        cluster a: api=1\ncluster b: api=1\nstop something is very wrong\n==\n\
        cluster a: api=2\ncluster c: api=1\n==\n\
        cluster a: api=2\ncluster c: api=1\nlift 2\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: api=1@1
     *b: api=1@1
    ==
    order 2: stopped by hold-2
     a: api=1@1
     b: api=1@1
      hold-2 Stop *: something is very wrong
    ==
    nothing
    on hold: 1
    ==
    release 3: 2 clusters, 1 application changed, 1 cluster removed; hold-2 resumed
     *a: api=2@3
     *c: api=1@3
    ");
}

#[test]
fn a_hold_whose_expression_nobody_understands_holds_everywhere() {
    assert_snapshot!(run("cluster a: api=1\ncluster b: api=1\n==\n\
        cluster a: api=1\ncluster b: api=1\nhold a api why\n==\n\
        cluster b: api=2\nexpressions unknown\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: api=1@1
     *b: api=1@1
    ==
    order 2: hold-2 placed
     a: api=1@1
     b: api=1@1
      hold-2 Hold a: why
    ==
    release 3: 0 clusters, 0 applications changed, 1 cluster removed
     b: api=1@1
      hold-2 Hold a: why
    on hold: 1
    ");
}

#[test]
fn a_confirmation_does_not_open_a_hold() {
    assert_snapshot!(run("cluster a: api=1 web=1\ncluster b: api=1 web=1\n==\n\
        cluster a: api=1 web=1\ncluster b: api=1 web=1\nhold b web why\n==\n\
        cluster a: api=1\ncluster b: api=1\n==\n\
        cluster a: api=1\ncluster b: api=1\nconfirm\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: api=1@1 web=1@1
     *b: api=1@1 web=1@1
    ==
    order 2: hold-2 placed
     a: api=1@1 web=1@1
     b: api=1@1 web=1@1
      hold-2 Hold b: why
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last 2 clusters: its document is gone
    on hold: 1
    ==
    release 3: 1 cluster, 1 application changed
     *a: api=1@1
     b: api=1@1 web=1@1
      hold-2 Hold b: why
      approved by anna @3
    on hold: 1
    ");
}

#[test]
fn a_rollback_is_put_in_place_by_the_step_that_holds_it() {
    assert_snapshot!(run("cluster a: api=1\n==\ncluster a: api=2\n==\n\
        cluster a: api=1\nroll back a api it fails\n==\n\
        cluster a: api=2\n==\ncluster a: api=2\nlift 3\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: api=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: api=2@2
    ==
    release 3: 1 cluster, 1 application changed; rolled back under hold-3
     *a: api=1@3
      hold-3 Rollback a: it fails
    ==
    nothing
    on hold: 1
    ==
    release 4: 1 cluster, 1 application changed; hold-3 resumed
     *a: api=2@4
    ");
}
