//! Clusters by what differs in their files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use model::{ObjectEffect, ObjectId};
use rayon::prelude::*;

use super::lines::{Key, Shape, shown, texts};
use super::requests::Tally;
use super::walk::{Compared, Comparison, FileSides};
use super::{Contents, EffectCount, Fetch, FileChange, Group, Hidden};
use crate::held::Part;
use crate::preview::Clusters;
use model::Why;

/// Up to so many differences of one shape in one file are told one by one.
const MOST_VARIANTS: usize = 5;

/// A file of a part, in the cluster's tree.
type Place = (u32, Arc<str>);

/// Collects the clusters of each difference of each file.
#[derive(Default)]
pub(super) struct Groups {
    parts: Vec<Part>,
    by_part: HashMap<Part, u32>,
    by_change: HashMap<(Place, u32), Members>,
}

/// The clusters of one difference.
struct Members {
    /// The files of the first of them.
    sides: FileSides,
    /// Positions in the newer render, in order.
    clusters: Vec<u32>,
    contents: HashMap<ObjectId, u64>,
    requests: Tally,
}

/// Differences of one shape by their numbers.
type Variants = Vec<(u32, Members)>;

/// A group before its clusters are named.
pub(super) struct Found {
    pub(super) part: Part,
    pub(super) path: Arc<str>,
    /// Positions in the newer render.
    pub(super) clusters: Vec<u32>,
    sides: FileSides,
    change: u32,
    n_variants: usize,
    fetch: Fetch,
    requests: Tally,
}

impl Groups {
    /// The number of a part.
    pub(super) fn part(&mut self, part: &Part) -> u32 {
        if let Some(known) = self.by_part.get(part) {
            return *known;
        }
        let number = self.parts.len() as u32;
        self.parts.push(part.clone());
        self.by_part.insert(part.clone(), number);
        number
    }

    /// The part of a number.
    pub(super) fn named(&self, part: u32) -> &Part {
        &self.parts[part as usize]
    }

    /// Counts a cluster, a position in the newer render, on which a file differs.
    pub(super) fn add(
        &mut self,
        part: u32,
        path: &Arc<str>,
        sides: FileSides,
        compared: &Compared,
        cluster: u32,
    ) {
        let Compared { change, n_bytes, requests } = compared;
        let n_bytes = *n_bytes;
        let members = self.by_change.entry(((part, Arc::clone(path)), *change));
        let members = members.or_insert_with(|| Members {
            sides,
            clusters: Vec::new(),
            contents: HashMap::new(),
            requests: Tally::default(),
        });
        members.clusters.push(cluster);
        members.requests.add(&requests.sums);
        let is_new = sides.0.map(|side| side.1) != sides.1.map(|side| side.1);
        members.contents.extend(sides.1.filter(|_| is_new).map(|(_, id)| (id, n_bytes)));
    }

    /// The distinct contents of all files.
    pub(super) fn contents(&self) -> impl Iterator<Item = (ObjectId, u64)> {
        self.by_change.values().flat_map(|members| &members.contents).map(|(id, n)| (*id, *n))
    }

    /// The groups, the most frequent first; many of one shape are one.
    pub(super) fn found(self, comparison: &Comparison) -> Vec<Found> {
        let mut shapes: HashMap<(Place, Option<Shape<'_>>), Variants> = HashMap::new();
        for ((place, change), members) in self.by_change {
            let shape = comparison.keys[change as usize].shape();
            shapes.entry((place, shape)).or_default().push((change, members));
        }
        let mut found = Vec::new();
        for (((part, path), shape), mut variants) in shapes {
            let first = |members: &Members| members.clusters.first().copied();
            variants.sort_by_key(|(_, m)| (usize::MAX - m.clusters.len(), first(m)));
            let part = &self.parts[part as usize];
            if shape.is_some() && variants.len() > MOST_VARIANTS {
                found.push(together(part, &path, variants));
            } else {
                found.extend(variants.into_iter().map(|one| together(part, &path, vec![one])));
            }
        }
        found.sort_by(|a, b| {
            let order = b.clusters.len().cmp(&a.clusters.len());
            let order = order.then_with(|| (&a.part, &a.path).cmp(&(&b.part, &b.path)));
            order.then_with(|| (&a.clusters, a.change).cmp(&(&b.clusters, b.change)))
        });
        found
    }
}

/// One group of several variants, the most frequent of which comes first.
fn together(part: &Part, path: &Arc<str>, variants: Variants) -> Found {
    let (change, sides) = (variants[0].0, variants[0].1.sides);
    let n_variants = variants.len();
    let (mut clusters, mut contents) = (Vec::new(), HashMap::new());
    let mut requests = Tally::default();
    for (_, members) in variants {
        clusters.extend(members.clusters);
        requests.join(members.requests);
        contents.extend(members.contents);
    }
    clusters.sort_unstable();
    let fetch = Fetch { n_objects: contents.len(), n_bytes: contents.values().sum() };
    let (part, path) = (part.clone(), Arc::clone(path));
    Found { part, path, clusters, sides, change, n_variants, fetch, requests }
}

/// Groups as they are shown, and what they set off.
pub(super) fn present(
    contents: &dyn Contents,
    comparison: &Comparison,
    found: &[Found],
    name: &(dyn Fn(&[u32]) -> Clusters + Sync),
) -> (Vec<Group>, Vec<EffectCount>) {
    let group = |one: &Found| {
        let (change, effects) = look(contents, &comparison.keys[one.change as usize], one.sides);
        let group = Group {
            part: one.part.clone(),
            path: one.path.to_string(),
            clusters: name(&one.clusters),
            change,
            n_variants: one.n_variants,
            requests: one.requests.of_group(),
            fetch: one.fetch,
            why: Why::default(),
        };
        (group, effects)
    };
    let (groups, effects): (Vec<Group>, Vec<Vec<ObjectEffect>>) =
        found.par_iter().map(group).unzip();
    let mut counts: BTreeMap<(ObjectEffect, &Part), (BTreeSet<u32>, usize)> = BTreeMap::new();
    for (one, effects) in found.iter().zip(effects) {
        for effect in effects {
            let (clusters, n_variants) = counts.entry((effect, &one.part)).or_default();
            clusters.extend(&one.clusters);
            *n_variants = (*n_variants).max(one.n_variants);
        }
    }
    let count = |((effect, part), (clusters, n_variants))| {
        let (part, clusters): (&Part, Vec<u32>) = (part, BTreeSet::into_iter(clusters).collect());
        EffectCount { effect, part: part.clone(), n_variants, clusters: name(&clusters) }
    };
    let mut counts: Vec<EffectCount> = counts.into_iter().map(count).collect();
    counts.sort_by_key(|count| (count.effect.kind, usize::MAX - count.clusters.n));
    (groups, counts)
}

/// The lines of a difference, and what it sets off.
fn look(contents: &dyn Contents, key: &Key, sides: FileSides) -> (FileChange, Vec<ObjectEffect>) {
    let change = match key {
        Key::Added => return (FileChange::Added, Vec::new()),
        Key::Removed => return (FileChange::Removed, Vec::new()),
        Key::Hidden(hidden) => FileChange::Hidden(*hidden),
        Key::Lines(_) => FileChange::Lines(Vec::new()),
    };
    let read = |side: Option<(_, ObjectId)>| side.and_then(|(_, id)| contents.blob(id));
    let (Some(old), Some(new)) = (read(sides.0), read(sides.1)) else {
        return (FileChange::Hidden(Hidden::Unread), Vec::new());
    };
    let plain = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let has_effects = matches!(change, FileChange::Lines(_) | FileChange::Hidden(Hidden::Secret));
    let effects = match has_effects {
        true => contents.effects(plain(&old), plain(&new)),
        false => Vec::new(),
    };
    let lines = match (&change, texts(&old, &new)) {
        (FileChange::Lines(_), Ok((old, new))) => FileChange::Lines(shown(old, new)),
        _ => change,
    };
    (lines, effects)
}

/// How much distinct contents are together.
pub(super) fn fetch(contents: impl Iterator<Item = (ObjectId, u64)>) -> Fetch {
    let (mut seen, mut fetch) = (HashSet::new(), Fetch::default());
    for (id, n_bytes) in contents {
        if seen.insert(id) {
            fetch.n_objects += 1;
            fetch.n_bytes += n_bytes;
        }
    }
    fetch
}
