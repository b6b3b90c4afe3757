//! Edits keep everything but what is edited.

use schema::Kind;
use schema::edit::{
    Action, Change, DocumentRef, EditError, PathPart, document_digest, edit, encode,
};

/// `a.b[0]` as a path.
fn path(text: &str) -> Vec<PathPart> {
    let mut parts = Vec::new();
    for step in text.split('.').filter(|step| !step.is_empty()) {
        let (key, indexes) = step.split_once('[').unwrap_or((step, ""));
        if !key.is_empty() {
            parts.push(PathPart::Key(key.into()));
        }
        let numbers = indexes.split(['[', ']']).filter(|number| !number.is_empty());
        parts.extend(numbers.map(|number| PathPart::Index(number.parse().expect("a number"))));
    }
    parts
}

fn change(at: &str, action: Action) -> Change {
    Change { document: DocumentRef::Index(0), path: path(at), action }
}

fn one(text: &str, at: &str, action: Action) -> String {
    edit(text, None, &[change(at, action)]).unwrap_or_else(|error| format!("error: {error}"))
}

fn set(text: &str, at: &str, value: &str) -> String {
    one(text, at, Action::Set(value.into()))
}

fn remove(text: &str, at: &str) -> String {
    one(text, at, Action::Remove)
}

fn insert(text: &str, at: &str, key: &str, value: &str) -> String {
    one(text, at, Action::Insert { key: key.into(), value: value.into() })
}

fn append(text: &str, at: &str, value: &str) -> String {
    one(text, at, Action::Append(value.into()))
}

const CLUSTER: &str = "\
# All stores.
apiVersion: res-edge.dev/v1
kind: Cluster   # a store
metadata:
  name: nola-1
  # who gets betas
  labels: {ring: beta, 'city': \"nola\"}  # keep
spec:
  # where it hangs
  groups:
  - /stores/la   # first

  - /beta
  values:      # from the network team
    ipRange: 10.0.0.0/8
    motd: |
      Hello

    # the end
";

#[test]
fn set_replaces_only_the_node() {
    let cases = [
        set(CLUSTER, "metadata.labels.ring", "prod"),
        set(CLUSTER, "spec.groups[1]", "/prod"),
        set(CLUSTER, "spec.values.motd", "short"),
        set(CLUSTER, "spec.groups", "[/one]"),
        set(CLUSTER, "spec.values", "{}"),
    ];
    insta::assert_snapshot!("set", cases.join("\n----\n"));
}

#[test]
fn entries_are_added_and_removed_in_their_style() {
    let cases = [
        insert(CLUSTER, "metadata.labels", "open", "\"yes\""),
        insert(CLUSTER, "spec.values", "tax", "9.45"),
        insert(CLUSTER, "spec", "timeZone", "America/Chicago"),
        insert(CLUSTER, "", "status", "{a: b}"),
        append(CLUSTER, "spec.groups", "/prod"),
        remove(CLUSTER, "metadata.labels.ring"),
        remove(CLUSTER, "metadata.labels.city"),
        remove(CLUSTER, "metadata.labels"),
        remove(CLUSTER, "spec.groups[0]"),
        remove(CLUSTER, "spec.groups[1]"),
        remove(CLUSTER, "spec.groups"),
        remove(CLUSTER, "spec.values.motd"),
        remove(CLUSTER, "spec.values"),
    ];
    insta::assert_snapshot!("entries", cases.join("\n----\n"));
}

#[test]
fn values_that_are_not_written_are_filled() {
    assert_eq!(set("a:\nb: 1\n", "a", "x"), "a: x\nb: 1\n");
    assert_eq!(set("a: # c\n", "a", "x"), "a: x # c\n");
    assert_eq!(set("{a, b: }\n", "a", "x"), "{a: x, b: }\n");
    assert_eq!(set("{a, b: }\n", "b", "x"), "{a, b: x }\n");
    assert_eq!(set("-\n- b\n", "[0]", "x"), "- x\n- b\n");
    assert_eq!(insert("a:\n", "a", "b", "1"), "a:\n  b: 1\n");
    assert_eq!(insert("a: # c\nd: 1", "a", "b", "1"), "a: # c\n  b: 1\nd: 1");
    assert_eq!(insert("a: {}\n", "a", "b", "1"), "a: {b: 1}\n");
    assert_eq!(insert("a: ~\n", "a", "b", "1"), "a: {b: 1}\n");
    assert_eq!(append("x:\n  a:\n", "x.a", "1"), "x:\n  a:\n    - 1\n");
    assert_eq!(append("a: []\n", "a", "1"), "a: [1]\n");
    assert_eq!(append("a: [1,]\n", "a", "2"), "a: [1, 2,]\n");
}

#[test]
fn the_last_entry_leaves_an_empty_collection() {
    assert_eq!(remove("a:\n  b: 1  # c\nd: 2\n", "a.b"), "a: {}  # c\nd: 2\n");
    assert_eq!(remove("a: {b: 1}\n", "a.b"), "a: {}\n");
    assert_eq!(remove("a: {b: 1,}\n", "a.b"), "a: {}\n");
    assert_eq!(remove("a:\n- 1\n", "a[0]"), "a: []\n");
    assert_eq!(remove("a: 1\n", "a"), "{}\n");
}

#[test]
fn lines_end_as_they_did() {
    let text = "a: 1 # x\r\nb:\r\n  - |\r\n    y\r\n  - z\r\nc: {d: e}\r\n";
    assert_eq!(insert(text, "", "m", "1"), format!("{text}m: 1\r\n"));
    assert_eq!(
        append(text, "b", "q"),
        "a: 1 # x\r\nb:\r\n  - |\r\n    y\r\n  - z\r\n  - q\r\nc: {d: e}\r\n"
    );
    assert_eq!(set(text, "b[0]", "q"), "a: 1 # x\r\nb:\r\n  - q\r\n  - z\r\nc: {d: e}\r\n");
    assert_eq!(remove(text, "b[0]"), "a: 1 # x\r\nb:\r\n  - z\r\nc: {d: e}\r\n");
    assert_eq!(insert("a: 1", "", "b", "2"), "a: 1\nb: 2");
    assert_eq!(remove("a: 1\nb: 2", "b"), "a: 1\n");
}

#[test]
fn compact_items_keep_their_dash() {
    let text = "- a: 1  # x\n  b: 2\n- c: 3\n";
    assert_eq!(remove(text, "[0].a"), "- b: 2\n- c: 3\n");
    assert_eq!(remove(text, "[0].b"), "- a: 1  # x\n- c: 3\n");
    assert_eq!(insert(text, "[0]", "d", "4"), "- a: 1  # x\n  b: 2\n  d: 4\n- c: 3\n");
    assert_eq!(remove("- - a\n  - b\n", "[0][0]"), "- - b\n");
    let commented = "- a: 1\n  # of b\n  b: 2\n";
    assert_eq!(
        remove(commented, "[0].a"),
        "error: `[0].a` is written in a way that cannot be edited in place: edit the file by hand"
    );
}

#[test]
fn documents_are_found_by_kind_and_name() {
    let text = "kind: Group\nmetadata: {name: la}\nspec: {parent: /stores}\n---\n---\nkind: Group\nmetadata: {name: la}\n---\nkind: Cluster\nmetadata: {name: la}\n";
    let named = |kind, name: &str| DocumentRef::Named { kind, name: name.into() };
    let rename = |document| {
        let change =
            Change { document, path: path("metadata.name"), action: Action::Set("x".into()) };
        edit(text, None, &[change])
            .map(|edited| edited.lines().position(|line| line.contains("name: x")))
    };
    assert_eq!(rename(named(Kind::Group, "/stores/la")), Ok(Some(1)));
    assert_eq!(rename(named(Kind::Group, "/la")), Ok(Some(6)));
    assert_eq!(rename(named(Kind::Cluster, "la")), Ok(Some(9)));
    assert_eq!(rename(DocumentRef::Index(2)), Ok(Some(9)));
    assert_eq!(
        rename(named(Kind::Cluster, "nola")).unwrap_err().to_string(),
        "there is no document Cluster `nola` in the file"
    );
}

#[test]
fn a_document_that_changed_meanwhile_is_a_conflict() {
    let set = change("a", Action::Set("2".into()));
    let digest = document_digest("# x\na: 1\n", &DocumentRef::Index(0)).unwrap();
    // Elsewhere in the file another document may change.
    assert_eq!(
        edit("# y\na: 1\n---\nb: 1\n", Some(digest), std::slice::from_ref(&set)).unwrap(),
        "# y\na: 2\n---\nb: 1\n"
    );
    let conflict = edit("a: 3\n", Some(digest), &[set]).unwrap_err();
    assert!(matches!(conflict, EditError::Conflict { expected, .. } if expected == digest));
}

#[test]
fn wrong_edits_are_refused() {
    let text = "a: {b: 1}\nc: [1]\nd: x\n";
    let said = [
        set(text, "x", "1"),
        set(text, "a.b.c", "1"),
        set(text, "c[1]", "1"),
        remove(text, "a.x"),
        remove(text, ""),
        insert(text, "a", "b", "2"),
        insert(text, "c", "b", "2"),
        append(text, "d", "2"),
        set(text, "d", "two\nlines"),
        set(text, "d", "a, b"),
        set(text, "d", "a # b"),
        set(text, "d", "[a"),
        set(text, "d", "a: b"),
        set(text, "d", ""),
        set(text, "d", "a] [b"),
        set("a: [\n", "a", "1"),
    ];
    insta::assert_snapshot!(said.join("\n"), @"
    error: there is nothing at `x`
    error: there is nothing at `a.b.c`
    error: there is nothing at `c[1]`
    error: there is nothing at `a.x`
    error: there is nothing at `the document`
    error: the key `b` is there already
    error: `c` is no mapping
    error: `d` is no sequence
    error: `two
    lines` is not a value on one line
    error: `a, b` is not a value on one line
    error: `a # b` is not a value on one line
    error: `[a` is not a value on one line
    error: `a: b` is not a value on one line
    error: `` is not a value on one line
    error: `a] [b` is not a value on one line
    error: the file cannot be parsed: the bracket `[` is not closed by its twin
    ");
}

#[test]
fn encoded_scalars_read_as_themselves() {
    use model::{Scalar, ScalarKind};
    let strings = [
        "a",
        "",
        " ",
        "a b",
        "a: b",
        "a #b",
        "- a",
        "yes",
        "1",
        "1.10",
        "0644",
        "null",
        "~",
        "2024-01-01",
        "12:30",
        "a,b",
        "{a}",
        "[a]",
        "'",
        "\"",
        "\\",
        "a\nb",
        "\t",
        "é",
        "\u{7f}",
        "\u{2028}",
        "\u{feff}",
        "😀",
        "/m/ring/beta and not /c/x",
        "#a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "a ",
        "---",
        "...",
        "a:",
        "=",
        "<<",
        "\u{85}",
        "-",
        "?",
        "x\u{10ffff}",
    ];
    for string in strings {
        let text = encode(&Scalar::string(string));
        for frame in ["k: V\n", "k: [V, x]\n", "k: {V: V, x: y}\n", "- V\n"] {
            let yaml = frame.replace('V', &text);
            let stream = schema::yaml::parse(&yaml, &schema::yaml::Limits::INVENTORY)
                .unwrap_or_else(|error| panic!("{yaml:?}: {error}"));
            let root = &stream.documents[0];
            let mut node = root.get("k").unwrap_or(root);
            node = node.items().map_or(node, |items| &items[0]);
            node = node.pairs().map_or(node, |pairs| &pairs[0].1);
            assert_eq!(node.as_str(), Some(string), "{yaml:?}");
            assert_eq!(node.scalar_kind(), Some(ScalarKind::String), "{yaml:?}");
        }
    }
    let number = Scalar { text: "0230".into(), kind: ScalarKind::Integer };
    assert_eq!(encode(&number), "0230");
    assert_eq!(
        encode(&Scalar::string("/g/stores and not /m/ring/prod")),
        "/g/stores and not /m/ring/prod"
    );
}
