//! Streams, colour and pipes.

use std::process::Stdio;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// A fleet whose list of clusters is longer than a pipe holds.
fn large() -> String {
    let mut text = FLEET.to_owned();
    text.push_str("-- inventory/many.yaml --\n");
    for number in 0..4_000 {
        text.push_str(&format!(
            "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {{name: store-{number:05}}}\n\
             spec: {{description: A rather long description of a store}}\n---\n"
        ));
    }
    text
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::with(&large());
    let mut command = sandbox.command(&["get", "clusters", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let output = Sandbox::with(FLEET).run("select /g/nowhere");
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn flags_can_be_variables_and_words_win() {
    let sandbox = Sandbox::with(FLEET);
    let names = |words: &[&str]| {
        let mut command = sandbox.command(words);
        let output = command.env("RES_EDGE_OUTPUT", "name").env("RES_EDGE_QUIET", "1").output();
        let output = output.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(names(&["get", "clusters", "lab"]), "cluster/lab\n");
    assert!(names(&["get", "clusters", "lab", "-o", "csv"]).starts_with("name,groups"));
}

#[test]
fn quiet_leaves_only_results_and_errors() {
    let sandbox = Sandbox::with(FLEET);
    let quiet = sandbox.run("-q select /g/stores");
    assert!(quiet.stderr.is_empty() && !quiet.stdout.is_empty());
    let failed = sandbox.run("-q select /g/nowhere");
    assert!(!failed.stderr.is_empty());
}

#[test]
fn quiet_publishes_say_what_waits_or_fails_and_nothing_else() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.git("init -q --bare -b main delivery.git");
    sandbox.write("-- .gitignore --\ndelivery.git\n");
    sandbox.commit();
    let quiet = |words: &str| {
        let output = sandbox.run(&format!("-q {words}"));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let publish = "publish --to delivery.git";
    let nothing = || (Some(0), String::new(), String::new());
    assert_eq!(quiet("validate"), nothing());
    assert_eq!(quiet(publish), nothing());
    assert_eq!(quiet(publish), nothing());
    // A result that a flag asks for stays.
    assert!(quiet(&format!("{publish} -o json")).1.starts_with('{'));
    sandbox.replace("inventory/web.yaml", "clusters: not /m/ring/beta", "clusters: none");
    let (code, results, errors) = quiet("diff HEAD");
    assert!(code == Some(1) && errors.is_empty() && results.contains("till"), "{results}{errors}");
    sandbox.commit();
    let (code, results, errors) = quiet(publish);
    assert!(code == Some(3) && results.is_empty() && errors.starts_with("held: "), "{errors}");
    sandbox.replace("inventory/web.yaml", "clusters: none", "clusters: not /m/ring/beta");
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    sandbox.commit();
    let (code, results, errors) = quiet(publish);
    assert!(code == Some(1) && results.is_empty() && errors.contains("stale: "), "{errors}");
}
