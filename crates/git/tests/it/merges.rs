//! Merges without a work tree.

use git::{Committed, Conflict, Merge, MergeError, MergeHow, edit_files, merge};
use model::{CommitId, ObjectId};
use proptest::prelude::*;

use crate::edits::{record, set};
use crate::support::Temporary;

fn id(temporary: &Temporary, name: &str) -> CommitId {
    temporary.open().resolve(name).unwrap()
}

/// Two branches that part from one commit with these files.
fn parted(before: &[(&str, &str)], ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> Temporary {
    let temporary = Temporary::bare();
    temporary.commit_files("main", before);
    temporary.git(&["branch", "change", "main"]);
    temporary.commit_files("main", ours);
    temporary.commit_files("change", theirs);
    temporary
}

fn try_merge(temporary: &Temporary, how: MergeHow) -> Merge {
    let (base, head) = (id(temporary, "main"), id(temporary, "change"));
    merge(&temporary.open(), base, head, how, &record("Merge change 7")).unwrap()
}

#[track_caller]
fn made(merge: Merge) -> Committed {
    match merge {
        Merge::Made(made) => made,
        other => panic!("{other:?}"),
    }
}

/// Merges, and gives the files that a revision of it holds.
#[track_caller]
fn merged(temporary: &Temporary, how: MergeHow) -> (CommitId, String) {
    let made = made(try_merge(temporary, how));
    temporary.git(&["update-ref", "refs/heads/merged", &made.commit.to_string()]);
    temporary.check();
    (made.commit, temporary.git(&["grep", "", "merged"]))
}

/// The loose objects and packs of a repository.
fn stored(temporary: &Temporary) -> String {
    temporary.git(&["count-objects", "-v"])
}

#[test]
fn a_merge_commit_has_both_parents_and_a_squash_one() {
    let temporary = parted(
        &[("a.txt", "1\n2\n3\n4\n5\n"), ("b/c.txt", "c\n")],
        &[("a.txt", "one\n2\n3\n4\n5\n")],
        &[("a.txt", "1\n2\n3\n4\nfive\n"), ("b/d.txt", "d\n"), ("b/c.txt", "")],
    );
    let (main, change) = (id(&temporary, "main"), id(&temporary, "change"));
    for (how, parents) in [(MergeHow::Commit, vec![main, change]), (MergeHow::Squash, vec![main])] {
        let (commit, files) = merged(&temporary, how);
        let expected = "merged:a.txt:one\nmerged:a.txt:2\nmerged:a.txt:3\nmerged:a.txt:4\n\
                        merged:a.txt:five\nmerged:b/d.txt:d";
        assert_eq!(files, expected);
        let info = temporary.open().commit(commit).unwrap();
        assert_eq!(
            (info.parents.as_slice(), info.trailer("Change")),
            (parents.as_slice(), Some("7"))
        );
    }
}

#[test]
fn what_is_merged_already_makes_nothing() {
    let temporary = parted(&[("a.txt", "1\n")], &[("a.txt", "2\n")], &[("a.txt", "2\n")]);
    // The same edit was made on both sides.
    assert!(matches!(try_merge(&temporary, MergeHow::Squash), Merge::AlreadyMerged));
    temporary.git(&["update-ref", "refs/heads/change", "main~1"]);
    assert!(matches!(try_merge(&temporary, MergeHow::Commit), Merge::AlreadyMerged));
    // The other way round there is all to merge, and nothing to merge it with.
    temporary.git(&["update-ref", "refs/heads/change", "main"]);
    temporary.git(&["update-ref", "refs/heads/main", "main~1"]);
    assert_eq!(merged(&temporary, MergeHow::Commit).1, "merged:a.txt:2");
}

#[test]
fn conflicts_name_what_each_side_holds_and_leave_nothing() {
    let temporary = parted(
        &[("both.txt", "1\n"), ("gone.txt", "1\n"), ("kept.txt", "1\n"), ("same.txt", "1\n")],
        &[("both.txt", "2\n"), ("gone.txt", ""), ("kept.txt", "2\n"), ("new.txt", "2\n")],
        &[("both.txt", "3\n"), ("gone.txt", "3\n"), ("kept.txt", ""), ("new.txt", "3\n")],
    );
    let before = stored(&temporary);
    let Merge::Conflicts(conflicts) = try_merge(&temporary, MergeHow::Commit) else {
        panic!("they conflict");
    };
    assert_eq!(stored(&temporary), before);
    let at = |revision: &str, path: &str| {
        let name = format!("{revision}:{path}");
        let found = temporary.try_git(&["rev-parse", "--verify", "--quiet", &name]);
        found.map(|id| id.parse::<ObjectId>().unwrap())
    };
    let expected = ["both.txt", "gone.txt", "kept.txt", "new.txt"].map(|path| Conflict {
        path: path.to_owned(),
        before: at("main~1", path),
        ours: at("main", path),
        theirs: at("change", path),
    });
    assert_eq!(conflicts, expected);
}

/// Two documents that differ in their names alone.
fn cluster(name: &str, ring: &str) -> String {
    format!(
        "kind: Cluster\nmetadata:\n  name: {name}\n  labels:\n    region: central\n    state: la\n    \
         ring: {ring}\n    type: store\nspec:\n  groups: [/stores/central/la]\n  timeZone: America/Chicago\n"
    )
}

#[test]
fn an_edit_of_a_removed_document_is_not_made_in_one_that_resembles_it() {
    let (one, two) = (cluster("nola-1", "beta"), cluster("nola-2", "beta"));
    let edited = cluster("nola-1", "prod");
    let temporary = parted(
        &[("inventory/nola-1.yaml", &one)],
        &[("inventory/nola-1.yaml", ""), ("inventory/nola-2.yaml", &two)],
        &[("inventory/nola-1.yaml", &edited)],
    );
    // Git by itself takes one for the other.
    let by_itself = temporary.git(&["merge-tree", "--write-tree", "main", "change"]);
    let file = temporary.git(&["show", &format!("{by_itself}:inventory/nola-2.yaml")]);
    assert!(file.contains("ring: prod"), "{file}");
    let Merge::Conflicts(conflicts) = try_merge(&temporary, MergeHow::Commit) else {
        panic!("they conflict");
    };
    assert_eq!(conflicts[0].path, "inventory/nola-1.yaml");
    assert_eq!(conflicts[0].ours, None);
}

#[test]
fn neither_attributes_nor_settings_of_the_repository_have_a_say() {
    let temporary = parted(
        &[("a.txt", "1\n"), (".gitattributes", "*.txt merge=own\n")],
        &[("a.txt", "2\n")],
        &[("a.txt", "3\n")],
    );
    let touched = temporary.path().join("touched");
    temporary.git(&["config", "merge.own.driver", &format!("touch {}", touched.display())]);
    std::fs::create_dir_all(temporary.path().join("info")).unwrap();
    std::fs::write(temporary.path().join("info/attributes"), "*.txt merge=own\n").unwrap();
    assert!(matches!(try_merge(&temporary, MergeHow::Commit), Merge::Conflicts(_)));
    assert!(!touched.exists());
}

#[test]
fn histories_that_were_merged_crosswise_are_merged() {
    let temporary =
        parted(&[("a.txt", "a\n"), ("b.txt", "b\n")], &[("a.txt", "A\n")], &[("b.txt", "B\n")]);
    let repository = temporary.open();
    let (main, change) = (id(&temporary, "main"), id(&temporary, "change"));
    let record = record("Merge");
    let one = made(merge(&repository, main, change, MergeHow::Commit, &record).unwrap()).commit;
    let other = made(merge(&repository, change, main, MergeHow::Commit, &record).unwrap()).commit;
    let edit = |commit, path| {
        edit_files(&repository, commit, &[set(path, "x\n")], &record).unwrap().unwrap().commit
    };
    let (one, other) = (edit(one, "one.txt"), edit(other, "other.txt"));
    let both = made(merge(&repository, one, other, MergeHow::Commit, &record).unwrap()).commit;
    let listed = temporary.git(&["ls-tree", "-r", "--name-only", &both.to_string()]);
    assert_eq!(listed, "a.txt\nb.txt\none.txt\nother.txt");
}

#[test]
fn histories_with_nothing_in_common_are_refused() {
    let temporary = parted(&[("a.txt", "1\n")], &[("a.txt", "2\n")], &[("a.txt", "3\n")]);
    let alone: CommitId =
        temporary.git(&["commit-tree", "-m", "x", "main^{tree}"]).parse().unwrap();
    let main = id(&temporary, "main");
    let refused = merge(&temporary.open(), main, alone, MergeHow::Commit, &record("Merge"));
    assert!(matches!(refused, Err(MergeError::Unrelated { .. })), "{refused:?}");
}

proptest! {
    #![proptest_config(testkit::cases(12))]

    #[test]
    fn merging_edits_of_different_files_is_the_same_in_either_order(
        ours in proptest::collection::btree_map("[a-f]/[ab]\\.txt", "[xyz]{1,3}\n", 1..6),
        theirs in proptest::collection::btree_map("[a-f]/[ab]\\.txt", "[xyz]{1,3}\n", 1..6),
    ) {
        let temporary = Temporary::bare();
        temporary.commit_files("main", &[("a/a.txt", "a\n"), ("b/b.txt", "b\n"), ("c/a.txt", "c\n")]);
        let (repository, start) = (temporary.open(), id(&temporary, "main"));
        let apply = |commit, files: Vec<(&String, &String)>| {
            let edits: Vec<_> = files.into_iter().map(|(path, text)| set(path, text)).collect();
            edit_files(&repository, commit, &edits, &record("Edit")).unwrap().unwrap().commit
        };
        let theirs: Vec<_> = theirs.iter().filter(|(path, _)| !ours.contains_key(*path)).collect();
        prop_assume!(!theirs.is_empty());
        let (one, other) = (apply(start, ours.iter().collect()), apply(start, theirs.clone()));
        let tree = |commit: CommitId| repository.commit(commit).unwrap().tree;
        let tree_of = |base, head| {
            let merged = merge(&repository, base, head, MergeHow::Squash, &record("Merge"));
            tree(made(merged.unwrap()).commit)
        };
        prop_assert_eq!(tree_of(one, other), tree_of(other, one));
        // And as if both edits had been made one after the other.
        prop_assert_eq!(tree_of(one, other), tree(apply(one, theirs)));
    }
}
