//! A compile with a memory against one from nothing, at 30,000 clusters with 100 applications.
//!
//! `CLUSTERS` and `APPLICATIONS` in the environment give another size. Each measured compile is
//! of an edit that was never made before: a source that is remembered costs less.

use std::hint::black_box;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use model::{
    Base, Digest, Entry, Expansions, Files, ObjectId, Origin, Piece, Sink, Source, SourceFile,
    hash_blob, hash_tree, sha256, tree_bytes,
};
use plan::Compiler;

/// The source that `res-edge generate` writes.
#[path = "../../cli/src/commands/generate"]
mod generate {
    #![allow(unreachable_pub, dead_code, unused_imports)]
    pub mod inventory;
    pub mod random;
    pub mod templates;

    /// Every file with its path.
    pub(super) fn files(n_clusters: u32, n_applications: u32) -> Vec<(String, String)> {
        let size = inventory::Size { n_clusters, n_applications, seed: 1 };
        let mut files = inventory::files(&size);
        files.extend((1..=n_applications).flat_map(|number| templates::files(number, false)));
        files
    }
}

/// Answers ids and keeps nothing, as a repository that has everything.
struct Ids;

impl Sink for Ids {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        hash_blob(&[bytes])
    }

    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        let parts = pieces.iter().map(|piece| match piece {
            Piece::Copy(range) => &base.bytes[range.start as usize..range.end as usize],
            Piece::Insert(text) => text,
        });
        hash_blob(&parts.collect::<Vec<_>>())
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        hash_tree(&tree_bytes(entries))
    }
}

fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn source(files: &[SourceFile]) -> Source {
    let ids: Vec<u8> = files.iter().flat_map(|file| file.id.0).collect();
    let digest: Digest = sha256(&ids);
    let files = Files::new(files.to_vec());
    Source { files, digest, origin: Origin::Folder, faults: Vec::new() }
}

fn file(path: &str, text: &str) -> SourceFile {
    let bytes = text.as_bytes();
    SourceFile {
        path: path.into(),
        bytes: bytes.into(),
        id: hash_blob(&[bytes]),
        executable: false,
    }
}

/// The same source with a text replaced in one file, at most `most` times.
fn edited(files: &[SourceFile], path: &str, from: &str, to: &str, most: usize) -> Source {
    let edit = |known: &SourceFile| match &*known.path == path {
        true => {
            let text = String::from_utf8_lossy(&known.bytes);
            assert!(text.contains(from), "`{from}` is in {path}");
            file(path, &text.replacen(from, to, most))
        }
        false => known.clone(),
    };
    source(&files.iter().map(edit).collect::<Vec<_>>())
}

fn incremental(criterion: &mut Criterion) {
    let (n_clusters, n_applications) = (number("CLUSTERS", 30_000), number("APPLICATIONS", 100));
    let made = generate::files(n_clusters, n_applications);
    let files: Vec<SourceFile> = made.iter().map(|(path, text)| file(path, text)).collect();
    let base = source(&files);
    let clusters = "inventory/clusters/001.yaml";
    let settings = "apps/app-007/base/config-map.yaml";
    let edit = |name: &str, n: u32| match name {
        "value" => edited(&files, clusters, "ipRange: 10.0.9.0/24", &format!("ipRange: {n}"), 1),
        "value-of-equal-length" => {
            edited(&files, clusters, "10.0.9.0/24", &format!("10.0.{:03}/9", n % 1000), 1)
        }
        "label-on-40" => edited(&files, clusters, "city: ", &format!("city: n{n}-"), 40),
        _ => edited(&files, settings, "support:", &format!("support{n}:"), 1),
    };
    let mut group = criterion.benchmark_group(format!("{n_clusters}x{n_applications}"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let compile = |compiler: &mut Compiler, source: Source| {
        let compiled = compiler.compile(source, &mut |_, _| Expansions::default(), &Ids);
        assert!(compiled.accepted.is_some(), "the generated source is right");
        compiled
    };
    let mut compiler = Compiler::new();
    compile(&mut compiler, base.clone());
    let mut n = 0;
    for name in ["value", "value-of-equal-length", "label-on-40", "template-line"] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    n += 1;
                    edit(name, n)
                },
                |source| black_box(compile(&mut compiler, source)),
                criterion::BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("from-nothing", |bencher| {
        bencher.iter(|| black_box(compile(&mut Compiler::new(), base.clone())));
    });
    group.finish();
}

criterion_group!(benches, incremental);
criterion_main!(benches);
