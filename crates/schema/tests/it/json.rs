//! Documents as JSON: every field as it was written.

use schema::document::Document;
use schema::edit::{DocumentRef, document_digest};
use schema::json::{document_json, only_document};
use schema::{Kind, edit};

use crate::read;

const TEXT: &str = "\
# first
apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: east-1
  labels: {floor: 3, version: 1.10}   # strings
spec:
  groups: [/stores]
  values: {ip: 0230, ratio: 1.10, n: 7, open: true, title: \"yes\", none: \"\"}
  capacity: {cpu: 8}
  agent: {keys: []}
---
  apiVersion: res-edge.dev/v1
  kind: Cluster
  metadata:
    name: east-2
  spec:
    decommission: True
";

#[test]
fn every_field_stands_as_it_was_written() {
    let (files, documents, diagnostics) = read("inventory/a.yaml", TEXT);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let shown = documents.iter().map(|document| {
        let Document::Cluster(cluster) = document else { panic!("only clusters are here") };
        let json = document_json(&files, Kind::Cluster, cluster.metadata.span);
        serde_json::to_string_pretty(&json.expect("it stands there")).unwrap()
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_version_of_a_document_is_what_an_edit_is_held_against() {
    let (files, documents, _) = read("inventory/a.yaml", TEXT);
    for document in documents {
        let Document::Cluster(cluster) = document else { panic!("only clusters are here") };
        let name = cluster.metadata.name.value.as_str();
        let json = document_json(&files, Kind::Cluster, cluster.metadata.span).unwrap();
        let named = DocumentRef::Named { kind: Kind::Cluster, name: name.into() };
        let digest = document_digest(TEXT, &named).unwrap();
        assert_eq!(json["metadata"]["resourceVersion"], digest.to_string());
        assert!(edit::edit(TEXT, Some(digest), &[]).is_ok());
    }
}

#[test]
fn the_settings_and_a_role_are_documents_too() {
    let fleet = "apiVersion: res-edge.dev/v1\nkind: Fleet\nmetadata: {name: contoso}\n\
        spec: {engine: 1, labels: {ring: [beta, prod], city: any}, budgets: {deletions: 2%}}\n";
    let (files, _, diagnostics) = read("fleet.yaml", fleet);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let span = only_document(&files, "fleet.yaml").unwrap();
    let fleet = document_json(&files, Kind::Fleet, span).unwrap();
    assert_eq!(
        fleet["spec"],
        serde_json::json!({
            "engine": 1,
            "labels": {"ring": ["beta", "prod"], "city": "any"},
            "budgets": {"deletions": "2%"},
        })
    );
}
