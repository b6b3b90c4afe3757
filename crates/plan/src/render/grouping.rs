//! Positions of a grid by what they have in common.
//!
//! In: what each position has. Out: groups of positions that have the same, numbered in the order
//! of their first positions. That what every position has by itself, or all have together, is the
//! usual case and costs no table.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Positions in groups.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    groups: Groups,
    /// A position of each group.
    first: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Groups {
    /// All positions are in one.
    One,
    /// Each position is in its own.
    Each,
    /// The group of each position.
    Table(Vec<u32>),
}

impl Grouping {
    /// Groups positions that have the same in every part, where a part is a number for each
    /// position.
    pub(crate) fn new<P: Fn(usize) -> u32>(n_positions: usize, parts: &[P]) -> Self {
        let (mut table, mut first) = (vec![0; n_positions], vec![0; n_positions.min(1)]);
        for part in parts {
            // Once every position is in its own group, nothing can tell more of them apart.
            if first.len() < n_positions {
                refine(&mut table, &mut first, part);
            }
        }
        let groups = match first.len() {
            0 | 1 => Groups::One,
            n if n == n_positions => Groups::Each,
            _ => Groups::Table(table),
        };
        Self { groups, first }
    }

    /// All positions in one group.
    pub(crate) fn whole(n_positions: usize) -> Self {
        Self { groups: Groups::One, first: vec![0; n_positions.min(1)] }
    }

    /// Groups positions that are together in every one of some groupings.
    pub(crate) fn of_all<'g>(
        n_positions: usize,
        groupings: impl Iterator<Item = &'g Arc<Grouping>>,
    ) -> Arc<Self> {
        let mut distinct: Vec<&Arc<Grouping>> = Vec::new();
        for grouping in groupings {
            match grouping.groups {
                Groups::Each => return Arc::clone(grouping),
                Groups::One => {}
                Groups::Table(_) if distinct.iter().any(|known| Arc::ptr_eq(known, grouping)) => {}
                Groups::Table(_) => distinct.push(grouping),
            }
        }
        if let [only] = distinct[..] {
            return Arc::clone(only);
        }
        let parts: Vec<_> = distinct.iter().map(|part| |at: usize| part.group(at)).collect();
        Arc::new(Self::new(n_positions, &parts))
    }

    /// The grouping of some of its positions, which are numbered anew.
    pub(crate) fn among(&self, members: &[u32]) -> Self {
        Self::new(members.len(), &[|at: usize| self.group(members[at] as usize)])
    }

    /// The group of a position.
    pub(crate) fn group(&self, position: usize) -> u32 {
        match &self.groups {
            Groups::One => 0,
            Groups::Each => position as u32,
            Groups::Table(table) => table[position],
        }
    }

    /// A position of each group.
    pub(crate) fn firsts(&self) -> &[u32] {
        &self.first
    }

    /// How many groups there are.
    pub(crate) fn n_groups(&self) -> usize {
        self.first.len()
    }
}

/// Parts groups whose positions differ.
fn refine(table: &mut [u32], first: &mut Vec<u32>, part: impl Fn(usize) -> u32) {
    let mut groups: HashMap<u64, u32, BuildHasherDefault<Mixer>> = HashMap::default();
    first.clear();
    for (position, group) in table.iter_mut().enumerate() {
        let key = u64::from(*group) << 32 | u64::from(part(position));
        let next = first.len() as u32;
        *group = *groups.entry(key).or_insert(next);
        if *group == next {
            first.push(position as u32);
        }
    }
}

/// Spreads pairs of small numbers. They number values of one fleet, so that nobody can choose
/// many that fall together.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio, as Knuth multiplies (The Art of Computer Programming 3, 6.4).
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_are_together_where_every_part_is_equal(
            rows in prop::collection::vec((0..3_u32, 0..3_u32, 0..3_u32), 0..20)
        ) {
            let part = |which: fn(&(u32, u32, u32)) -> u32| {
                let rows = &rows;
                move |at: usize| which(&rows[at])
            };
            let parts = [part(|row| row.0), part(|row| row.1), part(|row| row.2)];
            let grouping = Grouping::new(rows.len(), &parts);
            for (one, row) in rows.iter().enumerate() {
                let found = grouping.firsts()[grouping.group(one) as usize];
                prop_assert_eq!(found as usize, rows.iter().position(|other| other == row).expect("it is there"));
            }
            prop_assert!(grouping.firsts().is_sorted());
            let singles: Vec<_> = parts.iter().map(|part| Arc::new(Grouping::new(rows.len(), &[part]))).collect();
            let all = Grouping::of_all(rows.len(), singles.iter());
            prop_assert_eq!(all.firsts(), grouping.firsts());
            let even: Vec<u32> = (0..rows.len() as u32).step_by(2).collect();
            let among = grouping.among(&even);
            for (one, position) in even.iter().enumerate() {
                let together = even.iter().position(|other| rows[*other as usize] == rows[*position as usize]);
                prop_assert_eq!(among.firsts()[among.group(one) as usize] as usize, together.expect("it is there"));
            }
        }
    }
}
