//! Changes of the built-in repository.

use reqwest::Method;
use serde_json::{Value, json};

use crate::clone::Clone;
use crate::hosting::with_fleet;
use crate::support::{ADMIN, Running};

const CHANGES: &str = "/api/v1/changes";

async fn get(running: &Running, token: &str, path: &str) -> Value {
    let (status, body) = running.json(token, Method::GET, &format!("{CHANGES}{path}"), None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

async fn post(running: &Running, token: &str, path: &str, body: Value) -> (u16, Value) {
    running.json(token, Method::POST, &format!("{CHANGES}{path}"), Some(body)).await
}

/// Approves what the checks say now.
async fn approve(running: &Running, token: &str, number: u32) -> (u16, Value) {
    let checks = get(running, token, &format!("/{number}/checks")).await;
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
    let path = format!("{CHANGES}/{number}/approval");
    running.json(token, Method::PUT, &path, Some(seen)).await
}

/// A clone of somebody, on the newest `main`.
async fn clone_of(running: &Running, subject: &str) -> Clone {
    Clone::of(running, &running.token_of(subject).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_opens_a_change_or_updates_one() {
    let (running, _) = with_fleet().await;
    let anna = clone_of(&running, "user:anna").await;
    let push = |arguments: &[&str]| {
        let (done, text) = anna.push(arguments);
        let first = text.lines().next().unwrap_or_default().to_owned();
        (done, first.replace("remote: ", ""))
    };
    let opened = |number: u32| (true, format!("change {number}: SERVER/api/v1/changes/{number}"));
    anna.edit("inventory/pets.yaml", "title: Dogs", "title: Hounds");
    assert_eq!(push(&["HEAD:refs/for/main"]), opened(1));
    assert!(!push(&["HEAD:refs/for/main"]).0, "there is nothing new");
    // What builds on it updates it; another topic is another change.
    anna.edit("inventory/pets.yaml", "title: Hounds", "title: Dogz");
    assert_eq!(push(&["HEAD:refs/for/main"]), opened(1));
    assert_eq!(push(&["HEAD:refs/for/main/other"]), opened(2));
    // An amended commit builds on neither, and says which it is.
    anna.tree.git(&["commit", "-q", "--amend", "-m", "say it otherwise"]);
    assert_eq!(push(&["-o", "change=1", "HEAD:refs/for/main"]), opened(1));
    assert_eq!(push(&["HEAD:refs/for/main/other"]), opened(2));
    assert!(!push(&["-o", "change=9", "HEAD:refs/for/main"]).0);
    let listed = get(&running, &anna.token, "?status=open&limit=1").await;
    assert_eq!((&listed["total"], &listed["continue"]), (&json!(2), &json!("2")));
    let next = get(&running, &anna.token, "?limit=1&continue=2").await;
    assert_eq!(next["items"][0]["number"], 1);
    assert_eq!(next["items"][0]["head"], anna.tree.commit_of("HEAD").to_string());
    let events = get(&running, &anna.token, "/1/events").await;
    let words: Vec<&str> =
        events.as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["updated", "updated", "opened"]);
    let files = get(&running, &anna.token, "/1/files").await;
    assert_eq!(files, json!([{"path": "inventory/pets.yaml", "change": "changed"}]));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_for_one_head_and_one_plan() {
    let (running, _) = with_fleet().await;
    let anna = clone_of(&running, "user:anna").await;
    let (otto, ci) = (running.token_of("user:otto").await, running.token_of("token:ci").await);
    anna.edit("inventory/pets.yaml", "title: Dogs", "title: Hounds");
    assert!(anna.push(&["HEAD:refs/for/main"]).0);
    // Nobody approves their own change, and no program approves any.
    assert_eq!(approve(&running, &anna.token, 1).await.0, 200);
    let (status, problem) = post(&running, &anna.token, "/1/merge", json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")));
    assert_eq!(approve(&running, &ci, 1).await.0, 403);
    assert_eq!(approve(&running, &otto, 1).await.0, 200);
    // A new head takes the approvals along.
    anna.edit("inventory/pets.yaml", "title: Hounds", "title: Wolves");
    assert!(anna.push(&["HEAD:refs/for/main"]).0);
    assert_eq!(get(&running, &otto, "/1").await["approvals"], json!([]));
    let (status, problem) = post(&running, &anna.token, "/1/merge", json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")));
    assert_eq!(approve(&running, &otto, 1).await.0, 200);

    // Others change other cells in between: the approval stays, and the edits are put together.
    let tills = Clone::of(&running, &ci);
    tills.edit("inventory/tills.yaml", "title: Till", "title: Cash");
    assert!(tills.push(&["main"]).0);
    let (status, merged) =
        post(&running, &anna.token, "/1/merge?wait=released", json!({"squash": true})).await;
    assert_eq!((status, &merged["status"]), (200, &json!("merged")), "{merged}");
    anna.fetch();
    let shown = anna.tree.git(&["show", "main:inventory/pets.yaml", "main:inventory/tills.yaml"]);
    assert!(shown.contains("title: Wolves") && shown.contains("title: Cash"), "{shown}");
    let (status, problem) = post(&running, &anna.token, "/1/close", json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("not-possible")));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_merge_says_why() {
    let (running, admin) = with_fleet().await;
    let olga = clone_of(&running, "user:olga").await;
    olga.edit("inventory/la.yaml", "city: nola", "city: orleans");
    assert!(olga.push(&["HEAD:refs/for/main"]).0);
    admin.edit("inventory/la.yaml", "city: nola", "city: marigny");
    assert!(admin.push(&["main"]).0);
    let checks = get(&running, &olga.token, "/1/checks").await;
    assert_eq!(checks["conflicts"], json!(["inventory/la.yaml"]));
    assert_eq!(checks["mergeable"], false);
    let (status, problem) = post(&running, ADMIN, "/1/merge", json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("merge-conflict")), "{problem}");

    let broken = Clone::of(&running, ADMIN);
    broken.edit("apps/vote/configmap.yaml", "rea.cluster.city", "rea.cluster.town");
    let (done, text) = broken.push(&["HEAD:refs/for/main"]);
    assert!(done && text.contains("it cannot be merged: 1 error"), "{text}");
    let checks = get(&running, ADMIN, "/2/checks").await;
    assert_eq!((&checks["newErrors"], &checks["mergeable"]), (&json!(1), &json!(false)));
    assert_eq!(checks["diagnostics"][0]["places"][0]["file"], "apps/vote/configmap.yaml");
    let (status, problem) = post(&running, ADMIN, "/2/merge", json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("new-errors")));
    assert!(problem["diagnostics"][0]["excerpt"].is_string(), "{problem}");

    // Who may propose one thing may not propose another.
    let ci = clone_of(&running, "token:ci").await;
    ci.edit("inventory/pets.yaml", "title: Dogs", "title: Mine");
    assert!(!ci.push(&["HEAD:refs/for/main"]).0);
    assert!(ci.push(&["HEAD:refs/heads/ci"]).0);
    let (status, problem) = post(&running, &ci.token, "", json!({"branch": "ci"})).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    assert_eq!(post(&running, ADMIN, "", json!({"branch": "none"})).await.0, 400);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_outlive_the_database() {
    let (running, admin) = with_fleet().await;
    admin.edit("inventory/la.yaml", "city: nola", "city: orleans");
    assert!(admin.push(&["HEAD:refs/heads/mine"]).0);
    let (status, opened) = post(&running, ADMIN, "", json!({"branch": "mine"})).await;
    assert_eq!((status, &opened["number"]), (201, &json!(1)), "{opened}");
    assert_eq!(post(&running, ADMIN, "/1/events", json!({"text": "why?"})).await.0, 200);
    assert_eq!(post(&running, ADMIN, "/1/events", json!({"text": " "})).await.0, 409);
    assert_eq!(post(&running, ADMIN, "/1/close", json!({})).await.0, 200);
    assert_eq!(post(&running, ADMIN, "/1/merge", json!({})).await.0, 409);
    assert_eq!(post(&running, ADMIN, "/1/reopen", json!({})).await.0, 200);
    let before = (get(&running, ADMIN, "/1").await, get(&running, ADMIN, "/1/events").await);
    let (_, ledger) = running.get("/api/v1/status").await;
    let folder = running.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.display().to_string().contains("res-edge.db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let running = Running::on(folder).await;
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    let after = (get(&running, ADMIN, "/1").await, get(&running, ADMIN, "/1/events").await);
    assert_eq!(after, before);
    let (_, again) = running.get("/api/v1/status").await;
    assert_eq!(again["ledger"]["commit"], ledger["ledger"]["commit"], "no step was made");
    let (status, merged) = post(&running, ADMIN, "/1/merge?wait=released", json!({})).await;
    assert_eq!((status, &merged["status"]), (200, &json!("merged")), "{merged}");
    running.stop().await;
}
