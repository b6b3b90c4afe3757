//! Packs by construction: deltas, several packs of one publish, and what is left of one that
//! releases nothing.

use git::Objects;
use model::{Base, Entry, Mode, ObjectId, Piece, Sink, assemble};
use proptest::prelude::*;
use rayon::prelude::*;

use crate::objects::check_packs;
use crate::support::Temporary;

/// A template with holes, and the values that fill them.
#[derive(Clone, Debug)]
struct Template {
    base: Base,
    /// Where the holes are, in order.
    holes: Vec<u32>,
}

impl Template {
    fn new(text: &[u8], holes: &[u32]) -> Self {
        let mut holes: Vec<u32> = holes.iter().map(|hole| hole % (text.len() as u32 + 1)).collect();
        holes.sort_unstable();
        Self { base: Base { number: 0, bytes: text.into() }, holes }
    }

    /// The file with a value in each hole; `skip` leaves out what stands before the first one.
    fn pieces<'v>(&self, values: &'v [Vec<u8>], skip: bool) -> Vec<Piece<'v>> {
        let ends = self.holes.iter().copied().chain([self.base.bytes.len() as u32]);
        let mut start = 0;
        let mut pieces = Vec::new();
        for (index, end) in ends.enumerate() {
            if !(skip && index == 0) {
                pieces.push(Piece::Copy(start..end));
            }
            pieces.extend(values.get(index).map(|value| Piece::Insert(value)));
            start = end;
        }
        pieces
    }
}

fn bytes(size: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), size)
}

fn templates() -> impl Strategy<Value = Vec<Template>> {
    let text = prop_oneof![bytes(0..400), bytes(60_000..140_000)];
    let template = (text, prop::collection::vec(any::<u32>(), 0..5))
        .prop_map(|(text, holes)| Template::new(&text, &holes));
    prop::collection::vec(template, 1..4)
}

/// Which template, whether its start is left out, and the values.
type Variant = (usize, bool, Vec<Vec<u8>>);

fn variants() -> impl Strategy<Value = Vec<Variant>> {
    let value = prop_oneof![bytes(0..20), bytes(120..300)];
    let values = prop::collection::vec(value, 0..5);
    prop::collection::vec((any::<usize>(), prop::bool::weighted(0.1), values), 1..60)
}

proptest! {
    #![proptest_config(testkit::cases(24))]

    #[test]
    fn any_variants_survive(templates in templates(), variants in variants(), n_objects in 1_usize..80) {
        let temporary = Temporary::bare();
        let objects = Objects::with_packs_of(&temporary.open(), n_objects);
        let wanted = variants.iter().map(|(template, skip, values)| {
            let template = &templates[template % templates.len()];
            let pieces = template.pieces(values, *skip);
            (objects.variant(&template.base, &pieces), assemble(&template.base, &pieces))
        });
        let (ids, contents): (Vec<ObjectId>, Vec<Vec<u8>>) = wanted.collect();
        for (id, content) in ids.iter().zip(&contents) {
            prop_assert_eq!(&objects.read_blob(*id).unwrap(), content);
            prop_assert!(objects.holds(*id));
        }
        objects.write().unwrap();
        check_packs(&temporary);
        prop_assert_eq!(temporary.contents(&ids), contents);
    }
}

/// `a` to `z`, each with an id of its own.
fn folder(objects: &Objects, number: u32) -> (ObjectId, Vec<ObjectId>) {
    let names = 'a'..='z';
    let files: Vec<(char, ObjectId)> = names
        .map(|name| (name, objects.blob(format!("{name}{}", number % 3).as_bytes())))
        .collect();
    let one = objects.blob(format!("only {number}").as_bytes());
    let files = files.into_iter().chain([('~', one)]);
    let entries: Vec<Entry> =
        files.map(|(name, id)| Entry::new(&name.to_string(), Mode::File, id)).collect();
    (objects.tree(&entries), entries.iter().map(|entry| entry.id).collect())
}

#[test]
fn trees_of_one_shape_are_deltas_against_the_first() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let folders: Vec<_> = (0..50).map(|number| folder(&objects, number)).collect();
    for (tree, ids) in &folders {
        let entries = objects.read_tree(*tree).unwrap();
        assert_eq!(&entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids);
    }
    objects.write().unwrap();
    assert_eq!(check_packs(&temporary), 1);
    let chains = chains(&temporary);
    assert_eq!(chains, ["chain length = 1: 49 objects"]);
}

/// What `git verify-pack -v` says of the deltas of all packs.
fn chains(temporary: &Temporary) -> Vec<String> {
    let mut chains = Vec::new();
    for path in std::fs::read_dir(temporary.path().join("objects/pack")).unwrap() {
        let path = path.unwrap().path();
        if path.extension().is_some_and(|end| end == "idx") {
            let printed = temporary.git(&["verify-pack", "-v", path.to_str().unwrap()]);
            let lines = printed.lines().filter(|line| line.starts_with("chain length"));
            chains.extend(lines.map(str::to_owned));
        }
    }
    chains
}

#[test]
fn variants_from_many_threads_fill_several_packs() {
    let temporary = Temporary::bare();
    let objects = Objects::with_packs_of(&temporary.open(), 1000);
    let template = Template::new("key: value\n".repeat(40).as_bytes(), &[5, 100, 300]);
    let variant = |number: u32| {
        let values = [number.to_string().into_bytes(), b"x".to_vec(), vec![b'y'; 5]];
        objects.variant(&template.base, &template.pieces(&values, false))
    };
    let ids: Vec<ObjectId> = (0..3500).into_par_iter().map(variant).collect();
    assert_eq!(objects.n_new(), 3500);
    objects.write().unwrap();
    assert_eq!(check_packs(&temporary), 4);
    assert_eq!(objects.n_new(), 0);
    // Threads that begin a pack together may each keep their first variant whole.
    let n_deltas = |line: &String| line.split(' ').rev().nth(1)?.parse::<usize>().ok();
    let n_deltas: usize = chains(&temporary).iter().filter_map(n_deltas).sum();
    assert!((3450..=3496).contains(&n_deltas), "{n_deltas}");
    assert_eq!(variant(7), ids[7]);
    assert_eq!(objects.n_new(), 0, "what the repository has is not new");
}

#[test]
fn what_is_assumed_new_is_stored_again_for_one_pack_at_most() {
    let temporary = Temporary::bare();
    let objects = Objects::with_packs_of(&temporary.open(), 10);
    let put = |objects: &Objects| {
        for number in 0..30 {
            objects.blob(format!("{number}").as_bytes());
        }
        objects.n_new()
    };
    assert_eq!(put(&objects), 30);
    objects.write().unwrap();
    assert_eq!(put(&objects), 0);
    objects.assume_new();
    assert!((1..=11).contains(&put(&objects)), "{}", objects.n_new());
}

#[test]
fn two_renders_may_number_their_bases_alike() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let templates = [[b'a'; 200], [b'b'; 200]].map(|text| Template::new(&text, &[100]));
    let mut wanted = Vec::new();
    for value in [b"1", b"2", b"3"] {
        for template in &templates {
            let values = [value.to_vec()];
            let pieces = template.pieces(&values, false);
            let id = objects.variant(&template.base, &pieces);
            wanted.push((id, assemble(&template.base, &pieces)));
        }
    }
    objects.write().unwrap();
    check_packs(&temporary);
    let (ids, contents): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
    assert_eq!(temporary.contents(&ids), contents);
}

fn files(temporary: &Temporary) -> Vec<String> {
    let names = std::fs::read_dir(temporary.path().join("objects/pack")).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_is_not_released_leaves_no_file() {
    let temporary = Temporary::bare();
    let objects = Objects::with_packs_of(&temporary.open(), 10);
    let ids: Vec<ObjectId> =
        (0..35_u32).map(|number| objects.blob(&number.to_le_bytes())).collect();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(objects.read_blob(*id).unwrap(), (number as u32).to_le_bytes());
    }
    assert!(files(&temporary).iter().any(|name| name.starts_with("tmp_pack_")));
    assert!(temporary.git(&["count-objects", "-v"]).contains("in-pack: 0"));
    drop(objects);
    assert_eq!(files(&temporary), [""; 0]);
}

#[test]
fn what_a_dead_writer_left_goes_at_the_next_write() {
    let temporary = Temporary::bare();
    let folder = temporary.path().join("objects/pack");
    let left = ["tmp_pack_res-edge_1_0", "tmp_idx_res-edge_1_0", "tmp_rev_res-edge_1_0"];
    for name in left {
        std::fs::write(folder.join(name), "x").unwrap();
    }
    std::fs::write(folder.join("tmp_pack_abcdef"), "another program's").unwrap();
    std::fs::write(folder.join("pack-1.keep"), "res-edge 1\n").unwrap();
    std::fs::write(folder.join("pack-2.keep"), "for ever\n").unwrap();
    let alive = Objects::with_packs_of(&temporary.open(), 1);
    alive.blob(b"alive");
    alive.blob(b"too");
    let objects = Objects::new(&temporary.open());
    objects.blob(b"new");
    objects.write().unwrap();
    let names = files(&temporary);
    assert!(!names.iter().any(|name| left.contains(&name.as_str()) || name == "pack-1.keep"));
    assert!(["tmp_pack_abcdef", "pack-2.keep"].iter().all(|name| names.iter().any(|n| n == name)));
    alive.write().unwrap();
}

#[test]
fn a_repack_before_the_refs_move_loses_nothing() {
    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let (tree, _) = folder(&objects, 1);
    let keep = objects.write().unwrap();
    temporary.git(&["repack", "-adq"]);
    temporary.git(&["prune", "--expire=now"]);
    temporary.git(&["update-ref", "refs/tags/t", &tree.to_string()]);
    drop(keep);
    temporary.check();
    temporary.git(&["repack", "-adq"]);
    assert_eq!(temporary.git(&["ls-tree", "t"]).lines().count(), 27);
    assert!(!files(&temporary).iter().any(|name| name.ends_with(".keep")));
}

#[test]
fn stock_git_clones_fetches_and_repacks_deltas() {
    let temporary = Temporary::bare();
    let objects = Objects::with_packs_of(&temporary.open(), 100);
    let folders: Vec<Entry> = (0..60)
        .map(|number| Entry::new(&format!("f{number}"), Mode::Tree, folder(&objects, number).0))
        .collect();
    let root = objects.tree(&folders);
    objects.write().unwrap();
    let commit = temporary.git(&["commit-tree", "-m", "all", &root.to_string()]);
    temporary.git(&["update-ref", "refs/heads/main", &commit]);
    let copy = tempfile::tempdir().unwrap();
    let copy = copy.path().join("copy.git");
    let (from, to) = (format!("file://{}", temporary.path().display()), copy.to_str().unwrap());
    temporary.git(&["clone", "--quiet", "--bare", "--depth=1", &from, to]);
    temporary.git(&["--git-dir", to, "fsck", "--full", "--strict"]);
    temporary.git(&["--git-dir", to, "fetch", "--quiet", "--refetch", &from, "main"]);
    temporary.git(&["gc", "--quiet", "--prune=now"]);
    temporary.check();
    assert_eq!(temporary.git(&["ls-tree", "-r", "main"]).lines().count(), 60 * 27);
}
