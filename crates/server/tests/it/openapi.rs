//! The description of the API: what it says is locked, and it is true of every route.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::support::Running;

/// The page in the documentation.
const PUBLISHED: &str = "../../docs/reference/openapi.json";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_still_holds() {
    let running = Running::new().await;
    let answer = running.send(Method::GET, "/api/openapi.json", None).await;
    assert_eq!(answer.status(), 200);
    let document: Value = answer.json().await.unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PUBLISHED);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    if let Err(at) = still_holds(&published, &document) {
        panic!(
            "what is published at `{at}` holds no more: clients rely on it. If it must change, \
                `make reference` writes {} again",
            path.display()
        );
    }
}

/// Whether all that was published is still said; more may be. Else the place that is not.
fn still_holds(published: &Value, now: &Value) -> Result<(), String> {
    match (published, now) {
        (Value::Object(published), Value::Object(now)) => {
            published.iter().try_for_each(|(key, value)| {
                let now = now.get(key).unwrap_or(&Value::Null);
                still_holds(value, now).map_err(|at| format!("/{key}{at}"))
            })
        }
        (Value::Array(published), Value::Array(now)) => {
            let is_there = |item: &Value| now.iter().any(|now| still_holds(item, now).is_ok());
            if published.iter().all(is_there) { Ok(()) } else { Err(String::new()) }
        }
        _ if published == now => Ok(()),
        _ => Err(String::new()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_says_what_it_takes_and_answers() {
    let running = Running::new().await;
    let document = running.get("/api/openapi.json").await.1;
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let shown = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{shown}");
            assert!(operation["tags"][0].is_string(), "{shown}");
            let text = operation.to_string();
            for reference in text.split("#/components/schemas/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(document["components"]["schemas"][name].is_object(), "{shown}: {name}");
            }
            assert!(ids.insert(operation["operationId"].to_string()), "{shown}: its id is taken");
            let named: BTreeSet<&str> =
                path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let told = parameters.filter(|one| one["in"] == "path");
            let told: BTreeSet<&str> = told.map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(named, told, "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_people_needs_nothing_from_elsewhere() {
    let running = Running::new().await;
    let answer = running.send(Method::GET, "/api/docs", None).await;
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let html = answer.text().await.unwrap();
    assert!(html.contains("/api/v1/clusters/{name}"));
    assert!(!html.contains("<script") && !html.contains("http://"));
}
