//! What a change does to the whole fleet.

use insta::assert_snapshot;
use model::{Cause, Observed};
use release::{Preview, preview};

use crate::fleet::{Trees, rendered};

const FILES: &str = "\
-- web1/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:1
-- web2/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:2
-- big1/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 9
  image: web:1
-- big2/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 9
  image: web:2
-- old/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:0
-- more/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:1
-- more/sub/service.yaml --
kind: Service
-- secret1/secret.yaml --
kind: Secret
data: {password: aHVudGVyMQ==}
-- secret2/secret.yaml --
kind: Secret
data: {password: aHVudGVyMg==}
-- evil/deployment.yaml --
kind: \u{1b}[2J
-- run1/run.sh --
echo
-- run2/run.sh (x) --
echo
-- n1 --
kind: Namespace
-- n2 --
kind: Namespace
labels: {}
";

fn compared(base: &str, head: &str) -> Preview {
    let mut trees = Trees::with_files(FILES);
    let (base, head) = (rendered(base, &mut trees), rendered(head, &mut trees));
    let objects = |transition: release::Transition| {
        Observed::Known(trees.change(transition.old, transition.new))
    };
    preview(&base, &head, &trees.store, &objects)
}

fn check(base: &str, head: &str) -> String {
    compared(base, head).to_text(false, 100)
}

/// `n` clusters that run the same.
fn clusters(n: usize, cells: &str) -> String {
    (0..n).map(|index| format!("cluster c{index:02}: {cells}\n")).collect()
}

#[test]
fn equal_renders_have_an_empty_preview() {
    let preview = compared("cluster a: web=web1\n", "cluster a: web=web1\nbudget 3%\n");
    assert!(preview.is_empty());
    assert_eq!(preview.to_text(true, 10), "");
}

#[test]
fn one_edit_is_one_group_whatever_stands_around_it() {
    let base = format!("{}cluster d: web=big1\n", clusters(7, "web=web1"));
    let head = format!("{}cluster d: web=big2\n", clusters(7, "web=web2"));
    assert_snapshot!(check(&base, &head), @r"
    8 clusters (c00, c01, c02, ...): web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    ");
}

#[test]
fn clusters_that_differ_follow_the_group_of_their_file() {
    let base = format!("{}cluster d: web=old\n", clusters(5, "web=web1"));
    assert_snapshot!(check(&base, &format!("{}cluster d: web=web2\n", clusters(5, "web=web2"))), @r"
    5 clusters (c00, c01, c02, ...): web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    1 differs (d):
        spec:
          replicas: 1
      -   image: web:0
      +   image: web:2
    ");
}

#[test]
fn files_that_come_and_go() {
    assert_snapshot!(check("cluster a: web=web1\n", "cluster a: web=more\n"), @r"
    a: web/sub/service.yaml
      + new file
    ");
    assert_snapshot!(check("cluster a: web=more\n", "cluster a: web=web1\n"), @r"
    a: web/sub/service.yaml
      - file is gone
    ");
}

#[test]
fn values_of_secrets_are_never_shown() {
    let text = check("cluster a: web=secret1\n", "cluster a: web=secret2\n");
    assert_snapshot!(text, @r"
    a: web/secret.yaml
      a Secret differs; its values are not shown
    ");
}

#[test]
fn a_mode_alone_is_a_difference() {
    assert_snapshot!(check("cluster a: web=run1\n", "cluster a: web=run2\n"), @r"
    a: web/run.sh
      may be executed, or no longer
    ");
}

#[test]
fn a_tree_that_cannot_be_read_is_said() {
    assert_snapshot!(check("cluster a: web=web1\n", "cluster a: web=lost\n"), @r"
    a: web/
      differs; could not be read
    ");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = check("cluster a: web=web1\n", "cluster a: web=evil\n");
    assert!(text.contains(r"\u{1b}[2J") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn colours_are_only_where_asked_for() {
    let preview = compared("cluster a: web=web1\n", "cluster a: web=web2\n");
    assert!(preview.to_text(true, 10).contains("\u{1b}[32m  +   image: web:2\u{1b}[0m"));
}

#[test]
fn more_groups_than_wanted_are_counted() {
    let base = "cluster a: web=web1 zoo=web1\n";
    let text = compared(base, "cluster a: web=web2 zoo=web2\n").to_text(false, 1);
    assert_snapshot!(text, @r"
    a: web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    1 more difference not shown
    ");
}

#[test]
fn bindings_and_namespaces_that_come_and_go() {
    assert_snapshot!(check(
        "cluster a: api=1 web=1 ns/old=n1 ns/shop=n1\ncluster b: api=1 web=1 ns/shop=n1\n",
        "cluster a: api=1 zoo=1 ns/new=n1 ns/shop=n2\ncluster b: api=1 ns/shop=n2\n"), @r"
    + application zoo on a
    - application web on 2 clusters (a, b)
    + namespace new on a
    - namespace old on a
    2 clusters (a, b): namespaces/_cluster/namespace-shop.yaml
        kind: Namespace
      + labels: {}
    ");
}

#[test]
fn clusters_that_come_go_and_change_their_name() {
    assert_snapshot!(check(
        "cluster a: web=1\ncluster b: web=1\ncluster c: web=1\n",
        "cluster a: web=1\ncluster new-b was b: web=1\ncluster x: web=1\ncluster y: web=!\n"), @r"
    + 2 clusters (x, y) new
    - c gone; what runs there stays
    ~ cluster b is now new-b
    ");
}

#[test]
fn a_renamed_application_shows_what_differs_in_its_files() {
    assert_snapshot!(check("cluster a: web=web1\n",
        "application shop was web\ncluster a: shop=web2\n"), @r"
    ~ application web is now shop on a
    a: shop/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    ");
}

#[test]
fn what_breaks_and_what_is_mended() {
    assert_snapshot!(check("cluster a: api=1 web=! zoo=!\n", "cluster a: api=! web=1 zoo=!\n"), @r"
    ! application api is broken on a
    + application web is mended on a
    ");
}

#[test]
fn deleted_objects_are_named_and_moved_ones_are_not() {
    assert_snapshot!(check(
        "cluster a: api=1{Service/s} web=1{Service/w,PersistentVolumeClaim/data}\n",
        "cluster a: api=2{Service/w} web=2{Deployment/x}\n"), @r"
    - PersistentVolumeClaim shop/data of application web on a; waits for a confirmation
    - Service shop/s of application api on a
    a: api/
      differs; could not be read
    a: web/
      differs; could not be read
    ");
}

#[test]
fn objects_that_could_not_be_read_are_said() {
    let mut trees = Trees::default();
    let base = rendered("cluster a: web=1\n", &mut trees);
    let head = rendered("cluster a:\n", &mut trees);
    let unread = |_| Observed::Unknown(Cause("the pack is broken".to_owned()));
    let text = preview(&base, &head, &trees.store, &unread).to_text(false, 10);
    assert_snapshot!(text, @r"
    - application web on a
    ! what would be deleted on a could not be read: the pack is broken
    ");
}

#[test]
fn bootstrap_files_are_part_of_it() {
    assert_snapshot!(check("layout flux\ncluster a: web=1 boot=n1\n",
        "layout flux\ncluster a: web=1 boot=n2\n"), @r"
    a: flux-system/gotk.yaml
        kind: Namespace
      + labels: {}
    ");
}
