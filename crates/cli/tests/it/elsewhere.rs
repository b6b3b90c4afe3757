//! `--to URL`: the ledger and what clusters read are at a forge.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use tempfile::TempDir;
use testkit::{Forge, Sshd, TestRepository};

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// `ci:s3cret` in base64.
const HEADER: &str = "Basic Y2k6czNjcmV0";

const LEDGER: &str = "refs/heads/res-edge/ledger";

/// A forge with one repository, `delivery.git`.
struct Far {
    forge: Forge,
    repository: TestRepository,
    _folder: TempDir,
}

impl Far {
    fn new(authorization: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = testkit::repository();
        repository.git(&["config", "http.receivepack", "true"]);
        let link = folder.path().join("delivery.git");
        std::os::unix::fs::symlink(repository.path(), link).unwrap();
        let forge = Forge::start(folder.path(), authorization);
        Self { forge, repository, _folder: folder }
    }

    fn url(&self) -> String {
        self.forge.url("delivery.git")
    }

    /// A sandbox whose fleet is delivered so, and the words that publish it there.
    fn sandbox(&self, delivery: &str) -> (Sandbox, String) {
        let sandbox = Sandbox::committed(FLEET);
        sandbox.replace("fleet.yaml", DIRECTORY, delivery);
        // The cache of a sandbox is in its folder.
        sandbox.write("-- .gitignore --\n.cache\nclone\n");
        sandbox.commit();
        (sandbox, format!("publish --to {}", self.url()))
    }

    fn refs(&self) -> String {
        self.repository.git(&["for-each-ref", "--format=%(refname)", "refs/heads"])
    }

    /// What a run shows, without what differs from run to run.
    fn show(&self, sandbox: &Sandbox, words: &str) -> String {
        sandbox.show(words).replace(&self.url(), "[URL]")
    }

    fn hook(&self, text: &str) {
        let hook = self.repository.path().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, text).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// How the fleet of these tests is delivered.
const DIRECTORY: &str = "directory: {branch: delivery, path: clusters}";

fn render(sandbox: &Sandbox) -> String {
    String::from_utf8(sandbox.run("-q render --tree").stdout).unwrap().trim().to_owned()
}

#[test]
fn a_release_goes_there_in_one_push() {
    let far = Far::new(None);
    let (sandbox, publish) = far.sandbox(DIRECTORY);
    assert_snapshot!("first", far.show(&sandbox, &publish));
    assert_eq!(far.refs(), "refs/heads/delivery\nrefs/heads/res-edge/ledger");
    assert_eq!(far.repository.git(&["rev-parse", "delivery:clusters"]), render(&sandbox));
    assert_snapshot!("again", far.show(&sandbox, &publish));
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
    assert_snapshot!("changed", far.show(&sandbox, &publish));
    assert_eq!(far.repository.git(&["rev-parse", "delivery:clusters"]), render(&sandbox));
    assert_eq!(far.repository.git(&["rev-list", "--count", LEDGER]), "2");
    // The copy is only a copy.
    std::fs::remove_dir_all(sandbox.path().join(".cache/res-edge/repositories")).unwrap();
    assert!(far.show(&sandbox, &publish).contains("exit 0"));
    assert_eq!(far.repository.git(&["rev-list", "--count", LEDGER]), "2");
    assert!(
        far.show(&sandbox, &format!("history cluster/west-1 --to {}", far.url()))
            .contains("exit 0")
    );
    far.repository.git(&["fsck", "--full", "--strict"]);
}

#[test]
fn a_remote_that_refuses_has_neither_ledger_nor_folders() {
    let far = Far::new(None);
    let (sandbox, publish) = far.sandbox(DIRECTORY);
    far.hook("#!/bin/sh\necho 'no releases on a Friday' >&2\nexit 1\n");
    assert_snapshot!("refused", far.show(&sandbox, &publish));
    assert_eq!(far.refs(), "");
    // One branch that the forge does not let through takes the other back with it.
    far.hook("#!/bin/sh\ngrep -q refs/heads/delivery && exit 1\nexit 0\n");
    assert!(far.show(&sandbox, &publish).contains("exit 2"));
    assert_eq!(far.refs(), "");
    far.hook("#!/bin/sh\nexit 0\n");
    assert!(far.show(&sandbox, &publish).contains("released step 1"));
}

#[test]
fn a_token_lets_in_and_mistakes_with_it_are_explained() {
    let far = Far::new(Some(HEADER));
    let (sandbox, publish) = far.sandbox(DIRECTORY);
    sandbox.write("-- token --\nci:s3cret\n-- wrong --\nnothing\n-- empty --\n\n");
    let with = |file: &str| far.show(&sandbox, &format!("{publish} --to-token-file {file}"));
    let shown = [
        far.show(&sandbox, &publish),
        with("wrong"),
        with("empty"),
        with("nowhere"),
        far.show(&sandbox, "publish --to http://forge.example/a.git --to-token-file token"),
        far.show(&sandbox, "publish --to git@forge.example:a.git --to-token-file token"),
        far.show(&sandbox, "publish --to https://ci:s3cret@forge.example/a.git"),
        far.show(&sandbox, "publish --to http://127.0.0.1:1/a.git"),
        far.show(&sandbox, "publish --to ext::sh"),
    ];
    // How long the refused connection took is another on each run.
    let after = |shown: &str| {
        (0..9).fold(shown.to_owned(), |shown, n| {
            shown.replace(&format!(" after {n} ms"), " after 0 ms")
        })
    };
    assert_snapshot!("credentials", after(&shown.join("\n")));
    assert!(with("token").contains("released step 1"));
    let all: String = shown.concat();
    assert!(!all.contains("s3cret"));
}

#[test]
fn a_foreign_change_there_is_found_adopted_and_discarded() {
    let far = Far::new(None);
    let (sandbox, publish) = far.sandbox(DIRECTORY);
    assert!(far.show(&sandbox, &publish).contains("exit 0"));
    let foreign = |text: &str| {
        sandbox.git(&format!("clone -q -b delivery {} clone", far.repository.path().display()));
        let file = "clone/clusters/west-1/web/shop/configmap-web.yaml";
        sandbox.write(&format!("-- {file} --\n{text}\n"));
        sandbox.git("-C clone commit -q -a -m by-hand");
        sandbox.git("-C clone push -q");
        std::fs::remove_dir_all(sandbox.path().join("clone")).unwrap();
    };
    let on = |verb: &str| far.show(&sandbox, &format!("{verb} west-1 --to {}", far.url()));
    foreign("a: 1");
    let said = far.show(&sandbox, &publish);
    assert!(said.contains("exit 3") && said.contains("west-1"), "{said}");
    assert!(on("adopt").contains("exit 0"));
    assert!(far.show(&sandbox, &format!("holds --to {}", far.url())).contains("adopted"));
    assert!(on("resume").contains("exit 0"));
    foreign("a: 2");
    assert!(on("discard").contains("exit 0"));
    assert_eq!(far.repository.git(&["rev-parse", "delivery:clusters"]), render(&sandbox));
}

#[test]
fn branches_go_there_too() {
    let far = Far::new(None);
    let (sandbox, publish) = far.sandbox("branches: {}");
    assert!(far.show(&sandbox, &publish).contains("exit 0"));
    let listed = far.refs();
    assert!(listed.contains("refs/heads/clusters/west-1\n"), "{listed}");
    let west = "---\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: west-1, labels: {ring: prod, region: west}}\nspec: {groups: [/stores/west]}\n";
    sandbox.replace("inventory/clusters.yaml", west, "");
    let named = "overrides: [{clusters: /c/west-1, values: {title: Western shop}}]";
    sandbox.replace("inventory/web.yaml", named, "");
    sandbox.commit();
    assert!(far.show(&sandbox, &publish).contains("exit 0"));
    assert!(!far.refs().contains("west-1"), "{}", far.refs());
}

#[test]
fn two_publishers_of_two_machines_take_turns() {
    let far = Far::new(None);
    let (one, publish) = far.sandbox(DIRECTORY);
    assert!(far.show(&one, &publish).contains("released step 1"));
    let other = Sandbox::empty();
    other.git(&format!("clone -q {} .", one.path().display()));
    for turn in 0..3 {
        let tax = |turn: u32| format!("9.4{}", turn + 5);
        one.replace("inventory/groups.yaml", &tax(turn), &tax(turn + 1));
        one.commit();
        other.git("pull -q");
        std::thread::scope(|scope| {
            for sandbox in [&one, &other] {
                let publish = &publish;
                scope.spawn(move || {
                    let output = sandbox.run(publish);
                    assert_eq!(output.status.code(), Some(0), "{}", sandbox.text(&output));
                });
            }
        });
    }
    assert_eq!(far.repository.git(&["rev-list", "--count", LEDGER]), "4");
    assert_eq!(far.repository.git(&["rev-list", "--count", "--min-parents=2", LEDGER]), "0");
    assert_eq!(far.repository.git(&["rev-parse", "delivery:clusters"]), render(&one));
}

#[test]
fn a_release_goes_over_ssh() {
    let (sshd, far) = (Sshd::start(), testkit::repository());
    let sandbox = Sandbox::committed(FLEET);
    let (key, hosts) = (sshd.key(), sshd.known_hosts());
    let publish = |key: &std::path::Path, hosts: &std::path::Path| {
        let to = sshd.url(far.path());
        let (key, hosts) = (key.display(), hosts.display());
        sandbox.show(&format!("publish --to {to} --to-key {key} --known-hosts {hosts}"))
    };
    let wrong = publish(&sshd.wrong_key(), &hosts);
    assert!(
        wrong.contains("exit 2") && wrong.contains("does not accept the credentials"),
        "{wrong}"
    );
    let strange = publish(&key, &sshd.wrong_hosts());
    assert!(strange.contains("exit 2") && strange.contains("host key"), "{strange}");
    let done = publish(&key, &hosts);
    assert!(done.contains("released step 1"), "{done}");
    assert_eq!(far.git(&["rev-parse", "delivery:clusters"]), render(&sandbox));
}
