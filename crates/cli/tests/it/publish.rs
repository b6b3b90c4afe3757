//! Releases, and what waits for a person.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// A committed source, and a bare repository `delivery.git` that clusters read.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.git("init -q --bare -b main delivery.git");
    sandbox.write("-- .gitignore --\ndelivery.git\n");
    sandbox.commit();
    sandbox
}

const PUBLISH: &str = "publish --to delivery.git";

/// The plan digest that an output says.
fn digest(text: &str) -> String {
    let after = text.split("--confirm ").nth(1).expect("the output names a plan");
    after.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn the_first_release_gives_every_cluster_its_tree() {
    let sandbox = sandbox();
    assert_snapshot!("publish_first", sandbox.show(PUBLISH));
    assert_snapshot!("publish_again", sandbox.show(PUBLISH));
    let tree = String::from_utf8(sandbox.run("-q render --tree").stdout).unwrap();
    assert_eq!(sandbox.git("-C delivery.git rev-parse delivery:clusters"), tree);
}

#[test]
fn a_dry_run_does_nothing() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.show(&format!("{PUBLISH} --dry-run")));
    assert_eq!(sandbox.git("-C delivery.git for-each-ref"), "");
}

#[test]
fn a_change_is_released_to_the_clusters_it_concerns() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
    assert_snapshot!(sandbox.show(PUBLISH));
}

#[test]
fn a_faulty_cell_keeps_what_it_has_and_the_rest_goes_on() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    sandbox.replace("inventory/web.yaml", "title: Western shop", "title: Wild shop");
    sandbox.commit();
    assert_snapshot!(
        "publish_all_or_nothing",
        sandbox.show(&format!("{PUBLISH} --all-or-nothing"))
    );
    assert_snapshot!("publish_faulty", sandbox.show(PUBLISH));
    assert_snapshot!("publish_faulty_json", sandbox.show(&format!("{PUBLISH} -o json")));
}

#[test]
fn an_application_that_goes_everywhere_waits_for_a_person() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("inventory/web.yaml", "clusters: not /m/ring/beta", "clusters: none");
    sandbox.commit();
    let held = sandbox.show(PUBLISH);
    assert_snapshot!("publish_held", held);
    let wrong = format!("{PUBLISH} --confirm {}", "0".repeat(64));
    assert_snapshot!("publish_wrong_digest", sandbox.show(&wrong));
    assert_snapshot!("publish_bad_digest", sandbox.show(&format!("{PUBLISH} --confirm yes")));
    let confirmed = sandbox.show(&format!("{PUBLISH} --confirm {}", digest(&held)));
    assert_snapshot!("publish_confirmed", confirmed);
}

#[test]
fn uncommitted_changes_are_not_released() {
    let sandbox = sandbox();
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    assert_snapshot!(sandbox.show(PUBLISH));
}

#[test]
fn an_older_commit_is_not_released_over_a_newer_one() {
    let sandbox = sandbox();
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
    sandbox.run(PUBLISH);
    assert_snapshot!(
        sandbox
            .show(&format!("{PUBLISH} --rev HEAD~1"))
            .replace(sandbox.git("rev-parse HEAD").trim(), "[HEAD]")
            .replace(sandbox.git("rev-parse HEAD~1").trim(), "[HEAD~1]")
    );
}

#[test]
fn another_fleet_does_not_take_the_ledger_over() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("fleet.yaml", "00112233", "99112233");
    sandbox.commit();
    assert_snapshot!(sandbox.show(PUBLISH));
}

#[test]
fn a_foreign_change_holds_its_cluster_until_a_person_decides() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    let foreign = |text: &str| {
        sandbox.git("clone -q -b delivery delivery.git clone");
        sandbox
            .write(&format!("-- clone/clusters/west-1/web/shop/configmap-web.yaml --\n{text}\n"));
        sandbox.git("-C clone commit -q -a -m by-hand");
        sandbox.git("-C clone push -q");
        std::fs::remove_dir_all(sandbox.path().join("clone")).unwrap();
    };
    let nothing = ["adopt", "discard", "resume"]
        .map(|verb| sandbox.show(&format!("{verb} west-1 --to delivery.git")));
    assert_snapshot!("foreign_nothing", nothing.join("\n"));
    assert_snapshot!("foreign_unknown", sandbox.show("adopt wst-1 --to delivery.git"));
    foreign("a: 1");
    assert_snapshot!("foreign_publish", sandbox.show(PUBLISH));
    assert_snapshot!("foreign_adopt", sandbox.show("adopt west-1 --to delivery.git"));
    assert_snapshot!("foreign_adopted_publish", sandbox.show(PUBLISH));
    assert_snapshot!("foreign_resume", sandbox.show("resume west-1 --to delivery.git"));
    assert_snapshot!("foreign_resumed_publish", sandbox.show(PUBLISH));
    foreign("a: 2");
    assert_snapshot!("foreign_discard", sandbox.show("discard west-1 --to delivery.git"));
    let tree = String::from_utf8(sandbox.run("-q render --tree").stdout).unwrap();
    assert_eq!(sandbox.git("-C delivery.git rev-parse delivery:clusters"), tree);
}

#[test]
fn what_happens_to_a_cluster_document() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace(
        "inventory/clusters.yaml",
        "metadata: {name: lab,",
        "metadata: {name: attic, formerName: lab,",
    );
    sandbox.commit();
    assert_snapshot!("cluster_renamed", sandbox.show(PUBLISH));
    let west = "---\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: west-1, labels: {ring: prod, region: west}}\nspec: {groups: [/stores/west]}\n";
    sandbox.replace("inventory/clusters.yaml", west, "");
    sandbox.replace(
        "inventory/web.yaml",
        "overrides: [{clusters: /c/west-1, values: {title: Western shop}}]",
        "",
    );
    sandbox.commit();
    assert_snapshot!("cluster_removed", sandbox.show(PUBLISH));
}

#[test]
fn a_source_in_no_repository_needs_to_know_where() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!("publish_nowhere", sandbox.show("publish"));
    assert_snapshot!("publish_no_repository", sandbox.show("publish --to nowhere.git"));
}

#[test]
fn one_of_each_kind_of_warning_is_shown_and_none_when_quiet() {
    let sandbox = sandbox();
    let group = |region: &str| {
        format!(
            "---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {{name: {region}}}\n\
             spec: {{clusters: /m/region/{region}}}\n"
        )
    };
    let groups: String = ["north", "south", "far-away"].map(group).concat();
    sandbox.write(&format!("-- inventory/more.yaml --\n{groups}"));
    sandbox.commit();
    assert_snapshot!("publish_warnings", sandbox.show(PUBLISH));
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
    assert_eq!(sandbox.show(&format!("{PUBLISH} -q")), "exit 0\n");
    let all = sandbox.show(&format!("{PUBLISH} -v"));
    assert_eq!(all.matches("warning[").count(), 6, "{all}");
}

#[test]
fn what_waits_for_a_person_is_said_when_quiet_too() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("inventory/web.yaml", "clusters: not /m/ring/beta", "clusters: none");
    sandbox.commit();
    assert_snapshot!("publish_held_quiet", sandbox.show(&format!("{PUBLISH} -q")));
}

#[test]
fn a_rename_that_is_not_said_is_asked_about() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    sandbox.replace("inventory/web.yaml", "metadata: {name: web,", "metadata: {name: shop,");
    sandbox.replace("inventory/web.yaml", "dependsOn: [web]", "dependsOn: [shop]");
    sandbox.replace("inventory/clusters.yaml", "{name: east-2, labels", "{name: east-9, labels");
    sandbox.commit();
    assert_snapshot!("publish_likely_renames", sandbox.show(PUBLISH));
}

#[test]
fn a_cluster_that_is_removed_together_with_its_group_is_orphaned() {
    let sandbox = sandbox();
    sandbox.run(PUBLISH);
    let west = "---\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: west-1, labels: {ring: prod, region: west}}\nspec: {groups: [/stores/west]}\n";
    sandbox.replace("inventory/clusters.yaml", west, "");
    let group = "---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {name: west}\nspec: {parent: /stores}\n";
    sandbox.replace("inventory/groups.yaml", group, "");
    sandbox.commit();
    // What still names them is an error first, and nothing is released.
    assert_snapshot!("cluster_and_group_still_named", sandbox.show(PUBLISH));
    let named = "overrides: [{clusters: /c/west-1, values: {title: Western shop}}]";
    sandbox.replace("inventory/web.yaml", named, "");
    sandbox.commit();
    assert_snapshot!("cluster_and_group_removed", sandbox.show(PUBLISH));
    assert!(sandbox.git("-C delivery.git ls-tree -r --name-only delivery").contains("east-1"));
}
