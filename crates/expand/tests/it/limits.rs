//! Templates and programs without an end.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use expand::{Expander, Limits, NetworkState, Settings};
use model::Program;

use crate::support::{chart, kustomization, ready, settings};

/// A file that may be executed; what it does stands in for a program that went wrong.
fn program(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A kustomize that tells its version, and else does what a line of shell says.
fn instead(line: &str, limits: Limits) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("#!/bin/sh\nif [ \"$1\" = version ]; then echo v5.8.1; exit; fi\n{line}\n");
    let kustomize = Some(program(&folder, "kustomize", &text));
    let template = kustomization("", "-- kustomization.yaml --\nnamePrefix: x\n");
    template.build_with(&Expander::new(Settings { kustomize, limits, ..settings() }))
}

const SMALL: Limits =
    Limits { time: Duration::from_millis(300), memory: 4 << 30, output: 16 << 20 };

#[test]
fn a_program_that_never_ends_is_ended() {
    insta::assert_snapshot!(instead("while :; do :; done", SMALL));
    // What it starts is ended too: the pipe would stay open otherwise, and the test would hang.
    insta::assert_snapshot!(instead("/bin/sleep 1000 & wait", SMALL));
}

#[test]
fn a_program_that_prints_a_gigabyte_is_ended() {
    let limits = Limits { time: Duration::from_secs(600), ..SMALL };
    insta::assert_snapshot!(instead("/usr/bin/head -c 1073741824 /dev/zero", limits));
    insta::assert_snapshot!(instead("/usr/bin/head -c 1073741824 /dev/zero >&2; exit 1", limits));
}

#[test]
fn a_program_has_nothing_around_it() {
    // Numbers of descriptors and variables that the shell itself sets are left out.
    let shown = instead(
        "{ /usr/bin/env | /usr/bin/sort; pwd; ls -A \"$HOME\"; cat; echo x > \"$HOME/x\"; } >&2; exit 1",
        Limits::default(),
    );
    for part in ["PATH=/", "USER=", "XDG_"] {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
    for part in ["LC_ALL=C", "TZ=UTC", "HOME=/", "KUBECONFIG=/dev/null"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
}

#[test]
fn a_chart_without_an_end_is_ended() {
    let Some(expander) = ready(Program::Helm, Settings { limits: SMALL, ..settings() }) else {
        return;
    };
    let template = chart(
        "-- Chart.yaml --\napiVersion: v2\nname: web\nversion: 1.0.0\n-- templates/a.yaml --\n\
         {{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}\n",
        &[],
    );
    let shown = template.build_with(&expander);
    assert!(shown.starts_with("error[build-limit]"), "{shown}");
}

#[test]
fn a_chart_that_needs_more_memory_than_there_is_is_ended() {
    let limits = Limits { memory: 2 << 30, ..Limits::default() };
    let Some(expander) = ready(Program::Helm, Settings { limits, ..settings() }) else { return };
    let template = chart(
        "-- Chart.yaml --\napiVersion: v2\nname: web\nversion: 1.0.0\n-- templates/a.yaml --\n\
         {{ range until 1000000 }}{{ repeat 10000 \"x\" }}{{ end }}\n",
        &[],
    );
    let shown = template.build_with(&expander);
    assert!(shown.starts_with("error[build-limit]"), "{shown}");
}

#[test]
fn the_network_is_closed_or_it_is_said_why_not() {
    match Expander::new(settings()).network().unwrap() {
        NetworkState::Closed => {}
        NetworkState::Open(why) => assert!(!why.is_empty()),
    }
}

#[test]
fn without_a_launcher_it_is_said_what_cannot_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let kustomize = Some(program(&folder, "kustomize", "#!/bin/sh\necho v5.8.1\n"));
    let expander =
        Expander::new(Settings { launcher: folder.path().join("gone"), kustomize, ..settings() });
    assert!(expander.network().unwrap_err().to_string().starts_with("cannot run `"));
}
