//! Who is let in, as whom, and to what.

use api::agent::EnrolmentState;
use reqwest::Method;
use serde_json::json;

use super::kit::{TestAgent, code, join, with_fleet};
use crate::clone::Clone;
use crate::support::{ADMIN, Running};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_enters_the_document_and_lets_its_agent_in() {
    let running = with_fleet().await;
    let (status, joined) = join(&running, ADMIN, "la-1").await;
    assert_eq!(status, 201);
    let kinds = json!([
        {"group": "", "kind": "ConfigMap", "namespace": "pets"},
        {"group": "", "kind": "ConfigMap", "namespace": "tills"}
    ]);
    assert_eq!(joined["kinds"], kinds);
    let token = joined["token"].as_str().unwrap();
    let mut agent = TestAgent::new(&running, "la-1").await;
    assert_eq!(code(agent.begin().await), (401, "unknown-key".to_owned()));
    let enrolled = agent.enrol(token).await.unwrap();
    assert_eq!((enrolled.state, enrolled.change), (EnrolmentState::Accepted, Some(1)));
    assert_eq!(agent.enrol(token).await.unwrap().state, EnrolmentState::Accepted, "and again");
    let session = agent.begin().await.unwrap();
    assert_eq!((session.cluster.as_str(), session.uid), ("la-1", enrolled.uid));
    let document = running.get("/api/v1/clusters/la-1").await.1;
    let key = agent.key.public_key().to_string();
    assert_eq!(document["spec"]["agent"]["keys"], json!([key]));
    // Everything of it is on record, and none of it is secret.
    let record = running.get("/api/v1/audit").await.1.to_string();
    for action in ["cluster.join", "agent.enrol", "agent.return"] {
        assert!(record.contains(action), "{action}: {record}");
    }
    assert!(!record.contains(token));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_that_join_at_once_are_all_let_in() {
    let running = with_fleet().await;
    let enrol = async |cluster: &'static str| {
        let joined = join(&running, ADMIN, cluster).await.1;
        let mut agent = TestAgent::new(&running, cluster).await;
        let enrolled = agent.enrol(joined["token"].as_str().unwrap()).await.unwrap();
        assert_eq!(enrolled.state, EnrolmentState::Accepted, "{cluster}");
        agent.begin().await.unwrap();
        agent.key.public_key().to_string()
    };
    let keys = tokio::join!(enrol("la-1"), enrol("la-2"), enrol("tx-1"));
    for (cluster, key) in [("la-1", keys.0), ("la-2", keys.1), ("tx-1", keys.2)] {
        let document = running.get(&format!("/api/v1/clusters/{cluster}")).await.1;
        assert_eq!(document["spec"]["agent"]["keys"], json!([key]));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_waits_for_approval_where_the_roles_ask_for_it() {
    let running = with_fleet().await;
    let (lara, olga) = (running.token_of("user:lara").await, running.token_of("user:olga").await);
    let otto = running.token_of("user:otto").await;
    assert_eq!(join(&running, &otto, "la-1").await.0, 404, "he does not see it");
    assert_eq!(join(&running, &lara, "tx-1").await.0, 404, "it is not hers");
    let (status, joined) = join(&running, &lara, "la-1").await;
    assert_eq!(status, 201, "{joined}");
    let token = joined["token"].as_str().unwrap();
    let mut agent = TestAgent::new(&running, "la-1").await;
    let enrolled = agent.enrol(token).await.unwrap();
    assert_eq!((enrolled.state, enrolled.change), (EnrolmentState::Pending, Some(1)));
    assert_eq!(code(agent.begin().await), (401, "unknown-key".to_owned()));
    let again = agent.enrol(token).await.unwrap();
    assert_eq!((again.state, again.change), (EnrolmentState::Pending, Some(1)), "no other change");
    let checks = running.json(&olga, Method::GET, "/api/v1/changes/1/checks", None).await.1;
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
    let path = "/api/v1/changes/1/approval";
    let (status, approved) = running.json(&olga, Method::PUT, path, Some(seen)).await;
    assert_eq!((status, &approved["author"]), (200, &json!("user:lara")), "{approved}");
    // Now it waits for nothing, and is merged when the agent asks the next time.
    let enrolled = agent.enrol(token).await.unwrap();
    assert_eq!((enrolled.state, enrolled.change), (EnrolmentState::Accepted, Some(1)));
    agent.begin().await.unwrap();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_token_is_for_one_cluster_one_key_and_some_time() {
    let running = with_fleet().await;
    let token = join(&running, ADMIN, "la-1").await.1["token"].as_str().unwrap().to_owned();
    let wrong = (401, "join-token".to_owned());
    let foreign = TestAgent::new(&running, "la-2").await;
    assert_eq!(code(foreign.enrol(&token).await), wrong, "for another cluster");
    let agent = TestAgent::new(&running, "la-1").await;
    assert_eq!(code(agent.enrol("re_made-up").await), wrong);
    agent.enrol(&token).await.unwrap();
    let second = TestAgent::new(&running, "la-1").await;
    assert_eq!(code(second.enrol(&token).await), wrong, "with another key");
    let other = join(&running, ADMIN, "la-2").await.1["token"].as_str().unwrap().to_owned();
    let thief = TestAgent { cluster: "la-2".to_owned(), ..agent };
    assert_eq!(code(thief.enrol(&other).await), (409, "others-key".to_owned()));
    // A proof that is signed for another server.
    let mut agent = TestAgent::new(&running, "la-1").await;
    agent.release_key = agent.key.public_key().to_string();
    let fresh = join(&running, ADMIN, "la-1").await.1["token"].as_str().unwrap().to_owned();
    assert_eq!(code(agent.enrol(&fresh).await), (401, "wrong-proof".to_owned()));
    let body = Some(json!({"hours": 0}));
    let path = "/api/v1/clusters/la-1/join";
    assert_eq!(running.json(ADMIN, Method::POST, path, body).await.0, 422);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_counts_once_and_only_by_a_key_of_the_source_in_use() {
    let running = with_fleet().await;
    let mut agent = TestAgent::joined(&running, "la-1").await;
    let proof = agent.proof().await;
    agent.client.begin_session(&proof).await.unwrap();
    let replayed = agent.client.begin_session(&proof).await;
    assert_eq!(code(replayed), (401, "challenge".to_owned()));
    let mut foreign = agent.proof().await;
    foreign.public_key = TestAgent::new(&running, "la-1").await.key.public_key().to_string();
    assert_eq!(code(agent.client.begin_session(&foreign).await), (401, "wrong-proof".to_owned()));
    // The key is taken back: its token ends with it, and nobody is told to drop anything.
    let source = Clone::of(&running, ADMIN);
    let key = format!("agent: {{keys: [{}]}}", agent.key.public_key());
    let text = std::fs::read_to_string(source.tree.path().join("inventory/la.yaml")).unwrap();
    let written = text.lines().find(|line| line.contains("agent:")).unwrap_or(&key).to_owned();
    let start = written.find("agent:").unwrap();
    let end = written[start..].find("]}").unwrap() + start + 2;
    source.edit("inventory/la.yaml", &written[start..end], "description: alone");
    assert!(source.push(&["HEAD:refs/heads/main"]).0);
    running.released(&source.tree.commit_of("HEAD").to_string()).await;
    let Err(api::ClientError::Problem(problem)) = agent.client.release(None, None).await else {
        panic!("a key that counts no more was served");
    };
    assert_eq!((problem.status, problem.code.as_str()), (401, "agent-session"));
    assert!(problem.hint.unwrap().starts_with("keep running what you have"));
    assert_eq!(code(agent.begin().await), (401, "unknown-key".to_owned()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reads_its_own_cluster_and_nothing_else() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    for path in [
        "/api/v1/clusters/la-1",
        "/api/v1/clusters",
        "/api/v1/bindings",
        "/api/v1/whoami",
        "/api/v1/status",
        "/api/v1/reports",
        "/api/v1/audit",
        "/api/v1/changes",
        "/git/source.git/info/refs?service=git-upload-pack",
    ] {
        let answer = running.send(Method::GET, path, Some(&agent.token)).await;
        assert_eq!(answer.status(), 403, "{path}");
    }
    for path in ["/api/v1/agent/release", "/api/v1/agent/stream"] {
        let answer = running.send(Method::GET, path, Some(ADMIN)).await;
        assert_eq!(answer.status(), 403, "{path} is for agents");
        assert_eq!(running.send(Method::GET, path, None).await.status(), 401);
    }
    // Stock Git: its own branch and statement, and no object of another one by its id.
    let git = Clone::empty(&running, &agent.token);
    let url = git.url("clusters.git");
    let refs = git.tree.git(&["ls-remote", &url]);
    let names: Vec<&str> = refs.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let own = ["refs/heads/clusters/la-1", "refs/releases/la-1"];
    let shown: Vec<&str> = own.into_iter().filter(|name| names.contains(name)).collect();
    assert_eq!(names, shown, "nothing of others");
    assert!(names.contains(&"refs/releases/la-1"));
    let foreign = foreign_tree(&running);
    let (done, _) = git.tree.say(&["fetch", "-q", &url, &foreign]);
    assert!(!done, "a tree of another cluster was fetched");
    assert!(!git.tree.say(&["push", "-q", &url, "HEAD:refs/heads/clusters/la-1"]).0);
    running.stop().await;
}

/// The id of the commit that holds the statement of another cluster.
fn foreign_tree(running: &Running) -> String {
    let clusters = running.folder.path().join("clusters.git");
    let repository = git::Repository::open(clusters).unwrap();
    repository.reference("refs/releases/tx-1").unwrap().unwrap().to_string()
}
