//! A server, killed.
//!
//! It is the real program, ended by SIGKILL at moments spread over a push and its release, or over
//! a merge and its release. Whatever moment it was: what was answered as done is there, what was
//! not is there whole or not at all, the repositories are whole, the next start comes to the
//! newest source by itself, and each commit was released once.
//! `RES_EDGE_KILLS` is how often; `make test` and `make soak` set it.

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crash::{locks, n_kills};
use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving};

/// How long anything may take: far more than it does.
const PATIENCE: Duration = Duration::from_secs(120);

const FLEET: &str = "
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: test}
-- inventory/all.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: one}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: two}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: shop, template: apps/web}
-- apps/web/map.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {number: \"0\"}
";

/// Sends JSON as the administrator; nothing if there is no answer.
pub(crate) fn ask(method: &str, url: &str, body: Option<Value>) -> Option<(u16, Value)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let method = method.parse().unwrap();
        let request = reqwest::Client::new().request(method, url).bearer_auth(ADMIN);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.timeout(PATIENCE).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    })
}

/// Looks until nothing is missing any more, and panics with what still is after too long.
pub(crate) fn wait_for<T: Debug>(mut missing: impl FnMut() -> Option<T>) {
    let end = Instant::now() + PATIENCE;
    while let Some(missing) = missing() {
        assert!(Instant::now() < end, "{missing:#?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The status of a server that has not released a commit yet.
pub(crate) fn unreleased(server: &Serving, commit: &str) -> Option<Value> {
    let (_, status) = ask("GET", &format!("{}/api/v1/status", server.url), None).unwrap();
    let is_released = status["ledger"]["source"] == commit && status["source"]["commit"] == commit;
    (!is_released).then_some(status)
}

/// A server on a folder, and a person's work tree beside it.
struct Killed {
    sandbox: Sandbox,
    serving: Option<Serving>,
    n_commits: u32,
    /// How long an undisturbed turn takes.
    time: Duration,
}

/// What a turn is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A push to `main`.
    Push,
    /// A push for `main`, and the merge of that change.
    Merge,
}

impl Killed {
    fn new(way: Way) -> Self {
        let sandbox = Sandbox::empty();
        let serving = Serving::in_sandbox(&sandbox);
        let mut killed =
            Self { sandbox, serving: Some(serving), n_commits: 0, time: Duration::ZERO };
        killed.sandbox.git("init -q -b main work");
        for file in testkit::files(FLEET) {
            killed.sandbox.write_bytes(&format!("work/{}", file.path), file.text.as_bytes());
        }
        killed.commit();
        assert!(killed.push("HEAD:refs/heads/main"));
        killed.converge();
        killed.commit();
        let start = Instant::now();
        assert!(killed.act(way));
        killed.converge();
        killed.time = start.elapsed();
        killed
    }

    fn server(&self) -> &Serving {
        self.serving.as_ref().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server().url)
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.sandbox.path().join("server").join(name)
    }

    /// Changes what every cluster runs.
    fn commit(&mut self) {
        self.n_commits += 1;
        let text = FLEET.rsplit_once("-- apps/web/map.yaml --\n").unwrap().1;
        let text = text.replace("\"0\"", &format!("\"{}\"", self.n_commits));
        self.sandbox.write_bytes("work/apps/web/map.yaml", text.as_bytes());
        self.sandbox.git("-C work add -A");
        self.sandbox.git("-C work commit -q -m change");
    }

    /// Pushes, and answers whether that was said to be done.
    fn push(&self, refspec: &str) -> bool {
        let host = self.server().url.strip_prefix("http://").unwrap();
        let url = format!("http://any:{ADMIN}@{host}/git/source.git");
        let mut git = self.sandbox.program("git", &["-C", "work", "push", "-q", &url, refspec]);
        git.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Has the newest commit come to `main`; answers whether that was said to be done.
    fn act(&self, way: Way) -> bool {
        match way {
            Way::Push => self.push("HEAD:refs/heads/main"),
            Way::Merge => {
                // It may be there already, from the time before.
                self.push("HEAD:refs/for/main/topic");
                let head = self.sandbox.git("-C work rev-parse HEAD");
                let open = ask("GET", &self.url("/api/v1/changes?status=open"), None);
                let Some((200, open)) = open else { return false };
                let mut changes = open["items"].as_array().into_iter().flatten();
                let Some(change) = changes.find(|one| one["head"] == head.trim()) else {
                    return false;
                };
                let path = format!("/api/v1/changes/{}/merge", change["number"]);
                let merged = ask("POST", &self.url(&path), Some(json!({})));
                merged.is_some_and(|(status, _)| status == 200)
            }
        }
    }

    /// Whether `main` of the server holds what the newest commit holds.
    fn has_landed(&self) -> bool {
        let head = self.sandbox.git("-C work rev-parse HEAD");
        let source = self.repository("source.git").display().to_string();
        let words = ["-C", &source, "merge-base", "--is-ancestor", head.trim(), "refs/heads/main"];
        let mut contained = self.sandbox.program("git", &words);
        contained.stderr(Stdio::null()).status().unwrap().success()
    }

    /// Acts, and kills the server after this part of the time that this takes.
    fn kill_during(&mut self, way: Way, part: f64) {
        let after = self.time.mul_f64(part);
        let mut serving = self.serving.take();
        let url = serving.as_ref().unwrap().url.clone();
        self.serving = Some(Serving::at(&url));
        let said = thread::scope(|scope| {
            let this = &*self;
            let act = scope.spawn(move || this.act(way));
            thread::sleep(after);
            // SIGKILL, and it is waited for.
            drop(serving.take());
            act.join().unwrap()
        });
        self.check_repositories();
        assert!(!said || self.has_landed(), "it was said to be done, and is not there");
        self.serving = Some(Serving::in_sandbox(&self.sandbox));
        if !self.has_landed() {
            assert!(self.act(way), "the next time it is done");
        }
        assert!(self.has_landed());
        self.converge();
        self.check();
    }

    /// Waits until the newest source is released.
    fn converge(&self) {
        let main = self.sandbox.git("-C server/source.git rev-parse refs/heads/main");
        wait_for(|| unreleased(self.server(), main.trim()));
    }

    fn check_repositories(&self) {
        for name in ["source.git", "clusters.git"] {
            self.sandbox.git(&format!("-C server/{name} fsck --full --strict --no-dangling"));
        }
    }

    /// Each commit was released once, and clusters read the last one.
    fn check(&self) {
        let git = |words: &str| self.sandbox.git(&format!("-C server/clusters.git {words}"));
        let n_steps = git("rev-list --count res-edge/ledger");
        assert_eq!(n_steps.trim(), self.n_commits.to_string(), "each change is one step");
        let format = "--format=%(contents:trailers:key=Generation,valueonly,separator=)";
        let branches = git(&format!("for-each-ref {format} refs/heads/clusters"));
        let generations: Vec<&str> = branches.split_whitespace().collect();
        assert_eq!(generations, [n_steps.trim(); 2], "both clusters read the last step");
        for name in ["source.git", "clusters.git"] {
            self.check_locks(name);
        }
    }

    /// No lock is left over. The server signs releases after it says that they are made, and gives
    /// a lock back after the ref moved: what it holds goes by itself, what a kill left stays.
    fn check_locks(&self, name: &str) {
        wait_for(|| Some(locks(&self.repository(name))).filter(|locks| !locks.is_empty()));
    }
}

fn kill_and_check(way: Way) {
    // Two ways share the kills.
    let kills = n_kills().div_ceil(2);
    let mut killed = Killed::new(way);
    for index in 1..=kills {
        killed.commit();
        // The golden ratio spreads any number of moments over the time.
        killed.kill_during(way, (f64::from(index) * 0.618_034).fract());
    }
    killed.check();
}

#[test]
fn a_server_that_is_killed_while_it_is_pushed_to_loses_nothing() {
    kill_and_check(Way::Push);
}

#[test]
fn a_server_that_is_killed_while_it_merges_loses_nothing() {
    kill_and_check(Way::Merge);
}
