//! A source and a ledger that are elsewhere: at a forge, over real HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use git::remote::{Credentials, Remote, RemoteUrl};
use reqwest::Method;
use serde_json::{Value, json};
use server::{CommitStatuses, Elsewhere, Provider, Secret, ServeError, Server, Settings};
use tempfile::TempDir;
use testkit::{Forge, Postgres, TestRepository};

use crate::hosting::FLEET;
use crate::support::{ADMIN, Running, settings};

const SECRET: &str = "the-secret-of-these-webhooks";

/// `ci:s3cret-of-the-forge` in base64.
const HEADER: &str = "Basic Y2k6czNjcmV0LW9mLXRoZS1mb3JnZQ==";

/// A forge with the repositories `fleet.git` and `ledger.git`, and a person's work tree.
pub(crate) struct Far {
    forge: Forge,
    folder: TempDir,
    pub(crate) work: TestRepository,
    _repositories: [TestRepository; 2],
}

impl Far {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repositories = [testkit::repository(), testkit::repository()];
        for (repository, name) in repositories.iter().zip(["fleet.git", "ledger.git"]) {
            repository.git(&["config", "http.receivepack", "true"]);
            let link = folder.path().join(name);
            std::os::unix::fs::symlink(repository.path(), link).unwrap();
        }
        let forge = Forge::start(folder.path(), Some(HEADER));
        Self { forge, folder, work: testkit::work_tree(), _repositories: repositories }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn remote(&self, name: &str) -> Remote {
        let (user, token) = ("ci".to_owned(), "s3cret-of-the-forge".to_owned());
        let url = RemoteUrl::parse(&self.forge.url(name)).unwrap();
        Remote::new(url, Credentials::Token { user, token }).unwrap()
    }

    pub(crate) fn source(&self) -> Elsewhere {
        Elsewhere { remote: self.remote("fleet.git"), branch: "main".to_owned() }
    }

    /// Commits these files and pushes them, past the forge; answers the commit.
    pub(crate) fn push(&self, text: &str) -> String {
        let commit = self.work.commit_all(text);
        let place = self.path("fleet.git").display().to_string();
        self.work.git(&["push", "-q", &place, "main"]);
        commit.to_string()
    }

    /// A settings of a server with this source.
    fn settings(&self, data: &TempDir) -> Settings {
        Settings { source: Some(self.source()), ..settings(data.path()) }
    }

    /// The steps of the ledger, the newest first, as their sources.
    fn steps(&self) -> Vec<String> {
        let format = "--format=%(trailers:key=Source,valueonly,separator=)";
        let ledger = self.path("ledger.git").display().to_string();
        let log = self.work.git(&["-C", &ledger, "log", format, "res-edge/ledger"]);
        log.lines().map(str::to_owned).collect()
    }
}

async fn running(far: &Far, change: impl FnOnce(&mut Settings)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = far.settings(&folder);
    change(&mut settings);
    Running::with(folder, settings).await
}

/// The status once something is true of it.
async fn until(running: &Running, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let (_, status) = running.get("/api/v1/status").await;
        if is_so(&status) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_, status) = running.get("/api/v1/status").await;
    panic!("it never came to that: {status:#}");
}

fn edited(title: &str) -> String {
    assert!(FLEET.contains("title: Dogs"));
    FLEET.replace("title: Dogs", &format!("title: {title}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_to_a_forge_is_found_and_released() {
    let far = Far::new();
    let running = running(&far, |_| {}).await;
    let first = far.push(FLEET);
    running.released(&first).await;
    let second = far.push(&edited("Wolves"));
    running.released(&second).await;
    let status = until(&running, |status| status["ledger"]["generation"] == 2).await;
    assert_eq!(status["sourceRemote"]["url"], far.forge.url("fleet.git"));
    assert_eq!(status["sourceRemote"]["failing"], Value::Null);
    let clusters = running.folder.path().join("clusters.git").display().to_string();
    far.work.git(&["fetch", "-q", &clusters, "refs/heads/clusters/tx-1:refs/heads/tx-1"]);
    assert!(far.work.list("tx-1").contains("dogs/"), "{}", far.work.list("tx-1"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_takes_no_pushes_and_no_changes() {
    let far = Far::new();
    let running = running(&far, |_| {}).await;
    let head = far.push(FLEET);
    running.released(&head).await;
    let host = running.url.strip_prefix("http://").unwrap();
    let url = format!("http://any:{ADMIN}@{host}/git/source.git");
    far.work.commit_all(&edited("Wolves"));
    for refspec in ["main", "HEAD:refs/for/main", "HEAD:refs/heads/mine"] {
        let (done, said) = far.work.say(&["push", "-q", &url, refspec]);
        assert!(!done && said.contains("this is a copy of the source at"), "{said}");
    }
    let body = json!({"title": "mine", "head": head});
    let (status, problem) = running.ask(Method::POST, "/api/v1/changes", &body).await;
    assert_eq!((status, &problem["code"]), (409, &json!("source-elsewhere")), "{problem}");
    // It can be read.
    assert!(far.work.git(&["ls-remote", &url, "refs/heads/main"]).starts_with(&head));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_refused_or_cannot_be_reached_is_told() {
    let far = Far::new();
    let running =
        running(&far, |settings| settings.metrics_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let first = far.push(FLEET);
    running.released(&first).await;
    let broken = far.push(&FLEET.replace("clusters: /g/stores", "clusters: /g/storez"));
    let status = until(&running, |status| status["refused"]["commit"] == broken.as_str()).await;
    assert_eq!(status["source"]["commit"], first.as_str(), "the last one stays in use");
    assert!(!status["refused"]["diagnostics"].as_array().unwrap().is_empty());
    // The repository is gone: nothing of what is released goes.
    std::fs::rename(far.path("fleet.git"), far.path("away")).unwrap();
    let is_failing = |status: &Value| status["sourceRemote"]["failing"].is_object();
    let status = until(&running, is_failing).await;
    let detail = status["sourceRemote"]["failing"]["detail"].as_str().unwrap();
    assert!(detail.contains("fleet.git") && !detail.contains("s3cret"), "{detail}");
    assert_eq!(status["ledger"]["clusters"], 3);
    let metrics = reqwest::get(running.metrics.as_ref().unwrap()).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("res_edge_source_unreachable 1"), "{metrics}");
    assert!(metrics.contains("res_edge_source_refused 1"), "{metrics}");
    // It is back, and so is a source that can be used.
    std::fs::rename(far.path("away"), far.path("fleet.git")).unwrap();
    let mended = far.push(&edited("Wolves"));
    running.released(&mended).await;
    until(&running, |status| !is_failing(status) && status["refused"] == Value::Null).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_was_rewritten_is_refused_and_releases_nothing() {
    let far = Far::new();
    let running = running(&far, |_| {}).await;
    far.push(FLEET);
    let second = far.push(&edited("Wolves"));
    running.released(&second).await;
    far.work.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let other = far.work.commit_all(&edited("Foxes")).to_string();
    let place = far.path("fleet.git").display().to_string();
    far.work.git(&["push", "-q", "--force", &place, "main"]);
    let status = until(&running, |status| status["refused"]["commit"] == other.as_str()).await;
    assert_eq!(status["ledger"]["source"], second.as_str());
    running.stop().await;
}

/// Sends a webhook of Gitea, and answers the status.
async fn webhook(running: &Running, provider: &str, headers: &[(&str, &str)]) -> u16 {
    let url = format!("{}/webhooks/{provider}", running.url);
    let mut request = reqwest::Client::new().post(url).body("{}");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

fn with_webhooks(settings: &mut Settings) {
    settings.webhooks = BTreeMap::from([
        (Provider::GitLab, Secret::new(SECRET)),
        (Provider::Azure, Secret::new(SECRET)),
    ]);
    // Longer than any test: only a webhook finds anything.
    settings.poll = Duration::from_secs(3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_has_the_source_fetched() {
    let far = Far::new();
    far.push(FLEET);
    let running = running(&far, with_webhooks).await;
    running.released(&far.work.commit_of("main").to_string()).await;
    let head = far.push(&edited("Wolves"));
    let token = [("x-gitlab-token", SECRET)];
    for (provider, headers, expected) in [
        ("gitlab", &[][..], 401),
        ("gitlab", &[("x-gitlab-token", "wrong")], 401),
        ("azure", &[("authorization", "Basic YW55Ondyb25n")], 401),
        ("github", &token, 404),
        ("sourceforge", &token, 404),
    ] {
        assert_eq!(webhook(&running, provider, headers).await, expected, "{provider} {headers:?}");
    }
    let (_, status) = running.get("/api/v1/status").await;
    assert_ne!(status["source"]["commit"], head.as_str(), "nobody who proved it said so");
    assert_eq!(webhook(&running, "gitlab", &token).await, 202);
    running.released(&head).await;
    // `any:` and the secret; a token of the server is none here, and neither is this one there.
    let basic = "Basic YW55OnRoZS1zZWNyZXQtb2YtdGhlc2Utd2ViaG9va3M=";
    assert_eq!(webhook(&running, "azure", &[("authorization", basic)]).await, 202);
    let answer = running.send(Method::GET, "/api/v1/status", Some(SECRET)).await;
    assert_eq!(answer.status(), 401);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_webhooks_costs_few_fetches() {
    let far = Far::new();
    let head = far.push(FLEET);
    let running = running(&far, with_webhooks).await;
    running.released(&head).await;
    let before = far.forge.authorizations().len();
    let start = std::time::Instant::now();
    let client = reqwest::Client::new();
    let posts = (0..500).map(|_| {
        let request = client.post(format!("{}/webhooks/gitlab", running.url));
        tokio::spawn(request.header("x-gitlab-token", SECRET).body("{}").send())
    });
    for post in posts.collect::<Vec<_>>() {
        assert_eq!(post.await.unwrap().unwrap().status(), 202);
    }
    let head = far.push(&edited("Wolves"));
    assert_eq!(webhook(&running, "gitlab", &[("x-gitlab-token", SECRET)]).await, 202);
    running.released(&head).await;
    // A fetch is up to four requests, and begins at most twice a second.
    let most = 4 * (2 * start.elapsed().as_secs() as usize + 4);
    let requests = far.forge.authorizations().len() - before;
    assert!(requests <= most, "{requests} requests in {:?}", start.elapsed());
    let large = reqwest::Client::new().post(format!("{}/webhooks/gitlab", running.url));
    let large = large.header("x-gitlab-token", SECRET).body(vec![b' '; 9 << 20]).send().await;
    // It is refused while it is sent, or its sender finds the connection closed.
    assert!(large.map_or(true, |answer| answer.status() == 413));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_do_not_go_together_are_refused_at_the_start() {
    let far = Far::new();
    let postgres = || Some("postgres://nobody@127.0.0.1:1/nothing".parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let plain = || settings(folder.path());
    let (source, ledger) = (Some(far.source()), Some(far.remote("ledger.git")));
    let webhooks = BTreeMap::from([(Provider::GitHub, Secret::new(SECRET))]);
    let pairs = [
        Settings { ledger: ledger.clone(), source: source.clone(), ..plain() },
        Settings { ledger, database: postgres(), ..plain() },
        Settings { database: postgres(), ..plain() },
        Settings { source, database: postgres(), ..plain() },
        Settings { webhooks, ..plain() },
    ];
    let mut said = Vec::new();
    for settings in pairs {
        let error = Server::start(settings).await.err().unwrap();
        assert!(matches!(error, ServeError::Pair(_)), "{error}");
        said.push(format!("{error}\nhint: {}", error.hint().unwrap()));
    }
    insta::assert_snapshot!(said.join("\n"));
}

/// A server of a fleet whose source, ledger and database are shared.
async fn shared(far: &Far, database: &str, text: impl FnOnce(&mut Settings)) -> Running {
    running(far, |settings| {
        settings.ledger = Some(far.remote("ledger.git"));
        settings.database = Some(database.parse().unwrap());
        text(settings);
    })
    .await
}

/// The branches of clusters that a server serves.
fn branches(running: &Running) -> String {
    let repository = running.folder.path().join("clusters.git").display().to_string();
    testkit::repository().git(&["ls-remote", &repository, "refs/heads/clusters/*"])
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_of_one_ledger_append_to_it_in_turn() {
    let far = Far::new();
    let database = Postgres::shared().database();
    let one = shared(&far, &database, |_| {}).await;
    let other = shared(&far, &database, |_| {}).await;
    let mut pushed = Vec::new();
    for turn in 0..6 {
        pushed.push(far.push(&edited(&format!("Dogs{turn}"))));
        if turn % 2 == 1 {
            one.released(pushed.last().unwrap()).await;
            other.released(pushed.last().unwrap()).await;
        }
    }
    let steps = far.steps();
    assert_eq!(steps.first(), pushed.last(), "the newest is released");
    let positions: Vec<_> =
        steps.iter().rev().map(|step| pushed.iter().position(|one| one == step)).collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "no source twice, none back: {positions:?}");
    for running in [&one, &other] {
        until(running, |status| status["ledger"]["generation"] == steps.len()).await;
    }
    assert_eq!(branches(&one), branches(&other), "what clusters read is a function of the ledger");
    assert_eq!(branches(&one).lines().count(), 3);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_reached_stops_releases_and_not_reads() {
    let far = Far::new();
    let database = Postgres::shared().database();
    let running = shared(&far, &database, |_| {}).await;
    let first = far.push(FLEET);
    running.released(&first).await;
    std::fs::rename(far.path("ledger.git"), far.path("away")).unwrap();
    let second = far.push(&edited("Wolves"));
    let status = until(&running, |status| status["refused"]["commit"] == second.as_str()).await;
    assert_eq!(status["ledger"]["generation"], 1);
    assert!(status["ledgerRemote"]["failing"]["detail"].as_str().unwrap().contains("ledger.git"));
    assert_eq!(running.get("/api/v1/clusters/tx-1").await.0, 200);
    assert_eq!(branches(&running).lines().count(), 3);
    // Somebody removed the ledger: it is not begun anew.
    let away = far.path("away").display().to_string();
    let tip = far.work.git(&["-C", &away, "rev-parse", "res-edge/ledger"]);
    far.work.git(&["-C", &away, "update-ref", "-d", "refs/heads/res-edge/ledger"]);
    std::fs::rename(far.path("away"), far.path("ledger.git")).unwrap();
    let is_told = |status: &Value| {
        let failing = &status["ledgerRemote"]["failing"]["detail"];
        failing.as_str().is_some_and(|text| text.contains("does not hold"))
    };
    let status = until(&running, is_told).await;
    assert_eq!(status["ledger"]["generation"], 1);
    // It is put back, and the source that waited is released.
    let ledger = far.path("ledger.git").display().to_string();
    far.work.git(&["-C", &ledger, "update-ref", "refs/heads/res-edge/ledger", &tip]);
    running.released(&second).await;
    until(&running, |status| status["ledger"]["generation"] == 2).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_is_told_what_became_of_each_commit() {
    let far = Far::new();
    let statuses = CommitStatuses { provider: Provider::Gitea, token: Secret::new("s3cret") };
    let running = running(&far, |settings| settings.commit_statuses = Some(statuses)).await;
    let first = far.push(FLEET);
    let told = told_of(&far, &first).await;
    assert_eq!(told["state"], "success", "{told}");
    assert_eq!(told["description"], "released to 3 clusters, step 1");
    let second = far.push(&FLEET.replace("kind: Namespace", "kind: Namespaze"));
    let told = told_of(&far, &second).await;
    assert_eq!(told["state"], "failure", "{told}");
    assert_eq!(told["description"], "the source has errors, and nothing was changed");
    let posted = far.forge.posted();
    assert!(posted.iter().all(|one| one.authorization.as_deref() == Some("token s3cret")));
    running.stop().await;
}

/// What the forge is told of a commit, once it is.
async fn told_of(far: &Far, commit: &str) -> Value {
    let path = format!("/api/v1/repos/fleet/statuses/{commit}");
    for _ in 0..600 {
        if let Some(posted) = far.forge.posted().into_iter().find(|posted| posted.path == path) {
            return serde_json::from_str(&posted.body).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was said of {commit}: {:#?}", far.forge.posted());
}
