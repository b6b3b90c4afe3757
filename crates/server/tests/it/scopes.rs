//! Tokens with a scope, and what people's own tokens do for them.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::clone::Clone;
use crate::hosting::{FLEET, with_fleet};
use crate::support::{ADMIN, Running};

/// A token of who carries another one, narrowed to one rule.
async fn narrowed(running: &Running, token: &str, rule: Value) -> String {
    let body = json!({"name": "narrow", "scope": [rule]});
    let (status, made) = running.json(token, Method::POST, "/api/v1/tokens", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made["text"].as_str().unwrap().to_owned()
}

async fn bindings(running: &Running, token: &str) -> Vec<String> {
    let (status, page) = running.get_as("/api/v1/bindings", token).await;
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap().iter();
    items.map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_narrows_what_its_person_may_do() {
    let (running, _) = with_fleet().await;
    let anna = running.token_of("user:anna").await;
    let all = bindings(&running, &anna).await;
    assert_eq!(all.len(), 3, "{all:?}");
    let rule = json!({"verbs": ["read", "propose"], "kinds": ["Application", "Cluster"],
        "groups": ["/stores/la"], "namespaces": ["all"]});
    let narrow = narrowed(&running, &anna, rule).await;
    let (_, whoami) = running.get_as("/api/v1/whoami", &narrow).await;
    assert_eq!((&whoami["subjects"], whoami["scope"].is_array()), (&json!(["user:anna"]), true));
    let seen = bindings(&running, &narrow).await;
    assert_eq!(seen.len(), 2, "only what the Role and the scope both cover: {seen:?}");
    assert_eq!(bindings(&running, &anna).await, all, "the person's own sight stays");
    let (_, clusters) = running.get_as("/api/v1/clusters", &narrow).await;
    assert_eq!(clusters["total"], 0, "a scope grants nothing");

    // It may not merge; on the other group it may not even propose.
    let clone = Clone::of(&running, &narrow);
    clone.edit("inventory/pets.yaml", "title: Puppies", "title: Whelps");
    assert!(!clone.push(&["main"]).0);
    let (done, said) = clone.push(&["HEAD:refs/for/main"]);
    assert!(done, "{said}");
    clone.edit("inventory/pets.yaml", "title: Dogs", "title: Hounds");
    let (done, said) = clone.push(&["HEAD:refs/for/main/all"]);
    assert!(!done && said.contains("you may not propose this"), "{said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_scope_nobody_administers_the_server() {
    let (running, _) = with_fleet().await;
    let root = running.token_of("user:root").await;
    let body = json!({"isAdministrator": true});
    assert_eq!(running.ask(Method::PATCH, "/api/v1/users/root", &body).await.0, 200);
    assert_eq!(running.get_as("/api/v1/users", &root).await.0, 200);
    let all = ["all"];
    let rule = json!({"verbs": ["read"], "kinds": all, "groups": ["/stores/tx"],
        "namespaces": all});
    let narrow = narrowed(&running, &root, rule).await;
    assert_eq!(running.get_as("/api/v1/users", &narrow).await.0, 403);
    assert_eq!(running.get_as("/api/v1/audit", &narrow).await.0, 403);
    let (_, clusters) = running.get_as("/api/v1/clusters", &narrow).await;
    assert_eq!(clusters["items"][0]["metadata"]["name"], "tx-1");
    assert_eq!(clusters["total"], 1);
    let clone = Clone::of(&running, &narrow);
    clone.edit("inventory/tx.yaml", "city: austin", "city: waco");
    assert!(!clone.push(&["main"]).0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_the_token_that_wrote_a_change_does_not_approve_it() {
    let running = Running::new().await;
    let both = r#"["user:anna", "user:otto"]"#;
    let three = r#"["user:anna", "user:otto", "token:bot"]"#;
    running.publish(&FLEET.replace(both, three)).await;
    let (anna, otto) = (running.token_of("user:anna").await, running.token_of("user:otto").await);
    for is_administrator in [true, false] {
        let body = json!({"isAdministrator": is_administrator});
        assert_eq!(running.ask(Method::PATCH, "/api/v1/users/anna", &body).await.0, 200);
        if is_administrator {
            let body = json!({"name": "bot", "isForProgram": true});
            let asked = running.json(&anna, Method::POST, "/api/v1/tokens", Some(body));
            let (status, made) = asked.await;
            assert_eq!(status, 201);
            let bot = Clone::of(&running, made["text"].as_str().unwrap());
            bot.edit("inventory/pets.yaml", "title: Dogs", "title: Wolves");
            assert!(bot.push(&["HEAD:refs/for/main"]).0);
        }
    }
    let path = "/api/v1/changes/1";
    let approve = async |token: &str| {
        let (_, checks) = running.get_as(&format!("{path}/checks"), token).await;
        let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
        running.json(token, Method::PUT, &format!("{path}/approval"), Some(seen)).await.0
    };
    let merge =
        async || running.json(&otto, Method::POST, &format!("{path}/merge"), Some(json!({}))).await;
    approve(&anna).await;
    let (status, problem) = merge().await;
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")), "{problem}");
    assert_eq!(approve(&otto).await, 200);
    assert_eq!(merge().await.0, 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_whatever_key_its_request_has() {
    let running = Running::new().await;
    let make = async || {
        let request = Client::new().post(format!("{}/api/v1/tokens", running.url));
        let request = request.bearer_auth(ADMIN).header("idempotency-key", "one");
        let answer = request.json(&json!({"name": "ci", "isForProgram": true})).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, made) = make().await;
    assert_eq!((status, made["text"].is_string()), (201, true));
    let (status, again) = make().await;
    assert_eq!((status, &again["code"]), (409, &json!("told-once")), "{again}");
    running.stop().await;
}
