//! The demonstration: a server, simulated clusters, a change that arrives.

use crate::sandbox::Sandbox;

#[test]
fn the_story_ends_with_every_cluster_running_what_was_merged_and_goes_on_where_it_was() {
    let sandbox = Sandbox::empty();
    let first = sandbox.run("demo --once --listen 127.0.0.1:0");
    let shown = sandbox.text(&first);
    assert!(first.status.success(), "{shown}");
    let parts = [
        "44 clusters: written, with a key for each",
        "44 of 44 clusters settled",
        "from the ring `prod` to `beta`",
        "merged ",
        "us-nola-2302",
    ];
    for part in parts {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let second = sandbox.run("demo --once --listen 127.0.0.1:0");
    let shown = sandbox.text(&second);
    assert!(second.status.success(), "{shown}");
    for part in ["44 clusters: they were there", "from the ring `beta` to `prod`"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
}

#[test]
fn a_folder_that_it_did_not_make_is_left_alone() {
    let sandbox = Sandbox::with("-- demo-data/precious.txt --\nmine\n");
    insta::assert_snapshot!(sandbox.show("demo"));
    assert!(sandbox.path().join("demo-data/precious.txt").exists());
}
