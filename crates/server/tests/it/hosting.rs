//! Git over HTTP, with stock Git: who may push what, and what they read when they may not.

use std::io::Read as _;

use reqwest::Method;

use crate::clone::Clone;
use crate::support::{ADMIN, Running};

/// Three stores, two applications, and the Roles of the people of these tests.
pub(crate) const FLEET: &str = include_str!("fleet.txt");

/// A server whose source is [`FLEET`], released.
pub(crate) async fn with_fleet() -> (Running, Clone) {
    with_fleet_of(FLEET).await
}

/// A server whose source is this, released.
pub(crate) async fn with_fleet_of(text: &str) -> (Running, Clone) {
    let running = Running::new().await;
    let admin = Clone::empty(&running, ADMIN);
    admin.tree.commit_all(text);
    let (done, said) = admin.push(&["main"]);
    assert!(done, "{said}");
    running.released(&admin.tree.commit_of("main").to_string()).await;
    (running, admin)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_push_of_the_administrator_is_released() {
    let (running, admin) = with_fleet().await;
    let (_, status) = running.get("/api/v1/status").await;
    assert_eq!(status["ledger"]["generation"], 1);
    assert_eq!(status["source"]["commit"], admin.tree.commit_of("main").to_string());
    let clusters = admin.url("clusters.git");
    admin.tree.git(&["fetch", "-q", &clusters, "refs/heads/clusters/la-1:refs/heads/la-1"]);
    let shown = admin.tree.show("la-1", "dogs/pets/configmap-vote.yaml");
    assert!(shown.contains("title: Puppies") && shown.contains("city: nola"), "{shown}");
    let again = Clone::of(&running, ADMIN);
    assert_eq!(again.tree.commit_of("main"), admin.tree.commit_of("main"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_with_new_errors_is_refused_and_shows_where_they_are() {
    let (running, admin) = with_fleet().await;
    let main = admin.tree.commit_of("origin/main");
    admin.edit("inventory/pets.yaml", "clusters: /g/stores", "clusters: /g/storez");
    let (done, said) = admin.push(&["main"]);
    assert!(!done);
    insta::assert_snapshot!(said);
    admin.fetch();
    assert_eq!(admin.tree.commit_of("main"), main);
    admin.edit("apps/vote/configmap.yaml", "rea.cluster.city", "rea.cluster.town");
    let (done, said) = admin.push(&["main"]);
    assert!(!done && said.contains("rea.cluster.town"), "{said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_push_what_their_roles_allow() {
    let (running, _) = with_fleet().await;
    let ci = Clone::of(&running, &running.token_of("token:ci").await);
    ci.edit("inventory/tills.yaml", "title: Till", "title: Cash");
    let (done, said) = ci.push(&["main"]);
    assert!(done, "{said}");
    assert_eq!(said, "remote: 3 clusters and 3 bindings change\n");
    running.released(&ci.tree.commit_of("main").to_string()).await;

    let mut texts = Vec::new();
    ci.edit("inventory/pets.yaml", "title: Dogs", "title: Cats");
    texts.push(ci.push(&["main"]));
    let anna = Clone::of(&running, &running.token_of("user:anna").await);
    anna.edit("inventory/pets.yaml", "title: Dogs", "title: Doggies");
    texts.push(anna.push(&["main"]));
    let rita = Clone::of(&running, &running.token_of("user:rita").await);
    rita.edit("inventory/pets.yaml", "title: Dogs", "title: Mine");
    texts.push(rita.push(&["HEAD:refs/heads/rita"]));
    let nobody = Clone::empty(&running, &running.token_of("user:nobody").await);
    texts.push(nobody.tree.say(&["fetch", "-q", "origin"]));
    let all: Vec<String> =
        texts.into_iter().map(|(done, text)| format!("{done}\n{text}")).collect();
    let all =
        all.join("\n").replace(&nobody.url("source.git"), "URL").replace(&running.url, "SERVER");
    insta::assert_snapshot!(all);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn main_only_goes_forward_and_other_branches_are_free() {
    let (running, admin) = with_fleet().await;
    let olga = Clone::of(&running, &running.token_of("user:olga").await);
    olga.edit("inventory/la.yaml", "city: nola", "city: orleans");
    for (place, expected) in [
        (&["HEAD:refs/heads/olga/first"][..], true),
        (&["-f", "HEAD~1:refs/heads/olga/first"], true),
        (&["--delete", "olga/first"], true),
        (&["HEAD:refs/tags/v1"], true),
        (&["-f", "HEAD~1:refs/tags/v1"], false),
        (&["HEAD:refs/notes/x"], false),
        (&["HEAD:refs/changes/1/head"], false),
    ] {
        let (done, said) = olga.push(place);
        assert_eq!(done, expected, "{place:?}: {said}");
    }
    let main = admin.tree.commit_of("main");
    admin.tree.git(&["commit", "-q", "--amend", "-m", "another"]);
    let mut texts = vec![admin.push(&["-f", "main"]), admin.push(&["--delete", "main"])];
    texts.push(admin.tree.say(&["push", "-q", &admin.url("clusters.git"), "HEAD:refs/heads/x"]));
    let all: String = texts.iter().map(|(done, text)| format!("{done}\n{text}")).collect();
    let all = all.replace(&running.url, "SERVER");
    insta::assert_snapshot!(all);
    let there = admin.tree.git(&["ls-remote", "origin", "refs/heads/main"]);
    assert!(there.starts_with(&main.to_string()), "{there}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_of_the_protocol_is_answered() {
    let running = Running::new().await;
    for (path, token, expected) in [
        ("/git/source.git/info/refs?service=git-upload-pack", None, 401),
        ("/git/source.git/info/refs?service=git-upload-pack", Some(ADMIN), 200),
        ("/git/source.git/info/refs", Some(ADMIN), 403),
        ("/git/other.git/info/refs?service=git-upload-pack", Some(ADMIN), 404),
        ("/git/clusters.git/info/refs?service=git-receive-pack", Some(ADMIN), 403),
        ("/git/source.git/HEAD", Some(ADMIN), 404),
    ] {
        let answer = running.send(Method::GET, path, token).await;
        assert_eq!(answer.status(), expected, "{path}");
    }
    let post = |media: &'static str, encoding: &'static str, body: Vec<u8>| {
        let url = format!("{}/git/source.git/git-receive-pack", running.url);
        let request = reqwest::Client::new().post(url).bearer_auth(ADMIN).body(body);
        let request = request.header("content-type", media).header("content-encoding", encoding);
        async move { request.send().await.unwrap().status() }
    };
    let media = "application/x-git-receive-pack-request";
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(&b"0000"[..], flate2::Compression::fast())
        .read_to_end(&mut packed)
        .unwrap();
    assert_eq!(post(media, "gzip", packed).await, 200);
    assert_eq!(post(media, "identity", b"0000".to_vec()).await, 200);
    assert_eq!(post(media, "br", b"0000".to_vec()).await, 415);
    assert_eq!(post("text/plain", "identity", b"0000".to_vec()).await, 415);
    assert_eq!(post(media, "identity", b"what is this".to_vec()).await, 400);
    assert_eq!(post(media, "gzip", b"0000".to_vec()).await, 408);
    running.stop().await;
}
