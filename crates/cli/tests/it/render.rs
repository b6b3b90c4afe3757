//! What every cluster would run.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn the_list_is_that_of_git() {
    assert_snapshot!(Sandbox::with(FLEET).show("render --list"));
}

#[test]
fn files_list_and_tree_say_the_same() {
    let sandbox = Sandbox::with(FLEET);
    assert!(sandbox.run("render -o out").status.success());
    let work = Sandbox::empty();
    work.git("init -q");
    let from = sandbox.path().join("out").display().to_string();
    work.git(&format!("--work-tree {from} add -A"));
    let listed = String::from_utf8(sandbox.run("-q render --list").stdout).unwrap();
    let tree = String::from_utf8(sandbox.run("-q render --tree").stdout).unwrap();
    assert_eq!(work.git("write-tree"), tree);
    assert_eq!(work.git(&format!("ls-tree -r {}", tree.trim())), listed);
}

#[test]
fn a_faulty_cell_gives_no_tree() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    assert_snapshot!(sandbox.show("render --tree"));
    let listed = sandbox.run("-q render --list");
    assert_eq!(listed.status.code(), Some(1));
}

#[test]
fn a_folder_with_something_in_it_is_not_written_into() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!(sandbox.show("render -o apps"));
}

#[test]
fn a_plain_render_only_counts() {
    assert_snapshot!(Sandbox::with(FLEET).show("render"));
}
