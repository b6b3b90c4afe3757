//! The former system's own data gives its own output, and is released step by step.
//!
//! The cases are other people's templates, so they are not part of the project: they are read
//! from the folder named by `RES_EDGE_GOLDEN`, and without it these tests say that they were
//! skipped.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// Every moment of that history that is kept.
fn moments() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("RES_EDGE_GOLDEN") else {
        let told = b"skipped: RES_EDGE_GOLDEN is not set, so there is nothing to compare with\n";
        std::io::stderr().write_all(told).unwrap();
        return Vec::new();
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut moments: Vec<PathBuf> =
        entries.filter(|path| path.join("expected.tree").is_file()).collect();
    moments.sort();
    assert!(!moments.is_empty(), "RES_EDGE_GOLDEN holds no case");
    moments
}

fn moment(name: &str) -> Option<PathBuf> {
    let moments = moments();
    (!moments.is_empty())
        .then(|| moments.into_iter().find(|path| path.ends_with(name)).expect("the case is kept"))
}

fn expected(moment: &Path, file: &str) -> String {
    fs::read_to_string(moment.join(file)).unwrap()
}

/// Makes the source of the sandbox that of a moment.
fn put(sandbox: &Sandbox, moment: &Path) {
    let target = sandbox.path().join("source");
    for folder in ["inventory", "apps"] {
        let _ = fs::remove_dir_all(target.join(folder));
    }
    copy(&moment.join("source"), &target);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Publishes the sandbox's source, and answers the exit code with what was said.
fn publish(sandbox: &Sandbox, more: &str) -> (i32, String) {
    let output = sandbox.run(&format!("publish --source source --to delivery.git {more}"));
    (output.status.code().unwrap(), sandbox.text(&output))
}

fn released(sandbox: &Sandbox, more: &str) -> String {
    let (code, said) = publish(sandbox, more);
    assert_eq!(code, 0, "{said}");
    said
}

fn n_steps(sandbox: &Sandbox) -> String {
    sandbox.git("-C delivery.git rev-list --count res-edge/ledger").trim().to_owned()
}

fn check_objects(sandbox: &Sandbox) {
    sandbox.git("-C delivery.git fsck --full --strict");
}

/// The digest in the command that confirms what is held.
fn plan_of(said: &str) -> String {
    let (_, rest) = said.split_once("--confirm ").expect("the command that confirms is shown");
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn every_moment_gives_its_own_tree() {
    for moment in moments() {
        let source = moment.join("source").display().to_string();
        let sandbox = Sandbox::empty();
        let tree = sandbox.run_words(&["render", "--source", &source, "--tree"]);
        assert_eq!(tree.status.code(), Some(0), "{}", sandbox.text(&tree));
        let printed = String::from_utf8(tree.stdout).unwrap();
        assert_eq!(printed.trim(), expected(&moment, "expected.tree").trim(), "{source}");
        let list = sandbox.run_words(&["render", "--source", &source, "--list"]);
        let printed = String::from_utf8(list.stdout).unwrap();
        assert_eq!(printed, expected(&moment, "expected.ls"), "{source}");
    }
}

#[test]
fn two_folders_are_two_steps() {
    let (Some(everywhere), Some(beta)) = (moment("everywhere"), moment("beta-group")) else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.git("init -q --bare -b main delivery.git");
    for (moment, steps) in [(&everywhere, "1"), (&beta, "2")] {
        put(&sandbox, moment);
        released(&sandbox, "");
        let tree = sandbox.git("-C delivery.git rev-parse main:clusters");
        assert_eq!(tree.trim(), expected(moment, "expected.tree").trim());
        assert_eq!(n_steps(&sandbox), steps);
    }
    let tip = sandbox.git("-C delivery.git rev-parse main res-edge/ledger");
    let said = released(&sandbox, "");
    assert_eq!(sandbox.git("-C delivery.git rev-parse main res-edge/ledger"), tip, "{said}");
    check_objects(&sandbox);
}

#[test]
fn two_commits_are_two_steps() {
    let (Some(everywhere), Some(beta)) = (moment("everywhere"), moment("beta-group")) else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.git("init -q --bare -b main delivery.git");
    sandbox.git("init -q -b main source");
    for moment in [&everywhere, &beta] {
        put(&sandbox, moment);
        sandbox.git("-C source add -A");
        sandbox.git("-C source commit -q -m moment");
        released(&sandbox, "");
        let tree = sandbox.git("-C delivery.git rev-parse main:clusters");
        assert_eq!(tree.trim(), expected(moment, "expected.tree").trim());
    }
    released(&sandbox, "");
    assert_eq!(n_steps(&sandbox), "2");
    check_objects(&sandbox);

    // The older commit does not descend from the newer, and a folder has no history at all.
    let (code, said) = publish(&sandbox, "--rev HEAD~1");
    assert_eq!((code, n_steps(&sandbox).as_str()), (2, "2"), "{said}");
    fs::remove_dir_all(sandbox.path().join("source/.git")).unwrap();
    let (code, said) = publish(&sandbox, "");
    assert_eq!((code, n_steps(&sandbox).as_str()), (2, "2"), "{said}");
}

#[test]
fn branches_hold_what_folders_hold() {
    let (Some(everywhere), Some(beta)) = (moment("everywhere"), moment("beta-group")) else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.git("init -q --bare -b main delivery.git");
    for moment in [&everywhere, &beta] {
        put(&sandbox, moment);
        deliver_by_branches(&sandbox);
        released(&sandbox, "");
    }
    let tips = sandbox.git("-C delivery.git for-each-ref");
    released(&sandbox, "");
    assert_eq!(sandbox.git("-C delivery.git for-each-ref"), tips);
    assert_eq!(n_steps(&sandbox), "2");
    assert_eq!(tips.matches("refs/heads/clusters/").count(), 13);
    check_objects(&sandbox);

    // The chain of a branch is a function of the ledger: made again, it has the same ids.
    for name in sandbox.git("-C delivery.git branch --list clusters/*").lines() {
        sandbox.git(&format!("-C delivery.git update-ref -d refs/heads/{}", name.trim()));
    }
    released(&sandbox, "");
    assert_eq!(sandbox.git("-C delivery.git for-each-ref"), tips);

    sandbox.git("clone -q --single-branch -b clusters/west-ca-sd-2301 delivery.git clone");
    let cloned = sandbox.git("-C clone rev-parse HEAD^{tree}");
    assert!(sandbox.path().join("clone/dogs-cats/base/deployment.yaml").is_file());
    let path = sandbox.git("-C delivery.git ls-tree -r -d --name-only res-edge/ledger");
    let trees = path.lines().filter(|path| path.ends_with("/tree"));
    let ledger: Vec<String> = trees
        .map(|path| sandbox.git(&format!("-C delivery.git rev-parse res-edge/ledger:{path}")))
        .collect();
    assert_eq!(ledger.len(), 13);
    assert!(ledger.contains(&cloned), "the clone holds the tree of the ledger");
}

/// The bootstrap folder's paths are written out for a folder, so it is left out.
fn deliver_by_branches(sandbox: &Sandbox) {
    let path = sandbox.path().join("source/fleet.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("directory: {branch: main, path: clusters}", "branches: {}");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("bootstrap:"));
    fs::write(path, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
}

#[test]
fn an_application_that_would_run_nowhere_waits() {
    let (Some(everywhere), Some(beta)) = (moment("everywhere"), moment("beta-group")) else {
        return;
    };
    let sandbox = Sandbox::empty();
    sandbox.git("init -q --bare -b main delivery.git");
    put(&sandbox, &beta);
    released(&sandbox, "");
    put(&sandbox, &everywhere);
    let (code, said) = publish(&sandbox, "");
    assert_eq!((code, n_steps(&sandbox).as_str()), (3, "1"), "{said}");
    assert!(said.contains("dogs-cats"), "{said}");
    let (code, said_again) = publish(&sandbox, &format!("--confirm {}", "0".repeat(64)));
    assert_eq!((code, n_steps(&sandbox).as_str()), (2, "1"), "{said_again}");

    released(&sandbox, &format!("--confirm {}", plan_of(&said)));
    assert_eq!(n_steps(&sandbox), "2");
    let tree = sandbox.git("-C delivery.git rev-parse main:clusters");
    assert_eq!(tree.trim(), expected(&everywhere, "expected.tree").trim());
}
