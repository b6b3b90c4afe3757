//! Opening and reading repositories.

use git::{Repository, RepositoryError, TreeEntryKind, descends};
use model::{CommitId, Observed};

use crate::support::Temporary;

fn id(text: &str) -> CommitId {
    text.parse().unwrap()
}

#[test]
fn a_missing_repository_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let error = Repository::open(folder.path()).unwrap_err();
    let path = folder.path().display();
    assert_eq!(error.to_string(), format!("there is no Git repository at `{path}`"));
    assert_eq!(error.hint(), Some(format!("make an empty one with `git init --bare {path}`")));
}

#[test]
fn urls_are_no_paths() {
    for location in ["file:///srv/fleet.git", "ext::sh -c x", "https://example.com/a", "git@host:a"]
    {
        let error = Repository::open(location).unwrap_err();
        assert!(matches!(error, RepositoryError::Remote { .. }), "{location}: {error}");
    }
}

#[test]
fn a_repository_with_sha256_ids_is_refused() {
    let repository = Temporary::init(&["--bare", "--object-format=sha256"]);
    let error = Repository::open(repository.path()).unwrap_err();
    assert!(matches!(error, RepositoryError::ObjectFormat { .. }), "{error}");
}

#[test]
fn trees_show_links_and_submodules() {
    let temporary = Temporary::bare();
    let blob = temporary.git_with(&["hash-object", "-w", "--stdin"], "x");
    let commit = temporary.commit_files("main", &[("a", "x")]);
    let list = format!(
        "100644 blob {blob}\tfile\n100755 blob {blob}\trun\n120000 blob {blob}\tlink\n160000 commit {commit}\tsub\n"
    );
    let tree = temporary.git_with(&["mktree"], &list);
    let repository = temporary.open();
    let entries = repository.tree(tree.parse().unwrap()).unwrap();
    let kinds: Vec<_> = entries.iter().map(|e| (e.name_text().unwrap(), e.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("file", TreeEntryKind::File),
            ("link", TreeEntryKind::Symlink),
            ("run", TreeEntryKind::Executable),
            ("sub", TreeEntryKind::Submodule),
        ]
    );
    assert_eq!(repository.blob(entries[0].id).unwrap(), b"x");
    assert_eq!(repository.reader().size(entries[0].id).unwrap(), 1);
}

#[test]
fn commits_and_refs_are_read() {
    let temporary = Temporary::bare();
    let first = temporary.commit_files("main", &[("a", "1")]);
    let second = temporary.commit_files("main", &[("a", "2")]);
    temporary.git(&["tag", "-a", "-m", "tag", "v1", &first]);
    let repository = temporary.open();
    assert!(repository.is_bare());
    assert_eq!(repository.reference("refs/heads/main").unwrap(), Some(id(&second)));
    assert_eq!(repository.reference("HEAD").unwrap(), Some(id(&second)));
    assert_eq!(repository.reference("refs/heads/none").unwrap(), None);
    assert_eq!(repository.reference("refs/heads/mai").unwrap(), None);
    assert_eq!(repository.resolve("v1").unwrap(), id(&first));
    assert_eq!(repository.resolve("main~1").unwrap(), id(&first));
    assert!(repository.resolve("nothing").is_err());
    assert!(repository.resolve("--all").is_err());
    let commit = repository.commit(id(&second)).unwrap();
    assert_eq!(commit.parents, [id(&first)]);
    assert_eq!(commit.author, "Human <human@example.com>");
    assert_eq!(commit.time.as_second(), 1_700_000_000);
}

#[test]
fn an_unborn_branch_is_no_commit() {
    let temporary = Temporary::bare();
    assert_eq!(temporary.open().reference("HEAD").unwrap(), None);
}

#[test]
fn descent_is_proven_or_unknown() {
    let temporary = Temporary::bare();
    let first = temporary.commit_files("main", &[("a", "1")]);
    let second = temporary.commit_files("main", &[("a", "2")]);
    let other = temporary.commit_files("other", &[("a", "3")]);
    let repository = temporary.open();
    assert_eq!(descends(&repository, id(&second), id(&first)), Observed::Known(true));
    assert_eq!(descends(&repository, id(&second), id(&second)), Observed::Known(true));
    assert_eq!(descends(&repository, id(&first), id(&second)), Observed::Known(false));
    assert_eq!(descends(&repository, id(&second), id(&other)), Observed::Known(false));
    let unknown = descends(&repository, id(&second), CommitId([7; 20]));
    assert!(matches!(unknown, Observed::Unknown(_)), "{unknown:?}");
}

#[test]
fn a_shallow_clone_proves_nothing_about_what_it_left_out() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a", "1")]);
    let second = temporary.commit_files("main", &[("a", "2")]);
    let other = temporary.commit_files("other", &[("a", "3")]);
    let clone = Temporary::bare();
    let url = format!("file://{}", temporary.path().display());
    clone.git(&["fetch", "--quiet", "--depth=1", &url, "main:main", "other:other"]);
    let answer = descends(&clone.open(), id(&second), id(&other));
    assert!(matches!(answer, Observed::Unknown(_)), "{answer:?}");
}

#[test]
fn a_repository_is_found_from_a_folder_inside() {
    let temporary = Temporary::init(&[]);
    let inside = temporary.path().join("a/b");
    std::fs::create_dir_all(&inside).unwrap();
    assert!(matches!(Repository::open(&inside), Err(RepositoryError::Missing { .. })));
    let found = Repository::discover(&inside).unwrap().unwrap();
    assert!(!found.is_bare());
    assert_eq!(found.checked_out().unwrap(), ["refs/heads/main"]);
    let nowhere = tempfile::tempdir().unwrap();
    assert!(Repository::discover(nowhere.path()).unwrap().is_none());
}

#[test]
fn branches_of_linked_work_trees_are_checked_out() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a", "1")]);
    temporary.commit_files("delivery", &[("a", "1")]);
    let linked = temporary.path().join("linked");
    temporary.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "delivery"]);
    assert_eq!(temporary.open().checked_out().unwrap(), ["refs/heads/delivery"]);
    let opened = Repository::open(&linked).unwrap();
    assert_eq!(opened.git_dir(), temporary.path().canonicalize().unwrap());
    assert_eq!(opened.checked_out().unwrap(), ["refs/heads/delivery"]);
}

#[test]
fn a_replaced_object_keeps_its_own_bytes() {
    let temporary = Temporary::bare();
    let one = temporary.git_with(&["hash-object", "-w", "--stdin"], "one");
    let two = temporary.git_with(&["hash-object", "-w", "--stdin"], "two");
    temporary.git(&["replace", &one, &two]);
    assert_eq!(temporary.open().blob(one.parse().unwrap()).unwrap(), b"one");
}
