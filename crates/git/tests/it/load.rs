//! Sources from folders and from revisions.

use std::fs;
use std::path::Path;

use git::{LoadError, Loader, load};
use model::{Origin, Source};
use testkit::{source, work_tree};

const SOURCE: &str = "
-- fleet.yaml --
kind: Fleet
-- inventory/clusters.yaml --
kind: Cluster
-- apps/web/base/run.sh (x) --
echo hello
-- notes/unrelated.yaml --
not: ours
";

/// The paths with modes, the origin without ids, and the faults.
fn describe(source: &Source) -> String {
    let mut lines: Vec<String> = source
        .files
        .iter()
        .map(|(_, file)| format!("{}{}", file.path, if file.executable { " (x)" } else { "" }))
        .collect();
    lines.push(match &source.origin {
        Origin::Folder => "a folder".to_owned(),
        Origin::Commit(_) => "a commit".to_owned(),
        Origin::WorkTree { head, changed } => {
            let head = if head.is_some() { "HEAD" } else { "nothing" };
            format!("changed since {head}: {}", changed.join(", "))
        }
    });
    lines.extend(
        source.faults.iter().map(|fault| format!("{}: {}", fault.code.name, fault.message)),
    );
    lines.join("\n")
}

fn write(folder: &Path, text: &str) {
    for file in testkit::files(text) {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file.text).unwrap();
        if file.executable {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

#[test]
fn a_folder_and_a_commit_with_the_same_files_are_the_same_source() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), SOURCE);
    let on_disk = load(folder.path(), None).unwrap();
    insta::assert_snapshot!(describe(&on_disk), @r"
    apps/web/base/run.sh (x)
    fleet.yaml
    inventory/clusters.yaml
    a folder
    ");

    let repository = work_tree();
    let commit = repository.commit_all(SOURCE);
    let committed = load(repository.path(), None).unwrap();
    assert_eq!(committed.origin, Origin::Commit(commit));
    assert_eq!(committed.digest, on_disk.digest);
    assert_eq!(committed.digest, load(repository.path(), Some("main")).unwrap().digest);
    assert_eq!(
        source(&SOURCE[..SOURCE.find("-- notes").unwrap()]).digest,
        on_disk.digest,
        "the test kit makes the sources that the loader reads"
    );
}

#[test]
fn a_change_that_is_in_no_commit_is_named() {
    let repository = work_tree();
    repository.commit_all(SOURCE);
    fs::write(repository.path().join("fleet.yaml"), "kind: Fleet # changed").unwrap();
    fs::write(repository.path().join("apps/new.yaml"), "a: b").unwrap();
    fs::remove_file(repository.path().join("inventory/clusters.yaml")).unwrap();
    fs::write(repository.path().join("notes/unrelated.yaml"), "changed").unwrap();
    insta::assert_snapshot!(describe(&load(repository.path(), None).unwrap()), @r"
    apps/new.yaml
    apps/web/base/run.sh (x)
    fleet.yaml
    changed since HEAD: inventory/clusters.yaml, apps/new.yaml, fleet.yaml
    ");
}

#[test]
fn a_repository_without_a_commit_has_only_changes() {
    let repository = work_tree();
    write(repository.path(), "-- fleet.yaml --\nkind: Fleet\n");
    insta::assert_snapshot!(describe(&load(repository.path(), None).unwrap()), @r"
    fleet.yaml
    changed since nothing: fleet.yaml
    ");
}

#[test]
fn a_source_may_stand_below_the_root_of_its_repository() {
    let repository = work_tree();
    let below = "-- fleets/a/fleet.yaml --\nkind: Fleet\n-- fleets/a/apps/x/y.yaml --\na: b\n";
    let commit = repository.commit_all(below);
    let folder = repository.path().join("fleets/a");
    let read = load(&folder, None).unwrap();
    assert_eq!(read.origin, Origin::Commit(commit));
    assert_eq!(read.digest, load(&folder, Some("HEAD")).unwrap().digest);
}

#[test]
fn a_folder_that_its_repository_ignores_has_no_history() {
    let repository = work_tree();
    repository.commit_all("-- .gitignore --\n/scratch\n");
    write(&repository.path().join("scratch"), SOURCE);
    assert_eq!(load(&repository.path().join("scratch"), None).unwrap().origin, Origin::Folder);
    write(&repository.path().join("other"), SOURCE);
    let other = load(&repository.path().join("other"), None).unwrap();
    assert!(matches!(other.origin, Origin::WorkTree { .. }), "{:?}", other.origin);
}

#[test]
fn links_submodules_and_large_files_are_faults_with_a_place() {
    let repository = work_tree();
    let commit = repository.commit_all(SOURCE);
    let path = repository.path();
    std::os::unix::fs::symlink("/etc/passwd", path.join("apps/web/base/link.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc", path.join("policies")).unwrap();
    fs::create_dir_all(path.join("apps/sub/.git")).unwrap();
    fs::write(path.join("apps/sub/secret.yaml"), "a: b").unwrap();
    fs::write(path.join("inventory/large.yaml"), vec![b' '; 20 << 20]).unwrap();
    let on_disk = load(path, None).unwrap();
    insta::assert_snapshot!(describe(&on_disk), @r"
    apps/sub
    apps/web/base/link.yaml
    apps/web/base/run.sh (x)
    fleet.yaml
    inventory/clusters.yaml
    inventory/large.yaml
    policies
    changed since HEAD: apps/sub, apps/web/base/link.yaml, inventory/large.yaml, policies
    not-a-file: `apps/sub` is a submodule
    not-a-file: `apps/web/base/link.yaml` is a symbolic link
    file-too-large: `inventory/large.yaml` has 20971520 bytes, more than the 16777216 allowed
    not-a-file: `policies` is a symbolic link
    ");
    assert!(on_disk.files.iter().all(|(_, file)| !file.bytes.starts_with(b"root")));

    fs::remove_dir_all(path.join("apps/sub")).unwrap();
    repository.git(&["add", "-A"]);
    let gitlink = format!("160000,{commit},apps/sub");
    repository.git(&["update-index", "--add", "--cacheinfo", &gitlink]);
    repository.git(&["commit", "-q", "-m", "links"]);
    let committed = load(path, Some("HEAD")).unwrap();
    insta::assert_snapshot!(describe(&committed), @r"
    apps/sub
    apps/web/base/link.yaml
    apps/web/base/run.sh (x)
    fleet.yaml
    inventory/clusters.yaml
    inventory/large.yaml
    policies
    a commit
    not-a-file: `apps/sub` is a submodule
    not-a-file: `apps/web/base/link.yaml` is a symbolic link
    file-too-large: `inventory/large.yaml` has 20971520 bytes, more than the 16777216 allowed
    not-a-file: `policies` is a symbolic link
    ");
}

#[test]
fn what_is_no_source_is_an_error_and_never_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path, revision: Option<&str>| {
        let error = load(path, revision).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(message(folder.path(), None), @"`DIR` holds no fleet.yaml, so it is no source");
    insta::assert_snapshot!(message(&folder.path().join("none"), None), @"`DIR/none` does not exist");
    insta::assert_snapshot!(message(folder.path(), Some("main")), @"`DIR` is in no Git repository, so it has no revisions");
    fs::write(folder.path().join("file"), "").unwrap();
    insta::assert_snapshot!(message(&folder.path().join("file"), None), @"`DIR/file` is neither a folder nor a repository");

    let empty = testkit::repository();
    assert!(matches!(load(empty.path(), None), Err(LoadError::Repository(_))));
    let unreadable = folder.path().join("unreadable");
    write(&unreadable, "-- fleet.yaml --\nkind: Fleet\n");
    fs::remove_file(unreadable.join("fleet.yaml")).unwrap();
    fs::create_dir(unreadable.join("fleet.yaml")).unwrap();
    assert!(load(&unreadable, None).is_err(), "a folder in the place of fleet.yaml");
}

/// Edits of a source, one commit each, so that folders come, go, change and stay.
const EDITS: [&str; 6] = [
    "-- inventory/clusters.yaml --\nkind: Group\n",
    "-- apps/web/base/run.sh --\necho hello\n",
    "-- apps/web/overlays/1.0.0/a.yaml --\na: 1\n-- apps/db/b.yaml --\nb: 1\n",
    "-- apps/db/deeper/c.yaml --\nc: 1\n",
    "-- notes/unrelated.yaml --\nstill: not ours\n",
    "-- apps/db/deeper/c.yaml --\nc: 2\n",
];

#[test]
fn a_loader_reads_what_reading_anew_gives() {
    let repository = work_tree();
    repository.commit_all(SOURCE);
    let mut loader = Loader::open(repository.path()).unwrap();
    let mut check = |revision: &str| {
        let read = loader.load(Some(revision)).unwrap();
        let anew = load(repository.path(), Some(revision)).unwrap();
        let files = |source: &Source| -> Vec<(String, Vec<u8>, bool)> {
            let files = source.files.iter();
            files.map(|(_, f)| (f.path.to_string(), f.bytes.to_vec(), f.executable)).collect()
        };
        assert_eq!(files(&read), files(&anew));
        assert_eq!((read.digest, read.origin), (anew.digest, anew.origin));
        assert_eq!(read.faults.len(), anew.faults.len());
    };
    check("HEAD");
    let commit = || {
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-q", "-m", "an edit"]);
    };
    for edit in EDITS {
        repository.write(edit);
        commit();
        check("HEAD");
    }
    fs::remove_dir_all(repository.path().join("apps/web")).unwrap();
    commit();
    check("HEAD");
    for revision in ["HEAD~3", "HEAD~6", "HEAD"] {
        check(revision);
    }
}
