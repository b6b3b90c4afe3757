//! Packs and trees that came over a wire, against what the `git` program makes.

use std::sync::LazyLock;

use git::{
    Received, ReceivedObjects, TreeError, UnpackError, UnpackLimits, received_tree, stored_tree,
    unpack,
};
use model::ObjectId;
use proptest::prelude::*;

use crate::support::Temporary;

/// A repository with two commits of `main`, whose files resemble each other.
fn two_commits() -> Temporary {
    let repository = Temporary::bare();
    let text = |number: usize| format!("{}\nnumber {number}\n", "a line that stays\n".repeat(200));
    let (one, two, three) = (text(1), text(2), text(3));
    repository.commit_files("main", &[("a/x.yaml", &one), ("a/y.yaml", &two)]);
    repository.commit_files("main", &[("a/x.yaml", &one), ("a/y.yaml", &three), ("b/z", "z")]);
    repository
}

/// What the program packs for these revisions.
fn pack(repository: &Temporary, revisions: &str, arguments: &[&str]) -> Vec<u8> {
    let words = [&["pack-objects", "--stdout", "--revs", "-q"], arguments].concat();
    repository.bytes_with(&words, revisions)
}

fn tree_of(repository: &Temporary, revision: &str) -> ObjectId {
    repository.git(&["rev-parse", &format!("{revision}^{{tree}}")]).parse().unwrap()
}

fn nothing(_: &ObjectId) -> Option<Received> {
    None
}

fn whole(pack: &[u8]) -> Result<ReceivedObjects, UnpackError> {
    unpack(pack, nothing, UnpackLimits::default())
}

#[test]
fn a_pack_of_the_program_gives_the_tree_and_its_files() {
    let repository = two_commits();
    for arguments in [&["--delta-base-offset"][..], &[]] {
        let objects = whole(&pack(&repository, "main\n", arguments)).unwrap();
        let tree = received_tree(tree_of(&repository, "main"), |id| objects.get(id).cloned());
        let files = tree.unwrap().files;
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a/x.yaml", "a/y.yaml", "b/z"]);
        let shown = repository.git(&["show", "main:a/y.yaml"]);
        assert_eq!(String::from_utf8_lossy(&files[1].bytes).trim_end(), shown);
    }
}

#[test]
fn a_thin_pack_stands_on_what_is_known_and_on_nothing_else() {
    let repository = two_commits();
    let before = stored_tree(&repository.open(), tree_of(&repository, "main~1")).unwrap();
    let thin = pack(&repository, "main\n^main~1\n", &["--thin", "--delta-base-offset"]);
    let objects = unpack(&thin, |id| before.get(id).cloned(), UnpackLimits::default()).unwrap();
    let root = tree_of(&repository, "main");
    let found = received_tree(root, |id| objects.get(id).or_else(|| before.get(id)).cloned());
    assert_eq!(found.unwrap().objects, stored_tree(&repository.open(), root).unwrap());
    assert!(matches!(whole(&thin), Err(UnpackError::Base { .. })));
    // What the pack leaves out is missing, and not taken for absent.
    let alone = received_tree(root, |id| objects.get(id).cloned());
    assert!(matches!(alone, Err(TreeError::Missing { .. })));
}

#[test]
fn a_pack_that_is_cut_off_anywhere_gives_nothing() {
    let pack = pack(&two_commits(), "main\n", &["--delta-base-offset"]);
    for length in 0..pack.len() {
        assert!(whole(&pack[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_pack_larger_than_it_may_be_gives_nothing() {
    let pack = pack(&two_commits(), "main\n", &[]);
    for limits in
        [UnpackLimits { objects: 3, bytes: 1 << 20 }, UnpackLimits { objects: 99, bytes: 5000 }]
    {
        assert_eq!(unpack(&pack, nothing, limits), Err(UnpackError::TooLarge(limits)));
    }
}

#[test]
fn an_object_that_was_altered_is_not_taken_for_the_one_of_its_id() {
    let repository = two_commits();
    let root = tree_of(&repository, "main");
    let objects = stored_tree(&repository.open(), root).unwrap();
    for altered in objects.keys() {
        let object = |id: &ObjectId| {
            let mut found = objects.get(id).cloned()?;
            if id == altered {
                found.bytes = [&*found.bytes, b"x"].concat().into();
            }
            Some(found)
        };
        assert!(matches!(received_tree(root, object), Err(TreeError::Altered { .. })));
    }
}

proptest! {
    #![proptest_config(testkit::cases(64))]

    #[test]
    fn bytes_that_are_changed_never_give_another_object(at in any::<prop::sample::Index>(), by in 1_u8..) {
        static PACK: LazyLock<Vec<u8>> =
            LazyLock::new(|| pack(&two_commits(), "main\n", &["--delta-base-offset"]));
        let mut pack = PACK.clone();
        let at = at.index(pack.len());
        pack[at] ^= by;
        prop_assert!(whole(&pack).is_err());
        // With the checksum made to fit, what comes out still has the ids of its bytes.
        let end = pack.len() - 20;
        let sum = model_checksum(&pack[..end]);
        pack[end..].copy_from_slice(&sum);
        if let Ok(objects) = whole(&pack) {
            prop_assert!(objects.iter().all(|(id, object)| object.id() == *id));
        }
    }
}

fn model_checksum(bytes: &[u8]) -> [u8; 20] {
    use sha1dc::mitigate::Hasher;
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finalize().unwrap_or_else(|attack| attack.digest()).to_bytes()
}
