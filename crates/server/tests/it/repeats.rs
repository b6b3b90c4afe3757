//! Requests that are sent again, and requests that are too many.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::{ADMIN, Running};

async fn check(running: &Running, key: &str, expression: &str) -> Response {
    let request = Client::new().post(format!("{}/api/v1/expressions:check", running.url));
    let request = request.bearer_auth(ADMIN).header("idempotency-key", key);
    request.json(&json!({"expression": expression})).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_is_done_once() {
    let running = Running::new().await;
    running.publish(crate::documents::FLEET).await;
    let first = check(&running, "one", "/m/ring/beta").await;
    assert_eq!(first.status(), 200);
    assert!(first.headers().get("idempotency-replayed").is_none());
    let first: Value = first.json().await.unwrap();
    running.publish(&crate::documents::FLEET.replace("ring: beta}", "ring: prod}")).await;
    let again = check(&running, "one", "/m/ring/beta").await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first, "the answer of the first time");
    let other = check(&running, "one", "all").await;
    assert_eq!(other.status(), 422);
    assert_eq!(other.json::<Value>().await.unwrap()["code"], "key-reused");
    assert_eq!(check(&running, "two", "all").await.status(), 200);
    assert_eq!(check(&running, "", "all").await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_tokens_is_told_to_wait() {
    let running = Running::new().await;
    let client = Client::new();
    let mut last = None;
    for guess in 0..400 {
        let request = client.get(format!("{}/api/v1/status", running.url));
        let answer = request.bearer_auth(format!("re_guess-{guess}")).send().await.unwrap();
        let status = answer.status();
        last = Some(answer);
        if status == 429 {
            break;
        }
        assert_eq!(status, 401);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "too-many-requests");
    // Who is known is not concerned.
    assert_eq!(running.get("/api/v1/status").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_too_much_waits_and_reads_on() {
    let running = Running::new().await;
    running.publish(crate::documents::FLEET).await;
    let client = Client::new();
    let mut last = None;
    for _ in 0..2_000 {
        let request = client.post(format!("{}/api/v1/expressions:check", running.url));
        let asked = json!({"expression": "all"});
        let answer = request.bearer_auth(ADMIN).json(&asked).send().await.unwrap();
        let status = answer.status();
        last = Some(answer);
        if status == 429 {
            break;
        }
        assert_eq!(status, 200);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(running.get("/api/v1/clusters").await.0, 200);
}
