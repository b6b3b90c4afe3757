//! Packs that were written here, read by the `git` program.

use git::Objects;
use model::{Entry, Mode, ObjectId, Sink};
use proptest::prelude::*;

use crate::support::Temporary;

fn file(name: &str, id: ObjectId) -> Entry {
    Entry::new(name, Mode::File, id)
}

/// Every pack of the repository, checked file by file.
pub(crate) fn check_packs(temporary: &Temporary) -> usize {
    let folder = temporary.path().join("objects/pack");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<_> = names.collect();
    let packs = names.iter().filter(|path| path.extension().is_some_and(|e| e == "pack"));
    let n_packs = packs.clone().count();
    assert_eq!(names.len(), n_packs * 3, "only packs, each with idx and rev: {names:?}");
    for pack in packs {
        let index = pack.with_extension("idx");
        temporary.git(&["verify-pack", index.to_str().unwrap()]);
        let copy = temporary.path().join("copy.idx");
        let arguments = ["index-pack", "--strict", "--rev-index", "-o"];
        let paths = [copy.to_str().unwrap(), pack.to_str().unwrap()];
        temporary.git(&[&arguments[..], &paths[..]].concat());
        for extension in ["idx", "rev"] {
            let ours = std::fs::read(pack.with_extension(extension)).unwrap();
            let theirs = std::fs::read(copy.with_extension(extension)).unwrap();
            assert!(ours == theirs, "the {extension} is what git writes");
            std::fs::remove_file(copy.with_extension(extension)).unwrap();
        }
    }
    temporary.check();
    n_packs
}

#[test]
fn a_pack_is_what_git_would_have_indexed() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let large = "0123456789abcdef".repeat(20_000);
    let blob = objects.blob(large.as_bytes());
    let empty = objects.blob(b"");
    let folder = objects.tree(&[file("a", blob), file("b", empty)]);
    let root = objects.tree(&[
        Entry::new("x", Mode::Tree, folder),
        file("x.yaml", blob),
        Entry::new("run", Mode::Executable, empty),
    ]);
    objects.write().unwrap();
    assert_eq!(check_packs(&temporary), 1);
    temporary.git(&["update-ref", "refs/tags/t", &root.to_string()]);
    temporary.check();
    assert_eq!(temporary.git(&["cat-file", "blob", "t:x/a"]), large);
    assert_eq!(temporary.git(&["ls-tree", "--name-only", "t"]), "run\nx.yaml\nx");
}

#[test]
fn nothing_new_is_no_pack() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let objects = Objects::new(&repository);
    objects.write().unwrap();
    let blob = objects.blob(b"once");
    objects.blob(b"once");
    assert_eq!(objects.n_new(), 1);
    objects.write().unwrap();
    assert_eq!((objects.n_new(), objects.holds(blob)), (0, true));
    let again = Objects::new(&temporary.open());
    again.blob(b"once");
    assert_eq!(again.n_new(), 0);
    again.write().unwrap();
    assert_eq!(check_packs(&temporary), 1);
}

#[test]
fn new_objects_are_read_back_before_and_after_they_are_written() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let blob = objects.blob(b"text");
    let tree = objects.tree(&[file("a file", blob)]);
    for _ in 0..2 {
        assert_eq!(objects.read_blob(blob).unwrap(), b"text");
        let entries = objects.read_tree(tree).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].name_text(), entries[0].id), (Some("a file"), blob));
        assert!(objects.read_blob(tree).is_err());
        assert!(objects.read_tree(ObjectId([9; 20])).is_err());
        objects.write().unwrap();
    }
}

#[test]
fn the_empty_tree_is_written_too() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let empty = objects.tree(&[]);
    objects.write().unwrap();
    assert_eq!(temporary.git(&["cat-file", "-t", &empty.to_string()]), "tree");
    assert_eq!(check_packs(&temporary), 1);
}

proptest! {
    #![proptest_config(testkit::cases(16))]

    #[test]
    fn any_content_survives(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 1..40)) {
        let temporary = Temporary::bare();
        let objects = Objects::new(&temporary.open());
        let ids: Vec<ObjectId> = contents.iter().map(|content| objects.blob(content)).collect();
        objects.write().unwrap();
        prop_assert_eq!(check_packs(&temporary), 1);
        let repository = temporary.open();
        for (id, content) in ids.iter().zip(&contents) {
            prop_assert_eq!(&repository.blob(*id).unwrap(), content);
        }
    }
}
