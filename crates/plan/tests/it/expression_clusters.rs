//! What expressions select.

use std::fmt::Write as _;

use model::{ClusterSet, FileId, Span};
use plan::Fleet;
use plan::expression::{Syntax, SyntaxKind, Term, parse, print};
use proptest::prelude::*;

use crate::fleets::{fleet, names};

const STORES: &str = "
    Group stores
    Group central | | parent: /stores
    Group la | | parent: /stores/central
    Group east | | parent: /stores
    Group pilots | | clusters: /m/ring/beta
    Cluster atx-1 | labels: {region: central, ring: prod} | groups: [/stores/central]
    Cluster clt-1 | labels: {region: east, ring: beta} | groups: [/stores/east], values: {size: small}
    Cluster nola-1 | labels: {region: central, ring: beta, city: new orleans} | groups: [/stores/central/la]
    Cluster nola-2 | labels: {region: central, ring: prod, city: new orleans} | groups: [/stores/central/la]
    Cluster plant-1 | labels: {example.com/kind: plant} | values: {size: large, tax: 9.450}
    Namespace imdb | | clusters: /g/stores and not /m/ring/prod
";

fn select(fleet: &Fleet, text: &str) -> Result<ClusterSet, String> {
    let at = Span::new(FileId(0), 0, text.len());
    let (clusters, found) = fleet.select(text, at);
    clusters.ok_or_else(|| {
        found.iter().fold(String::new(), |mut shown, diagnostic| {
            write!(shown, "{}: {}", diagnostic.code.name, diagnostic.message).expect("a string");
            shown
        })
    })
}

#[test]
fn terms_and_operators() {
    let fleet = fleet(STORES);
    let rows = [
        ("all", "atx-1 clt-1 nola-1 nola-2 plant-1"),
        ("none", ""),
        ("/g/stores", "atx-1 clt-1 nola-1 nola-2"),
        ("/g/stores/central", "atx-1 nola-1 nola-2"),
        ("/g/stores/central/la", "nola-1 nola-2"),
        ("/g/pilots", "clt-1 nola-1"),
        ("/c/plant-1", "plant-1"),
        ("/c/nola-*", "nola-1 nola-2"),
        ("/c/*-1", "atx-1 clt-1 nola-1 plant-1"),
        ("/c/*l*-*", "clt-1 nola-1 nola-2 plant-1"),
        ("/n/imdb", "clt-1 nola-1"),
        ("/m/ring/prod", "atx-1 nola-2"),
        ("/m/ring/*", "atx-1 clt-1 nola-1 nola-2"),
        ("/m/size/*l*", "clt-1 plant-1"),
        ("/m/tax/9.450", "plant-1"),
        ("/m/\"example.com/kind\"/plant", "plant-1"),
        ("/m/city/'new orleans'", "nola-1 nola-2"),
        ("/m/city/\"new *\"", "nola-1 nola-2"),
        ("not /g/stores", "plant-1"),
        ("not not /g/stores", "atx-1 clt-1 nola-1 nola-2"),
        ("/c/plant-1 or /g/stores and not /m/ring/prod", "clt-1 nola-1 plant-1"),
        ("(/c/plant-1 or /g/stores) and /m/ring/prod", "atx-1 nola-2"),
        ("not /c/plant-1 and /m/region/east", "clt-1"),
        ("not (/c/plant-1 or /m/region/east)", "atx-1 nola-1 nola-2"),
        ("not /m/region/east and not /m/region/central", "plant-1"),
    ];
    for (text, expected) in rows {
        let clusters = select(&fleet, text).unwrap_or_else(|error| panic!("`{text}`: {error}"));
        assert_eq!(names(&fleet, &clusters), expected, "{text}");
    }
}

#[test]
fn what_is_given_to_select_is_checked_as_documents_are() {
    let fleet = fleet(STORES);
    let rows = [
        ("/m/Ring/prod", "unknown-key: no cluster has a label or value `Ring`"),
        ("/g/store", "unknown-group: there is no group `/store`"),
        ("all and", "expression-syntax: `and` has nothing on its right"),
        (
            "not /m/ring/Prod",
            "negated-unknown-value: no cluster has `Prod` for `ring`, and under `not` that selects every cluster",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(select(&fleet, text).expect_err(text), expected);
    }
    let warned = fleet.select("/m/ring/Prod", Span::new(FileId(0), 0, 12));
    assert_eq!(warned.0, Some(ClusterSet::default()));
    assert_eq!(warned.1.len(), 1);
}

#[test]
fn not_in_front_of_a_group_with_a_mistyped_value_is_refused_by_select_too() {
    let lines = format!("{STORES}\nGroup typo | | clusters: /m/ring/bta or /c/atx-1");
    let source = crate::fleets::source(&lines);
    let (fleet, _) = crate::fleets::assemble(&source).expect("a warning only");
    assert_eq!(names(&fleet, &select(&fleet, "/g/typo").expect("no not")), "atx-1");
    let error = select(&fleet, "all and not /g/typo").expect_err("under not");
    assert!(
        error.starts_with("negated-unknown-value: behind this stands `/m/ring/bta`"),
        "{error}"
    );
}

/// Expressions over names that exist in [`STORES`].
fn syntax() -> impl Strategy<Value = Syntax> {
    let terms = [
        "all",
        "none",
        "/g/stores",
        "/g/stores/central",
        "/g/stores/central/la",
        "/g/stores/east",
        "/g/pilots",
        "/c/atx-1",
        "/c/plant-1",
        "/c/n*",
        "/c/*1",
        "/n/imdb",
        "/m/region/central",
        "/m/region/east",
        "/m/ring/beta",
        "/m/ring/p*d",
        "/m/size/small",
        "/m/size/*",
        "/m/city/\"new *\"",
        "/m/tax/*",
    ];
    let leaf = prop::sample::select(terms.to_vec()).prop_map(|text| parse(text).expect("a term"));
    leaf.prop_recursive(6, 60, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| SyntaxKind::Not(Box::new(operand))),
            prop::collection::vec(inner.clone(), 2..5).prop_map(SyntaxKind::And),
            prop::collection::vec(inner, 2..5).prop_map(SyntaxKind::Or),
        ]
        .prop_map(Syntax::new)
    })
}

/// Whether an expression selects a cluster, by reading the documents again for each question.
fn selects(fleet: &Fleet, cluster: usize, syntax: &Syntax) -> bool {
    let document = &fleet.clusters[cluster].document;
    match &syntax.kind {
        SyntaxKind::All => true,
        SyntaxKind::None => false,
        SyntaxKind::Not(inner) => !selects(fleet, cluster, inner),
        SyntaxKind::And(operands) => operands.iter().all(|o| selects(fleet, cluster, o)),
        SyntaxKind::Or(operands) => operands.iter().any(|o| selects(fleet, cluster, o)),
        SyntaxKind::Term(Term::Cluster(name)) => {
            matches(&name.value.runs().join("*"), document.metadata.name.value.as_str())
        }
        SyntaxKind::Term(Term::Metadata { key, value }) => {
            let mut own = document.metadata.labels.iter().chain(&document.values);
            let pattern = value.value.runs().join("*");
            own.any(|(k, v)| *k.value == *key.value && matches(&pattern, &v.value.text))
        }
        SyntaxKind::Term(Term::Namespace(name)) => {
            let namespace = fleet.namespaces.iter().find(|n| n.name.as_str() == &*name.value);
            let text = namespace.and_then(|n| n.document.clusters.as_ref());
            text.is_some_and(|text| {
                selects(fleet, cluster, &parse(&text.value).expect("it was read"))
            })
        }
        SyntaxKind::Term(Term::Group(path)) => fleet.groups.iter().any(|group| {
            let below = format!("{}/", group.path).starts_with(&format!("{}/", path.value));
            let listed = document.groups.iter().any(|listed| listed.value == group.path);
            let by_expression = group.document.clusters.as_ref().is_some_and(|text| {
                selects(fleet, cluster, &parse(&text.value).expect("it was read"))
            });
            below && (listed || by_expression)
        }),
    }
}

/// A wildcard match by trying every split.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|left| {
            (0..=left.len()).any(|at| left.is_char_boundary(at) && matches(rest, &left[at..]))
        }),
    }
}

proptest! {
    #[test]
    fn sets_agree_with_asking_each_cluster(syntax in syntax()) {
        let fleet = fleet(STORES);
        let text = print(&syntax);
        let clusters = select(&fleet, &text).map_err(TestCaseError::fail)?;
        let naive: ClusterSet = (0..fleet.clusters.len())
            .filter(|cluster| selects(&fleet, *cluster, &syntax))
            .map(|cluster| model::ClusterId(cluster as u32))
            .collect();
        prop_assert_eq!(names(&fleet, &clusters), names(&fleet, &naive), "{}", text);
    }
}
