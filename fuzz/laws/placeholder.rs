//! No value changes the structure of a template.
//!
//! The first line of the input is the value (`\n` in it is a line break; a leading `"` makes it
//! a string whatever it reads as), the rest is the template. What was filled has the same
//! mappings, sequences and scalars in the same places, or it was refused.

use model::{FileId, Files, MemoryObjects, Scalar, ScalarKind, SourceFile};
use plan::template::{parse_objects, parse_verbatim};
use schema::yaml::{Content, Limits, Node, kind_of};

fn value(line: &str) -> Scalar {
    let text = line.replace("\\n", "\n");
    match text.strip_prefix('"') {
        Some(text) => Scalar::string(text),
        None => match kind_of(&text) {
            ScalarKind::Null => Scalar::string(&text),
            kind => Scalar { text: text.as_str().into(), kind },
        },
    }
}

/// The structure of a document: its collections, and a letter for each scalar.
fn shape(node: &Node) -> String {
    match &node.content {
        Content::Scalar { .. } => "s".to_owned(),
        Content::Alias(_) => "a".to_owned(),
        Content::Sequence { items, .. } => {
            format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(" "))
        }
        Content::Mapping { pairs, .. } => {
            let pair = |(key, value): &(Node, Node)| format!("{}:{}", shape(key), shape(value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(" "))
        }
    }
}

fn shapes(text: &str) -> Option<Vec<String>> {
    let stream = schema::yaml::parse(text, &Limits::TEMPLATE).ok()?;
    Some(stream.documents.iter().map(shape).collect())
}

/// Panics where the law does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(input) = std::str::from_utf8(bytes) else { return };
    let Some((line, text)) = input.split_once('\n') else { return };
    let value = value(line);
    let file = SourceFile {
        path: "apps/web/base/web.yaml".into(),
        bytes: text.as_bytes().into(),
        id: model::hash_blob(&[text.as_bytes()]),
        executable: false,
    };
    let files = Files::new(vec![file]);
    let objects = MemoryObjects::default();
    if let Ok(template) = parse_verbatim(&files, FileId(0), 0) {
        let values = vec![&value; template.keys().len()];
        if let (Some(before), Ok(id)) = (shapes(text), template.fill(&values, &objects)) {
            let filled = objects.get_blob(id).expect("what was filled is kept");
            let filled = std::str::from_utf8(&filled).expect("text filled with text is text");
            assert_eq!(shapes(filled), Some(before), "filled:\n{filled}");
        }
    }
    for template in parse_objects(&files, FileId(0), 0).into_iter().flatten() {
        let values = vec![&value; template.keys().len()];
        if let Ok(filled) = template.fill(&values, &objects) {
            let bytes = objects.get_blob(filled.blob).expect("what was filled is kept");
            let text = std::str::from_utf8(&bytes).expect("a manifest is text");
            assert!(shapes(text).is_some(), "a manifest is YAML:\n{text}");
        }
    }
}
