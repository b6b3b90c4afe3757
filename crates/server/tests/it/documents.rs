//! Reading documents and bindings: lists, single ones, what is seen, what is asked for wrongly.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{ADMIN, Running};

/// Three clusters, two teams, one Role.
pub(crate) const FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: contoso, uid: 00112233445566778899aabbccddeeff}
spec: {labels: {ring: [beta, prod]}}
-- inventory/clusters.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-1, labels: {ring: beta}}
spec: {groups: [/stores/east], values: {floor: 3}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-2, labels: {ring: prod}}
spec: {groups: [/stores/east], values: {floor: 12}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: west-1, labels: {ring: prod}}
spec: {groups: [/stores/west], description: The Dalles}
-- inventory/groups.yaml --
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: stores}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: east}
spec: {parent: /stores}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: west}
spec: {parent: /stores}
-- inventory/pets.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: pets}
spec: {clusters: /g/stores}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: dogs}
spec: {namespace: pets, template: apps/dogs, values: {title: Dogs}}
-- inventory/tills.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: tills}
spec: {clusters: /m/ring/prod}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: till}
spec: {namespace: tills, template: apps/till}
-- policies/roles.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: pets-readers}
spec:
  subjects: [token:pets]
  rules:
    - verbs: [read]
      kinds: [Cluster, Group, Namespace, Application]
      groups: [/stores/east]
      namespaces: [pets]
-- apps/dogs/config.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: dogs, namespace: pets}
data: {title: rea.application.title}
-- apps/till/config.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: till, namespace: tills}
data: {floor: \"rea.cluster.floor\"}
";

/// The names of a list.
fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

async fn running() -> Running {
    let running = Running::new().await;
    running.publish(FLEET).await;
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_listed_and_each_document_is_found() {
    let running = running().await;
    let lists = [
        ("clusters", vec!["east-1", "east-2", "west-1"]),
        ("groups", vec!["stores", "east", "west"]),
        ("namespaces", vec!["pets", "tills"]),
        ("applications", vec!["dogs", "till"]),
        ("roles", vec!["pets-readers"]),
    ];
    for (kind, expected) in lists {
        let (status, list) = running.get(&format!("/api/v1/{kind}")).await;
        assert_eq!((status, names(&list)), (200, expected), "{kind}");
    }
    let shown = async |path: &str, hidden: &[&str]| {
        let (_, mut document) = running.get(path).await;
        for pointer in hidden {
            *document.pointer_mut(pointer).unwrap() = "[hidden]".into();
        }
        serde_json::to_string_pretty(&document).unwrap()
    };
    insta::assert_snapshot!(shown("/api/v1/clusters/east-2", &[]).await);
    let commits = ["/status/released/commit", "/status/released/source"];
    insta::assert_snapshot!(shown("/api/v1/fleet", &commits).await);
    let (_, group) = running.get("/api/v1/groups/stores/east").await;
    assert_eq!(group["status"], json!({"path": "/stores/east", "clusters": 2}));
    let (_, application) = running.get("/api/v1/applications/till").await;
    // On `west-1` the value `floor` is missing, so nothing could be rendered.
    assert_eq!(application["status"]["released"]["released"], 1);
    assert_eq!(application["status"]["released"]["broken"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_sorted_selected_and_cut_into_pages() {
    let running = running().await;
    let rows = [
        ("expression=/g/stores/east", vec!["east-1", "east-2"]),
        ("labelSelector=ring%3Dprod", vec!["east-2", "west-1"]),
        ("$filter=floor%20gt%205", vec!["east-2"]),
        ("q=dalles", vec!["west-1"]),
        ("sort=-name", vec!["west-1", "east-2", "east-1"]),
        ("$orderby=ring%20desc,name%20desc&$top=2", vec!["west-1", "east-2"]),
        ("$skip=2", vec!["west-1"]),
        ("$top=0&$count=true", vec![]),
    ];
    for (query, expected) in rows {
        let (status, list) = running.get(&format!("/api/v1/clusters?{query}")).await;
        assert_eq!(status, 200, "{query}: {list}");
        assert_eq!(names(&list), expected, "{query}");
    }
    let (_, list) = running.get("/api/v1/clusters?fields=ring&limit=1").await;
    let only = json!({
        "apiVersion": "res-edge.dev/v1",
        "kind": "Cluster",
        "metadata": {"name": "east-1", "labels": {"ring": "beta"}},
    });
    assert_eq!(list["items"], json!([only]));
    assert_eq!(list["total"], 3);
    let (_, applications) = running.get("/api/v1/applications?expression=/c/east-1").await;
    assert_eq!(names(&applications), ["dogs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_until_the_fleet_changes() {
    let running = running().await;
    let (_, first) = running.get("/api/v1/clusters?limit=2&sort=-name").await;
    assert_eq!(names(&first), ["west-1", "east-2"]);
    let token = first["continue"].as_str().unwrap();
    let next = format!("/api/v1/clusters?limit=2&sort=-name&continue={token}");
    let (_, second) = running.get(&next).await;
    assert_eq!((names(&second), &second["continue"]), (vec!["east-1"], &Value::Null));
    let (status, other) = running.get(&format!("/api/v1/clusters?continue={token}")).await;
    assert_eq!((status, other["code"].as_str()), (400, Some("bad-request")), "another list");
    running.publish(&FLEET.replace("floor: 12", "floor: 13")).await;
    let (status, gone) = running.get(&next).await;
    assert_eq!((status, gone["code"].as_str()), (410, Some("list-expired")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_has_is_not_sent_again() {
    let running = running().await;
    let client = reqwest::Client::new();
    for path in ["/api/v1/clusters/east-1", "/api/v1/clusters", "/api/v1/bindings/dogs/east-1"] {
        let ask = |tag: Option<String>| {
            let request = client.get(format!("{}{path}", running.url)).bearer_auth(ADMIN);
            tag.into_iter()
                .fold(request, |request, tag| request.header("if-none-match", tag))
                .send()
        };
        let first = ask(None).await.unwrap();
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let again = ask(Some(tag.clone())).await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.headers()["etag"], tag.as_str());
        assert!(again.bytes().await.unwrap().is_empty());
        assert_eq!(ask(Some("\"other\"".to_owned())).await.unwrap().status(), 200);
    }
    let cluster = client.get(format!("{}/api/v1/clusters/east-1", running.url));
    let cluster = cluster.bearer_auth(ADMIN).send().await.unwrap();
    let tag = cluster.headers()["etag"].to_str().unwrap().to_owned();
    let document: Value = cluster.json().await.unwrap();
    let version = document["metadata"]["resourceVersion"].as_str().unwrap();
    assert!(tag.starts_with(&format!("\"{version}-")), "{tag}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_says_how_its_release_stands() {
    let running = running().await;
    let (_, list) = running.get("/api/v1/bindings").await;
    let expected = ["dogs.east-1", "dogs.east-2", "till.east-2", "dogs.west-1", "till.west-1"];
    assert_eq!(names(&list), expected);
    let (_, dogs) = running.get("/api/v1/bindings/dogs/east-1").await;
    let tree = dogs["status"]["desired"]["tree"].clone();
    let released = json!({
        "state": "released",
        "desired": {"tree": tree},
        "released": {"tree": tree, "generation": 1},
    });
    assert_eq!(dogs["status"], released);
    let (_, broken) = running.get("/api/v1/bindings?$filter=state%20eq%20'broken'").await;
    assert_eq!(names(&broken), ["till.west-1"]);
    let (_, of_cluster) = running.get("/api/v1/clusters/east-2/bindings?sort=-application").await;
    assert_eq!(names(&of_cluster), ["till.east-2", "dogs.east-2"]);
    let (_, of_application) = running.get("/api/v1/applications/dogs/bindings?$top=1").await;
    assert_eq!(names(&of_application), ["dogs.east-1"]);
    // A template that breaks keeps what is released.
    running.publish(&FLEET.replace("rea.application.title", "rea.application.name: 1: 2")).await;
    let (_, stale) = running.get("/api/v1/bindings/dogs/east-1").await;
    assert_eq!(stale["status"]["state"], "stale");
    assert_eq!(stale["status"]["released"]["tree"], tree);
    assert_eq!(stale["status"]["stale"], json!({"generation": 2}));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_role_covers_is_listed_counted_and_found() {
    let running = running().await;
    let token = running.token("pets", "token:pets").await;
    let seen = [
        ("clusters", vec!["east-1", "east-2"]),
        ("groups", vec!["east"]),
        ("namespaces", vec!["pets"]),
        ("applications", vec!["dogs"]),
        ("roles", vec![]),
        ("bindings", vec!["dogs.east-1", "dogs.east-2"]),
    ];
    for (kind, expected) in seen {
        let (status, list) = running.get_as(&format!("/api/v1/{kind}"), &token).await;
        assert_eq!(status, 200, "{kind}: {list}");
        assert_eq!(list["total"], expected.len(), "{kind}");
        assert_eq!(names(&list), expected, "{kind}");
    }
    for hidden in [
        "clusters/west-1",
        "groups/stores/west",
        "namespaces/tills",
        "applications/till",
        "roles/pets-readers",
        "fleet",
        "bindings/till/east-2",
        "bindings/dogs/west-1",
        "clusters/west-1/bindings",
        "applications/till/bindings",
    ] {
        let (status, problem) = running.get_as(&format!("/api/v1/{hidden}"), &token).await;
        assert_eq!(status, 404, "{hidden}");
        assert!(!problem["hint"].as_str().unwrap_or_default().contains("west"), "{problem}");
    }
    let (_, cluster) = running.get_as("/api/v1/clusters/east-2", &token).await;
    assert_eq!(cluster["status"]["applications"], json!(["dogs"]));
    assert_eq!(cluster["status"]["namespaces"], json!(["pets"]));
    let (_, application) = running.get_as("/api/v1/applications/dogs", &token).await;
    assert_eq!(application["status"]["clusters"], 2);
    assert_eq!(application["status"]["released"]["released"], 2);
    let (_, found) = running.get_as("/api/v1/search?q=dalles", &token).await;
    assert_eq!(found["total"], 0);
    let stranger = running.token("other", "token:other").await;
    let (_, nothing) = running.get_as("/api/v1/clusters", &stranger).await;
    assert_eq!(nothing, json!({"items": [], "total": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_cannot_be_meant_is_answered_with_its_place() {
    let running = running().await;
    let queries = [
        "clusters?filter=x",
        "clusters?$filter=rign%20eq%20'beta'",
        "clusters?sort=flor",
        "clusters?labelSelector=a%20in%20b",
        "clusters?expression=/m/ring/bta",
        "clusters?limit=0",
        "clusters?limit=1&$top=1",
        "clusters?continue=x",
        "clusters/east-3",
        "groups/stores/est",
        "bindings/dogs/nowhere",
        "search?q=%20",
    ];
    let mut shown = String::new();
    for query in queries {
        let (status, problem) = running.get(&format!("/api/v1/{query}")).await;
        let hint = problem["hint"].as_str().unwrap_or("-");
        let (code, detail) =
            (problem["code"].as_str().unwrap(), problem["detail"].as_str().unwrap());
        shown.push_str(&format!("{query}\n  {status} {code}: {detail}\n  {hint}\n"));
        for diagnostic in problem["diagnostics"].as_array().into_iter().flatten() {
            shown.push_str(diagnostic["excerpt"].as_str().unwrap());
            shown.push('\n');
        }
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_is_looked_at_while_it_is_written() {
    let running = running().await;
    let check = async |text: &str| -> Value {
        let body = json!({"expression": text});
        let (status, answer) = running.ask(Method::POST, "/api/v1/expressions:check", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let right = check("/g/stores and not /m/ring/beta").await;
    assert_eq!(right["names"], json!(["east-2", "west-1"]));
    assert_eq!((&right["valid"], &right["diagnostics"]), (&json!(true), &json!([])));
    let wrong = check("/g/stors").await;
    assert_eq!(wrong["valid"], false);
    insta::assert_snapshot!(wrong["diagnostics"][0]["excerpt"].as_str().unwrap());
    let body = json!({"expression": "all", "more": 1});
    let (status, _) = running.ask(Method::POST, "/api/v1/expressions:check", &body).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_there_is_a_source_lists_are_empty() {
    let running = Running::new().await;
    assert_eq!(running.get("/api/v1/clusters").await, (200, json!({"items": [], "total": 0})));
    let (status, problem) = running.get("/api/v1/clusters/east-1").await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")));
}
