//! Which packs to merge: pure, from their sizes.

/// How many packs of one class are left side by side; one more and they become one.
const BESIDE: usize = 3;
/// A pack so large is left alone: copying it costs more than looking into one more pack.
const LARGE: u64 = 16 << 20;
/// The most bytes that are merged into one pack, which grows in memory.
const MOST: u64 = 64 << 20;

/// The positions of the packs that shall become one; nothing if they are few enough.
///
/// Packs are in classes by size, each four times the one below. Four in one class are merged,
/// with all smaller ones, into one that is at least a class higher: so a byte is copied once for
/// each class, which are a dozen, and three packs of each class are the most that stays.
pub(super) fn choose(sizes: &[u64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|one| sizes[*one] < LARGE).collect();
    order.sort_by_key(|one| sizes[*one]);
    let crowded = order.windows(BESIDE + 1).rev().find(|window| {
        let classes = [window[0], window[BESIDE]].map(|one| class(sizes[one]));
        classes[0] == classes[1]
    });
    let Some(crowded) = crowded else { return Vec::new() };
    let highest = class(sizes[crowded[0]]);
    let mut sum = 0;
    let fits = |one: &usize| {
        sum += sizes[*one];
        class(sizes[*one]) <= highest && sum <= MOST
    };
    let chosen: Vec<usize> = order.into_iter().take_while(fits).collect();
    if chosen.len() > 1 { chosen } else { Vec::new() }
}

fn class(size: u64) -> u32 {
    size.max(1).ilog(4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_or_unlike_packs_are_left_alone() {
        for sizes in [&[][..], &[1], &[5000; 3], &[1 << 10, 1 << 13, 1 << 16, 1 << 19], &[LARGE; 9]]
        {
            assert_eq!(choose(sizes), [0; 0], "{sizes:?}");
        }
    }

    #[test]
    fn the_crowded_class_takes_smaller_ones_along() {
        assert_eq!(choose(&[70_000, 5000, 90_000, 100_000, 1 << 22, 110_000]), [1, 0, 2, 3, 5]);
    }

    proptest! {
        #[test]
        fn many_steps_leave_a_handful_and_copy_little(steps in prop::collection::vec(200_u64..40_000, 1..3000)) {
            let (mut packs, mut copied, mut most) = (Vec::new(), 0, 0);
            for step in &steps {
                packs.push(*step);
                let chosen = choose(&packs);
                let merged: u64 = chosen.iter().map(|one| packs[*one]).sum();
                copied += merged;
                let mut position = 0;
                packs.retain(|_| (!chosen.contains(&position), position += 1).0);
                packs.extend((merged > 0).then_some(merged));
                most = most.max(packs.len());
            }
            let written: u64 = steps.iter().sum();
            prop_assert!(most <= 3 * 10, "{} packs", most);
            prop_assert!(copied <= written * 10, "copied {} of {}", copied, written);
            prop_assert_eq!(packs.iter().sum::<u64>(), written);
        }
    }
}
