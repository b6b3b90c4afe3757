//! How long a million variants of one template take, and one small step.
//!
//! `cargo bench -p res-edge-git`. The prototype took 0.99 to 1.13 s for the million on two
//! threads, with the index and the files on disk.

#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use git::{Objects, Repository, init_bare};
use model::{Base, Entry, Mode, Piece, Sink};
use rayon::prelude::*;

const N_VARIANTS: u32 = 1_000_000;

/// A manifest of 1,220 bytes with three holes.
struct Template {
    base: Base,
    holes: [u32; 3],
}

impl Template {
    fn new() -> Self {
        let text = "        - name: SETTING\n          value: something plain\n".repeat(22);
        let text = format!("{text:.<1180}");
        Self { base: Base { number: 0, bytes: text.as_bytes().into() }, holes: [120, 400, 900] }
    }

    fn put(&self, objects: &Objects, number: u32) {
        let values =
            [format!("store-{number:07}"), format!("10.{}.0/24", number % 256), number.to_string()];
        let (mut pieces, mut start) = (Vec::with_capacity(7), 0);
        for (hole, value) in self.holes.into_iter().zip(&values) {
            pieces.extend([Piece::Copy(start..hole), Piece::Insert(value.as_bytes())]);
            start = hole;
        }
        pieces.push(Piece::Copy(start..self.base.bytes.len() as u32));
        black_box(objects.variant(&self.base, &pieces));
    }
}

fn repository() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let repository = init_bare(&folder.path().join("bench.git")).expect("a repository can be made");
    (folder, repository)
}

fn n_bytes(folder: &Path, end: &str) -> u64 {
    let files = std::fs::read_dir(folder.join("bench.git/objects/pack")).into_iter().flatten();
    let sizes = files.flatten().filter(|file| file.path().extension().is_some_and(|e| e == end));
    sizes.map(|file| file.metadata().map_or(0, |file| file.len())).sum()
}

fn million(criterion: &mut Criterion) {
    let template = Template::new();
    let mut sizes = (0, 0, 0);
    criterion.benchmark_group("packs").sample_size(10).bench_function("a million variants", |b| {
        b.iter_custom(|n| {
            (0..n)
                .map(|_| {
                    let (folder, repository) = repository();
                    let start = Instant::now();
                    let objects = Objects::new(&repository);
                    (0..N_VARIANTS)
                        .into_par_iter()
                        .for_each(|number| template.put(&objects, number));
                    objects.write().expect("the packs can be written");
                    let time = start.elapsed();
                    let size = |end| n_bytes(folder.path(), end);
                    sizes = (size("pack"), size("idx"), size("rev"));
                    time
                })
                .sum::<Duration>()
        });
    });
    println!("bytes of pack, idx and rev: {sizes:?}");
}

/// Ten objects, as one change of one cluster makes them.
fn step(criterion: &mut Criterion) {
    let (_folder, repository) = repository();
    let mut number = 0_u32;
    criterion.benchmark_group("packs").bench_function("a step of ten objects", |b| {
        b.iter(|| {
            let objects = Objects::new(&repository);
            for index in 0..5 {
                number += 1;
                let blob =
                    objects.blob(format!("file {index} of step {number}").repeat(50).as_bytes());
                objects.tree(&[Entry::new("file.yaml", Mode::File, blob)]);
            }
            objects.write().expect("the pack can be written")
        });
    });
}

criterion_group!(benches, million, step);
criterion_main!(benches);
