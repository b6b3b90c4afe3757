//! The parser: places, syntax errors, limits, and what scalars read as.

use model::ScalarKind;
use schema::yaml::{Content, Documents, Limits, Node, Style, kind_of, parse, reads_as_string};

/// Every node with the text of its range, one line each.
fn tree(text: &str) -> String {
    match parse(text, &Limits::INVENTORY) {
        Ok(stream) => {
            let mut lines = Vec::new();
            for document in &stream.documents {
                draw(text, document, "", &mut lines);
            }
            lines.extend(stream.comments.iter().map(|range| format!("{:?}", &text[range.clone()])));
            lines.join("\n")
        }
        Err(error) => error_line(text, &error),
    }
}

fn draw(text: &str, node: &Node, indent: &str, lines: &mut Vec<String>) {
    let range = &text[node.range.clone()];
    let before = &text[..node.range.start];
    let place = match range.is_empty() {
        true => format!("after {:?}", before.chars().last().unwrap_or('^')),
        false => format!("{range:?}"),
    };
    let tag = node.tag.as_deref().map(|tag| format!(" tag {tag}")).unwrap_or_default();
    let anchor = if node.anchor == 0 { String::new() } else { format!(" anchor {}", node.anchor) };
    match &node.content {
        Content::Scalar { text, style } => {
            lines.push(format!("{indent}{style:?} {text:?}: {place}{tag}{anchor}"));
        }
        Content::Alias(number) => lines.push(format!("{indent}Alias {number}: {place}")),
        Content::Sequence { flow, items } => {
            lines.push(format!("{indent}{} sequence: {place}{tag}{anchor}", word(*flow)));
            for item in items {
                draw(text, item, &format!("{indent}  "), lines);
            }
        }
        Content::Mapping { flow, pairs } => {
            lines.push(format!("{indent}{} mapping: {place}{tag}{anchor}", word(*flow)));
            for (key, value) in pairs {
                draw(text, key, &format!("{indent}  "), lines);
                draw(text, value, &format!("{indent}    "), lines);
            }
        }
    }
}

fn word(flow: bool) -> &'static str {
    if flow { "flow" } else { "block" }
}

fn error_line(text: &str, error: &schema::yaml::SyntaxError) -> String {
    let line = text[..error.at].matches('\n').count() + 1;
    let column = text[..error.at].rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let hint = error.hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    format!("{line}:{column} {}: {}{hint}", error.code.name, error.message)
}

fn snapshot(name: &str, cases: &[&str]) {
    let drawn: Vec<String> =
        cases.iter().map(|text| format!("{text:?}\n{}\n", tree(text))).collect();
    insta::assert_snapshot!(name, drawn.join("\n"));
}

#[test]
fn ranges_of_scalars() {
    snapshot(
        "ranges_of_scalars",
        &[
            "a: plain text # c\n",
            "a: 'it''s'\nb: \"x\\ty\"\n",
            "a: two\n  lines\nb: \"two\n\n  lines\"\n",
            "a: |\n  t\n\n  # in\nb: 1\n",
            "a: |2-  # c\n    x\n\n\n# d\nb: >+\n\n  x\n  y\n\n\nc: 1\n",
            "- >-\n  a\n- |\n  b\n-   # c\n  |\n  c\n",
            "a: |\n  x",
            "a: |\nb: |+\n\n",
            "a: \"é 😀\" # ü\nb: ö\n",
        ],
    );
}

#[test]
fn ranges_of_values_that_are_not_written() {
    snapshot(
        "ranges_of_values_that_are_not_written",
        &[
            "a:\nb: \nc : # d\nd: ~\n",
            "- \n-\n- a:\n",
            "{a, b: , c: }\n",
            "[a: , : b]\n",
            "? a\n? b\n:\n",
            "a: &x\nb: !!str\nc: *x\n",
        ],
    );
}

#[test]
fn ranges_of_collections() {
    snapshot(
        "ranges_of_collections",
        &[
            "a:\n- b\n- c: d\n  e: f\n\n# end\n",
            "a:\n  # first\n  - - x\n    - y\n  - - z\n",
            "a: [b, {c: d , e}, f: g ]  # h\n",
            "a: {b: [\n  1,\n  2\n]}\n",
            "a: &x\n  b: c\nd: &y [*x]\ne: !t {f: *y}\n",
            "? {a: b}\n: - c\n",
        ],
    );
}

#[test]
fn streams() {
    snapshot(
        "streams",
        &[
            "\u{feff}a: b\n",
            "a: b\r\nc:\r\n  - d\r\n  - |\r\n    e\r\n    f\r\n",
            "--- a\n...\n# x\n--- # y\n---\n--- !!str\n--- {}\n...\n",
            "%YAML 1.2\n---\na: b\n",
            "",
            "# only\n",
            "--- |\n a\n--- >\n b\n",
            "--- - a\n",
            "---\n- a\n",
        ],
    );
}

#[test]
fn mistakes_are_told_in_words() {
    snapshot(
        "mistakes_are_told_in_words",
        &[
            "a:\n\tb: c\n",
            "a: b\n\tc: d\n",
            "a: \"b\nc: d\n",
            "a: 'b\n",
            "a: [b, c\nd: e\n",
            "a: {b: c\n",
            "a: [b}\n",
            "a: b]\nc: }\n",
            "a: b: c\n",
            "a: b\n c: d\n",
            "a:\n  b: c\n d: e\n",
            "a\nb: c\n",
            "a: - b\n",
            "a: @b\n",
            "a: %b\n",
            "a: `b\n",
            "a: *b\n",
            "a: \"b\" c\n",
            "a: \"\\d\"\n",
            "a: {b: c d: e}\n",
            "a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> branch\n",
            "a: &\n",
            "a: !<x b\n",
            "- a\nb: c\n",
            "a: |\n b\nc\n",
            "a: b\n---\n\u{feff}c: d\ne: \u{feff}\n",
            "a: \u{0}b\n",
            "a: \u{7}b\n",
            "é: [\n",
            "%YAML 3.0\n---\na\n",
            "a: b\n- c\n",
            "key: value\n  more: x\n",
        ],
    );
}

#[test]
fn what_stands_before_a_mistake_is_read() {
    let parts: Vec<bool> =
        Documents::new("a: b\n---\nc: d\n---\ne: [\n---\nf: g\n", &Limits::INVENTORY)
            .map(|document| document.is_ok())
            .collect();
    assert_eq!(parts, [true, true, false]);
}

#[test]
fn limits_hold() {
    let small = Limits { bytes: 64, depth: 5, nodes: 10, aliases: 3 };
    let fault = |text: &str| {
        let error = parse(text, &small).unwrap_err();
        assert!(error.limit, "{error:?}");
        error.message
    };
    let texts = [
        "a: ".to_owned() + &"b".repeat(100),
        "[".repeat(6),
        "- ".repeat(6) + "a",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]".to_owned(),
        "[&a 1, *a, *a, *a, *a]".to_owned(),
        "- - - [[[a]]]".to_owned(),
    ];
    let messages: Vec<String> = texts.iter().map(|text| fault(text)).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    the file has 103 bytes, more than the 64 allowed
    nested more than 5 deep
    nested more than 5 deep
    more than 10 nodes in one file
    more than 3 aliases in one file
    nested more than 5 deep
    ");
    assert!(parse("- - - [[a]]", &small).is_ok());
}

#[test]
fn hostile_texts_are_refused_quickly() {
    let aliases = format!("a: &a x\nb: [{}]\n", "*a, ".repeat(100_000));
    let texts = [
        aliases,
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "a: \"".to_owned() + &"\\".repeat(100_001),
        "a: &a [*a]\n".to_owned(),
    ];
    for text in &texts {
        assert!(parse(text, &Limits::INVENTORY).is_err(), "{:.40}", text);
    }
}

#[test]
fn long_comments_are_no_mistake() {
    let text = format!("a:\n{}  - b\n{}", "  # c\n".repeat(5_000), "# d\n".repeat(5_000));
    let stream = parse(&text, &Limits::INVENTORY).unwrap();
    assert_eq!(stream.comments.len(), 10_000);
}

#[test]
fn quoted_blocks_and_tagged_scalars_are_strings() {
    for text in ["'1'", "\"1\"", "|\n 1", ">\n 1", "!!str 1", "!<tag:yaml.org,2002:str> 1"] {
        let stream = parse(text, &Limits::INVENTORY).unwrap();
        assert_eq!(stream.documents[0].scalar_kind(), Some(ScalarKind::String), "{text}");
    }
    let plain = parse("1", &Limits::INVENTORY).unwrap();
    assert_eq!(plain.documents[0].scalar_kind(), Some(ScalarKind::Integer));
    assert!(matches!(plain.documents[0].content, Content::Scalar { style: Style::Plain, .. }));
}

/// Columns: the text, its kind here, and whether every reader takes it for a string (YAML 1.1
/// and 1.2, PyYAML, go-yaml 2 and 3, sigs.k8s.io/yaml).
const KINDS: &[(&str, ScalarKind, bool)] = &[
    ("", ScalarKind::Null, false),
    ("~", ScalarKind::Null, false),
    ("null", ScalarKind::Null, false),
    ("NULL", ScalarKind::Null, false),
    ("nULL", ScalarKind::String, false),
    ("true", ScalarKind::Boolean, false),
    ("FALSE", ScalarKind::Boolean, false),
    ("tRUE", ScalarKind::String, false),
    ("yes", ScalarKind::String, false),
    ("No", ScalarKind::String, false),
    ("on", ScalarKind::String, false),
    ("OFF", ScalarKind::String, false),
    ("y", ScalarKind::String, false),
    ("N", ScalarKind::String, false),
    ("yess", ScalarKind::String, true),
    ("0", ScalarKind::Integer, false),
    ("-0", ScalarKind::Integer, false),
    ("+12", ScalarKind::Integer, false),
    ("0644", ScalarKind::Integer, false),
    ("0o17", ScalarKind::Integer, false),
    ("0O17", ScalarKind::String, false),
    ("08", ScalarKind::Integer, false),
    ("0x1F", ScalarKind::Integer, false),
    ("0X1F", ScalarKind::String, false),
    ("0xfg", ScalarKind::String, true),
    ("-0x1f", ScalarKind::String, false),
    ("0b101", ScalarKind::String, false),
    ("0b", ScalarKind::String, true),
    ("1_000", ScalarKind::String, false),
    ("_1", ScalarKind::String, true),
    ("1,000", ScalarKind::String, true),
    ("12:30:45", ScalarKind::String, false),
    ("12:30", ScalarKind::String, false),
    ("1:99", ScalarKind::String, true),
    ("8080:80", ScalarKind::String, true),
    ("190:20:30.15", ScalarKind::String, false),
    ("a:b", ScalarKind::String, true),
    ("2024-01-01", ScalarKind::String, false),
    ("2024-1-1", ScalarKind::String, false),
    ("2001-12-14t21:59:43.10-05:00", ScalarKind::String, false),
    ("2001-12-14 21:59:43.10 -5", ScalarKind::String, false),
    ("2024-01", ScalarKind::String, true),
    ("2024-01-01x", ScalarKind::String, true),
    (".inf", ScalarKind::Float, false),
    ("-.INF", ScalarKind::Float, false),
    ("+.Inf", ScalarKind::Float, false),
    (".nan", ScalarKind::Float, false),
    (".Nan", ScalarKind::String, false),
    ("inf", ScalarKind::String, true),
    ("nan", ScalarKind::String, true),
    ("Infinity", ScalarKind::String, true),
    ("1.5", ScalarKind::Float, false),
    ("1.", ScalarKind::Float, false),
    (".5", ScalarKind::Float, false),
    ("-.5", ScalarKind::Float, false),
    (".", ScalarKind::String, true),
    ("..", ScalarKind::String, true),
    ("1e3", ScalarKind::Float, false),
    ("1E+3", ScalarKind::Float, false),
    ("1.e3", ScalarKind::Float, false),
    ("e3", ScalarKind::String, true),
    ("1e", ScalarKind::String, true),
    ("1_0.5", ScalarKind::String, false),
    ("685.230_15e+03", ScalarKind::String, false),
    ("1.2.3", ScalarKind::String, true),
    ("1.2.3.4", ScalarKind::String, true),
    ("10.3.7.0/24", ScalarKind::String, true),
    ("1.2.0-rc.1", ScalarKind::String, true),
    ("v1", ScalarKind::String, true),
    ("1m", ScalarKind::String, true),
    ("512Mi", ScalarKind::String, true),
    ("=", ScalarKind::String, false),
    ("<<", ScalarKind::String, false),
    ("-", ScalarKind::String, false),
    ("---", ScalarKind::String, false),
    ("-_1", ScalarKind::String, false),
    ("--", ScalarKind::String, true),
    ("+", ScalarKind::String, true),
    ("1-2", ScalarKind::String, true),
    ("5f0c", ScalarKind::String, true),
    ("5e10", ScalarKind::Float, false),
    ("123456789012345678901234567890", ScalarKind::Integer, false),
    ("١٢", ScalarKind::String, true),
];

#[test]
fn kinds_of_plain_scalars() {
    let wrong: Vec<String> = KINDS
        .iter()
        .filter(|(text, kind, string)| (kind_of(text), reads_as_string(text)) != (*kind, *string))
        .map(|(text, ..)| format!("{text:?}: {:?} {}", kind_of(text), reads_as_string(text)))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}
