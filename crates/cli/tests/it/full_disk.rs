//! A disk that is full: a file system of its own in a namespace of mounts, as small as needed.

use crate::sandbox::Sandbox;

/// A disk of a few megabytes, and what fills it. A file system in memory writes no sync to a disk,
/// and says "no space left" as any other.
const DISK: &str = "set -eu; mkdir disk; mount -t tmpfs -o size=12m tmpfs disk
fill() { dd if=/dev/zero of=disk/filler bs=4k 2>dd || true; }
";

/// Runs a script that may mount.
fn run(sandbox: &Sandbox, script: &str) -> String {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_res-edge")).parent().unwrap();
    let script = format!("PATH={}:$PATH\n{DISK}{script}", binary.display());
    let words = ["--user", "--map-root-user", "--mount", "bash", "-c", &script];
    let output = sandbox.program("unshare", &words).output().unwrap();
    sandbox.text(&output)
}

fn fleet(sandbox: &Sandbox) {
    let words = "generate --clusters 30 --applications 3 --seed 7 -o source";
    assert!(sandbox.run(words).status.success());
    sandbox.git("-C source init -q -b main");
    sandbox.git("-C source add -A");
    sandbox.git("-C source commit -q -m first");
}

/// Changes what every cluster runs, as a shell does it.
const CHANGE: &str = "sed -i 's/^data:$/data:\\n  more: \"1\"/' source/apps/*/base/config-map.yaml
git -C source commit -q -a -m second
";

#[test]
fn a_publish_on_a_full_disk_changes_nothing_and_the_next_one_succeeds() {
    let sandbox = Sandbox::empty();
    fleet(&sandbox);
    let script = format!(
        "git init -q --bare disk/delivery.git
publish='res-edge publish -q --source source --to disk/delivery.git'
refs() {{ git -C disk/delivery.git for-each-ref; }}
$publish; before=$(refs)
{CHANGE}
fill
if $publish 2>said; then echo 'it succeeded on a full disk'; exit 9; fi
grep -i 'no space left' said
[ \"$(refs)\" = \"$before\" ]
git -C disk/delivery.git fsck --full --strict --no-dangling
rm disk/filler
$publish
[ \"$(git -C disk/delivery.git rev-list --count res-edge/ledger)\" = 2 ]
git -C disk/delivery.git fsck --full --strict --no-dangling
[ -z \"$(find disk -name '*.lock')\" ]
echo all well"
    );
    let said = run(&sandbox, &script);
    assert!(said.starts_with("exit 0") && said.contains("all well"), "{said}");
}

#[test]
fn a_server_on_a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let sandbox = Sandbox::empty();
    fleet(&sandbox);
    let token = "an-administrators-token-of-32-characters";
    sandbox.write_bytes("admin-token", token.as_bytes());
    let script = format!(
        "res-edge serve --data disk/server --listen 127.0.0.1:0 --admin-token-file admin-token \
         --poll 200ms 2>log & server=$!
trap 'kill $server' EXIT
until grep -q 'listening on' log; do sleep 0.1; done
url=$(sed -n 's|^listening on http://|http://any:{token}@|p' log)/git/source.git
steps() {{ git -C disk/server/clusters.git rev-list --count res-edge/ledger 2>no || echo 0; }}
wait_for() {{ for _ in $(seq 600); do [ \"$(steps)\" = \"$1\" ] && return 0; sleep 0.1; done; cat log; exit 8; }}
git -C source push -q $url main
wait_for 1
{CHANGE}
fill
if git -C source push -q $url main 2>said; then echo 'it succeeded on a full disk'; exit 9; fi
kill -0 $server
git -C disk/server/source.git fsck --full --strict --no-dangling
git -C disk/server/clusters.git fsck --full --strict --no-dangling
rm disk/filler
git -C source push -q $url main
wait_for 2
git -C disk/server/clusters.git fsck --full --strict --no-dangling
echo all well"
    );
    let said = run(&sandbox, &script);
    assert!(said.starts_with("exit 0") && said.contains("all well"), "{said}");
}
