//! The demonstration.

use crate::sandbox::Sandbox;

#[test]
fn the_whole_way_runs_and_can_run_again() {
    let sandbox = Sandbox::empty();
    let first = sandbox.run("demo");
    let shown = sandbox.text(&first);
    assert!(first.status.success(), "{shown}");
    for part in ["released step 1", "released step 2", "us-nola-2302", "Try next"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(sandbox.run("demo").status.success());
}

#[test]
fn a_folder_that_it_did_not_make_is_left_alone() {
    let sandbox = Sandbox::with("-- demo-data/precious.txt --\nmine\n");
    insta::assert_snapshot!(sandbox.show("demo"));
    assert!(sandbox.path().join("demo-data/precious.txt").exists());
}
