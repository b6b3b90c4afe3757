//! The mission, whole: a change is reviewed before, is live after its merge, and is undone by a
//! revert. With stock Git over HTTP.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::TestRepository;

use crate::clone::Clone;
use crate::hosting::with_fleet;
use crate::support::{ADMIN, Running};

/// What every cluster reads: its branch, fetched.
struct Branches {
    copy: TestRepository,
    url: String,
}

impl Branches {
    fn new(admin: &Clone) -> Self {
        Self { copy: testkit::repository(), url: admin.url("clusters.git") }
    }

    /// The tree of each cluster now.
    fn trees(&self) -> BTreeMap<String, String> {
        let refs = "+refs/heads/clusters/*:refs/heads/clusters/*";
        self.copy.git(&["fetch", "-q", &self.url, refs]);
        let format = "--format=%(refname:lstrip=3) %(tree)";
        let listed = self.copy.git(&["for-each-ref", format, "refs/heads/clusters"]);
        let pair = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
        listed.lines().filter_map(pair).collect()
    }

    /// The lines that differ between two trees, by file.
    fn lines(&self, old: &str, new: &str) -> BTreeMap<String, Vec<String>> {
        let names = self.copy.git(&["diff", "--name-only", old, new]);
        let lines = |path: &str| {
            let text = self.copy.git(&["diff", "-U0", old, new, "--", path]);
            let is_line = |line: &&str| {
                line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
            };
            text.lines().filter(is_line).map(str::to_owned).collect()
        };
        names.lines().map(|path| (path.to_owned(), lines(path))).collect()
    }
}

/// What a preview says that differs, by file.
fn said(preview: &Value) -> BTreeMap<String, Vec<String>> {
    let files = preview["status"]["files"].as_array().unwrap();
    let lines = |file: &Value| {
        let lines = file["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        lines.filter(|line| line.starts_with(['+', '-'])).map(str::to_owned).collect()
    };
    files.iter().map(|file| (file["path"].as_str().unwrap().to_owned(), lines(file))).collect()
}

/// Reviews a change as one person, approves what was seen, and has another merge it.
async fn approve_and_merge(running: &Running, number: u32, by: &str, merger: &str) -> Value {
    let path = format!("/api/v1/changes/{number}");
    let (status, checks) = running.json(by, Method::GET, &format!("{path}/checks"), None).await;
    assert_eq!(status, 200, "{checks}");
    assert_eq!(checks["newErrors"], 0);
    let (status, preview) = running.json(by, Method::GET, &format!("{path}/preview"), None).await;
    assert_eq!(status, 200, "{preview}");
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
    let approval = format!("{path}/approval");
    let (status, change) = running.json(by, Method::PUT, &approval, Some(seen)).await;
    assert_eq!(status, 200, "{change}");
    let merge = format!("{path}/merge?wait=released");
    let (status, merged) = running.json(merger, Method::POST, &merge, Some(json!({}))).await;
    assert_eq!(status, 200, "{merged}");
    assert_eq!(merged["status"], "merged");
    preview
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_reviewed_merged_and_reverted() {
    let (running, admin) = with_fleet().await;
    let branches = Branches::new(&admin);
    let before = branches.trees();
    assert_eq!(before.keys().map(String::as_str).collect::<Vec<_>>(), ["la-1", "la-2", "tx-1"]);
    let (lara, olga) = (running.token_of("user:lara").await, running.token_of("user:olga").await);

    // A person clones, edits a label, and pushes a change.
    let clone = Clone::of(&running, &lara);
    clone.edit("inventory/la.yaml", "ring: prod", "ring: beta");
    let (done, text) = clone.push(&["HEAD:refs/for/main"]);
    assert!(done, "{text}");
    insta::assert_snapshot!(text);
    assert_eq!(branches.trees(), before, "nothing is released before the merge");

    // It waits for another, whatever its author says.
    let merge = "/api/v1/changes/1/merge";
    let (status, problem) = running.json(&lara, Method::POST, merge, Some(json!({}))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")));

    // Another reads the preview and approves it; it merges.
    let preview = approve_and_merge(&running, 1, &olga, &lara).await;
    let after = branches.trees();
    let changed: Vec<&String> = after.keys().filter(|name| after[*name] != before[*name]).collect();
    assert_eq!(changed, ["la-2"]);
    assert_eq!(preview["status"]["clusters"]["changed"], 1);
    assert_eq!(branches.lines(&before["la-2"], &after["la-2"]), said(&preview));
    assert!(said(&preview).contains_key("dogs/pets/configmap-vote.yaml"), "{preview}");

    // Reverted by a change too, the clusters hold what they held before.
    clone.fetch();
    clone.tree.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    let (done, text) = clone.push(&["HEAD:refs/for/main"]);
    assert!(done, "{text}");
    approve_and_merge(&running, 2, &olga, &lara).await;
    assert_eq!(branches.trees(), before);

    let (_, status) = running.json(ADMIN, Method::GET, "/api/v1/status", None).await;
    assert_eq!(status["ledger"]["generation"], 3);
    clone.fetch();
    let message = clone.tree.git(&["log", "-1", "--format=%an %ae%n%B"]);
    let is_id = |word: &str| word.trim_end_matches(['.', ',']).len() == 40;
    let words = |line: &str| {
        let shown = line.split(' ').map(|word| if is_id(word) { "COMMIT" } else { word });
        shown.collect::<Vec<_>>().join(" ")
    };
    let message = message.lines().map(words).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("merge_commit", message);
    running.stop().await;
}
