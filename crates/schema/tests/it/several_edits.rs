//! Several documents of one file, and documents as text.

use proptest::prelude::*;
use schema::Kind;
use schema::edit::{
    Action, Change, DocumentEdit, DocumentRef, EditError, Identity, PathPart, edit, edit_documents,
    split_documents, text_of, with_document,
};

const TEXT: &str = "\
# the stores
apiVersion: res-edge.dev/v1
kind: Cluster   # the first
metadata: {name: a, labels: {ring: beta}}
# below the first
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: b
  labels:
    ring: beta   # since May
spec:
  groups: [/stores]
";

fn cluster(name: &str) -> DocumentRef {
    DocumentRef::Named { kind: Kind::Cluster, name: name.into() }
}

fn ring(value: &str) -> DocumentEdit {
    let path = ["metadata", "labels", "ring"].map(|key| PathPart::Key(key.into())).to_vec();
    let action = Action::Set(value.into());
    DocumentEdit::Changes(vec![Change { document: DocumentRef::Index(7), path, action }])
}

#[test]
fn several_documents_are_edited_and_the_rest_stays() {
    let edited = edit_documents(TEXT, &[(cluster("b"), ring("prod")), (cluster("a"), ring("x"))]);
    let expected = TEXT.replace("ring: beta}", "ring: x}").replace("ring: beta ", "ring: prod ");
    assert_eq!(edited, Ok(expected));
    let twice = [(cluster("b"), ring("prod")), (cluster("b"), ring("x"))];
    assert_eq!(edit_documents(TEXT, &twice), Err(EditError::SeveralDocuments));
    assert!(matches!(
        edit_documents(TEXT, &[(cluster("c"), ring("x"))]),
        Err(EditError::Document("no", _))
    ));
}

#[test]
fn a_text_takes_the_place_of_a_document_with_its_comments() {
    let shown = text_of(TEXT, &cluster("b")).unwrap();
    assert!(shown.starts_with("apiVersion") && shown.ends_with("groups: [/stores]\n"), "{shown}");
    let new = format!("---\n# mine\n{}", shown.replace("beta   # since May", "prod # by anna"));
    let edited = edit_documents(TEXT, &[(cluster("b"), DocumentEdit::Text(new))]).unwrap();
    let expected = TEXT
        .replace("beta   # since May", "prod # by anna")
        .replace("---\napiVersion", "---\n# mine\napiVersion");
    assert_eq!(edited, expected);
    // A text that brings the comments above it is in their place, and does not repeat them.
    let same = format!("# the stores\n{}", text_of(TEXT, &cluster("a")).unwrap());
    let edit = [(cluster("a"), DocumentEdit::Text(same))];
    assert_eq!(edit_documents(TEXT, &edit), Ok(TEXT.to_owned()));
    for wrong in ["a: 1\n---\nb: 2\n", "", "# nothing\n", "a: [\n"] {
        let edit = [(cluster("b"), DocumentEdit::Text(wrong.to_owned()))];
        assert!(edit_documents(TEXT, &edit).is_err(), "{wrong}");
    }
}

#[test]
fn a_document_is_added_at_the_end() {
    let new = "--- # more\nkind: Cluster # new\nmetadata: {name: c}\n...\n";
    let all = with_document(TEXT, new);
    let added = with_document(TEXT, "kind: Cluster # new\nmetadata: {name: c}\n").unwrap();
    assert_eq!(added, format!("{TEXT}---\nkind: Cluster # new\nmetadata: {{name: c}}\n"));
    assert_eq!(all, Ok(added));
    assert_eq!(with_document("", "a: 1"), Ok("a: 1\n".to_owned()));
    assert!(with_document(TEXT, "a: 1\n---\nb: 1\n").is_err());
}

#[test]
fn a_text_says_which_document_it_is() {
    let of = |text: &str| {
        let found = Identity::of_text(text).unwrap();
        found.map(|one| format!("{} {} {}", one.kind.word(), one.name, one.former.is_some()))
    };
    assert_eq!(of("kind: Role\nmetadata: {name: x}").unwrap(), "Role x false");
    let group = "kind: Group\nmetadata: {name: la, formerPath: /x}\nspec: {parent: /stores}";
    assert_eq!(of(group).unwrap(), "Group /stores/la true");
    assert_eq!(of("kind: Other\nmetadata: {name: x}"), None);
    assert_eq!(of("kind: Role"), None);
}

#[test]
fn a_text_is_split_where_documents_end() {
    let text = "# a\na: 1\n--- # more\nb: |\n  ---x\n---\n# nothing\n\n--- {c: 1}\n---\n";
    let parts = split_documents(text);
    assert_eq!(parts, ["# a\na: 1\n", "b: |\n  ---x\n", "--- {c: 1}\n"]);
    assert!(split_documents("# nothing\n").is_empty());
}

fn file() -> impl Strategy<Value = Vec<String>> {
    let comment = "(# [a-z]{1,6}\n)?";
    let one = (comment, comment, comment, "( # [a-z]{1,5})?").prop_map(|(a, b, c, d)| {
        format!("{a}kind: Cluster\n{b}metadata:{d}\n  name: NAME\n  labels: {{ring: beta}}{d}\n{c}")
    });
    prop::collection::vec(one, 1..6)
}

proptest! {
    #![proptest_config(testkit::cases(100))]

    #[test]
    fn editing_several_is_editing_each_and_comments_stay(
        documents in file(),
        chosen in prop::collection::vec(any::<bool>(), 6),
    ) {
        let named = documents.iter().enumerate().map(|(i, one)| one.replace("NAME", &format!("n{i}")));
        let text = named.collect::<Vec<_>>().join("---\n");
        let chosen = (0..documents.len()).filter(|index| chosen[*index]);
        let names: Vec<String> = chosen.map(|index| format!("n{index}")).collect();
        let edits: Vec<_> = names.iter().map(|name| (cluster(name), ring("prod"))).collect();
        let together = edit_documents(&text, &edits)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut each = text.clone();
        for (document, one) in &edits {
            let DocumentEdit::Changes(changes) = one else { unreachable!() };
            let changes: Vec<Change> = changes
                .iter()
                .map(|change| Change { document: document.clone(), ..change.clone() })
                .collect();
            each = edit(&each, None, &changes)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
        }
        prop_assert_eq!(&together, &each);
        prop_assert_eq!(together.matches('#').count(), text.matches('#').count());
        prop_assert_eq!(together.matches("ring: prod").count(), names.len());
    }
}
