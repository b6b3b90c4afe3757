use std::collections::BTreeSet;

use model::{ClusterId, ClusterSet};
use proptest::prelude::*;

const N_CLUSTERS: usize = 200;

fn members() -> impl Strategy<Value = BTreeSet<u32>> {
    proptest::collection::btree_set(0..N_CLUSTERS as u32, 0..80)
}

fn set(members: &BTreeSet<u32>) -> ClusterSet {
    members.iter().map(|member| ClusterId(*member)).collect()
}

fn list(set: &ClusterSet) -> BTreeSet<u32> {
    set.iter().map(|cluster| cluster.0).collect()
}

proptest! {
    #[test]
    fn operations_are_those_of_sets(a in members(), b in members()) {
        let mut united = set(&a);
        united.unite(&set(&b));
        prop_assert_eq!(list(&united), a.union(&b).copied().collect::<BTreeSet<_>>());

        let mut common = set(&a);
        common.intersect(&set(&b));
        prop_assert_eq!(list(&common), a.intersection(&b).copied().collect::<BTreeSet<_>>());

        let mut rest = set(&a);
        rest.subtract(&set(&b));
        prop_assert_eq!(list(&rest), a.difference(&b).copied().collect::<BTreeSet<_>>());

        prop_assert_eq!(set(&a).is_subset(&united), true);
        prop_assert_eq!(set(&a).len(), a.len());
        prop_assert_eq!(set(&a) == set(&b), a == b);
    }

    #[test]
    fn a_set_and_its_complement_are_everything(a in members()) {
        let complement = set(&a).complement(N_CLUSTERS);
        let mut everything = set(&a);
        everything.unite(&complement);
        prop_assert_eq!(&everything, &ClusterSet::all(N_CLUSTERS));
        prop_assert_eq!(everything.len(), N_CLUSTERS);
        prop_assert_eq!(complement.len(), N_CLUSTERS - a.len());
    }
}

#[test]
fn sets_of_different_length_are_compared_by_members() {
    let mut long = ClusterSet::none(1_000);
    long.insert(ClusterId(3));
    assert_eq!(long, [ClusterId(3)].into_iter().collect());
    long.remove(ClusterId(3));
    assert!(long.is_empty());
    assert_eq!(long, ClusterSet::default());
}
