//! The description of the API: what it says is locked, and it is true of every route.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::support::Running;

/// The page in the documentation.
const PUBLISHED: &str = "../../docs/reference/openapi.json";

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_the_one_that_is_published() {
    let running = Running::new().await;
    let answer = running.send(Method::GET, "/api/openapi.json", None).await;
    assert_eq!(answer.status(), 200);
    let document: Value = answer.json().await.unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PUBLISHED);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == published, "`make reference` writes {} again", path.display());
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
