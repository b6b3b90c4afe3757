//! The commands that read a source, against a server.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving};

/// How often it is looked whether the source was released.
const LOOKS: usize = 600;

/// A server with a fleet that is released.
pub(crate) fn released(sandbox: &Sandbox) -> Serving {
    let server = Serving::in_sandbox(sandbox);
    sandbox.write(FLEET);
    sandbox.git("init -q -b main");
    sandbox.git("add fleet.yaml inventory apps");
    sandbox.git("commit -q -m fleet");
    sandbox.git("push -q server/source.git main");
    for _ in 0..LOOKS {
        let output = sandbox.run(&words("history cluster/lab -o name", &server));
        if output.status.success() {
            return server;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the source was not released");
}

pub(crate) fn words(words: &str, server: &Serving) -> String {
    format!("{words} --server {} --token-file admin-token", server.url)
}

#[test]
fn lists_of_a_server_read_like_those_of_a_source() {
    let sandbox = Sandbox::empty();
    let server = released(&sandbox);
    let mut scene = String::new();
    for asked in [
        "get clusters /g/stores --sort -name",
        "get clusters -l ring=beta -o wide",
        "get groups -o wide",
        "get namespaces",
        "get applications",
        "get bindings --filter state+ne+'waiting'",
        "get application web -o name",
        "get clusters east-3",
        "get clusters --filter rign+eq+'beta'",
        "blame web east-1",
        "blame web nowhere",
    ] {
        let split: Vec<String> =
            words(asked, &server).split(' ').map(|word| word.replace('+', " ")).collect();
        let split: Vec<&str> = split.iter().map(String::as_str).collect();
        let shown = sandbox.show_words(&split).replace(&server.url, "[URL]");
        assert!(!shown.contains(ADMIN), "the token is shown: {shown}");
        scene.push_str(&format!("$ {}\n{}\n", asked.replace('+', " "), hidden(&shown)));
    }
    assert_snapshot!(scene);
}

/// A text without times and the ids of commits, which differ from run to run.
fn hidden(text: &str) -> String {
    let line = |line: &str| match line {
        _ if line.starts_with("released 20") => "released [TIME] by [SERVER]".to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_document_of_a_server_is_the_one_of_its_source() {
    let sandbox = Sandbox::empty();
    let server = released(&sandbox);
    let list = |words: &str| -> serde_json::Value {
        let output = sandbox.run(words);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for kind in ["clusters", "groups", "namespaces", "applications"] {
        let mine = list(&format!("get {kind} -o json"));
        let theirs = list(&words(&format!("get {kind} -o json"), &server));
        let pairs =
            mine["items"].as_array().unwrap().iter().zip(theirs["items"].as_array().unwrap());
        for (mine, theirs) in pairs {
            assert_eq!(mine["metadata"], theirs["metadata"], "{kind}");
            assert_eq!(mine["spec"], theirs["spec"], "{kind}");
        }
    }
}
