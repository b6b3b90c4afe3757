//! Holds, stops, rollbacks and confirmations as orders to a server, and what is seen of them.

use insta::assert_snapshot;

use crate::remote_lists::{released, words};
use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving};

/// Runs commands against a server, one after the other.
struct Scene<'a> {
    sandbox: &'a Sandbox,
    server: &'a Serving,
    text: String,
}

impl Scene<'_> {
    fn step(&mut self, asked: &str) {
        let line = words(asked, self.server);
        let shown = self.sandbox.show(&line).replace(&self.server.url, "[URL]");
        assert!(!shown.contains(ADMIN), "the token is shown: {shown}");
        self.text.push_str(&format!("$ res-edge {asked}\n{shown}\n"));
    }
}

#[test]
fn a_person_holds_goes_back_and_confirms_at_a_server() {
    let sandbox = Sandbox::empty();
    let server = released(&sandbox);
    let mut scene = Scene { sandbox: &sandbox, server: &server, text: String::new() };
    for asked in [
        "holds",
        "hold --clusters /g/stores --reason festival --dry-run",
        "hold --clusters /g/stores --application web --reason festival",
        "holds -o wide --no-headers",
        "hold --clusters /g/storez --reason festival",
        "hold --clusters all --reason x --to delivery.git",
        "rollback --step 1 --clusters all --reason x",
        "resume --hold hold-2",
        "resume --hold hold-2",
        "stop --reason wrong -o json",
        "resume --hold hold-4",
        "adopt east-1",
        "resume east-1",
        "discard nowhere",
        "confirm",
        &format!("confirm {}", "0".repeat(64)),
    ] {
        scene.step(asked);
    }
    let mut text = String::new();
    for line in scene.text.lines() {
        // The time of a hold differs from run to run.
        let line =
            if line.trim_start().starts_with("\"at\": ") { "    \"at\": [TIME]" } else { line };
        text.push_str(line);
        text.push('\n');
    }
    assert_snapshot!(text);
}

#[test]
fn what_happened_is_watched() {
    let sandbox = Sandbox::empty();
    let server = released(&sandbox);
    let line = words("watch --limit 2 -o json", &server);
    let mut watching = sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
    let watching = watching.stdout(std::process::Stdio::piped()).spawn().unwrap();
    // Until somebody watches nothing is told: holds are placed until both events were seen.
    let holding = words("hold --clusters all --reason festival", &server);
    let output = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| watching.wait_with_output().unwrap());
        while !waiting.is_finished() {
            assert!(sandbox.run(&holding).status.success());
        }
        waiting.join().unwrap()
    });
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let kinds = lines.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["kind"].as_str().unwrap().to_owned()
    });
    let kinds: Vec<String> = kinds.collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.iter().all(|kind| kind == "step" || kind == "hold-placed"), "{kinds:?}");
    let nobody = format!("watch --server {} --token-file fleet.yaml", server.url);
    assert_eq!(sandbox.run(&nobody).status.code(), Some(2));
}
