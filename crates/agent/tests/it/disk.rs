//! Power cuts: whatever is left of a write, what was before is there.

use agent::state::{APPLIED, Disk, Found, Memory, Slots, applied_set};
use model::Observed;
use proptest::prelude::*;
use sync::AppliedSet;

const NAME: &str = "value";

fn read(disk: &Disk) -> Found {
    Slots::open(disk, NAME).1
}

/// A disk on which these values were written, one after another.
fn written(values: &[Vec<u8>]) -> (Memory, Disk, Slots) {
    let memory = Memory::default();
    let disk = Disk::Memory(memory.clone());
    let (mut slots, _) = Slots::open(&disk, NAME);
    values.iter().for_each(|value| slots.write(value).unwrap());
    (memory, disk, slots)
}

fn values() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6)
}

proptest! {
    #![proptest_config(testkit::cases(256))]

    #[test]
    fn a_cut_anywhere_in_a_write_leaves_the_value_before(
        values in values(), next in prop::collection::vec(any::<u8>(), 1..200), after in 0..400_usize,
    ) {
        let (memory, disk, mut slots) = written(&values);
        memory.cut_next(after);
        prop_assert!(slots.write(&next).is_err());
        let found = read(&disk);
        let before = Found::Known(values.last().unwrap().clone());
        // All of the bytes may have reached the disk before the cut.
        prop_assert!(found == before || found == Found::Known(next.clone()));
        // And the disk works on.
        let (mut slots, _) = Slots::open(&disk, NAME);
        slots.write(b"later").unwrap();
        prop_assert_eq!(read(&disk), Found::Known(b"later".to_vec()));
    }

    #[test]
    fn any_damage_of_the_newest_file_leaves_the_value_before(
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 2..6),
        at in any::<prop::sample::Index>(), by in 1_u8.., length in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let (memory, disk, _) = written(&values);
        let newest = format!("{NAME}.{}", (values.len() - 1) % 2);
        memory.damage(&newest, |bytes| match cuts {
            true => bytes.truncate(length.index(bytes.len())),
            false => {
                let at = at.index(bytes.len());
                bytes[at] ^= by;
            }
        });
        let [.., before, last] = &values[..] else { unreachable!() };
        let found = read(&disk);
        prop_assert!(found == Found::Known(before.clone()) || found == Found::Known(last.clone()));
    }

    #[test]
    fn damage_of_both_files_is_unknown_and_never_empty(values in values(), at in 0..60_usize) {
        let (memory, disk, _) = written(&values);
        for index in 0..2 {
            memory.damage(&format!("{NAME}.{index}"), |bytes| bytes.truncate(at.min(bytes.len() - 1)));
        }
        prop_assert!(matches!(read(&disk), Found::Damaged(_)));
    }
}

#[test]
fn a_full_disk_is_an_error_and_keeps_what_was() {
    let (memory, disk, mut slots) = written(&[b"one".to_vec()]);
    memory.fill(true);
    assert!(slots.write(b"two").is_err());
    assert_eq!(read(&disk), Found::Known(b"one".to_vec()));
    memory.fill(false);
    slots.write(b"three").unwrap();
    assert_eq!(read(&disk), Found::Known(b"three".to_vec()));
}

#[test]
fn a_folder_keeps_values_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let disk = Disk::folder(&path).unwrap();
    assert_eq!(read(&disk), Found::Never);
    let (mut slots, _) = Slots::open(&disk, NAME);
    for value in ["one", "two", "three"] {
        slots.write(value.as_bytes()).unwrap();
    }
    assert_eq!(read(&Disk::folder(&path).unwrap()), Found::Known(b"three".to_vec()));
    let key = agent::key::open_key(&disk).unwrap().public_key();
    assert_eq!(agent::key::open_key(&disk).unwrap().public_key(), key);
    for entry in std::fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
    }
    std::fs::write(path.join("key.pem"), "cut").unwrap();
    assert!(agent::key::open_key(&disk).is_err(), "a damaged key is never replaced");
}

#[test]
fn an_applied_set_that_was_lost_is_unknown_and_a_new_cluster_has_an_empty_one() {
    let set = AppliedSet::default();
    assert_eq!(applied_set(Found::Never, true), Observed::Known(set.clone()));
    assert!(matches!(applied_set(Found::Never, false), Observed::Unknown(_)));
    let text = set.encode().into_bytes();
    assert_eq!(applied_set(Found::Known(text.clone()), false), Observed::Known(set));
    let cut = text[..text.len() - 1].to_vec();
    assert!(matches!(applied_set(Found::Known(cut), true), Observed::Unknown(_)));
    assert_eq!(APPLIED, "applied");
}
