//! Filters, orders and searches over a small fleet: text in, names out.

use std::fmt::Write as _;

use plan::Fleet;
use plan::documents::{Row, terms};
use plan::query::{Fields, Filter, Listed, MAX_DEPTH, Order, QueryError};
use proptest::prelude::*;
use schema::Kind;

use crate::fleets::fleet;

const LINES: &str = "
    Cluster east-1 | labels: {ring: beta, floor: \"3\"} | groups: [/stores], values: {cpu: 8, ip: 0230}, timeZone: America/New_York
    Cluster east-2 | labels: {ring: prod, floor: \"12\"} | groups: [/stores], values: {cpu: 16, open: true}
    Cluster west-1 | labels: {ring: prod} | description: \"The Dalles' own\"
    Group stores | | values: {tax: \"9.45\"}
    Namespace shop | | clusters: /g/stores
    Application web | labels: {tier: front} | namespace: shop, template: apps/web, owner: Pets
    Application till | | namespace: shop, template: apps/till, clusters: /c/east-2
";

fn rows(fleet: &Fleet, kind: Kind) -> Vec<Row<'_>> {
    fleet.documents(kind).map(|id| Row::Document(fleet, id)).collect()
}

fn name(row: &Row<'_>) -> String {
    match row {
        Row::Document(fleet, id) => fleet.document_name(*id).to_owned(),
        Row::Binding(_) => unreachable!("only documents are listed here"),
    }
}

fn filtered(fleet: &Fleet, kind: Kind, text: &str) -> Result<String, QueryError> {
    let filter = Filter::parse(text, &Fields::new(fleet, Listed::Documents(kind)))?;
    let accepted = rows(fleet, kind).into_iter().filter(|row| filter.accepts(row));
    Ok(accepted.map(|row| name(&row)).collect::<Vec<_>>().join(" "))
}

#[test]
fn a_filter_accepts_what_it_says() {
    let fleet = fleet(LINES);
    let clusters = [
        ("ring eq 'beta'", "east-1"),
        ("ring ne 'beta'", "east-2 west-1"),
        ("floor gt 5", "east-2"),
        ("floor gt '5'", ""),
        ("floor eq null", "west-1"),
        ("floor ne null and not (floor lt 4)", "east-2"),
        ("cpu ge 8 and cpu lt 16", "east-1"),
        ("cpu in (4, 16)", "east-2"),
        ("ip eq '0230'", "east-1"),
        ("ip eq 230", "east-1"),
        ("open", "east-2"),
        ("open eq true or ring eq 'beta'", "east-1 east-2"),
        ("decommission eq false", "east-1 east-2 west-1"),
        ("timeZone eq 'America/New_York'", "east-1"),
        ("description eq 'The Dalles'' own'", "west-1"),
        ("contains(tolower(description), 'dalles')", "west-1"),
        ("startswith(name, 'east') and endswith(name, '2')", "east-2"),
        ("toupper(ring) eq 'PROD'", "east-2 west-1"),
        ("length(name) gt 5", "east-1 east-2 west-1"),
        ("applications eq 2", "east-2"),
        ("metadata/labels/ring eq 'beta'", "east-1"),
        ("spec/values/cpu eq 8", "east-1"),
        ("metadata/name eq 'west-1'", "west-1"),
        ("not ring eq 'beta' and floor eq '12'", "east-2"),
        ("ring eq 'beta' or ring eq 'prod' and cpu eq 16", "east-1 east-2"),
        ("true", "east-1 east-2 west-1"),
        ("false or not true", ""),
    ];
    for (text, expected) in clusters {
        assert_eq!(filtered(&fleet, Kind::Cluster, text), Ok(expected.to_owned()), "{text}");
    }
    let others = [
        (Kind::Group, "path eq '/stores' and clusters eq 2 and tax eq 9.45", "/stores"),
        (Kind::Namespace, "applications eq 2", "shop"),
        (Kind::Application, "owner eq 'Pets'", "web"),
        (Kind::Application, "expression eq '/c/east-2' and clusters eq 1", "till"),
        (Kind::Application, "template eq 'apps/web' and namespace eq 'shop'", "web"),
    ];
    for (kind, text, expected) in others {
        assert_eq!(filtered(&fleet, kind, text), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn an_order_puts_what_is_missing_first_and_keeps_names_within() {
    let fleet = fleet(LINES);
    let fields = Fields::new(&fleet, Listed::Documents(Kind::Cluster));
    let sorted = |order: Order| {
        let mut rows = rows(&fleet, Kind::Cluster);
        order.sort(&mut rows, |row| *row);
        rows.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    let by = |text| sorted(Order::parse(text, &fields).expect(text));
    assert_eq!(by("cpu"), "west-1 east-1 east-2");
    assert_eq!(by("cpu desc"), "east-2 east-1 west-1");
    assert_eq!(by("ring desc, name desc"), "west-1 east-2 east-1");
    let sort = |text| sorted(Order::parse_sort(text, &fields).expect(text));
    assert_eq!(sort("-ring,cpu"), "west-1 east-2 east-1");
}

#[test]
fn the_first_of_an_order_are_those_of_the_whole_order() {
    let fleet = fleet(LINES);
    let fields = Fields::new(&fleet, Listed::Documents(Kind::Cluster));
    let rows = rows(&fleet, Kind::Cluster);
    // Most are equal, so that the order of equal ones counts.
    let many: Vec<_> = (0..200).map(|n| (n, rows[n % 7 % rows.len()])).collect();
    for text in ["cpu", "ring desc", "ring, cpu desc"] {
        let order = Order::parse(text, &fields).expect(text);
        let mut whole = many.clone();
        order.sort(&mut whole, |item| item.1);
        for n in [0, 1, 10, 77, 199, 200, 300] {
            let mut first = many.clone();
            order.sort_first(&mut first, n, |item| item.1);
            let numbers = |items: &[(usize, _)]| -> Vec<usize> {
                items.iter().take(n).map(|item| item.0).collect()
            };
            assert_eq!(numbers(&first), numbers(&whole), "{text}, the first {n}");
            assert_eq!(first.len(), 200);
        }
    }
}

#[test]
fn a_selection_is_the_paths_of_its_fields() {
    let fleet = fleet(LINES);
    let fields = Fields::new(&fleet, Listed::Documents(Kind::Cluster));
    let paths = fields.parse_selection("name, ring,metadata/labels/floor,spec/capacity,status");
    let expected = [
        "metadata/name",
        "metadata/labels/ring",
        "spec/values/ring",
        "metadata/labels/floor",
        "spec/capacity",
        "status",
    ];
    assert_eq!(paths.expect("all are known"), expected);
}

/// A mistake as a person sees it.
fn mistake(text: &str, error: &QueryError) -> String {
    let carets = text[error.extent.start..error.extent.end].chars().count().max(1);
    let indent = text[..error.extent.start].chars().count();
    let mut shown = format!("{text}\n{}{} ", " ".repeat(indent), "^".repeat(carets));
    let hint = error.hint.as_deref().unwrap_or("-");
    writeln!(shown, "{}\nhint: {hint}\n", error.message).expect("a string takes all");
    shown
}

#[test]
fn mistakes_say_where_they_are_and_what_to_do() {
    let fleet = fleet(LINES);
    let filters = [
        "",
        "rign eq 'beta'",
        "metadata/labels/rign eq 'beta'",
        "ring = 'beta'",
        "ring eq \"beta\"",
        "ring eq 'beta",
        "ring eq 'beta' AND floor eq '3'",
        "ring eq 'beta' floor eq '3'",
        "ring eq 'beta' and",
        "and ring eq 'beta'",
        "(ring eq 'beta'",
        "ring eq 'beta')",
        "ring eq beta",
        "cpu gt 1 lt 3",
        "cpu in 3",
        "cpu in ()",
        "cpu eq 3x",
        "contain(ring, 'b')",
        "contains(ring)",
        "tolower(ring)",
        "'beta'",
        "(ring eq 'beta') eq true",
    ];
    let mut shown = String::new();
    for text in filters {
        let error = filtered(&fleet, Kind::Cluster, text).expect_err(text);
        shown.push_str(&mistake(text, &error));
    }
    let fields = Fields::new(&fleet, Listed::Documents(Kind::Application));
    for text in ["name up", "name,,owner", "onwer"] {
        shown.push_str(&mistake(text, &Order::parse(text, &fields).expect_err(text)));
    }
    for text in ["nmae", "spec/tempalte"] {
        shown.push_str(&mistake(text, &fields.parse_selection(text).expect_err(text)));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn limits_are_mistakes_and_not_crashes() {
    let fleet = fleet(LINES);
    let fields = Fields::new(&fleet, Listed::Documents(Kind::Cluster));
    let nested = |n: usize| format!("{}cpu eq 1{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&nested(MAX_DEPTH), &fields).is_ok());
    for text in [nested(MAX_DEPTH + 1), nested(4_000), "not ".repeat(4_000), "(".repeat(10_000)] {
        let error = Filter::parse(&text, &fields).expect_err("too deep");
        assert_eq!(error.message, "nested more than 100 deep");
    }
    assert!(Filter::parse(&"cpu eq 1 and ".repeat(5_000), &fields).is_err());
    let chain = vec!["cpu eq 1"; 1_000].join(" or ");
    assert!(Filter::parse(&chain, &fields).is_ok());
    assert!(Order::parse(&vec!["cpu"; 33].join(","), &fields).is_err());
}

#[test]
fn a_search_takes_every_word_and_quoted_words_together() {
    let fleet = fleet(LINES);
    let found = |text: &str| {
        let terms = terms(text);
        let has = fleet.documents(Kind::Cluster).filter(|id| fleet.document_has(*id, &terms));
        has.map(|id| fleet.document_name(id).to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("PROD"), "east-2 west-1");
    assert_eq!(found("prod floor"), "east-2");
    assert_eq!(found("\"dalles' own\""), "west-1");
    assert_eq!(found("own dalles"), "west-1");
    assert_eq!(found("\"own dalles\""), "");
}

proptest! {
    #![proptest_config(testkit::cases(200))]

    #[test]
    fn any_text_is_answered_with_places_inside_it(
        text in "[ ()a-dr',0-9é]{0,30}|(ring|eq|and|not|in|or|\\(|\\)|'x'|,|3| ){0,12}|\\PC{0,20}",
    ) {
        let fleet = fleet(LINES);
        let fields = Fields::new(&fleet, Listed::Documents(Kind::Cluster));
        for error in [
            Filter::parse(&text, &fields).err(),
            Order::parse(&text, &fields).err(),
            fields.parse_selection(&text).err(),
        ].into_iter().flatten() {
            prop_assert!(text.get(error.extent.start..error.extent.end).is_some());
        }
    }
}
