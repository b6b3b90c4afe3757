//! Small packs become few, whatever runs beside.

use std::sync::atomic::{AtomicBool, Ordering};

use git::{Objects, Repository, compact};
use model::{Base, Entry, Mode, ObjectId, Piece, Sink};

use crate::objects::check_packs;
use crate::support::Temporary;

/// A repository whose branch `main` gets a commit with every step.
struct Steps {
    temporary: Temporary,
    repository: Repository,
    base: Base,
    blobs: Vec<ObjectId>,
}

impl Steps {
    fn new() -> Self {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        let base = Base { number: 0, bytes: b"kind: ConfigMap\n".repeat(20).into() };
        Self { temporary, repository, base, blobs: Vec::new() }
    }

    /// Two variants and their tree in a pack of their own, and a commit after the last one.
    fn step(&mut self) {
        let objects = Objects::new(&self.repository);
        let mut entries = Vec::new();
        for _ in 0..2 {
            let name = self.blobs.len().to_string();
            let pieces =
                [Piece::Copy(0..100), Piece::Insert(name.as_bytes()), Piece::Copy(100..320)];
            let blob = objects.variant(&self.base, &pieces);
            self.blobs.push(blob);
            entries.push(Entry::new(&name, Mode::File, blob));
        }
        let tree = objects.tree(&entries).to_string();
        let keep = objects.write().unwrap();
        let mut arguments = vec!["commit-tree", "-m", "step", &tree];
        let tip = self.temporary.try_git(&["rev-parse", "--verify", "--quiet", "main"]);
        arguments.extend(tip.iter().flat_map(|tip| ["-p", tip]));
        // `git gc` may take away the empty folder that `git commit-tree` is about to write into.
        let commit = (0..20).find_map(|_| self.temporary.try_git(&arguments));
        let commit = commit.expect("`git commit-tree` fails each time");
        self.temporary.git(&["update-ref", "refs/heads/main", &commit]);
        drop(keep);
    }

    fn n_packs(&self) -> usize {
        let names = std::fs::read_dir(self.temporary.path().join("objects/pack")).unwrap();
        names
            .filter(|name| name.as_ref().unwrap().path().extension().is_some_and(|e| e == "pack"))
            .count()
    }

    /// Every object is there: for who had the repository open all the time, and for stock Git.
    fn check(&self) {
        let reader = self.repository.reader();
        for blob in &self.blobs {
            assert!(reader.blob(*blob).is_ok() && self.repository.blob(*blob).is_ok(), "{blob}");
        }
        self.temporary.check();
        assert_eq!(self.temporary.contents(&self.blobs).len(), self.blobs.len());
    }
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

#[test]
fn many_steps_leave_few_packs_and_every_object() {
    // `make soak` says how many.
    let given = std::env::var("RES_EDGE_STEPS").ok().and_then(|text| text.parse().ok());
    let n_steps: usize = given.unwrap_or(120);
    let mut steps = Steps::new();
    let mut most = 0;
    for _ in 0..n_steps {
        steps.step();
        compact(&steps.repository).unwrap();
        most = most.max(steps.n_packs());
    }
    // Three packs of each class stay at most, and a class is four times the one below.
    let allowed = 3 * (1 + n_steps.ilog(4) as usize);
    assert!(most <= allowed, "{most} packs, and not {allowed}");
    steps.check();
    assert_eq!(check_packs(&steps.temporary), steps.n_packs());
    assert_eq!(steps.temporary.git(&["rev-list", "--count", "main"]), n_steps.to_string());
}

#[test]
fn packs_of_others_are_copied_with_all_their_deltas() {
    let temporary = Temporary::bare();
    for number in 0..4 {
        let line = |n: i32| format!("{n} {}\n", (n * 7919 + number) % 1000);
        let text = |skip: i32| (0..300).filter(|n| *n != skip).map(line).collect::<String>();
        let contents: Vec<String> = (0..20).map(text).collect();
        let names: Vec<String> = (0..20).map(|file| format!("{number}-{file}")).collect();
        let files: Vec<(&str, &str)> = names
            .iter()
            .zip(&contents)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        temporary.commit_files("main", &files);
        temporary.git(&["repack", "-dq", "--depth=50"]);
    }
    let repository = temporary.open();
    let before = temporary.git(&["rev-list", "--objects", "--all"]);
    assert_eq!(compact(&repository).unwrap(), 4);
    assert_eq!(check_packs(&temporary), 1);
    assert_eq!(temporary.git(&["rev-list", "--objects", "--all"]), before);
    assert_eq!(compact(&repository).unwrap(), 0);
}

#[test]
fn packs_that_others_manage_are_left_alone() {
    let mut steps = Steps::new();
    (0..4).for_each(|_| steps.step());
    let folder = steps.temporary.path().join("objects/pack");
    let names = || std::fs::read_dir(&folder).unwrap().map(|name| name.unwrap().path());
    let packs: Vec<_> =
        names().filter(|path| path.extension().is_some_and(|e| e == "pack")).collect();
    let merged_beside = |name: &std::path::Path, text: &str| {
        std::fs::write(name, text).unwrap();
        let merged = compact(&steps.repository).unwrap();
        std::fs::remove_file(name).unwrap();
        merged
    };
    for end in ["keep", "promisor", "mtimes", "bitmap"] {
        assert_eq!(merged_beside(&packs[0].with_extension(end), ""), 0, "{end}");
    }
    let running = format!("{} {}", std::process::id(), host());
    assert_eq!(merged_beside(&steps.temporary.path().join("gc.pid"), &running), 0);
    assert_eq!(merged_beside(&steps.temporary.path().join("objects/maintenance.lock"), ""), 0);
    steps.temporary.git(&["multi-pack-index", "write"]);
    assert_eq!(compact(&steps.repository).unwrap(), 0);
    std::fs::remove_file(folder.join("multi-pack-index")).unwrap();
    let dead = format!("4194304 {}", host());
    assert_eq!(merged_beside(&steps.temporary.path().join("gc.pid"), &dead), 4);
    steps.check();
}

#[test]
fn a_damaged_pack_is_left_where_it_is() {
    let mut steps = Steps::new();
    (0..4).for_each(|_| steps.step());
    let folder = steps.temporary.path().join("objects/pack");
    let names = std::fs::read_dir(&folder).unwrap().map(|name| name.unwrap().path());
    let pack =
        names.into_iter().find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[40] ^= 1;
    std::fs::remove_file(&pack).unwrap();
    std::fs::write(&pack, bytes).unwrap();
    assert_eq!(compact(&steps.repository).unwrap(), 3);
    assert!(pack.exists());
    assert_eq!(steps.n_packs(), 2);
}

/// Says that work is done when it goes out of sight.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_gc_and_others_that_compact_find_everything() {
    let mut steps = Steps::new();
    let path = steps.temporary.path().to_owned();
    let is_done = AtomicBool::new(false);
    let lasts = |work: &(dyn Fn() + Sync)| {
        while !is_done.load(Ordering::Relaxed) {
            work();
        }
    };
    std::thread::scope(|scope| {
        let opened = steps.repository.clone();
        let (beside, temporary) = (Repository::open(&path).unwrap(), Temporary::at(&path));
        scope.spawn(move || lasts(&|| assert!(compact(&beside).unwrap() < 100)));
        scope.spawn(move || {
            lasts(&|| {
                // The tip is always whole, for a new process and for a reader of this one.
                temporary.git(&["rev-list", "--objects", "--quiet", "--all"]);
                let Some(tip) = opened.reference("refs/heads/main").unwrap() else { return };
                let info = opened.commit(tip).unwrap();
                for entry in opened.tree(info.tree).unwrap() {
                    opened.blob(entry.id).unwrap();
                }
            });
        });
        let temporary = Temporary::at(&path);
        scope.spawn(move || lasts(&|| drop(temporary.git(&["gc", "--quiet"]))));
        // Also where a step fails: the others would go on for ever.
        let _done = Done(&is_done);
        for _ in 0..40 {
            steps.step();
            compact(&steps.repository).unwrap();
        }
    });
    steps.check();
}
