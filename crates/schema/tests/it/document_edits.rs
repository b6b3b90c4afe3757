//! Documents that are edited as a whole: what is sent as JSON becomes changes of the text.

use proptest::prelude::*;
use schema::Kind;
use schema::edit::{
    DocumentRef, EditError, changes_between, document_text, edit, without_document,
};
use schema::json::{document_json, only_document};
use serde_json::{Map, Value, json};

const TEXT: &str = "\
# the store in the quarter
apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: nola-1
  labels:
    ring: beta   # moved in May
    floor: 3
spec:
  groups: [/stores/central]   # by region
  values:
    ip: 0230
    title: Who dat
";

fn named(name: &str) -> DocumentRef {
    DocumentRef::Named { kind: Kind::Cluster, name: name.into() }
}

fn document(text: &str) -> Map<String, Value> {
    let files = crate::files(&[("inventory/a.yaml", text.as_bytes())]);
    let span = only_document(&files, "inventory/a.yaml").expect("it stands there");
    document_json(&files, Kind::Cluster, span).expect("it is a cluster")
}

/// The text after a document was replaced by what `change` makes of it.
fn replaced(change: impl FnOnce(&mut Value)) -> String {
    let old = document(TEXT);
    let mut new = Value::Object(old.clone());
    change(&mut new);
    let changes = changes_between(&named("nola-1"), &old, new.as_object().expect("a mapping"));
    edit(TEXT, None, &changes).expect("it can be edited")
}

#[test]
fn only_what_differs_is_written() {
    let same = replaced(|document| document["status"] = json!({"applications": []}));
    assert_eq!(same, TEXT);
    let edited = replaced(|document| {
        document["metadata"]["labels"]["ring"] = json!("prod");
        document["metadata"]["labels"]["city"] = json!("nola");
        document["spec"]["groups"] = json!(["/stores/central", "/stores/new"]);
        document["spec"]["values"].as_object_mut().unwrap().remove("title");
        document["spec"]["capacity"] = json!({"cpu": "8"});
    });
    let expected = "\
# the store in the quarter
apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: nola-1
  labels:
    ring: prod   # moved in May
    floor: 3
    city: nola
spec:
  groups: [/stores/central, /stores/new]   # by region
  values:
    ip: 0230
  capacity: {cpu: \"8\"}
";
    assert_eq!(edited, expected);
}

#[test]
fn a_new_document_is_written_in_the_canonical_form() {
    let mut new = document(TEXT);
    new.insert("status".to_owned(), json!({"applications": []}));
    let expected = "\
apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: nola-1
  labels:
    ring: beta
    floor: \"3\"
spec:
  groups:
  - /stores/central
  values:
    ip: \"0230\"
    title: Who dat
";
    assert_eq!(document_text(&new), expected);
}

#[test]
fn a_document_goes_and_the_others_stay_as_they_are() {
    let one = |name: &str| {
        format!(
            "# about {name}\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\n"
        )
    };
    let (a, b, c) = (one("a"), one("b"), one("c"));
    let all = format!("{a}---\n{b}--- # third\n{c}");
    let without = |name: &str| without_document(&all, &named(name)).unwrap().unwrap();
    assert_eq!(without("a"), format!("{b}--- # third\n{c}"));
    assert_eq!(without("b"), format!("{a}--- # third\n{c}"));
    assert_eq!(without("c"), format!("{a}---\n{b}"));
    assert_eq!(without_document(&a, &named("a")), Ok(None));
    let missing = without_document(&all, &named("d"));
    assert!(matches!(missing, Err(EditError::Document("no", _))), "{missing:?}");
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z]{1,4}|yes|0230|1\\.10|\\PC{1,6}".prop_map(Value::from),
        (0..50_u32).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(testkit::cases(100))]

    #[test]
    fn the_text_says_what_was_sent(
        values in prop::collection::vec(("[a-d]", scalar()), 0..5),
        groups in prop::collection::vec("/[a-c]{1,3}", 0..4),
    ) {
        let old = document(TEXT);
        let mut new = old.clone();
        let values: Map<String, Value> = values.into_iter().collect();
        new.insert("spec".to_owned(), json!({"values": values, "groups": groups}));
        let changes = changes_between(&named("nola-1"), &old, &new);
        let edited = edit(TEXT, None, &changes).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let read = document(&edited);
        let said = |document: &Map<String, Value>| document["spec"].clone();
        prop_assert_eq!(said(&read)["groups"].clone(), json!(groups));
        for (key, value) in &values {
            prop_assert_eq!(&said(&read)["values"][key], value);
        }
        let n = said(&read)["values"].as_object().map_or(0, Map::len);
        prop_assert_eq!(n, values.len());
    }
}
