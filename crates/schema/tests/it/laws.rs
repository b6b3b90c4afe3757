//! Laws that hold for every text: reading never panics, places are sound, order does not count,
//! and edits touch nothing else.

use proptest::prelude::*;
use schema::edit::{Action, Change, DocumentRef, PathPart, document_digest, edit};
use schema::yaml::{Content, Limits, Node, parse};

/// Pieces of YAML that meet in odd ways.
const PIECES: &[&str] = &[
    "a",
    "b: ",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "\r\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "# c",
    " #",
    "'",
    "\"",
    "|",
    ">",
    "|+\n",
    ">-\n",
    "&x ",
    "*x",
    "!t ",
    "!!str ",
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "\\",
    "\u{feff}",
    "ü",
    "😀",
    "\0",
    "~",
    "1",
    "<<: ",
    "<<<<<<< x\n",
    "apiVersion: res-edge.dev/v1\n",
    "kind: Cluster\n",
    "metadata: ",
    "spec:\n",
    "  name: a\n",
];

fn odd_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

const DOCUMENTS: &str = include_str!("documents.yaml");

/// A right text with some of its bytes changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<u8>(), prop::sample::select(PIECES), 0..4_u8),
        1..6,
    );
    edits.prop_map(|edits| {
        let mut bytes = DOCUMENTS.as_bytes().to_vec();
        for (place, byte, piece, what) in edits {
            let at = place.index(bytes.len().max(1));
            if bytes.is_empty() {
                break;
            }
            match what {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => drop(bytes.splice(at..at, piece.bytes())),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    })
}

fn read_everywhere(bytes: &[u8]) {
    for path in ["fleet.yaml", "inventory/a.yaml", "policies/a.yaml"] {
        let files = crate::files(&[(path, bytes)]);
        let (_, diagnostics) = schema::read(&files, model::FileId(0));
        let _ = crate::render(&files, &diagnostics);
        for label in diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels) {
            assert!(label.span.start <= label.span.end);
            assert!(label.span.end as usize <= bytes.len());
        }
    }
}

/// Ranges stand on characters, inside their parents and after one another.
fn check_places(text: &str, node: &Node) {
    assert!(text.get(node.range.clone()).is_some(), "{text:?} {:?}", node.range);
    let children: Vec<&Node> = match &node.content {
        Content::Mapping { pairs, .. } => {
            pairs.iter().flat_map(|(key, value)| [key, value]).collect()
        }
        Content::Sequence { items, .. } => items.iter().collect(),
        Content::Scalar { .. } | Content::Alias(_) => Vec::new(),
    };
    let mut last = node.range.start;
    for child in children {
        assert!(last <= child.range.start, "{text:?}: {child:?} starts before {last}");
        assert!(child.range.end <= node.range.end, "{text:?}: {child:?} leaves {:?}", node.range);
        last = child.range.end;
        check_places(text, child);
    }
}

proptest! {
    #![proptest_config(testkit::cases(512))]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_everywhere(&bytes);
    }

    #[test]
    fn odd_texts_are_read_without_panic(text in odd_text()) {
        read_everywhere(text.as_bytes());
    }

    #[test]
    fn mutated_documents_are_read_without_panic(bytes in mutated()) {
        read_everywhere(&bytes);
    }

    #[test]
    fn places_are_sound(text in odd_text()) {
        if let Ok(stream) = parse(&text, &Limits::INVENTORY) {
            for document in &stream.documents {
                check_places(&text, document);
            }
            for comment in &stream.comments {
                prop_assert!(text[comment.clone()].starts_with('#'));
            }
        }
    }

    #[test]
    fn odd_texts_are_edited_without_panic(text in odd_text(), steps in prop::collection::vec(0..4_usize, 0..4), what in 0..4_u8) {
        let keys = ["a", "b", "metadata", "spec"];
        let path = steps.iter().map(|step| match step {
            3 => PathPart::Index(0),
            step => PathPart::Key(keys[*step].into()),
        }).collect();
        let action = match what {
            0 => Action::Set("1".into()),
            1 => Action::Remove,
            2 => Action::Insert { key: "z".into(), value: "1".into() },
            _ => Action::Append("1".into()),
        };
        let document = DocumentRef::Index(0);
        let digest = document_digest(&text, &document).ok();
        let _ = edit(&text, digest, &[Change { document, path, action }]);
    }
}

/// The documents of `DOCUMENTS`, one text each.
fn parts() -> Vec<&'static str> {
    DOCUMENTS.split("---\n").filter(|part| !part.trim().is_empty()).collect()
}

/// What documents say, without their places, in a fixed order.
fn said(source: &model::Source) -> Vec<String> {
    let (documents, diagnostics) = schema::read_source(source);
    assert_eq!(crate::render(&source.files, &diagnostics), "");
    let spans = |text: String| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("Span {") {
            out.push_str(before);
            rest = after.split_once('}').map_or("", |(_, rest)| rest);
        }
        out + rest
    };
    let mut said: Vec<String> =
        documents.iter().map(|document| spans(format!("{document:?}"))).collect();
    said.sort();
    said
}

proptest! {
    #![proptest_config(testkit::cases(64))]

    #[test]
    fn splitting_and_reordering_change_nothing(
        order in Just((0..parts().len()).collect::<Vec<_>>()).prop_shuffle(),
        files in prop::collection::vec(0..4_usize, parts().len()),
    ) {
        let whole = crate::source_of(&[("inventory/all.yaml", DOCUMENTS.as_bytes())]);
        let mut texts = vec![String::new(); 4];
        for (part, file) in order.iter().zip(&files) {
            texts[*file] += &format!("---\n{}", parts()[*part]);
        }
        let names: Vec<String> = (0..4).map(|file| format!("inventory/{file}/x.yaml")).collect();
        let split: Vec<(&str, &[u8])> = names
            .iter()
            .zip(&texts)
            .map(|(name, text)| (name.as_str(), text.as_bytes()))
            .collect();
        prop_assert_eq!(said(&whole), said(&crate::source_of(&split)));
    }
}
