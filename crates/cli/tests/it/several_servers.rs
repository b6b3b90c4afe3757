//! Two servers of one source, ledger and database, while somebody pushes and they are killed.
//!
//! `RES_EDGE_SERVERS_SECONDS` is for how long; 20 where nobody says, more in `make soak`.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::{Forge, Postgres, TestRepository};

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;
use crate::serve_crash::{unreleased, wait_for};
use crate::serving::Serving;

/// How often somebody pushes.
const PUSHES: Duration = Duration::from_millis(500);

/// After how many pushes a server is killed and started again.
const KILL: usize = 5;

/// A forge with `source.git` and `ledger.git`.
struct Far {
    forge: Forge,
    folder: TempDir,
    _repositories: [TestRepository; 2],
}

impl Far {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repositories = [testkit::repository(), testkit::repository()];
        for (repository, name) in repositories.iter().zip(["source.git", "ledger.git"]) {
            repository.git(&["config", "http.receivepack", "true"]);
            std::os::unix::fs::symlink(repository.path(), folder.path().join(name)).unwrap();
        }
        let forge = Forge::start(folder.path(), None);
        Self { forge, folder, _repositories: repositories }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self, sandbox: &Sandbox, data: &str, database: &str) -> Serving {
        let words = format!(
            "--source-url {} --ledger-url {} --database {database} --poll 300ms",
            self.forge.url("source.git"),
            self.forge.url("ledger.git")
        );
        Serving::with(sandbox, data, &words)
    }
}

fn duration() -> Duration {
    let given = std::env::var("RES_EDGE_SERVERS_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.unwrap_or(20))
}

/// Waits until both servers have released a commit.
fn both_released(servers: &[Serving; 2], commit: &str) {
    wait_for(|| servers.iter().find_map(|server| unreleased(server, commit)));
}

#[test]
fn two_servers_keep_one_linear_ledger_while_they_are_killed() {
    let far = Far::new();
    let database = Postgres::shared().database();
    let (sandbox, work) = (Sandbox::empty(), Sandbox::committed(FLEET));
    let start = |index: usize| far.serve(&sandbox, ["one", "other"][index], &database);
    let mut servers = [start(0), start(1)];
    let source = far.path("source.git").display().to_string();
    let (begin, mut commits) = (Instant::now(), Vec::new());
    while begin.elapsed() < duration() || commits.len() < 2 {
        let turn = commits.len();
        let tax = |turn: usize| if turn == 0 { "9.45".to_owned() } else { format!("10.{turn:05}") };
        work.replace("inventory/groups.yaml", &tax(turn), &tax(turn + 1));
        work.commit();
        work.git(&format!("push -q {source} main"));
        commits.push(work.git("rev-parse HEAD").trim().to_owned());
        if turn % KILL == KILL - 1 {
            let index = turn / KILL % 2;
            let url = servers[index].url.clone();
            // SIGKILL, in the middle of whatever it does.
            servers[index] = Serving::at(&url);
            servers[index] = start(index);
        }
        thread::sleep(PUSHES);
    }
    let last = commits.last().unwrap();
    both_released(&servers, last);
    // Nobody fights: when all is released, nothing moves any more.
    let ledger = far.path("ledger.git").display().to_string();
    let tip = || work.git(&format!("-C {ledger} rev-parse res-edge/ledger"));
    let settled = tip();
    thread::sleep(Duration::from_secs(1));
    assert_eq!(tip(), settled);
    let git = |words: &str| work.git(&format!("-C {ledger} {words}"));
    assert_eq!(git("rev-list --count --min-parents=2 res-edge/ledger").trim(), "0");
    let sources =
        git("log --reverse --format=%(trailers:key=Source,valueonly,separator=) res-edge/ledger");
    let position = |line: &str| commits.iter().position(|commit| commit == line.trim());
    let positions: Vec<_> = sources.lines().map(position).collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "none twice and none back: {positions:?}");
    git("fsck --full --strict");
    // The folders of clusters went there together with the ledger.
    let rendered = String::from_utf8(work.run("-q render --tree").stdout).unwrap();
    assert_eq!(git("rev-parse delivery:clusters"), rendered);
}
