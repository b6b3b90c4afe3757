//! The applied set survives being written down, or is unknown.

use model::{Generation, ObjectKey, Observed, sha256};
use proptest::prelude::*;
use sync::{AppliedObject, AppliedSet};

fn set() -> impl Strategy<Value = AppliedSet> {
    let text = || proptest::option::of("[a-z \"\\\\\n]{0,6}");
    let entry =
        ("[a-z.]{0,4}", "[A-Z]{1,3}", text(), ".{1,5}", text(), any::<(bool, bool, bool)>());
    let objects = proptest::collection::btree_map(0..9_u8, entry, 0..5);
    (any::<u32>(), objects).prop_map(|(generation, entries)| {
        let objects = entries.into_values().map(|(group, kind, namespace, name, uid, flags)| {
            let digest = flags.2.then(|| sha256(name.as_bytes()));
            let object = AppliedObject {
                uid,
                api_version: format!("{group}/v1"),
                application: name.clone(),
                digest,
                fields: digest,
                keep: flags.0,
                confirm: flags.1,
            };
            (ObjectKey { group, kind, namespace, name }, object)
        });
        AppliedSet { generation: Generation(generation), objects: objects.collect() }
    })
}

proptest! {
    #![proptest_config(testkit::cases(64))]

    #[test]
    fn what_was_written_is_read(set in set()) {
        prop_assert_eq!(AppliedSet::decode(&set.encode()), Observed::Known(set));
    }

    #[test]
    fn what_was_cut_or_changed_is_unknown(set in set(), at in any::<prop::sample::Index>()) {
        let text = set.encode();
        let cut = text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
        let cut = cut[at.index(cut.len())];
        prop_assert!(AppliedSet::decode(&text[..cut]).known().is_none());
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1;
        let changed = String::from_utf8_lossy(&bytes);
        prop_assert!(AppliedSet::decode(&changed).known().is_none());
    }
}

#[test]
fn another_version_is_unknown_and_said() {
    let text = AppliedSet::default().encode().replacen(" 1 ", " 2 ", 1);
    let Observed::Unknown(cause) = AppliedSet::decode(&text) else { panic!("known") };
    assert_eq!(
        cause.0,
        "the applied set has the format `res-edge-applied 2`, not `res-edge-applied 1`"
    );
}
