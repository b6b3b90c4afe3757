//! Metrics on an address of their own, and what stands on their names.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

use crate::support::{Running, settings};

/// A server that tells its metrics.
async fn telling() -> (Running, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    let running = Running::with(folder, settings).await;
    let url = running.metrics.clone().unwrap();
    (running, url)
}

async fn text(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route_and_metrics_are_told_apart() {
    let (running, url) = telling().await;
    running.get("/api/v1/status").await;
    running.send(Method::GET, "/nowhere/secret", Some(crate::support::ADMIN)).await;
    let text = text(&url).await;
    let requests =
        "res_edge_http_requests_total{method=\"GET\",route=\"/api/v1/status\",status=\"200\"} 1";
    assert!(text.contains(requests), "{text}");
    assert!(!text.contains("secret"), "paths are not counted: {text}");
    assert_eq!(running.send(Method::GET, "/metrics", None).await.status(), 401);
}

/// The words of a text that look like names of our metrics.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("res_edge_")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_the_dashboard_name_metrics_that_there_are() {
    let (running, url) = telling().await;
    running.get("/api/v1/status").await;
    let text = text(&url).await;
    // A family has no line of its own before something is counted, but it is described.
    let told = names(&text);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in ["deploy/prometheus/rules.yaml", "deploy/grafana/server.json"] {
        for name in names(&std::fs::read_to_string(root.join(file)).unwrap()) {
            let family = ["_bucket", "_count", "_total", "_info"]
                .iter()
                .find_map(|ending| name.strip_suffix(ending))
                .unwrap_or(&name);
            assert!(told.contains(family) || told.contains(&name), "{file}: {name}\n{text}");
        }
    }
}
