//! A server on a folder that goes away, and requests to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, Response};
use serde_json::Value;
use server::{Controller, Patience, Secret, ServeError, Server, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The administrator's token of every server here.
pub(crate) const ADMIN: &str = "the-administrators-token-of-this-test";

/// A server that runs until it is dropped or stopped.
pub(crate) struct Running {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) controller: Controller,
    pub(crate) metrics: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), ServeError>>,
}

/// How a server of a test is set up, in a folder.
pub(crate) fn settings(data: &Path) -> Settings {
    Settings {
        data: data.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        metrics_listen: None,
        tls: None,
        behind_proxy: false,
        database: None,
        admin_token: Some(Secret::new(ADMIN)),
        source: None,
        ledger: None,
        webhooks: BTreeMap::new(),
        commit_statuses: None,
        oidc: None,
        patience: Patience::default(),
        poll: Duration::from_millis(200),
        expansion: expand::Settings {
            kustomize: None,
            helm: None,
            path: std::env::var_os("PATH").unwrap_or_default(),
            cache: None,
            launcher: PathBuf::from("res-edge-is-not-needed"),
            limits: expand::Limits::default(),
        },
    }
}

impl Running {
    /// A server on an empty folder.
    pub(crate) async fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap()).await
    }

    /// A server on a folder that one was on before.
    pub(crate) async fn on(folder: TempDir) -> Self {
        let settings = settings(folder.path());
        Self::with(folder, settings).await
    }

    /// A server that is set up otherwise.
    pub(crate) async fn with(folder: TempDir, settings: Settings) -> Self {
        let server = Server::start(settings).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let (url, controller) = (server.url(), server.controller().clone());
        let metrics = server.metrics_address().map(|address| format!("http://{address}/metrics"));
        let ended = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Self { folder, url, controller, metrics, stop: Some(stop), ended }
    }

    /// Sends JSON as somebody, and answers the status and the JSON of the answer.
    pub(crate) async fn json(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(token);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// A token that acts for a subject such as `user:anna`.
    pub(crate) async fn token_of(&self, subject: &str) -> String {
        self.token(&subject.replace(':', "-"), subject).await
    }

    /// Waits until a commit of the source is in use.
    pub(crate) async fn released(&self, commit: &str) {
        let is_in_use = || {
            let source = self.controller.snapshot().source.clone();
            source.is_some_and(|source| source.commit.to_string() == commit)
        };
        let wait = async { self.controller.changes().wait_for(|_| is_in_use()).await.map(drop) };
        tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap().unwrap();
    }

    /// Stops it, and gives its folder back.
    pub(crate) async fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        self.ended.await.unwrap().unwrap();
        self.folder
    }

    /// Sends a request, with a token if one is given.
    pub(crate) async fn send(&self, method: Method, path: &str, token: Option<&str>) -> Response {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.url));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.unwrap()
    }

    /// The JSON at a path, as the administrator sees it, with its status.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.send(Method::GET, path, Some(ADMIN)).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Makes these files the source, and waits until it is released or refused.
    pub(crate) async fn publish(&self, text: &str) {
        let commit = {
            let source = testkit::work_tree();
            let bare = self.folder.path().join("source.git").display().to_string();
            if self.controller.snapshot().source.is_some() {
                source.git(&["pull", "-q", &bare, "main"]);
            }
            let commit = source.commit_all(text);
            source.git(&["push", "-q", &bare, "HEAD:refs/heads/main"]);
            commit
        };
        self.controller.wake();
        let is_there = |_: &u64| {
            let snapshot = self.controller.snapshot();
            let is_new = snapshot.source.as_ref().is_some_and(|source| source.commit == commit);
            let refused = snapshot.refused.as_ref().and_then(|refused| refused.commit);
            is_new || refused == Some(commit)
        };
        self.controller.changes().wait_for(is_there).await.unwrap();
    }

    /// A token of a subject that Roles may name.
    pub(crate) async fn token(&self, name: &str, subject: &str) -> String {
        self.make_token(name, subject, None).await
    }

    /// The same, which ends at a time.
    pub(crate) async fn token_until(&self, name: &str, subject: &str, end: Timestamp) -> String {
        self.make_token(name, subject, Some(end)).await
    }

    async fn make_token(&self, name: &str, subject: &str, expires: Option<Timestamp>) -> String {
        let text = format!("re_a-token-for-{name}-in-this-test");
        let place = store::Place::Sqlite(self.folder.path().join("res-edge.db"));
        let store = store::Store::open(&place).await.unwrap();
        let now = Timestamp::now();
        if let Some(person) = subject.strip_prefix("user:") {
            let person = store::NewPerson {
                name: person.to_owned(),
                provider: store::LOCAL.to_owned(),
                provider_key: person.to_owned(),
                password: None,
                is_administrator: false,
            };
            // The same person may have several tokens.
            store.add_person(&person, now).await.unwrap();
        }
        let token = store::NewToken {
            name: name.to_owned(),
            digest: Secret::new(text.clone()).digest(),
            subject: subject.to_owned(),
            owner: None,
            scope: None,
            expires,
        };
        assert!(store.add_token(&token, now).await.unwrap());
        text
    }

    /// The JSON at a path as someone sees it, with its status.
    pub(crate) async fn get_as(&self, path: &str, token: &str) -> (u16, Value) {
        let response = self.send(Method::GET, path, Some(token)).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// What the administrator is answered to a body.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.url));
        let response = request.bearer_auth(ADMIN).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
