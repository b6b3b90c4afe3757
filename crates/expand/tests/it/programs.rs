//! Programs that are not there, or others than are wanted; and how often they run.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;

use expand::{Expander, ProgramState, Report, Settings};
use model::Program;

use crate::support::{chart, kustomization, ready, settings};

const KUSTOMIZATION: &str = "\
-- kustomization.yaml --
resources: [a.yaml]
namePrefix: rea.cluster.city-
-- a.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
";

/// What is said where the programs are those of some files, each with what it prints.
fn with_programs(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, printed) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{printed}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = OsString::from(folder.path());
    let settings = Settings { kustomize: None, helm: None, path, ..settings() };
    let expander = Expander::new(settings);
    let kustomization = kustomization("", KUSTOMIZATION).build_with(&expander);
    let chart = chart("-- Chart.yaml --\nname: web\n", &[]).build_with(&expander);
    (kustomization + &chart).replace(&folder.path().display().to_string(), "[DIR]")
}

#[test]
fn a_program_that_is_missing_is_a_mistake_of_the_template_and_says_how_to_get_it() {
    insta::assert_snapshot!(with_programs(&[]));
}

#[test]
fn another_version_is_not_used() {
    insta::assert_snapshot!(with_programs(&[
        ("kustomize", "echo v5.5.0"),
        ("helm", "echo v4.1.0")
    ]));
    insta::assert_snapshot!(with_programs(&[
        ("kubectl", "echo '{\"kustomizeVersion\": \"v5.5.0\"}'"),
        ("helm", "echo 'no such command' >&2; exit 1"),
    ]));
}

#[test]
fn of_two_programs_the_one_in_the_right_version_is_used() {
    let folder = tempfile::tempdir().unwrap();
    for (name, printed) in
        [("kustomize", "v4.0.0"), ("kubectl", "{\"kustomizeVersion\": \"v5.8.1\"}")]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho '{printed}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = OsString::from(folder.path());
    let expander = Expander::new(Settings { kustomize: None, helm: None, path, ..settings() });
    let ProgramState::Ready(ready) = expander.program(Program::Kustomize) else { panic!() };
    assert_eq!(ready.path, folder.path().join("kubectl"));
}

#[test]
fn equal_requests_are_built_once() {
    let Some(expander) = ready(Program::Kustomize, settings()) else { return };
    let request = kustomization("", KUSTOMIZATION).request();
    let mut other = request.clone();
    other.template = "apps/other".into();
    let results = expander.expand(&[request.clone(), other, request.clone()]).unwrap();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
    let once = Report { n_built: 1, n_kept: 0, n_runs: 2, cache_failure: None };
    assert_eq!(expander.report(), once);
    expander.expand(&[request]).unwrap().remove(0).unwrap();
    assert_eq!(expander.report(), Report { n_kept: 1, ..once });
}

#[test]
fn what_was_built_is_kept_on_disk_and_made_again_when_it_is_gone_or_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Some(folder.path().join("expand"));
    let request = kustomization("", KUSTOMIZATION).request();
    let build = || {
        let expander = ready(Program::Kustomize, Settings { cache: cache.clone(), ..settings() })?;
        let result = expander.expand(std::slice::from_ref(&request)).unwrap().remove(0).unwrap();
        Some((result, expander.report().n_runs))
    };
    let Some((first, runs)) = build() else { return };
    assert_eq!(runs, 2);
    assert_eq!(build(), Some((first.clone(), 0)));
    let mut entries = std::fs::read_dir(folder.path().join("expand")).unwrap();
    let entry = entries.next().unwrap().unwrap().path();
    std::fs::write(&entry, "damaged").unwrap();
    assert_eq!(build(), Some((first.clone(), 2)));
    assert_eq!(build(), Some((first.clone(), 0)));
    std::fs::remove_dir_all(folder.path().join("expand")).unwrap();
    assert_eq!(build(), Some((first, 2)));
}

#[test]
fn what_goes_in_decides_whether_something_is_built_again() {
    let Some(expander) = ready(Program::Helm, settings()) else { return };
    let text = "-- Chart.yaml --\napiVersion: v2\nname: web\nversion: 1.0.0\n-- templates/a.yaml --\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n";
    let first = chart(text, &[]).request();
    let mut name = first.clone();
    name.release.as_mut().unwrap().name = "other".into();
    let values = chart(&format!("{text}-- values.yaml --\na: 1\n"), &[]).request();
    let names = |result: model::Expanded| result.unwrap()[0].object.clone().unwrap();
    let results = expander.expand(&[first, name, values]).unwrap();
    let found: Vec<_> = results.into_iter().map(names).collect();
    assert_eq!(found, ["ConfigMap web", "ConfigMap other", "ConfigMap web"].map(Into::into));
    assert_eq!(expander.report().n_built, 3);
}
