//! What holds for every template and every value.

use std::collections::HashMap;

use model::{FileId, MemoryObjects, Scalar, ScalarKind};
use plan::template::{KeyUse, parse_objects, parse_verbatim};
use proptest::prelude::*;
use schema::yaml::emit::{fault_of_plain, stands_plain};
use schema::yaml::{Content, Limits, Node, Style, kind_of, parse};

use super::files_of;
use super::generate::{template, values};

/// The value of each key of a template, taken in turn.
fn assign(keys: &[KeyUse], values: &[Scalar]) -> (Vec<Scalar>, HashMap<String, Scalar>) {
    let number = |key: &KeyUse| key.key.bytes().map(usize::from).sum::<usize>() % values.len();
    let chosen: Vec<Scalar> = keys.iter().map(|key| values[number(key)].clone()).collect();
    let names = keys
        .iter()
        .map(|key| format!("rea.{}.{}", format!("{:?}", key.space).to_lowercase(), key.key));
    let by_name = names.zip(chosen.iter().cloned()).collect();
    (chosen, by_name)
}

/// A text with its placeholders replaced, by a reading of the rule that shares nothing with the
/// room: whether there was one, and the text.
fn substitute(text: &str, values: &HashMap<String, Scalar>) -> (usize, String) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut result, mut rest, mut n) = (String::new(), text, 0);
    while let Some(at) = rest.find("rea.") {
        let before = rest[..at].chars().next_back().or_else(|| result.chars().next_back());
        let after_value = at == 0 && n > 0;
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let escaped = rest.starts_with("rea..");
        let name = rest.replacen("rea..", "rea.", 1);
        let end = name.char_indices().skip(4).find(|(_, c)| !is_word(*c) && *c != '.');
        let words: Vec<&str> = name[..end.map_or(name.len(), |(at, _)| at)].split('.').collect();
        let key: String = words
            .get(2)
            .unwrap_or(&"")
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let known = ["cluster", "namespace", "application"].contains(words.get(1).unwrap_or(&""));
        let own = if after_value { false } else { before.is_some_and(is_word) };
        if !known || key.is_empty() || own {
            result.push_str("rea.");
            rest = &rest[4..];
            continue;
        }
        let full = format!("rea.{}.{key}", words[1]);
        if escaped {
            result.push_str(&full);
            rest = &rest[full.len() + 1..];
        } else {
            result.push_str(&values[&full].text);
            rest = &rest[full.len()..];
            n += 1;
        }
    }
    result.push_str(rest);
    (n, result)
}

/// Compares a filled node with the one of the template.
fn check_node(
    before: &Node,
    after: &Node,
    values: &HashMap<String, Scalar>,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(&before.tag, &after.tag);
    match (&before.content, &after.content) {
        (
            Content::Scalar { text, style },
            Content::Scalar { text: filled, style: filled_style },
        ) => {
            prop_assert_eq!(style, filled_style);
            check_text(text, *style, filled, values)?;
        }
        (Content::Sequence { flow, items }, Content::Sequence { flow: f, items: i }) => {
            prop_assert_eq!((flow, items.len()), (f, i.len()));
            for (before, after) in items.iter().zip(i) {
                check_node(before, after, values)?;
            }
        }
        (Content::Mapping { flow, pairs }, Content::Mapping { flow: f, pairs: p }) => {
            prop_assert_eq!((flow, pairs.len()), (f, p.len()));
            for (before, after) in pairs.iter().zip(p) {
                check_node(&before.0, &after.0, values)?;
                check_node(&before.1, &after.1, values)?;
            }
        }
        (before, after) => prop_assert_eq!(before, after),
    }
    Ok(())
}

fn check_text(
    before: &str,
    style: Style,
    after: &str,
    values: &HashMap<String, Scalar>,
) -> Result<(), TestCaseError> {
    let (n, expected) = substitute(before, values);
    let sole = values.get(before).filter(|_| style == Style::Plain);
    match sole {
        Some(value) if value.kind == ScalarKind::Null && value.text.is_empty() => {
            prop_assert_eq!(after, "null");
        }
        _ => prop_assert_eq!(after, expected.as_str()),
    }
    if style == Style::Plain && n > 0 {
        let kind = sole.map_or(ScalarKind::String, |value| value.kind);
        prop_assert_eq!(kind_of(after), kind);
        prop_assert!(kind != ScalarKind::String || stands_plain(after) || after.contains('\n'));
    }
    Ok(())
}

/// Whether any mapping has two equal keys.
fn has_duplicates(node: &Node) -> bool {
    let children: Vec<&Node> = match &node.content {
        Content::Sequence { items, .. } => items.iter().collect(),
        Content::Mapping { pairs, .. } => pairs.iter().flat_map(|(k, v)| [k, v]).collect(),
        _ => Vec::new(),
    };
    let mut keys: Vec<_> =
        node.pairs().unwrap_or_default().iter().filter_map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1]) || children.into_iter().any(has_duplicates)
}

/// A tree as every reader must see it: kinds and texts, keys in order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    String(String),
    AsWritten(String),
    Sequence(Vec<Seen>),
    Mapping(Vec<(Seen, Seen)>),
}

fn see(node: &Node) -> Seen {
    match &node.content {
        Content::Scalar { text, style: Style::Plain } if text.is_empty() => {
            Seen::AsWritten("null".to_owned())
        }
        Content::Scalar { text, style } => {
            let plain = *style == Style::Plain && fault_of_plain(text, false).is_none();
            let string = !plain || stands_plain(text);
            if string { Seen::String(text.to_string()) } else { Seen::AsWritten(text.to_string()) }
        }
        Content::Sequence { items, .. } => Seen::Sequence(items.iter().map(see).collect()),
        Content::Mapping { pairs, .. } => {
            let mut pairs: Vec<_> =
                pairs.iter().map(|(key, value)| (see(key), see(value))).collect();
            pairs.sort_by(|a, b| text_of(&a.0).cmp(text_of(&b.0)));
            Seen::Mapping(pairs)
        }
        Content::Alias(_) => Seen::Sequence(Vec::new()),
    }
}

fn text_of(seen: &Seen) -> &str {
    match seen {
        Seen::String(text) | Seen::AsWritten(text) => text,
        _ => "",
    }
}

fn indented(template: &str) -> String {
    template
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
        .collect()
}

proptest! {
    #![proptest_config(testkit::cases(512))]

    /// A value that is accepted changes one scalar's text and nothing else.
    #[test]
    fn values_change_nothing_but_their_scalar(text in template(), values in values()) {
        let files = files_of("a.yaml", text.as_bytes());
        let Ok(template) = parse_verbatim(&files, FileId(0), 0) else { return Ok(()) };
        let (chosen, by_name) = assign(template.keys(), &values);
        let sink = MemoryObjects::default();
        let Ok(blob) = template.fill(&chosen.iter().collect::<Vec<_>>(), &sink) else { return Ok(()) };
        let filled = sink.get_blob(blob).expect("it was put in");
        let filled = std::str::from_utf8(&filled).expect("text stays text");
        let before = parse(&text, &Limits::TEMPLATE).expect("the template was accepted");
        let after = parse(filled, &Limits::TEMPLATE);
        prop_assert!(after.is_ok(), "{:?}\n{}", after, filled);
        let after = after.expect("it was asserted");
        prop_assert_eq!(before.documents.len(), after.documents.len());
        for (before, after) in before.documents.iter().zip(&after.documents) {
            check_node(before, after, &by_name)?;
            prop_assert!(has_duplicates(before) || !has_duplicates(after));
        }
        prop_assert_eq!(before.comments.len(), after.comments.len());
        for (comment, other) in before.comments.iter().zip(&after.comments) {
            let (_, expected) = substitute(&text[comment.clone()], &by_name);
            prop_assert_eq!(expected.as_str(), &filled[other.clone()]);
        }
    }

    /// The objects of a file are what the file says when it is filled as it is, and the same
    /// values are refused.
    #[test]
    fn both_layouts_agree(text in template(), values in values()) {
        let body = indented(text.trim_start_matches('\u{feff}'));
        let text = format!("apiVersion: v1\nkind: X\nmetadata:\n  name: web\nspec:\n{body}");
        let files = files_of("a.yaml", text.as_bytes());
        let Ok(objects) = parse_objects(&files, FileId(0), 0) else { return Ok(()) };
        let verbatim = parse_verbatim(&files, FileId(0), 0);
        prop_assert!(verbatim.is_ok(), "{:?}", verbatim.err());
        let verbatim = verbatim.expect("it was asserted");
        let sink = MemoryObjects::default();
        let (chosen, _) = assign(verbatim.keys(), &values);
        let file = verbatim.fill(&chosen.iter().collect::<Vec<_>>(), &sink);
        let (chosen, _) = assign(objects[0].keys(), &values);
        let object = objects[0].fill(&chosen.iter().collect::<Vec<_>>(), &sink);
        if let Ok(file) = &file {
            prop_assert!(object.is_ok(), "{:?}", object.err());
            let file = sink.get_blob(*file).expect("it was put in");
            let file = parse(std::str::from_utf8(&file).expect("text"), &Limits::TEMPLATE);
            let object = sink.get_blob(object.expect("it was asserted").blob).expect("it was put in");
            let object = std::str::from_utf8(&object).expect("text");
            let tree = parse(object, &Limits::TEMPLATE).map_err(|error| TestCaseError::fail(format!("{error}\n{object}")))?;
            prop_assert_eq!(see(&tree.documents[0]), see(&file.expect("it is YAML").documents[0]));
            let again = files_of("b.yaml", object.as_bytes());
            if !object.contains("rea.") {
                let again = parse_objects(&again, FileId(0), 0).map_err(|errors| TestCaseError::fail(format!("{errors:?}")))?;
                let again = again[0].fill(&[], &sink).expect("nothing is filled").blob;
                let again = sink.get_blob(again).expect("it was put in");
                prop_assert_eq!(std::str::from_utf8(&again).expect("text"), object);
            }
        } else if !text.contains(" # ") && verbatim.keys().len() == objects[0].keys().len() {
            prop_assert!(object.is_err());
        }
    }
}
