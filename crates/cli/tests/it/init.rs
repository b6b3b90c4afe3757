//! New sources.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn a_new_source_is_written_and_the_next_steps_are_said() {
    let sandbox = Sandbox::empty();
    assert_snapshot!("init", sandbox.show("init contoso"));
    let fleet = std::fs::read_to_string(sandbox.path().join("contoso/fleet.yaml")).unwrap();
    assert!(fleet.contains("name: contoso") && fleet.contains("manifests: {}"));
    assert_snapshot!("init_clusters", sandbox.show("--source contoso get clusters -o wide"));
}

#[test]
fn two_fleets_have_two_identities() {
    let sandbox = Sandbox::empty();
    let uid = |folder: &str| {
        assert!(sandbox.run(&format!("init {folder}")).status.success());
        let text = std::fs::read_to_string(sandbox.path().join(folder).join("fleet.yaml")).unwrap();
        text.lines().find(|line| line.contains("uid:")).unwrap().to_owned()
    };
    assert_ne!(uid("one"), uid("two"));
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let sandbox = Sandbox::with("-- here/inventory/a.yaml --\nkind: Cluster\n");
    assert_snapshot!(sandbox.show("init here"));
    assert!(!sandbox.path().join("here/fleet.yaml").exists());
}

#[test]
fn a_folder_whose_name_is_no_name_needs_one() {
    assert_snapshot!(Sandbox::empty().show("init My_Fleet"));
}

#[test]
fn the_layout_is_written_into_the_settings() {
    let sandbox = Sandbox::empty();
    assert!(sandbox.run("init fleet --layout flux").status.success());
    let fleet = std::fs::read_to_string(sandbox.path().join("fleet/fleet.yaml")).unwrap();
    assert!(fleet.contains("flux: {}"));
}
