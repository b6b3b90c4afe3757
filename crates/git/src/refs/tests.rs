//! Refs that are moved here, as the `git` program sees them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A bare repository with a few commits to point at.
struct Bare {
    _folder: TempDir,
    repository: Repository,
    commits: Vec<CommitId>,
}

const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

impl Bare {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        program::run(folder.path(), &["init", "-q", "--bare", "-b", "main"], b"").unwrap();
        program::run(folder.path(), &["hash-object", "-w", "-t", "tree", "--stdin"], b"").unwrap();
        let repository = Repository::open(folder.path()).unwrap();
        let commit = |number: usize| {
            let text = format!(
                "tree {EMPTY_TREE}\nauthor a <a@b.c> 1 +0000\ncommitter a <a@b.c> 1 +0000\n\n{number}\n"
            );
            let arguments = ["hash-object", "-w", "-t", "commit", "--stdin"];
            let id = program::run(folder.path(), &arguments, text.as_bytes()).unwrap();
            String::from_utf8(id).unwrap().trim().parse().unwrap()
        };
        let commits = (0..4).map(commit).collect();
        Self { _folder: folder, repository, commits }
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = program::run(self.repository.git_dir(), arguments, b"").unwrap();
        String::from_utf8(output).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.repository.git_dir().join(path)
    }

    fn step(&self, name: &str, from: Option<usize>, to: Option<usize>) -> RefMove {
        let commit = |index: usize| self.commits[index];
        RefMove { name: name.to_owned(), from: from.map(commit), to: to.map(commit) }
    }

    /// Refs `c00`, `c01` and so on, all moved alike.
    fn steps(&self, n: usize, from: Option<usize>, to: Option<usize>) -> Vec<RefMove> {
        (0..n).map(|i| self.step(&format!("refs/heads/clusters/c{i:02}"), from, to)).collect()
    }

    fn move_refs(&self, moves: &[RefMove]) -> Result<(), MoveError> {
        move_refs_within(&self.repository, moves, Duration::from_millis(5))
    }

    /// Name and number of the commit of each ref, as Git lists them; ours must be the same.
    #[track_caller]
    fn refs(&self) -> BTreeMap<String, usize> {
        let listed = self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let number = |id: CommitId| self.commits.iter().position(|one| *one == id).unwrap();
        let split = |line: &str| {
            let (name, id) = line.split_once(' ').unwrap();
            (name.to_owned(), number(id.parse().unwrap()))
        };
        let refs: BTreeMap<String, usize> = listed.lines().map(split).collect();
        let ours = self.repository.references("refs/heads/").unwrap().into_iter();
        assert_eq!(ours.map(|(name, id)| (name, number(id))).collect::<BTreeMap<_, _>>(), refs);
        for (name, id) in &refs {
            assert_eq!(self.repository.reference(name).unwrap(), Some(self.commits[*id]));
        }
        refs
    }

    /// Locks and files of transactions that are left.
    fn left_over(&self) -> Vec<PathBuf> {
        fn walk(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else if path.extension().is_some_and(|e| e == "lock") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.repository.git_dir(), &mut found);
        let folder = self.path("res-edge");
        if folder.exists() {
            found.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
        found
    }
}

#[test]
fn many_refs_are_the_file_that_git_packs_them_into() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(30, None, Some(0))).unwrap();
    assert!(!bare.path("refs/heads/clusters").exists());
    let ours = fs::read_to_string(bare.path("packed-refs")).unwrap();
    assert_eq!(bare.refs().len(), 30);
    for name in bare.refs().keys() {
        bare.git(&["update-ref", name, &bare.commits[1].to_string()]);
    }
    bare.git(&["pack-refs", "--all"]);
    let gits = fs::read_to_string(bare.path("packed-refs")).unwrap();
    assert_eq!(ours.replace(&bare.commits[0].to_string(), &bare.commits[1].to_string()), gits);
    assert!(bare.left_over().is_empty());
    bare.git(&["fsck", "--strict"]);
}

#[test]
fn if_one_is_not_where_it_was_seen_none_moves() {
    for n in [3, 30] {
        let bare = Bare::new();
        bare.move_refs(&bare.steps(n, None, Some(0))).unwrap();
        let mut moves = bare.steps(n, Some(0), Some(1));
        moves[2].from = Some(bare.commits[3]);
        let error = bare.move_refs(&moves).unwrap_err();
        assert!(matches!(&error, MoveError::Moved { name } if *name == moves[2].name), "{error}");
        moves[2].from = None;
        assert!(matches!(bare.move_refs(&moves).unwrap_err(), MoveError::Moved { .. }));
        assert!(bare.refs().values().all(|commit| *commit == 0));
        assert!(bare.left_over().is_empty());
    }
}

#[test]
fn a_file_of_a_ref_counts_before_the_packed_one_and_goes_when_many_move() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(30, None, Some(0))).unwrap();
    bare.move_refs(&[bare.step("refs/heads/clusters/c07", Some(0), Some(1))]).unwrap();
    assert!(bare.path("refs/heads/clusters/c07").exists());
    let moved = bare.steps(30, Some(0), Some(2));
    assert!(matches!(bare.move_refs(&moved).unwrap_err(), MoveError::Moved { .. }));
    let mut moved = moved;
    moved[7].from = Some(bare.commits[1]);
    bare.move_refs(&moved).unwrap();
    assert!(!bare.path("refs/heads/clusters/c07").exists());
    assert!(bare.refs().values().all(|commit| *commit == 2));
}

#[test]
fn a_ref_that_goes_is_gone_in_both_places() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    bare.move_refs(&bare.steps(2, Some(0), Some(1))).unwrap();
    let moves = [
        bare.step("refs/heads/clusters/c00", Some(1), None),
        bare.step("refs/heads/clusters/c05", Some(0), None),
        bare.step("refs/heads/clusters/c01", Some(1), Some(2)),
    ];
    bare.move_refs(&moves).unwrap();
    let refs = bare.refs();
    assert_eq!((refs.len(), refs["refs/heads/clusters/c01"]), (18, 2));
    assert!(!refs.contains_key("refs/heads/clusters/c00"));
    assert!(matches!(bare.move_refs(&moves).unwrap_err(), MoveError::Moved { .. }));
}

#[test]
fn a_ref_cannot_be_made_where_another_is_in_the_way() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    bare.move_refs(&[bare.step("refs/heads/loose", None, Some(0))]).unwrap();
    bare.move_refs(&[bare.step("refs/heads/x/y/z", None, Some(0))]).unwrap();
    let before = bare.refs();
    let names = ["clusters", "clusters/c03/deep", "loose/deep", "x", "x/y"];
    for name in names.map(|name| format!("refs/heads/{name}")) {
        for n_more in [0, 20] {
            let mut moves = vec![bare.step(&name, None, Some(1))];
            moves
                .extend((0..n_more).map(|i| bare.step(&format!("refs/heads/n{i}"), None, Some(1))));
            let error = bare.move_refs(&moves).unwrap_err();
            assert!(matches!(error, MoveError::Occupied { .. }), "{name}: {error}");
        }
    }
    assert_eq!(bare.refs(), before);
    // An empty folder is not in the way.
    fs::remove_file(bare.path("refs/heads/x/y/z")).unwrap();
    bare.move_refs(&[bare.step("refs/heads/x", None, Some(2))]).unwrap();
    assert_eq!(bare.refs()["refs/heads/x"], 2);
}

#[test]
fn a_packed_tag_says_what_it_stands_for() {
    let bare = Bare::new();
    let text = format!(
        "object {}\ntype commit\ntag v1\ntagger a <a@b.c> 1 +0000\n\nv1\n",
        bare.commits[0]
    );
    let tag = program::run(bare.repository.git_dir(), &["mktag"], text.as_bytes()).unwrap();
    let tag: CommitId = String::from_utf8(tag).unwrap().trim().parse().unwrap();
    let mut moves = bare.steps(9, None, Some(1));
    moves.push(RefMove { name: "refs/tags/v1".to_owned(), from: None, to: Some(tag) });
    bare.move_refs(&moves).unwrap();
    let ours = fs::read_to_string(bare.path("packed-refs")).unwrap();
    fs::write(bare.path("refs/tags/v1"), format!("{tag}\n")).unwrap();
    bare.git(&["pack-refs", "--all"]);
    assert_eq!(ours, fs::read_to_string(bare.path("packed-refs")).unwrap());
}

#[test]
fn names_that_no_ref_may_have_are_refused() {
    let bare = Bare::new();
    let long = format!("refs/heads/{}", "a".repeat(251));
    for name in ["main", "HEAD", "refs/heads/../x", "refs/heads/a\nb", "refs/heads/x.lock", &long] {
        let refused = move_refs(&bare.repository, &[bare.step(name, None, Some(0))]);
        assert!(matches!(refused, Err(MoveError::Name { .. })), "{name}: {refused:?}");
    }
    let twice =
        [bare.step("refs/heads/a", None, Some(0)), bare.step("refs/heads/a", None, Some(1))];
    let refused = move_refs(&bare.repository, &twice);
    assert!(matches!(refused, Err(MoveError::Name { .. })), "{refused:?}");
    assert!(bare.refs().is_empty());
}

#[test]
fn what_others_packed_is_kept_byte_for_byte() {
    let bare = Bare::new();
    let commit = bare.commits[0].to_string();
    bare.git(&["tag", "-a", "-m", "t", "v1", &commit]);
    bare.git(&["update-ref", "refs/notes/n", &commit]);
    bare.git(&["pack-refs", "--all"]);
    let before = fs::read_to_string(bare.path("packed-refs")).unwrap();
    assert!(before.contains("\n^"), "{before}");
    bare.move_refs(&bare.steps(20, None, Some(1))).unwrap();
    let after = fs::read_to_string(bare.path("packed-refs")).unwrap();
    let others: Vec<&str> = after.lines().filter(|line| !line.contains("clusters/")).collect();
    assert_eq!(others, before.lines().collect::<Vec<_>>());
    assert_eq!(bare.git(&["rev-parse", "v1^{commit}"]).trim(), commit);
}

#[test]
fn an_old_file_that_is_in_no_order_is_put_in_order() {
    let bare = Bare::new();
    let id = bare.commits[0];
    fs::write(bare.path("packed-refs"), format!("{id} refs/heads/z\n{id} refs/heads/a\n")).unwrap();
    assert_eq!(bare.refs().len(), 2);
    bare.move_refs(&bare.steps(20, None, Some(1))).unwrap();
    assert_eq!(bare.refs().len(), 22);
    let text = fs::read_to_string(bare.path("packed-refs")).unwrap();
    assert!(text.starts_with("# pack-refs with: sorted \n"), "{text}");
}

#[test]
fn a_lock_of_git_is_respected_and_one_that_we_left_is_not() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    for (n, lock) in [
        (1, "refs/heads/clusters/c00.lock"),
        (20, "packed-refs.lock"),
        (20, "refs/heads/clusters/c00.lock"),
    ] {
        let lock = bare.path(lock);
        fs::create_dir_all(lock.parent().unwrap()).unwrap();
        fs::write(&lock, "").unwrap();
        let error = bare.move_refs(&bare.steps(n, Some(0), Some(1))).unwrap_err();
        assert!(matches!(&error, MoveError::Locked { path } if *path == lock), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("remove")));
        assert!(lock.exists() && bare.refs().values().all(|commit| *commit == 0));
        fs::remove_file(&lock).unwrap();
    }
    // What a killed process leaves: nobody holds `flock` on it.
    let left = bare.path("res-edge/1-0.owner");
    fs::write(&left, "lock of res-edge\nprocess 1\n").unwrap();
    fs::write(left.with_extension("1"), "half a file").unwrap();
    for lock in ["packed-refs.lock", "refs/heads/clusters/c00.lock", "refs/heads/clusters/c01.lock"]
    {
        fs::hard_link(&left, bare.path(lock)).unwrap();
    }
    bare.move_refs(&bare.steps(1, Some(0), Some(1))).unwrap();
    bare.move_refs(&bare.steps(20, Some(0), Some(2))[1..]).unwrap();
    assert!(bare.left_over().is_empty());
}

#[test]
fn what_a_killed_process_left_goes_without_anything_to_move() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    let left = bare.path("res-edge/1-0.owner");
    fs::write(&left, "lock of res-edge\nprocess 1\npacked-refs.lock\nrefs/heads/a.lock\nconfig\n")
        .unwrap();
    fs::hard_link(&left, bare.path("packed-refs.lock")).unwrap();
    // This one is someone else's by now.
    fs::write(bare.path("refs/heads/a.lock"), "").unwrap();
    clean(&bare.repository).unwrap();
    assert_eq!(bare.left_over(), [bare.path("refs/heads/a.lock")]);
    assert!(bare.path("config").exists());
    fs::remove_file(bare.path("refs/heads/a.lock")).unwrap();
    bare.git(&["pack-refs", "--all"]);
}

#[test]
fn what_a_power_cut_left_goes_though_its_text_is_lost() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(3, None, Some(0))).unwrap();
    let left = bare.path("res-edge/1-0.owner");
    fs::write(&left, "").unwrap();
    fs::create_dir_all(bare.path("refs/heads/clusters")).unwrap();
    for lock in ["packed-refs.lock", "refs/heads/clusters/c-1.lock"] {
        fs::hard_link(&left, bare.path(lock)).unwrap();
    }
    // Git's, just being written: empty, and no link to anything.
    fs::write(bare.path("refs/heads/a.lock"), "").unwrap();
    super::lock::clean(bare.repository.git_dir()).unwrap();
    assert_eq!(bare.left_over(), [bare.path("refs/heads/a.lock")]);
    // Without the file that it is a link to, it is met by whoever wants the ref.
    fs::write(&left, "").unwrap();
    fs::hard_link(&left, bare.path("packed-refs.lock")).unwrap();
    fs::remove_file(bare.path("refs/heads/a.lock")).unwrap();
    bare.move_refs(&bare.steps(30, None, Some(0))[3..]).unwrap();
    assert!(bare.left_over().is_empty());
}

#[test]
fn a_lock_of_a_running_transaction_of_ours_is_respected() {
    let bare = Bare::new();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    let store = Store::of(&bare.repository).unwrap();
    let Ok(owner) = store.owner() else { panic!() };
    let Ok(lock) = store.lock(&owner, &store.packed()) else { panic!() };
    for n in [1, 20] {
        let error = bare.move_refs(&bare.steps(n, Some(0), Some(1))).unwrap_err();
        assert!(matches!(error, MoveError::Locked { .. }), "{error}");
    }
    drop(lock);
    bare.move_refs(&bare.steps(1, Some(0), Some(1))).unwrap();
}

#[test]
fn shared_repositories_stay_shared_and_logs_are_kept_where_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let bare = Bare::new();
    bare.git(&["config", "core.sharedRepository", "0660"]);
    bare.git(&["config", "core.logAllRefUpdates", "true"]);
    let bare = Bare { repository: Repository::open(bare.repository.path()).unwrap(), ..bare };
    bare.move_refs(&[bare.step("refs/heads/new/a", None, Some(0))]).unwrap();
    bare.move_refs(&[bare.step("refs/heads/new/a", Some(0), Some(1))]).unwrap();
    bare.move_refs(&bare.steps(20, None, Some(0))).unwrap();
    let mode = |path: &str| fs::metadata(bare.path(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("refs/heads/new/a"), 0o660);
    assert_eq!(mode("packed-refs"), 0o660);
    assert_eq!(mode("refs/heads/new"), 0o2770);
    assert_eq!(bare.git(&["rev-parse", "new/a@{1}"]).trim(), bare.commits[0].to_string());
    bare.move_refs(&[bare.step("refs/heads/new/a", Some(1), None)]).unwrap();
    assert!(!bare.path("logs/refs/heads/new/a").exists());
}

#[test]
fn without_files_of_refs_the_git_program_moves_them() {
    let bare = Bare::new();
    let moves = bare.steps(3, None, Some(0));
    by_program(&bare.repository, &moves.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(bare.refs().len(), 3);
    let error = by_program(&bare.repository, &moves.iter().collect::<Vec<_>>()).unwrap_err();
    assert!(matches!(error, MoveError::Moved { .. }), "{error}");
}

/// What one of several programs does to some of twelve refs.
#[derive(Clone, Debug)]
enum Act {
    /// We move them.
    RefMove(Vec<(usize, Option<usize>)>),
    /// `git update-ref`.
    Git(usize, usize),
    /// `git pack-refs --all`.
    Pack,
}

fn act() -> impl Strategy<Value = Act> {
    let to = proptest::option::weighted(0.8, 0_usize..4);
    prop_oneof![
        6 => proptest::collection::btree_map(0_usize..12, to, 1..12)
            .prop_map(|moves| Act::RefMove(moves.into_iter().collect())),
        2 => (0_usize..12, 0_usize..4).prop_map(|(name, to)| Act::Git(name, to)),
        1 => Just(Act::Pack),
    ]
}

proptest! {
    #![proptest_config(testkit::cases(8))]

    #[test]
    fn git_sees_every_ref_where_it_was_moved(acts in proptest::collection::vec(act(), 1..12)) {
        let bare = Bare::new();
        let name = |index: usize| format!("refs/heads/{}/r{index:02}", index % 3);
        let mut expected = BTreeMap::new();
        for act in acts {
            match act {
                Act::RefMove(moves) => {
                    let step = |(index, to): &(usize, Option<usize>)| {
                        bare.step(&name(*index), expected.get(&name(*index)).copied(), *to)
                    };
                    let steps: Vec<RefMove> = moves.iter().map(step).collect();
                    bare.move_refs(&steps).unwrap();
                    for (index, to) in moves {
                        match to {
                            Some(to) => drop(expected.insert(name(index), to)),
                            None => drop(expected.remove(&name(index))),
                        }
                    }
                }
                Act::Git(index, to) => {
                    bare.git(&["update-ref", &name(index), &bare.commits[to].to_string()]);
                    expected.insert(name(index), to);
                }
                Act::Pack => drop(bare.git(&["pack-refs", "--all"])),
            }
            prop_assert_eq!(bare.refs(), expected.clone());
        }
        prop_assert_eq!(bare.left_over(), Vec::<PathBuf>::new());
    }
}

/// Two writers of ours over all refs, one over a single ref, `git pack-refs` in a loop, and
/// readers: every move happens exactly once, and no reader ever misses a ref.
#[test]
fn everything_at_once() {
    const N: usize = 40;
    const TURNS: usize = 25;
    let bare = Bare::new();
    bare.move_refs(&bare.steps(N, None, Some(0))).unwrap();
    let is_done = AtomicBool::new(false);
    let turn = |lone: Option<usize>| {
        // Each turn moves from where the refs are to the next commit, whoever else does the same.
        for _ in 0..TURNS {
            loop {
                let refs = bare.repository.references("refs/heads/clusters/").unwrap();
                let refs = refs.into_iter().enumerate();
                let chosen = refs.filter(|(index, _)| lone.is_none_or(|lone| *index == lone));
                let moves: Vec<RefMove> = chosen
                    .map(|(_, (name, from))| {
                        let at = bare.commits.iter().position(|one| *one == from).unwrap();
                        RefMove { name, from: Some(from), to: Some(bare.commits[(at + 1) % 4]) }
                    })
                    .collect();
                match move_refs(&bare.repository, &moves) {
                    Ok(()) => break,
                    Err(MoveError::Moved { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    thread::scope(|scope| {
        let writers = [None, None, Some(3)].map(|lone| scope.spawn(move || turn(lone)));
        let (bare, is_done) = (&bare, &is_done);
        scope.spawn(move || {
            while !is_done.load(Ordering::Relaxed) {
                bare.git(&["pack-refs", "--all"]);
            }
        });
        scope.spawn(move || {
            while !is_done.load(Ordering::Relaxed) {
                let names = bare.git(&["for-each-ref", "--format=%(refname)"]);
                assert_eq!(names.lines().count(), N);
            }
        });
        scope.spawn(move || {
            while !is_done.load(Ordering::Relaxed) {
                assert_eq!(bare.repository.references("refs/heads/clusters/").unwrap().len(), N);
            }
        });
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        is_done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    let refs = bare.refs();
    for (index, commit) in refs.values().enumerate() {
        let n_moves = TURNS * if index == 3 { 3 } else { 2 };
        assert_eq!(*commit, n_moves % 4, "{refs:?}");
    }
    assert!(bare.left_over().is_empty());
    bare.git(&["fsck", "--strict"]);
}
