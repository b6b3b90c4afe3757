//! What an agent is told, and how soon.

use std::io::{Read as _, Write as _};

use api::agent::AgentEvent;
use reqwest::Method;
use serde_json::json;

use super::kit::{TestAgent, event, index_pack, run, with_fleet};
use crate::clone::Clone;
use crate::support::{ADMIN, Running};

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_signed_and_brings_what_the_cluster_lacks() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let first = agent.take(None, None).await.unwrap();
    let statement = &first.statement;
    assert_eq!((statement.cluster.name.as_str(), statement.layout.as_str()), ("la-1", "manifests"));
    assert_eq!((statement.stopped.as_ref(), statement.allowances.len()), (None, 0));
    let here = testkit::work_tree();
    let all = index_pack(here.path(), &first.pack);
    let files = here.git(&["ls-tree", "-r", "--name-only", &statement.tree]);
    assert!(files.contains("dogs/pets/configmap-vote.yaml"), "{files}");
    here.git(&["fsck", "--no-dangling"]);
    assert!(agent.take(Some(&first.etag), None).await.is_none(), "nothing is new");

    // What changes is told at once, and only what is lacking is sent.
    let mut stream = agent.stream(Some(&first.etag)).await;
    let mut other = TestAgent::joined(&running, "tx-1").await.stream(None).await;
    assert!(matches!(event(&mut other).await, Some(AgentEvent::Release { .. })), "what it lacks");
    let source = Clone::of(&running, ADMIN);
    source.edit("inventory/pets.yaml", "title: Puppies", "title: Whelps");
    assert!(source.push(&["HEAD:refs/heads/main"]).0);
    let Some(AgentEvent::Release { generation }) = event(&mut stream).await else {
        panic!("no release was told");
    };
    let second = agent.take(Some(&first.etag), Some(&statement.tree)).await.unwrap();
    assert_eq!((stream.last_id(), second.statement.generation), (Some(&*second.etag), generation));
    assert!(generation > statement.generation && second.statement.issued > statement.issued);
    let few = index_pack(here.path(), &second.pack);
    // The root, two folders and the file.
    assert_eq!(few, 4);
    assert!(few < all);
    let text =
        here.git(&["show", &format!("{}:dogs/pets/configmap-vote.yaml", second.statement.tree)]);
    assert!(text.contains("Whelps"));
    here.git(&["fsck", "--no-dangling"]);
    // A tree that it was never given counts as nothing; its own brings nothing.
    let unknown = "0123456789012345678901234567890123456789";
    let whole = agent.take(None, Some(unknown)).await.unwrap();
    assert_eq!(index_pack(here.path(), &whole.pack), all);
    assert!(agent.take(None, Some(&second.statement.tree)).await.unwrap().pack.is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_the_same_after_a_restart_and_in_stock_git() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let before = agent.take(None, None).await.unwrap();
    let folder = running.stop().await;
    let running = Running::on(folder).await;
    let answer = |running: &Running| {
        let settings = api::ClientSettings {
            server: running.url.clone(),
            token: Some(agent.token.clone()),
            authority: None,
        };
        TestAgent {
            key: api::ssh::SigningKey::generate().unwrap(),
            cluster: agent.cluster.clone(),
            release_key: agent.release_key.clone(),
            client: api::Client::new(&settings).unwrap(),
            token: agent.token.clone(),
        }
    };
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    // The token outlives the restart, and so does every byte that was signed.
    let again = answer(&running);
    assert!(again.take(Some(&before.etag), None).await.is_none());
    let after = again.take(None, None).await.unwrap();
    assert_eq!((&after.text, &after.signature), (&before.text, &before.signature));
    let git = Clone::empty(&running, &agent.token);
    git.tree.git(&["fetch", "-q", &git.url("clusters.git"), "refs/releases/la-1"]);
    let here = git.tree.path();
    let show = |file: &str| run(here, "git", &["show", &format!("FETCH_HEAD:{file}")], b"");
    assert_eq!(show("statement.json"), before.text);
    std::fs::write(here.join("statement.json.sig"), show("statement.json.sig")).unwrap();
    let allowed = format!("res-edge {}\n", agent.release_key);
    std::fs::write(here.join("allowed"), allowed).unwrap();
    let verify = "-Y verify -f allowed -I res-edge -n res-edge-release -s statement.json.sig";
    let arguments: Vec<&str> = verify.split(' ').collect();
    run(here, "ssh-keygen", &arguments, &before.text);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_signed_for_every_cluster_and_ends() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let first = agent.take(None, None).await.unwrap();
    let mut stream = agent.stream(Some(&first.etag)).await;
    let reason = json!({"reason": "wrong prices"});
    let (status, placed) = running.ask(Method::POST, "/api/v1/stop", &reason).await;
    assert!(status < 300, "{placed}");
    assert!(event(&mut stream).await.is_some());
    let stopped = agent.take(Some(&first.etag), Some(&first.statement.tree)).await.unwrap();
    assert_eq!(stopped.statement.stopped.as_ref().unwrap().reason, "wrong prices");
    assert!(stopped.statement.issued > first.statement.issued && stopped.pack.is_empty());
    let summary = running.get("/api/v1/summary").await.1;
    assert_eq!(summary["stopped"]["reason"], "wrong prices");
    let since = running.controller.snapshot().released.as_ref().unwrap().ledger.placed[0].since;
    let hold = format!("/api/v1/holds/hold-{since}");
    assert!(running.send(Method::DELETE, &hold, Some(ADMIN)).await.status().is_success());
    assert!(event(&mut stream).await.is_some());
    let resumed = agent.take(Some(&stopped.etag), None).await.unwrap();
    assert_eq!(resumed.statement.stopped, None);
    assert!(resumed.statement.issued > stopped.statement.issued, "an older one does not look new");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_costs_one_request_of_500_bytes() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let taken = agent.take(None, None).await.unwrap();
    // What the client sends goes through here, and what it is answered.
    let counted = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (here, there) = (counted.local_addr().unwrap(), running.url.replace("http://", ""));
    let counting = std::thread::spawn(move || {
        let (mut client, _) = counted.accept().unwrap();
        let mut server = std::net::TcpStream::connect(there).unwrap();
        let mut bytes = Vec::new();
        for (from, to) in [(0, 1), (1, 0)] {
            let ends = [&mut client, &mut server];
            let mut buffer = [0; 4096];
            let n = ends[from].read(&mut buffer).unwrap();
            ends[to].write_all(&buffer[..n]).unwrap();
            bytes.extend_from_slice(&buffer[..n]);
        }
        String::from_utf8(bytes).unwrap()
    });
    let settings = api::ClientSettings {
        server: format!("http://{here}"),
        token: Some(agent.token.clone()),
        authority: None,
    };
    let client = api::Client::new(&settings).unwrap();
    let tree = taken.statement.tree;
    assert!(client.release(Some(&taken.etag), Some(&tree)).await.unwrap().is_none());
    let text = counting.join().unwrap();
    assert!(text.contains("304 Not Modified") && text.ends_with("\r\n\r\n"), "{text}");
    assert!(text.len() <= 500, "{} bytes:\n{text}", text.len());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_what_and_how_long_a_site_may_wait_are_signed() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let first = agent.take(None, None).await.unwrap();
    let statement = &first.statement;
    assert_eq!((statement.depends_on.len(), statement.max_hold_seconds), (0, 24 * 3_600));
    let mut stream = agent.stream(Some(&first.etag)).await;
    // No object changes, and still it is said.
    let source = Clone::of(&running, ADMIN);
    source.edit("fleet.yaml", "{name: contoso}\n", "{name: contoso}\nspec: {maxHold: 4h}\n");
    source.edit(
        "inventory/pets.yaml",
        "  values: {title: Dogs}",
        "  dependsOn: [till]\n  values: {title: Dogs}",
    );
    assert!(source.push(&["HEAD:refs/heads/main"]).0);
    assert!(event(&mut stream).await.is_some());
    let second = agent.take(Some(&first.etag), Some(&statement.tree)).await.unwrap();
    assert_eq!(second.statement.max_hold_seconds, 4 * 3_600);
    let waits = [("dogs".to_owned(), ["till".to_owned()].into())].into();
    assert_eq!(second.statement.depends_on, waits);
    assert!(second.statement.issued > statement.issued && second.pack.is_empty());
    running.stop().await;
}
