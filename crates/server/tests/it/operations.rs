//! Holds, stops, rollbacks, confirmations and decisions about clusters, over real HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::clone::Clone;
use crate::hosting::{FLEET, with_fleet_of};
use crate::support::{ADMIN, Running};

/// People who operate a part of the fleet each, besides those of the fleet.
const OPERATORS: &str = r#"-- policies/operators.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: la-operators}
spec:
  subjects: ["user:sam"]
  rules:
    - {verbs: [read, operate], kinds: [Cluster], groups: [/stores/la], namespaces: all}
---
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: pets-operators}
spec:
  subjects: ["user:dora"]
  rules:
    - {verbs: [read, operate], kinds: [Application], groups: [/stores], namespaces: [pets]}
"#;

async fn released() -> (Running, Clone) {
    with_fleet_of(&format!("{FLEET}{OPERATORS}")).await
}

async fn post(running: &Running, token: &str, path: &str, body: Value) -> (u16, Value) {
    running.json(token, Method::POST, &format!("/api/v1/{path}"), Some(body)).await
}

async fn delete(running: &Running, token: &str, path: &str) -> (u16, Value) {
    running.json(token, Method::DELETE, &format!("/api/v1/{path}"), None).await
}

fn hold(clusters: &str, applications: &[&str]) -> Value {
    json!({"clusters": clusters, "applications": applications, "reason": "festival"})
}

/// Edits the source as the administrator, and waits until that is released.
async fn change(running: &Running, admin: &Clone, path: &str, old: &str, new: &str) {
    admin.fetch();
    admin.edit(path, old, new);
    let (done, said) = admin.push(&["main"]);
    assert!(done, "{said}");
    running.released(&admin.tree.commit_of("main").to_string()).await;
}

/// A file of what a cluster reads now.
fn reads(admin: &Clone, cluster: &str, path: &str) -> String {
    let branch = format!("+refs/heads/clusters/{cluster}:refs/heads/{cluster}");
    admin.tree.git(&["fetch", "-q", &admin.url("clusters.git"), &branch]);
    admin.tree.show(cluster, path)
}

/// The message of the newest step.
fn step(admin: &Clone) -> String {
    let ledger = "+refs/heads/res-edge/ledger:refs/heads/ledger";
    admin.tree.git(&["fetch", "-q", &admin.url("clusters.git"), ledger]);
    admin.tree.git(&["log", "-1", "--format=%an <%ae>%n%B", "ledger"])
}

#[tokio::test(flavor = "multi_thread")]
async fn people_operate_what_their_roles_cover_and_each_order_is_a_step_of_theirs() {
    let (running, admin) = released().await;
    let (sam, dora) = (running.token_of("user:sam").await, running.token_of("user:dora").await);
    let anna = running.token_of("user:anna").await;
    let la = hold("/g/stores/la", &[]);
    for (token, path, body) in [
        (&anna, "holds", la.clone()),
        (&sam, "holds", hold("all", &[])),
        (&sam, "holds", hold("/c/tx-1", &[])),
        (&sam, "stop", json!({"reason": "no"})),
        (&dora, "holds", la.clone()),
        (&dora, "holds", hold("all", &["till"])),
        (&dora, "holds", hold("all", &["dogs", "till"])),
        (&sam, "adoptions", json!({"cluster": "tx-1"})),
        (&dora, "discards", json!({"cluster": "la-1"})),
        (&sam, "rollbacks", json!({"step": 1, "clusters": "/c/tx-1", "reason": "no"})),
    ] {
        let (status, problem) = post(&running, token, path, body.clone()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{path} {body}");
    }
    let (status, placed) = post(&running, &sam, "holds", la).await;
    assert_eq!((status, &placed["hold"]["name"]), (201, &json!("hold-2")), "{placed}");
    let message = step(&admin);
    assert!(message.starts_with("sam <user:sam>\norder 2: hold-2 placed"), "{message}");
    assert!(message.contains("\nOrdered-by: user:sam\n"), "{message}");
    assert!(message.contains("\nAudit-Head: "), "{message}");
    let (status, _) = post(&running, &dora, "holds", hold("all", &["dogs"])).await;
    assert_eq!(status, 201);

    change(&running, &admin, "inventory/tills.yaml", "title: Till", "title: Cash").await;
    change(&running, &admin, "inventory/pets.yaml", "title: Dogs", "title: Cats").await;
    assert!(reads(&admin, "la-2", "till/tills/configmap-vote.yaml").contains("title: Till"));
    assert!(reads(&admin, "tx-1", "till/tills/configmap-vote.yaml").contains("title: Cash"));
    assert!(reads(&admin, "tx-1", "dogs/pets/configmap-vote.yaml").contains("title: Dogs"));
    let (_, seen) = running.get_as("/api/v1/holds", &dora).await;
    assert_eq!(seen["total"], 2, "{seen}");
    let (_, seen) = running.get_as("/api/v1/holds", &running.token_of("user:nobody").await).await;
    assert_eq!(seen["total"], 0, "{seen}");
    let (_, waiting) = running.get("/api/v1/waiting").await;
    assert_eq!((&waiting["total"], &waiting["onHold"]), (&json!(0), &json!(4)), "{waiting}");

    assert_eq!(delete(&running, &dora, "holds/hold-2").await.0, 403);
    assert_eq!(delete(&running, &sam, "holds/hold-9").await.0, 404);
    assert_eq!(delete(&running, &sam, "holds/festival").await.0, 404);
    let (status, ended) = delete(&running, &sam, "holds/hold-2").await;
    assert_eq!((status, &ended["clustersChanged"]), (200, &json!(2)), "{ended}");
    assert!(reads(&admin, "la-2", "till/tills/configmap-vote.yaml").contains("title: Cash"));
    assert!(reads(&admin, "la-2", "dogs/pets/configmap-vote.yaml").contains("title: Dogs"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_make_no_sense_are_explained_and_a_look_does_nothing() {
    let (running, admin) = released().await;
    let before = step(&admin);
    for (path, body, expected, code) in [
        ("holds", hold("/g/storez", &[]), 422, "unfit-scope"),
        ("holds", hold("none", &[]), 422, "unfit-scope"),
        ("holds", hold("all", &["nothing"]), 422, "unfit-scope"),
        ("holds", hold("all", &["Not A Name"]), 422, "unfit-name"),
        ("holds", json!({"clusters": "all", "reason": " "}), 422, "unfit-order"),
        ("stop", json!({"reason": "x", "until": "2001-01-01T00:00:00Z"}), 422, "unfit-order"),
        ("rollbacks", json!({"step": 9, "clusters": "all", "reason": "x"}), 404, "not-found"),
        ("rollbacks", json!({"step": 1, "clusters": "all", "reason": "x"}), 409, "nothing-to-do"),
        ("confirmations", json!({"plan": "0".repeat(64)}), 409, "stale"),
        ("confirmations", json!({"plan": "what"}), 400, "bad-request"),
        ("adoptions", json!({"cluster": "la-1"}), 409, "nothing-to-do"),
        ("adoptions", json!({"cluster": "la-7"}), 404, "not-found"),
        ("discards", json!({"cluster": "la-1"}), 409, "nothing-to-do"),
    ] {
        let (status, problem) = post(&running, ADMIN, path, body.clone()).await;
        assert_eq!((status, &problem["code"]), (expected, &json!(code)), "{path} {body} {problem}");
    }
    assert_eq!(delete(&running, ADMIN, "adoptions/la-1").await.0, 409);
    let (status, look) = post(&running, ADMIN, "holds?dryRun=true", hold("all", &[])).await;
    assert_eq!((status, &look["isDryRun"], &look["step"]), (201, &json!(true), &json!(2)));
    assert_eq!(step(&admin), before, "nothing was appended");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_holds_everything_and_a_rollback_goes_back() {
    let (running, admin) = released().await;
    let till = |cluster: &str| reads(&admin, cluster, "till/tills/configmap-vote.yaml");
    assert_eq!(post(&running, ADMIN, "stop", json!({"reason": "wrong images"})).await.0, 201);
    change(&running, &admin, "inventory/tills.yaml", "title: Till", "title: Cash").await;
    assert!(till("tx-1").contains("title: Till"));
    assert_eq!(delete(&running, ADMIN, "holds/hold-2").await.0, 200);
    assert!(till("tx-1").contains("title: Cash"));
    let back = json!({"step": 1, "clusters": "/g/stores/tx", "applications": ["till"],
        "reason": "votes are lost"});
    let (status, done) = post(&running, ADMIN, "rollbacks", back).await;
    assert_eq!((status, &done["hold"]["kind"]), (201, &json!("Rollback")), "{done}");
    assert!(till("tx-1").contains("title: Till") && till("la-1").contains("title: Cash"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_is_for_exactly_what_waits_and_for_who_may() {
    let (running, admin) = released().await;
    let dora = running.token_of("user:dora").await;
    let application = FLEET.split("-- inventory/tills.yaml --\n").nth(1).unwrap();
    let application = application.split("---\n").nth(1).unwrap().split("-- ").next().unwrap();
    change(&running, &admin, "inventory/tills.yaml", &format!("---\n{application}"), "").await;
    let (_, waiting) = running.get("/api/v1/waiting").await;
    assert_eq!(waiting["total"], 3, "{waiting}");
    assert!(waiting["items"][0]["reason"].as_str().unwrap().contains("last 3 clusters"));
    let plan = waiting["plan"].as_str().unwrap().to_owned();
    let (_, seen) = running.get_as("/api/v1/waiting", &dora).await;
    assert_eq!((&seen["total"], &seen["plan"]), (&json!(0), &Value::Null), "{seen}");
    assert_eq!(post(&running, &dora, "confirmations", json!({"plan": plan})).await.0, 403);
    assert!(reads(&admin, "la-1", "till/tills/configmap-vote.yaml").contains("title: Till"));
    let (status, done) = post(&running, ADMIN, "confirmations", json!({"plan": plan})).await;
    assert_eq!((status, &done["isWaiting"]), (201, &json!(false)), "{done}");
    let message = step(&admin);
    assert!(message.contains("\nApproved-by: administrator <user:administrator>\n"), "{message}");
    let (_, waiting) = running.get("/api/v1/waiting").await;
    assert_eq!((&waiting["total"], &waiting["plan"]), (&json!(0), &Value::Null));
    let again = post(&running, ADMIN, "confirmations", json!({"plan": plan})).await;
    assert_eq!((again.0, &again.1["code"]), (409, &json!("stale")));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_someone_else_wrote_is_adopted_or_discarded() {
    let (running, admin) = released().await;
    let sam = running.token_of("user:sam").await;
    let bare = running.folder.path().join("clusters.git").display().to_string();
    let write = |text: &str| {
        reads(&admin, "la-1", "dogs/pets/configmap-vote.yaml");
        admin.tree.git(&["checkout", "-q", "la-1"]);
        std::fs::write(admin.tree.path().join("by-hand.yaml"), text).unwrap();
        admin.tree.git(&["add", "-A"]);
        admin.tree.git(&["commit", "-q", "-m", "by hand"]);
        admin.tree.git(&["push", "-q", &bare, "HEAD:refs/heads/clusters/la-1"]);
        let tree = admin.tree.git(&["rev-parse", "HEAD^{tree}"]).trim().to_owned();
        admin.tree.git(&["checkout", "-q", "main"]);
        tree
    };
    let tree = write("a: b\n");
    let other = json!({"cluster": "la-1", "tree": "0".repeat(40)});
    let (status, problem) = post(&running, ADMIN, "adoptions", other).await;
    assert_eq!((status, &problem["code"]), (409, &json!("stale")), "{problem}");
    assert_eq!(post(&running, &sam, "adoptions", json!({"cluster": "tx-1"})).await.0, 403);
    let seen = json!({"cluster": "la-1", "tree": tree});
    let (status, done) = post(&running, ADMIN, "adoptions", seen).await;
    assert_eq!((status, &done["isWaiting"]), (201, &json!(true)), "{done}");
    let (_, waiting) = running.get("/api/v1/waiting").await;
    let found = json!([{"cluster": "la-1", "tree": tree, "isAdopted": true}]);
    assert_eq!(waiting["foreign"], found);
    let (_, holds) = running.get("/api/v1/holds").await;
    assert_eq!(holds["items"][0]["kind"], "Adopted", "{holds}");
    let (status, done) = delete(&running, ADMIN, "adoptions/la-1").await;
    assert_eq!((status, &done["isWaiting"]), (200, &json!(false)), "{done}");
    let names = |admin: &Clone| {
        reads(admin, "la-1", "dogs/pets/configmap-vote.yaml");
        admin.tree.git(&["ls-tree", "--name-only", "la-1"])
    };
    assert!(!names(&admin).contains("by-hand.yaml"));
    // What was adopted once is behind by now; anything else is foreign.
    write("a: c\n");
    assert!(names(&admin).contains("by-hand.yaml"));
    assert_eq!(post(&running, ADMIN, "discards", json!({"cluster": "la-1"})).await.0, 201);
    assert!(!names(&admin).contains("by-hand.yaml"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_may_change_something_leaves_a_row_and_the_ledger_names_the_last() {
    let (running, admin) = released().await;
    let sam = running.token_of("user:sam").await;
    assert_eq!(post(&running, &sam, "stop", json!({"reason": "no"})).await.0, 403);
    assert_eq!(post(&running, &sam, "holds", hold("/c/la-1", &[])).await.0, 201);
    assert_eq!(post(&running, ADMIN, "holds?dryRun=true", hold("all", &[])).await.0, 201);
    change(&running, &admin, "inventory/tills.yaml", "title: Till", "title: Cash").await;
    let checked = json!({"expression": "all"});
    assert_eq!(post(&running, ADMIN, "expressions:check", checked).await.0, 200);
    let (_, page) = running.get("/api/v1/audit").await;
    let rows: Vec<String> = page["items"].as_array().unwrap().iter().rev().map(row).collect();
    let expected = [
        "user:administrator git.push source.git refs/heads/main",
        "user:sam POST /api/v1/stop /api/v1/stop 403",
        "user:sam hold.place hold-2 festival",
        "user:administrator git.push source.git refs/heads/main",
    ];
    assert_eq!(rows, expected);
    let requests = page["items"].as_array().unwrap().iter();
    assert!(requests.map(|row| &row["request"]).all(|id| id.as_str().unwrap().len() == 36));

    let verify = "/api/v1/audit/verification";
    let (_, whole) = running.get(verify).await;
    assert_eq!(whole["isWhole"], true, "{whole}");
    assert!(whole["ledger"]["number"].as_u64().unwrap() >= 3, "{whole}");
    // A record that begins anew is whole by itself; the ledger knows more.
    let folder = running.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.display().to_string().contains("res-edge.db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let running = Running::on(folder).await;
    let (_, broken) = running.get(verify).await;
    assert_eq!(broken["isWhole"], false, "{broken}");
    assert_eq!(broken["ledger"], whole["ledger"]);
    running.stop().await;
}

/// A row of the record in one line.
fn row(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap();
    let details = &row["details"];
    let more = match text("action") {
        "git.push" => details["moved"][0]["ref"].as_str().unwrap().to_owned(),
        "hold.place" => details["reason"].as_str().unwrap().to_owned(),
        _ => details["status"].to_string(),
    };
    format!("{} {} {} {more}", text("actor"), text("action"), text("object"))
}
