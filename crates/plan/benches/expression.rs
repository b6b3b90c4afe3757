//! How long an expression takes over 30,000 clusters, and putting such a fleet together.
//!
//! `cargo bench -p res-edge-plan`. The bound for one expression is 0.2 ms.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use model::{FileId, Source, Span};

const N_CLUSTERS: usize = 30_000;
const N_APPLICATIONS: usize = 100;

fn source() -> Source {
    let mut clusters = String::new();
    for index in 0..N_CLUSTERS {
        let (region, city) = (index % 12, index % 600);
        let ring = if index.is_multiple_of(20) { "beta" } else { "prod" };
        writeln!(
            clusters,
            "---\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata:\n  name: store-{index:05}\n  \
             labels: {{region: r{region}, city: c{city}, ring: {ring}, type: store}}\nspec:\n  \
             groups: [/stores/r{region}/c{city}]\n  values: {{address: 10.{}.{}.0/24, tax: \"{city}\"}}",
            index / 256,
            index % 256
        )
        .expect("a string takes all");
    }
    let mut groups =
        String::from("---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {name: stores}\n");
    let mut group = |name: String, parent: String| {
        writeln!(
            groups,
            "---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {{name: {name}}}\nspec: {{parent: {parent}, values: {{zone: {name}}}}}"
        )
        .expect("a string takes all");
    };
    (0..12).for_each(|region| group(format!("r{region}"), "/stores".to_owned()));
    (0..600).for_each(|city| group(format!("c{city}"), format!("/stores/r{}", city % 12)));
    let mut applications = String::new();
    for index in 0..N_APPLICATIONS {
        writeln!(
            applications,
            "---\napiVersion: res-edge.dev/v1\nkind: Namespace\nmetadata: {{name: n{index}}}\nspec: {{clusters: /g/stores and not /m/region/r{}}}\n\
             ---\napiVersion: res-edge.dev/v1\nkind: Application\nmetadata: {{name: a{index}}}\nspec: {{namespace: n{index}, template: apps/a, clusters: not /m/ring/beta, overrides: [{{clusters: /m/city/c{index}, values: {{x: 1}}}}]}}",
            index % 12
        )
        .expect("a string takes all");
    }
    let fleet = "apiVersion: res-edge.dev/v1\nkind: Fleet\nmetadata: {name: contoso}\nspec: {values: {registry: r.example}}\n";
    testkit::source(&format!(
        "-- fleet.yaml --\n{fleet}-- inventory/a.yaml --\n{applications}-- inventory/c.yaml --\n{clusters}-- inventory/g.yaml --\n{groups}"
    ))
}

fn measure(criterion: &mut Criterion) {
    let source = source();
    let (documents, found) = schema::read_source(&source);
    assert!(found.is_empty(), "{found:?}");
    let (fleet, _) = plan::assemble(&source, documents.clone()).expect("nothing is wrong");
    let expressions = [
        "/m/ring/beta",
        "/g/stores/r1 and not /m/ring/beta",
        "(/m/region/r1 or /m/region/r2 or /m/city/c77) and not (/m/ring/beta or /c/store-00077)",
        "/c/store-001*",
        "/m/city/c1*",
        "/m/address/\"*.7.0/24\"",
        "/c/*77*",
    ];
    for text in expressions {
        let at = Span::new(FileId(0), 0, text.len());
        criterion
            .bench_function(text, |bencher| bencher.iter(|| fleet.select(black_box(text), at)));
    }
    let mut group = criterion.benchmark_group("whole fleet");
    group.sample_size(10);
    group.bench_function("read", |bencher| bencher.iter(|| schema::read_source(&source)));
    group.bench_function("assemble", |bencher| {
        bencher.iter_batched(
            || documents.clone(),
            |documents| plan::assemble(&source, documents),
            criterion::BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, measure);
criterion_main!(benches);
