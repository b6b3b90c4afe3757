//! Right documents of every kind.

use std::time::Duration;

use schema::Document;
use schema::document::{Cover, LayoutDocument, Subject, Verb};

const FLEET: &str = r#"apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: contoso, uid: 5f0c2d6a9b3e4f7081a2b3c4d5e6f708}
spec:
  engine: 1
  labels: {ring: [beta, prod, 1.10], city: any}
  values: {registry: registry.contoso.example, replicas: 3}
  layout:
    flux: {bootstrap: apps/flux-system, source: gitops, compatibility: "0.20"}
  delivery:
    directory: {branch: main, path: clusters, fanOut: hex2}
  budgets: {deletions: 0.5%}
  maxHold: 4h
"#;

const INVENTORY: &str = include_str!("documents.yaml");

const ROLE: &str = r#"apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: pets-editors}
spec:
  subjects: ["user:anna", "group:oidc/pets", "token:ci"]
  rules:
    - {verbs: [read, propose, merge, approve], kinds: [Application], groups: [/stores], namespaces: [dogs-cats]}
    - {verbs: [read], kinds: [Cluster], groups: all}
  approvals: {count: 1, notAuthor: true}
"#;

fn read_all(path: &str, text: &str) -> Vec<Document> {
    let (files, documents, diagnostics) = crate::read(path, text);
    assert_eq!(crate::render(&files, &diagnostics), "");
    documents
}

/// Labels and values as `key=text:kind`.
fn pairs(pairs: &schema::document::Pairs) -> String {
    let one = |(key, scalar): &(
        schema::document::Spanned<Box<str>>,
        schema::document::Spanned<model::Scalar>,
    )| {
        format!("{}={:?}:{}", key.value, scalar.value.text, scalar.value.kind.word())
    };
    pairs.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn fleet_has_all_its_settings() {
    let [Document::Fleet(fleet)] = &read_all("fleet.yaml", FLEET)[..] else { panic!() };
    assert_eq!(&*fleet.name.value, "contoso");
    assert_eq!(
        fleet.uid.as_ref().map(|uid| uid.value.to_string()).as_deref(),
        Some("5f0c2d6a9b3e4f7081a2b3c4d5e6f708")
    );
    let vocabulary = fleet.vocabulary.as_ref().expect("a vocabulary is given");
    let ring: Vec<&str> =
        vocabulary[0].1.as_ref().expect("values").iter().map(|value| &*value.value).collect();
    assert_eq!(ring, ["beta", "prod", "1.10"]);
    assert_eq!(vocabulary[1].1, None);
    assert_eq!(
        pairs(&fleet.values),
        r#"registry="registry.contoso.example":string replicas="3":integer"#
    );
    let LayoutDocument::Flux(flux) = &fleet.layout else { panic!() };
    assert!(flux.compatibility_0_20 && &*flux.source == "gitops" && !flux.lint);
    let delivery = model::Delivery::Directory {
        branch: "main".into(),
        path: "clusters".into(),
        fan_out: model::FanOut::Hex2,
    };
    assert_eq!(fleet.delivery.value, delivery);
    assert_eq!(fleet.deletion_budget_ppm, 5_000);
    assert_eq!(fleet.max_hold, Duration::from_secs(4 * 3_600));
}

#[test]
fn fleet_has_defaults() {
    let text = "apiVersion: res-edge.dev/v1\nkind: Fleet\nmetadata:\n  name: c\n";
    let [Document::Fleet(fleet)] = &read_all("fleet.yaml", text)[..] else { panic!() };
    assert_eq!((fleet.engine, fleet.deletion_budget_ppm), (1, 10_000));
    assert_eq!(fleet.max_hold, Duration::from_secs(24 * 3_600));
    assert_eq!(fleet.layout, LayoutDocument::Manifests);
    assert_eq!(fleet.delivery.value, model::Delivery::Branches);
    assert_eq!(fleet.vocabulary, None);
}

#[test]
fn labels_are_strings_and_values_keep_text_and_kind() {
    let documents = read_all("inventory/a.yaml", INVENTORY);
    let Document::Cluster(cluster) = &documents[0] else { panic!() };
    assert_eq!(
        pairs(&cluster.metadata.labels),
        r#"region="central":string version="1.10":string store="0230":string open="yes":string"#
    );
    assert_eq!(
        pairs(&cluster.values),
        r#"ipRange="10.3.7.0/24":string port="0644":integer on="true":boolean quoted="3":string"#
    );
    assert_eq!(
        pairs(&cluster.capacity),
        r#"cpu="8":string memory="32Gi":string pods="110":string nvidia.com/gpu="1":string"#
    );
}

#[test]
fn documents_keep_their_order_and_their_places() {
    let text = INVENTORY;
    let (files, documents, _) = crate::read("inventory/a.yaml", text);
    assert_eq!(documents.len(), 5);
    let Document::Group(la) = &documents[1] else { panic!() };
    assert_eq!(la.metadata.name.value.as_str(), "/stores/central/la");
    assert_eq!(files.text(la.metadata.name.span), Some("la"));
    let Document::Group(stores) = &documents[2] else { panic!() };
    assert_eq!(stores.metadata.name.value.as_str(), "/stores");
    let Document::Namespace(imdb) = &documents[3] else { panic!() };
    let clusters = imdb.clusters.as_ref().expect("given");
    assert_eq!(files.text(clusters.span), Some("/g/stores and not /m/ring/prod"));
    assert_eq!(imdb.allow[1].value.namespace.as_deref(), Some("kube-system"));
    assert_eq!(&*imdb.allow[2].value.group, "monitoring.coreos.com");
    let Document::Application(app) = &documents[4] else { panic!() };
    assert_eq!(pairs(&app.values), r#"title="Dogz RULE!":string motd="Welcome\n":string"#);
    assert_eq!(files.text(app.template.span), Some("apps/go-vote"));
    assert_eq!(pairs(&app.overrides[0].values), r#"title="Who dat":string"#);
}

#[test]
fn role_grants_what_it_says() {
    let [Document::Role(role)] = &read_all("policies/a.yaml", ROLE)[..] else { panic!() };
    assert_eq!(role.subjects[1].value, Subject::Group("oidc/pets".into()));
    assert_eq!(role.rules[0].verbs, [Verb::Read, Verb::Propose, Verb::Merge, Verb::Approve]);
    assert!(matches!(&role.rules[0].groups, Cover::Only(groups) if groups.len() == 1));
    assert!(matches!(role.rules[1].groups, Cover::All));
    assert!(matches!(&role.rules[1].namespaces, Cover::Only(none) if none.is_empty()));
    assert_eq!((role.approvals, role.not_author), (1, true));
}
