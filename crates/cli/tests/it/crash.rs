//! The publisher, killed.
//!
//! It is the real program, ended by SIGKILL at moments spread over its run and at each step that
//! can be seen from outside. Whatever moment it was: the repository is whole, every cluster has
//! its branch or folder, nobody removes a lock, and the next run ends as if nothing had happened.
//! `RES_EDGE_KILLS` is how often; `make test` and `make soak` set it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

/// How often each delivery is killed at a moment, where nobody says.
const KILLS: u32 = 6;

const CLUSTERS: usize = 24;

/// How a kill is timed.
enum Moment {
    /// After this part of an undisturbed run.
    Part(f64),
    /// As soon as this is seen.
    Step(fn(&Path) -> Option<u64>),
}

/// The steps of a publish that leave something to see: what is there, as a number that changes
/// when it happens.
const STEPS: [fn(&Path) -> Option<u64>; 6] = [
    // A new pack is begun, and is there.
    |repository| count(&repository.join("objects/pack")),
    |repository| packs(&repository.join("objects/pack")),
    // Locks are taken for the ledger or the branches.
    |repository| count(&repository.join("res-edge")),
    |repository| inode(&repository.join("packed-refs.lock")),
    // The ledger moved; the branches moved.
    |repository| inode(&repository.join("refs/heads/res-edge/ledger")),
    |repository| inode(&repository.join("packed-refs")),
];

fn count(folder: &Path) -> Option<u64> {
    std::fs::read_dir(folder).ok().map(|entries| entries.count() as u64)
}

fn packs(folder: &Path) -> Option<u64> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    Some(entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "idx")).count() as u64)
}

fn inode(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|found| found.ino())
}

/// A fleet in no repository, and the bare repository that it is published to.
struct Published {
    sandbox: Sandbox,
    n_changes: u32,
    /// How long a publish takes.
    time: Duration,
}

impl Published {
    fn new(delivery: &str) -> Self {
        let sandbox = Sandbox::empty();
        let words = format!("generate --clusters {CLUSTERS} --applications 2 --seed 7 -o source");
        let made = sandbox.run(&words);
        assert!(made.status.success(), "{}", sandbox.text(&made));
        sandbox.replace("source/fleet.yaml", "branches: {}", delivery);
        sandbox.git("init -q --bare delivery.git");
        let mut published = Self { sandbox, n_changes: 0, time: Duration::ZERO };
        published.publish();
        published.change();
        let start = Instant::now();
        published.publish();
        published.time = start.elapsed();
        published
    }

    fn repository(&self) -> PathBuf {
        self.sandbox.path().join("delivery.git")
    }

    /// Changes what every cluster runs.
    fn change(&mut self) {
        self.n_changes += 1;
        let number = format!("\ndata:\n  number: \"{}\"\n", self.n_changes);
        let apps = self.sandbox.path().join("source/apps");
        for app in std::fs::read_dir(apps).unwrap() {
            let file = app.unwrap().path().join("base/config-map.yaml");
            let text = std::fs::read_to_string(&file).unwrap();
            let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("  number: "));
            let text = lines.collect::<String>().replacen("\ndata:\n", &number, 1);
            assert!(text.contains(&number), "{text}");
            std::fs::write(file, text).unwrap();
        }
    }

    #[track_caller]
    fn publish(&self) {
        let output = self.sandbox.run("publish --source source --to delivery.git");
        assert_eq!(output.status.code(), Some(0), "{}", self.sandbox.text(&output));
    }

    /// Publishes, and kills it at the moment; answers whether it was still running.
    fn kill(&self, moment: &Moment) -> bool {
        let words = ["publish", "--source", "source", "--to", "delivery.git"];
        let repository = self.repository();
        let before = match moment {
            Moment::Part(_) => None,
            Moment::Step(look) => look(&repository),
        };
        let start = Instant::now();
        let mut command = self.sandbox.command(&words);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        loop {
            let is_now = match moment {
                Moment::Part(part) => start.elapsed() >= self.time.mul_f64(*part),
                Moment::Step(look) => look(&repository) != before,
            };
            let ended = child.try_wait().unwrap();
            if is_now || ended.is_some() {
                child.kill().unwrap();
                return child.wait().unwrap().code().is_none();
            }
        }
    }

    fn refs(&self) -> String {
        self.sandbox.git("-C delivery.git for-each-ref --format=%(refname)=%(objectname)")
    }

    /// Nothing is lost or half there, before and after the next run.
    fn check(&self) {
        self.sandbox.git("-C delivery.git fsck --full --strict --no-dangling");
        self.check_complete();
        self.publish();
        self.check_complete();
        let locks = locks(&self.repository());
        assert!(locks.is_empty(), "{locks:?}");
        let refs = self.refs();
        self.publish();
        assert_eq!(self.refs(), refs, "a run after the next one has nothing to do");
        let n_steps = self.sandbox.git("-C delivery.git rev-list --count res-edge/ledger");
        assert_eq!(n_steps.trim(), (self.n_changes + 1).to_string(), "each change is one step");
        let generation = self.sandbox.git("-C delivery.git show res-edge/ledger:fleet.yaml");
        assert!(generation.contains(&format!("generation: {}\n", n_steps.trim())), "{generation}");
    }

    /// Every cluster has its branch or folder, and all that Git needs to read it.
    fn check_complete(&self) {
        let refs = self.refs();
        let n_clusters = match refs.contains("refs/heads/gitops=") {
            true => self.sandbox.git("-C delivery.git ls-tree -d gitops:clusters").lines().count(),
            false => refs.lines().filter(|line| line.contains("/clusters/")).count(),
        };
        assert_eq!(n_clusters, CLUSTERS, "{refs}");
    }

    /// What was published follows from the ledger alone.
    fn check_from_the_ledger(&self) {
        self.sandbox.git("init -q --bare again.git");
        let ledger = "refs/heads/res-edge/ledger:refs/heads/res-edge/ledger";
        self.sandbox.git(&format!("-C again.git fetch -q ../delivery.git {ledger}"));
        let output = self.sandbox.run("publish --source source --to again.git");
        assert_eq!(output.status.code(), Some(0), "{}", self.sandbox.text(&output));
        let again = self.sandbox.git("-C again.git for-each-ref --format=%(refname)=%(objectname)");
        if !again.contains("refs/heads/gitops=") {
            assert_eq!(again, self.refs());
        }
    }
}

/// The locks below a folder.
pub(crate) fn locks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(locks(&path));
        } else if path.extension().is_some_and(|ending| ending == "lock") {
            found.push(path);
        }
    }
    found
}

/// How often something is killed.
pub(crate) fn n_kills() -> u32 {
    let kills = std::env::var("RES_EDGE_KILLS").ok().and_then(|text| text.parse().ok());
    kills.unwrap_or(2 * KILLS)
}

fn kill_and_check(delivery: &str) {
    // Two deliveries share them.
    let kills = n_kills().div_ceil(2);
    let mut published = Published::new(delivery);
    // The golden ratio spreads any number of moments over the run.
    let part = |index: u32| Moment::Part((f64::from(index) * 0.618_034).fract());
    let moments = (1..=kills).map(part).chain(STEPS.map(Moment::Step));
    let mut n_killed = 0;
    for moment in moments {
        published.change();
        n_killed += u32::from(published.kill(&moment));
        published.check();
    }
    assert!(n_killed > 0, "no run was still running when it was killed");
    published.check_from_the_ledger();
}

#[test]
fn a_killed_publisher_of_branches_loses_nothing() {
    kill_and_check("branches: {}");
}

#[test]
fn a_killed_publisher_of_folders_loses_nothing() {
    kill_and_check("directory: {branch: gitops, path: clusters}");
}
