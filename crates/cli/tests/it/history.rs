//! What the steps of the ledger did.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// Times and ids that differ from run to run, replaced.
fn stable(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        let is_time = bare.ends_with('Z') && bare.contains('T');
        let is_id = bare.len() == 12 && bare.chars().all(|c| c.is_ascii_hexdigit());
        match (is_time, is_id) {
            (true, _) => word.replace(bare, "[TIME]"),
            (_, true) => word.replace(bare, "[ID]"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}

fn released_twice() -> Sandbox {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.git("init -q --bare -b main delivery.git");
    sandbox.write("-- .gitignore --\ndelivery.git\n");
    sandbox.commit();
    assert!(sandbox.run("publish --to delivery.git").status.success());
    sandbox.replace(
        "inventory/clusters.yaml",
        "ring: prod, region: west",
        "ring: beta, region: west",
    );
    sandbox.commit();
    let output = sandbox.run("publish --to delivery.git");
    assert!(output.status.success(), "{}", sandbox.text(&output));
    sandbox
}

#[test]
fn clusters_and_applications_have_a_history() {
    let sandbox = released_twice();
    let cluster = sandbox.show("history cluster/west-1 --to delivery.git --no-headers");
    assert_snapshot!("history_cluster", stable(&cluster));
    let application = sandbox.show("history application/till --to delivery.git -o name");
    assert_snapshot!("history_application", application);
    let output = sandbox.run("history cluster/west-1 --to delivery.git -o json");
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["items"][0]["status"]["removed"][0], "till");
}

#[test]
fn a_subject_that_is_none_is_an_error() {
    let sandbox = released_twice();
    let words = ["history west-1", "history cluster/nowhere", "history cluster/East"];
    let shown = words.map(|words| sandbox.show(&format!("{words} --to delivery.git")));
    assert_snapshot!(shown.join("\n"));
    assert_snapshot!(
        "history_of_nothing",
        Sandbox::committed(FLEET).show("history cluster/east-1")
    );
}
