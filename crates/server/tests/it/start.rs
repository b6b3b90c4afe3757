//! Starting on nothing, and who comes in.

use reqwest::Method;
use server::Server;

use crate::support::{ADMIN, Running, settings};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_becomes_a_server_that_is_ready() {
    let running = Running::new().await;
    assert_eq!(running.send(Method::GET, "/healthz", None).await.status(), 200);
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    assert_eq!(running.send(Method::GET, "/readyz", None).await.status(), 200);
    let (status, body) = running.get("/api/v1/status").await;
    assert_eq!(status, 200);
    assert_eq!(body["source"], serde_json::Value::Null);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_known_token_comes_in() {
    let running = Running::new().await;
    let path = "/api/v1/status";
    let stranger = running.send(Method::GET, path, None).await;
    assert_eq!(stranger.status(), 401);
    let offers: Vec<_> = stranger.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(offers.len(), 2, "Git asks for a password only where Basic is offered");
    let problem: serde_json::Value = stranger.json().await.unwrap();
    assert_eq!(problem["code"], "not-signed-in");
    let wrong = running.send(Method::GET, path, Some("re_wrong")).await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(running.send(Method::GET, path, Some(ADMIN)).await.status(), 200);
    assert_eq!(running.send(Method::GET, "/nowhere", None).await.status(), 401);
    assert_eq!(running.send(Method::GET, "/nowhere", Some(ADMIN)).await.status(), 404);
    assert_eq!(running.send(Method::POST, path, Some(ADMIN)).await.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrators_token_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.admin_token = None;
    let server = Server::start(settings.clone()).await.unwrap();
    let token = server.new_token().unwrap().reveal().to_owned();
    let stop = async {};
    server.run(stop).await.unwrap();
    let again = Server::start(settings.clone()).await.unwrap();
    assert!(again.new_token().is_none());
    let busy = Server::start(settings).await.err().map(|error| error.to_string());
    let shown = folder.path().canonicalize().unwrap().display().to_string();
    assert_eq!(busy, Some(format!("another server runs on the data folder `{shown}`")));
    let (url, client) = (again.url(), reqwest::Client::new());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ended = tokio::spawn(again.run(async move { drop(stopped.await) }));
    let status = client.get(format!("{url}/api/v1/status")).bearer_auth(&token).send().await;
    assert_eq!(status.unwrap().status(), 200);
    drop(stop);
    ended.await.unwrap().unwrap();
}
