//! Values in, YAML out.

use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Leaf, Mapping, Value, emit, fault_of_plain, stands_plain};
use crate::yaml::{Content, Limits, Node, Style, parse};

#[test]
fn indents_as_kubectl_does() {
    let value = Mapping::new()
        .with("name", "web")
        .with("ports", Value::from_iter([Value::from(80_u64), Value::from("80")]))
        .with("none", Value::Sequence(Vec::new()))
        .with("empty", Mapping::new())
        .with_some("left out", None::<&str>)
        .with(
            "rules",
            Value::from_iter([
                Value::from(Mapping::new().with("a", true).with("b", Value::null())),
                Value::from_iter([Value::from("x"), Value::from_iter([Value::from("y")])]),
            ]),
        );
    assert_snapshot!(emit(&value.into()), @r#"
    name: web
    ports:
    - 80
    - "80"
    none: []
    empty: {}
    rules:
    - a: true
      b: null
    - - x
      - - "y"
    "#);
}

#[test]
fn writes_strings_so_that_every_reader_takes_them_for_strings() {
    let texts = [
        "plain",
        "",
        "yes",
        "null",
        "3",
        "0x1F",
        "1_0e-3",
        "0x_",
        "2024-01-01",
        "a: b",
        "a #b",
        "a:b",
        "- a",
        "-a",
        "#",
        "@a",
        " a",
        "a\tb",
        "é",
        "\u{85}",
        "\u{1b}",
        "\"'\\",
        "two\nlines",
        "kept\n\n",
        "one\n",
        "\nlate\n",
        "  deep\nshallow",
        "a\n \nb",
        "\n",
        "a\r\nb",
        "---",
    ];
    let list: Value = texts.into_iter().map(Value::from).collect();
    assert_snapshot!(emit(&list), @r##"
    - plain
    - ""
    - "yes"
    - "null"
    - "3"
    - "0x1F"
    - "1_0e-3"
    - "0x_"
    - "2024-01-01"
    - "a: b"
    - "a #b"
    - a:b
    - "- a"
    - -a
    - "#"
    - "@a"
    - " a"
    - "a\tb"
    - é
    - "\u0085"
    - "\u001b"
    - "\"'\\"
    - |-
      two
      lines
    - |+
      kept

    - |
      one
    - |

      late
    - "  deep\nshallow"
    - "a\n \nb"
    - "\n"
    - "a\r\nb"
    - "---"
    "##);
}

#[test]
fn sorts_when_asked() {
    let inner = Mapping::new().with("d", 1_u64).with("c", 2_u64);
    let value = Value::from(Mapping::new().with("b", inner).with("a", "x").with("B", "y"));
    assert_snapshot!(emit(&value.sorted()), @r#"
    B: "y"
    a: x
    b:
      c: 2
      d: 1
    "#);
}

fn text() -> impl Strategy<Value = String> {
    let piece = select(
        &[
            "a", "b c", "\n", "\n\n", " ", "  ", "\t", ":", ": ", "#", " #", "-", "- ", "'", "\"",
            "\\", "yes", "~", "1", ".", "_", "e5", "0x", "{", "[", ",", "?", "&", "|", "é",
            "\u{85}", "\u{feff}", "\r", "---", "%", "=",
        ][..],
    );
    let made = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let long = "[a\"]{900,1300}".prop_map(|text| text);
    prop_oneof![8 => made, 2 => any::<String>(), 1 => long]
}

fn leaf() -> impl Strategy<Value = Leaf> {
    (text(), any::<bool>())
        .prop_map(|(text, string)| if string { Leaf::string(text) } else { Leaf::as_written(text) })
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_map(Value::Leaf).prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Sequence),
            prop::collection::vec((leaf(), inner), 0..5)
                .prop_map(|pairs| Value::Mapping(pairs.into_iter().collect())),
        ]
    })
}

/// What a reader makes of a node.
fn read(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { .. } => Value::Leaf(read_leaf(node)),
        Content::Sequence { items, .. } => items.iter().map(read).collect(),
        Content::Mapping { pairs, .. } => {
            let pairs = pairs.iter().map(|(key, value)| (read_leaf(key), read(value)));
            Value::Mapping(pairs.collect())
        }
        Content::Alias(_) => Value::null(),
    }
}

fn read_leaf(node: &Node) -> Leaf {
    let text = node.as_str().unwrap_or_default();
    let plain = matches!(node.content, Content::Scalar { style: Style::Plain, .. });
    if plain && !stands_plain(text) { Leaf::as_written(text) } else { Leaf::string(text) }
}

/// A leaf that stands as written and that every reader takes for a string is one.
fn normal(value: Value) -> Value {
    let leaf = |leaf: Leaf| {
        if stands_plain(leaf.text()) { Leaf::string(leaf.text()) } else { leaf }
    };
    match value {
        Value::Leaf(one) => Value::Leaf(leaf(one)),
        Value::Sequence(items) => items.into_iter().map(normal).collect(),
        Value::Mapping(mapping) => {
            let pairs = mapping.pairs().iter().cloned();
            Value::Mapping(pairs.map(|(key, value)| (leaf(key), normal(value))).collect())
        }
    }
}

proptest! {
    #![proptest_config(testkit::cases(512))]

    /// What is written reads back as it was.
    #[test]
    fn reads_back(value in value()) {
        let text = emit(&value);
        let stream = parse(&text, &Limits::TEMPLATE);
        prop_assert!(stream.is_ok(), "{:?}\n{}", stream, text);
        let documents = stream.expect("it was asserted").documents;
        prop_assert_eq!(documents.len(), 1, "{}", text);
        prop_assert_eq!(read(&documents[0]), normal(value), "{}", text);
    }

    /// A plain text in a flow collection is one item, and a plain key is one key.
    #[test]
    fn plain_is_plain(text in text()) {
        if fault_of_plain(&text, true).is_none() {
            for around in [format!("[{text}]"), format!("{{{text}: x}}"), format!("- {text} # c"), format!("{text}: x")] {
                let stream = parse(&around, &Limits::TEMPLATE);
                prop_assert!(stream.is_ok() || text.len() > 1000, "{}", around);
                let Ok(stream) = stream else { return Ok(()) };
                let node = &stream.documents[0];
                let found = match &node.content {
                    Content::Sequence { items, .. } => items[0].as_str(),
                    Content::Mapping { pairs, .. } => pairs[0].0.as_str(),
                    _ => None,
                };
                prop_assert_eq!(found, Some(text.as_str()));
            }
        }
    }
}
