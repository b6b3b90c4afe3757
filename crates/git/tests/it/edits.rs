//! Commits that edit files, without a work tree.

use git::{
    CommitRecord, EditError, Expected, FileEdit, RefMove, changed_files, commit_message,
    commits_between, edit_files, merge_base, move_refs,
};
use jiff::Timestamp;
use model::{CommitId, ObjectId};
use proptest::prelude::*;

use crate::support::Temporary;

pub(crate) fn record(subject: &str) -> CommitRecord {
    CommitRecord {
        author: "Anna <anna@example.com>".to_owned(),
        committer: "res-edge <res-edge@localhost>".to_owned(),
        message: commit_message(subject, "", &[("Change", "7")]),
        at: Timestamp::from_second(1_700_000_100).unwrap(),
    }
}

pub(crate) fn set(path: &str, content: &str) -> FileEdit {
    let content = Some(content.as_bytes().to_vec());
    FileEdit { path: path.to_owned(), content, expected: Expected::Any }
}

fn remove(path: &str) -> FileEdit {
    FileEdit { path: path.to_owned(), content: None, expected: Expected::Any }
}

fn tip(temporary: &Temporary, name: &str) -> CommitId {
    temporary.open().resolve(name).unwrap()
}

/// The commit of some edits on top of another, on a branch of its own, as `git` lists its files.
fn edited(
    temporary: &Temporary,
    parent: CommitId,
    edits: &[FileEdit],
) -> Result<String, EditError> {
    let repository = temporary.open();
    let Some(made) = edit_files(&repository, parent, edits, &record("Edit"))? else {
        return Ok("nothing".to_owned());
    };
    let from = repository.reference("refs/changes/7/head").unwrap();
    let name = "refs/changes/7/head".to_owned();
    move_refs(&repository, &[RefMove { name, from, to: Some(made.commit) }]).unwrap();
    drop(made.keep);
    temporary.check();
    Ok(temporary.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "refs/changes/7/head"]))
}

#[test]
fn files_are_set_and_removed_and_folders_come_and_go() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one"), ("b/c.txt", "two"), ("b/d/e.txt", "three")]);
    let main = tip(&temporary, "main");
    let edits =
        [set("a.txt", "new"), remove("b/d/e.txt"), set("x/y/z.txt", ""), remove("none/x.txt")];
    let files = edited(&temporary, main, &edits).unwrap();
    assert_eq!(files, "100644 a.txt\n100644 b/c.txt\n100644 x/y/z.txt");
    let head = tip(&temporary, "refs/changes/7/head");
    assert_eq!(temporary.git(&["show", &format!("{head}:a.txt")]), "new");
    let info = temporary.open().commit(head).unwrap();
    assert_eq!((info.parents.as_slice(), info.trailer("Change")), ([main].as_slice(), Some("7")));
    assert_eq!(info.author, "Anna <anna@example.com>");
    assert_eq!(info.committer, "res-edge <res-edge@localhost>");
    let all = [remove("a.txt"), remove("b/c.txt"), remove("b/d/e.txt")];
    assert_eq!(edited(&temporary, main, &all).unwrap(), "");
}

#[test]
fn edits_that_change_nothing_make_nothing() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one")]);
    let main = tip(&temporary, "main");
    let before = temporary.git(&["count-objects", "-v"]);
    assert_eq!(
        edited(&temporary, main, &[set("a.txt", "one"), remove("b.txt")]).unwrap(),
        "nothing"
    );
    assert_eq!(edited(&temporary, main, &[]).unwrap(), "nothing");
    assert_eq!(temporary.git(&["count-objects", "-v"]), before);
}

#[test]
fn a_file_keeps_its_executable_bit_and_others_what_they_are() {
    let temporary = Temporary::bare();
    let blob = temporary.git_with(&["hash-object", "-w", "--stdin"], "run");
    let commit = "1".repeat(40);
    let tree = temporary.git_with(
        &["mktree", "--missing"],
        &format!(
            "100755 blob {blob}\trun.sh\n120000 blob {blob}\tlink\n160000 commit {commit}\tsub\n"
        ),
    );
    let id: CommitId = temporary.git(&["commit-tree", "-m", "x", &tree]).parse().unwrap();
    let files = edited(&temporary, id, &[set("run.sh", "walk")]).unwrap();
    assert_eq!(files, "120000 link\n100755 run.sh\n160000 sub");
    for (path, reason) in [
        ("link", "`link` is a symbolic link"),
        ("link/x", "`link` is a symbolic link"),
        ("sub/x", "`sub` is a submodule"),
        ("run.sh/x", "`run.sh` is a file"),
    ] {
        let refused = edited(&temporary, id, &[set(path, "x")]).unwrap_err();
        assert_eq!(refused.to_string(), format!("`{path}` cannot be written: {reason}"));
    }
}

#[test]
fn an_edit_of_what_is_no_longer_there_is_refused() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one"), ("b/c.txt", "two")]);
    let main = tip(&temporary, "main");
    let one = temporary.git(&["rev-parse", "main:a.txt"]).parse::<ObjectId>().unwrap();
    let expecting = |path: &str, expected| FileEdit { expected, ..set(path, "new") };
    let stale = |edit: FileEdit| match edited(&temporary, main, &[set("d.txt", "x"), edit]) {
        Err(EditError::Stale { found, .. }) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(stale(expecting("a.txt", Expected::Absent)), Some(one));
    assert_eq!(stale(expecting("a.txt", Expected::File(ObjectId([1; 20])))), Some(one));
    assert_eq!(stale(expecting("b/x.txt", Expected::File(one))), None);
    assert_eq!(stale(expecting("x/y.txt", Expected::File(one))), None);
    assert!(edited(&temporary, main, &[expecting("a.txt", Expected::File(one))]).is_ok());
    assert!(edited(&temporary, main, &[expecting("b/x.txt", Expected::Absent)]).is_ok());
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one"), ("b/c.txt", "two")]);
    let main = tip(&temporary, "main");
    let deep = "a/".repeat(50) + "x";
    for path in [
        "",
        "/a",
        "a/",
        "a//b",
        "../x",
        "b/../x",
        "./x",
        ".git/config",
        "b/.GIT/x",
        "a\\b",
        "a\nb",
        "a\0b",
        &deep,
    ] {
        let refused = edited(&temporary, main, &[set(path, "x")]);
        assert!(matches!(refused, Err(EditError::Path { .. })), "{path:?}: {refused:?}");
    }
    let refused = edited(&temporary, main, &[set("b", "x")]).unwrap_err();
    assert_eq!(refused.to_string(), "`b` cannot be written: `b` is a folder");
    for pair in [["b/c.txt", "b/c.txt"], ["n", "n/x"]] {
        let refused = edited(&temporary, main, &pair.map(|path| set(path, "x")));
        assert!(matches!(refused, Err(EditError::Path { .. })), "{pair:?}: {refused:?}");
    }
}

#[test]
fn a_repack_before_the_ref_moves_loses_nothing() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one")]);
    let repository = temporary.open();
    let edits = [set("a.txt", "two")];
    let made =
        edit_files(&repository, tip(&temporary, "main"), &edits, &record("Edit")).unwrap().unwrap();
    temporary.git(&["repack", "-a", "-d", "-q"]);
    temporary.git(&["prune", "--expire=now"]);
    let name = "refs/changes/7/head".to_owned();
    move_refs(&repository, &[RefMove { name, from: None, to: Some(made.commit) }]).unwrap();
    temporary.check();
}

#[test]
fn commits_and_files_are_compared() {
    let temporary = Temporary::bare();
    temporary.commit_files(
        "main",
        &[("a.txt", "one"), ("b/c.txt", "two"), ("d.txt", "x"), ("same/x", "y")],
    );
    let parted = tip(&temporary, "main");
    temporary.git(&["branch", "other", "main"]);
    temporary.commit_files("other", &[("a.txt", "other")]);
    let first = temporary.commit_files("main", &[("a.txt", "new"), ("b/c.txt", "")]);
    // A file where a folder was, and the other way round.
    let second =
        temporary.commit_files("main", &[("b", "file"), ("d.txt", ""), ("d.txt/e.txt", "x")]);
    let repository = temporary.open();
    let [main, other] = ["main", "other"].map(|name| tip(&temporary, name));
    assert_eq!(merge_base(&repository, main, other).unwrap(), Some(parted));
    let listed = |limit| {
        let list = commits_between(&repository, other, main, limit).unwrap();
        let ids: Vec<_> = list.commits.iter().map(|(id, _)| id.to_string()).collect();
        (ids, list.is_cut)
    };
    assert_eq!(listed(10), (vec![second.clone(), first], false));
    assert_eq!(listed(1), (vec![second], true));
    let changes = changed_files(&repository, parted, main).unwrap();
    let shown: Vec<_> = changes
        .iter()
        .map(|one| (one.path.as_str(), one.old.is_some(), one.new.is_some()))
        .collect();
    let expected = [
        ("a.txt", true, true),
        ("b", false, true),
        ("b/c.txt", true, false),
        ("d.txt", true, false),
        ("d.txt/e.txt", false, true),
    ];
    assert_eq!(shown, expected);
    assert!(changed_files(&repository, main, main).unwrap().is_empty());
    // Without a history in common there is no merge base.
    let alone: CommitId =
        temporary.git(&["commit-tree", "-m", "x", "main^{tree}"]).parse().unwrap();
    assert_eq!(merge_base(&temporary.open(), main, alone).unwrap(), None);
}

/// Some paths of few folders, none of which is the start of another.
fn files() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let file = ("[abc]/[abc]/[abc]\\.txt|[abc]\\.txt", proptest::option::of("[xyz]{0,3}"));
    proptest::collection::btree_map(file.0, file.1, 0..12).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(testkit::cases(16))]

    #[test]
    fn what_was_edited_is_read_and_the_rest_stays(before in files(), after in files()) {
        let temporary = Temporary::bare();
        temporary.commit_files("main", &[("root.txt", "root")]);
        let repository = temporary.open();
        let edits = |files: &[(String, Option<String>)]| {
            let edit = |(path, content): &(String, Option<String>)| match content {
                Some(content) => set(path, content),
                None => remove(path),
            };
            files.iter().map(edit).collect::<Vec<_>>()
        };
        let start = tip(&temporary, "main");
        let apply = |commit, files: &[(String, Option<String>)]| {
            let made = edit_files(&repository, commit, &edits(files), &record("Edit")).unwrap();
            made.map_or(commit, |made| made.commit)
        };
        let first = apply(start, &before);
        let second = apply(first, &after);
        let mut expected = std::collections::BTreeMap::from([("root.txt".to_owned(), "root".to_owned())]);
        for (path, content) in before.iter().chain(&after) {
            match content {
                Some(content) => expected.insert(path.clone(), content.clone()),
                None => expected.remove(path),
            };
        }
        let listed = temporary.git(&["ls-tree", "-r", "--format=%(path) %(objectname)", &second.to_string()]);
        let text = |id: &str| String::from_utf8(repository.blob(id.parse().unwrap()).unwrap()).unwrap();
        let found: std::collections::BTreeMap<_, _> = listed
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(path, id)| (path.to_owned(), text(id)))
            .collect();
        prop_assert_eq!(&found, &expected);
        // What differs is what was edited, and nothing that was not.
        let changed = changed_files(&repository, first, second).unwrap();
        prop_assert!(changed.iter().all(|one| after.iter().any(|(path, _)| *path == one.path)));
        prop_assert_eq!(apply(second, &after), second);
    }
}
