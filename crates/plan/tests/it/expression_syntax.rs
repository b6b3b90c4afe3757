//! Expressions as text: what is accepted, how it is printed, what mistakes look like.

use std::fmt::Write as _;

use plan::expression::{
    Extent, MAX_BYTES, MAX_DEPTH, Part, Pattern, Syntax, SyntaxKind, Term, parse, print,
};
use proptest::prelude::*;

/// Each line, parsed and printed again.
fn check_prints(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let syntax = parse(text).unwrap_or_else(|error| panic!("`{text}`: {error}"));
        assert_eq!(print(&syntax), *expected, "of `{text}`");
    }
}

/// The mistake in a text, as people see it.
fn mistake(text: &str) -> String {
    let error = parse(text).expect_err(text);
    let carets = text[error.extent.start..error.extent.end].chars().count().max(1);
    let indent = text[..error.extent.start].chars().count();
    let mut shown = format!("{text}\n{}{} ", " ".repeat(indent), "^".repeat(carets));
    writeln!(shown, "{}", error.message).expect("a string takes all");
    writeln!(shown, "hint: {}", error.hint.as_deref().unwrap_or("-")).expect("a string takes all");
    shown
}

#[test]
fn expressions_are_printed_in_one_way() {
    check_prints(&[
        ("all", "all"),
        (" none ", "none"),
        ("/g/stores/central", "/g/stores/central"),
        ("((/g/a))", "/g/a"),
        ("not not /c/x", "not not /c/x"),
        ("not (/c/x)", "not /c/x"),
        ("not (/c/x or /c/y)", "not (/c/x or /c/y)"),
        ("/c/a or /c/b and not /c/c", "/c/a or /c/b and not /c/c"),
        ("/c/a or (/c/b and (not /c/c))", "/c/a or /c/b and not /c/c"),
        ("(/c/a or /c/b) and /c/c", "(/c/a or /c/b) and /c/c"),
        ("/c/a and (/c/b and /c/c)", "/c/a and (/c/b and /c/c)"),
        ("/c/a\n  or\t/c/b", "/c/a or /c/b"),
        ("not(/c/a)and(/c/b)", "not /c/a and /c/b"),
        ("not/c/a and/c/b", "not /c/a and /c/b"),
        ("/m/ring/be*", "/m/ring/be*"),
        ("/m/ring/**", "/m/ring/*"),
        ("/m/'ring'/\"beta\"", "/m/ring/beta"),
        ("/m/\"example.com/ring\"/beta", "/m/\"example.com/ring\"/beta"),
        ("/m/city/'new *'", "/m/city/\"new *\""),
        ("/m/cron/\"\\* 5\"", "/m/cron/\"\\* 5\""),
        ("/m/title/'it''s \"x\"\\'", "/m/title/\"it's \\\"x\\\"\\\\\""),
        ("/m/empty/\"\"", "/m/empty/\"\""),
        ("/m/city/københavn", "/m/city/københavn"),
        ("/m/a/and or /c/not", "/m/a/and or /c/not"),
    ]);
}

#[test]
fn mistakes_point_at_their_place() {
    let texts = [
        "",
        "   ",
        "/g/a and",
        "/g/a or",
        "not",
        "and /g/a",
        "(or /g/a)",
        "/g/a and or /g/b",
        "/g/a && /g/b",
        "/g/a&&/g/b",
        "/g/a || /g/b",
        "/g/a, /g/b",
        "! /g/a",
        "!/g/a",
        "/g/a AND /g/b",
        "All",
        "/g/a /g/b",
        "/g/a not /g/b",
        "/g/a (/g/b)",
        "(/g/a",
        "(",
        "/g/a)",
        ")",
        "/g/a and ()",
        "/g/'a/'",
        "ring=beta",
        "ring != beta",
        "ring!=beta",
        "ring:beta",
        "stores",
        "stores/central",
        "*",
        "/stores/central",
        "/G/stores",
        "/group/stores",
        "/g",
        "/g/",
        "/g/stores/",
        "/g//stores",
        "/g/stores/*",
        "/c",
        "/c/a/b",
        "/n/a*",
        "/m/ring",
        "/m/ring/",
        "/m/example.com/ring/beta",
        "/m/ri*/beta",
        "/m/title/it's",
        "/m/title/\"new",
        "/m/title/\"a\\n\"",
        "/m/title/\"a\"b",
        "/m/title/a=b",
        "/",
        "//",
        "/c/a\u{a0}xor /c/b",
    ];
    let shown: String = texts.iter().map(|text| mistake(text) + "\n").collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn limits_are_mistakes_and_not_crashes() {
    let nested = |n: usize| format!("{}/c/a{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    for text in
        [nested(MAX_DEPTH + 1), nested(10_000), "not ".repeat(10_000) + "all", "(".repeat(60_000)]
    {
        let error = parse(&text).expect_err("too deep");
        assert_eq!(error.message, "nested more than 200 deep");
    }
    let error = parse(&"/c/a or ".repeat(200_000)).expect_err("too long");
    assert_eq!(error.message, "the expression has 1600000 bytes, more than the 65536 allowed");

    let chain = vec!["/c/a"; MAX_BYTES / 9].join(" or ");
    assert_eq!(print(&parse(&chain).expect("a chain is not deep")), chain);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.-]{1,5}", "\\PC{1,5}", "[ /\"'*\\\\()a]{1,4}"]
}

fn part(value: impl Strategy<Value = String>) -> impl Strategy<Value = Part<Box<str>>> {
    value.prop_map(|text| Part { value: text.into(), extent: Extent::default() })
}

fn pattern() -> impl Strategy<Value = Part<Pattern>> {
    let runs = prop_oneof![
        prop::collection::vec(text(), 1),
        prop::collection::vec(prop_oneof![text(), Just(String::new())], 0..4)
    ];
    runs.prop_map(|runs| Part { value: Pattern::new(runs), extent: Extent::default() })
}

fn syntax() -> impl Strategy<Value = Syntax> {
    let group = prop::collection::vec(text().prop_map(|t| t.replace('/', "-")), 1..3)
        .prop_map(|parts| format!("/{}", parts.join("/")));
    let term = prop_oneof![
        part(group).prop_map(Term::Group),
        pattern().prop_map(Term::Cluster),
        part(text()).prop_map(Term::Namespace),
        (part(text()), pattern()).prop_map(|(key, value)| Term::Metadata { key, value }),
    ];
    let leaf =
        prop_oneof![Just(SyntaxKind::All), Just(SyntaxKind::None), term.prop_map(SyntaxKind::Term)];
    leaf.prop_map(Syntax::new).prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| SyntaxKind::Not(Box::new(operand))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(SyntaxKind::And),
            prop::collection::vec(inner, 2..4).prop_map(SyntaxKind::Or),
        ]
        .prop_map(Syntax::new)
    })
}

proptest! {
    #[test]
    fn parsing_what_was_printed_gives_the_same(syntax in syntax()) {
        let text = print(&syntax);
        let parsed = parse(&text).map_err(|error| TestCaseError::fail(format!("`{text}`: {error}")))?;
        prop_assert_eq!(&parsed, &syntax);
        prop_assert_eq!(print(&parsed), text);
    }

    #[test]
    fn any_text_is_answered_with_places_inside_it(text in "[ ()/gcnm\"'*a-d\\\\&|!é]{0,40}|\\PC{0,20}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.extent.start..error.extent.end).is_some());
            prop_assert!(error.hint.is_some());
        }
    }
}
