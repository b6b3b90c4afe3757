//! The authorization matrix: every route of the running server, as everybody.
//!
//! The rows are held against the description of the API, which is made from the routes: a route
//! without a row fails, and so does a row without a route.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::Method;
use serde_json::json;

use crate::agents::TestAgent;
use crate::clone::Clone;
use crate::hosting::{FLEET, with_fleet_of};
use crate::support::{ADMIN, Running};

/// Who asks, in the order of the columns.
const COLUMNS: [&str; 9] = [
    "anonymous",
    "expired",
    "revoked",
    "viewer",
    "editor elsewhere",
    "owner elsewhere",
    "approver",
    "agent",
    "admin",
];

/// Who may do what, besides those of the fleet. What is asked about is in `/stores/la` and `pets`.
const PEOPLE: &str = r#"-- policies/people.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: viewers}
spec:
  subjects: ["user:vera"]
  rules:
    - {verbs: [read], kinds: [Cluster, Group, Namespace, Application], groups: all, namespaces: all}
---
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: editors-elsewhere}
spec:
  subjects: ["user:edna"]
  rules:
    - {verbs: [read, propose, merge, approve, operate], kinds: [Cluster, Group, Namespace, Application], groups: [/stores/tx], namespaces: [tills]}
---
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: approvers}
spec:
  subjects: ["user:paul"]
  rules:
    - {verbs: [read, approve], kinds: [Cluster, Group, Namespace, Application], groups: all, namespaces: all}
"#;

/// The routes: method, path as described, path as asked, body, and how each column is answered.
///
/// `-` is 401, `x` is 403, `0` is 404, `+` is anything else: it was let through. Lists let everyone
/// through that is known, and hold what they may see.
const ROWS: &[(&str, &str, &str, &str, &str)] = &[
    ("GET", "/healthz", "/healthz", "", "+--++++++"),
    ("GET", "/readyz", "/readyz", "", "+--++++++"),
    // After five attempts, whoever makes them, the name waits.
    ("POST", "/auth/login", "/auth/login", r#"{"name":"nobody","password":"wrong"}"#, "-------++"),
    // Forges prove themselves to it; without a secret of theirs there is nothing.
    ("POST", "/webhooks/{provider}", "/webhooks/github", "{}", "000000000"),
    ("POST", "/auth/logout", "/auth/logout", "", "+--++++++"),
    ("GET", "/auth/methods", "/auth/methods", "", "+--++++++"),
    // These servers trust no provider.
    ("GET", "/auth/oidc/login", "/auth/oidc/login", "", "0--000000"),
    ("GET", "/auth/oidc/callback", "/auth/oidc/callback", "", "0--000000"),
    // Nobody here is signed in with a browser.
    (
        "GET",
        "/auth/authorize",
        "/auth/authorize?port=9&code_challenge=0123456789012345678901234567890123456789012",
        "",
        "0--000000",
    ),
    ("POST", "/auth/authorize", "/auth/authorize", "{}", "---------"),
    ("POST", "/auth/token", "/auth/token", r#"{"code":"x","codeVerifier":"y"}"#, "x--xxxxxx"),
    ("GET", "/api/v1/whoami", "/api/v1/whoami", "", "---++++x+"),
    ("GET", "/api/v1/status", "/api/v1/status", "", "---++++x+"),
    ("GET", "/api/v1/fleet", "/api/v1/fleet", "", "---0000x+"),
    ("GET", "/api/v1/clusters", "/api/v1/clusters", "", "---++++x+"),
    ("GET", "/api/v1/clusters/{name}", "/api/v1/clusters/la-1", "", "---+00+x+"),
    ("GET", "/api/v1/clusters/{name}/bindings", "/api/v1/clusters/la-1/bindings", "", "---+00+x+"),
    ("GET", "/api/v1/clusters/{name}/history", "/api/v1/clusters/la-1/history", "", "---+00+x+"),
    ("GET", "/api/v1/clusters/{name}/released", "/api/v1/clusters/la-1/released", "", "---+00+x+"),
    ("GET", "/api/v1/groups", "/api/v1/groups", "", "---++++x+"),
    ("GET", "/api/v1/groups/{path}", "/api/v1/groups/stores/la", "", "---+00+x+"),
    ("GET", "/api/v1/namespaces", "/api/v1/namespaces", "", "---++++x+"),
    ("GET", "/api/v1/namespaces/{name}", "/api/v1/namespaces/pets", "", "---+00+x+"),
    ("GET", "/api/v1/applications", "/api/v1/applications", "", "---++++x+"),
    ("GET", "/api/v1/applications/{name}", "/api/v1/applications/dogs", "", "---+00+x+"),
    (
        "GET",
        "/api/v1/applications/{name}/bindings",
        "/api/v1/applications/dogs/bindings",
        "",
        "---+00+x+",
    ),
    (
        "GET",
        "/api/v1/applications/{name}/history",
        "/api/v1/applications/dogs/history",
        "",
        "---+00+x+",
    ),
    ("GET", "/api/v1/roles", "/api/v1/roles", "", "---++++x+"),
    ("GET", "/api/v1/roles/{name}", "/api/v1/roles/viewers", "", "---0000x+"),
    ("GET", "/api/v1/bindings", "/api/v1/bindings", "", "---++++x+"),
    (
        "GET",
        "/api/v1/bindings/{application}/{cluster}",
        "/api/v1/bindings/dogs/la-1",
        "",
        "---+00+x+",
    ),
    (
        "GET",
        "/api/v1/bindings/{application}/{cluster}/blame",
        "/api/v1/bindings/dogs/la-1/blame",
        "",
        "---+00+x+",
    ),
    ("GET", "/api/v1/agent/key", "/api/v1/agent/key", "", "+--++++++"),
    (
        "POST",
        "/api/v1/agent/enrolment",
        "/api/v1/agent/enrolment",
        r#"{"cluster":"la-1","token":"x","publicKey":"x","proof":"x"}"#,
        "+--++++++",
    ),
    ("POST", "/api/v1/agent/challenge", "/api/v1/agent/challenge", "", "+--++++++"),
    (
        "POST",
        "/api/v1/agent/session",
        "/api/v1/agent/session",
        r#"{"cluster":"la-1","publicKey":"x","challenge":"x","proof":"x"}"#,
        "+--++++++",
    ),
    ("GET", "/api/v1/agent/release", "/api/v1/agent/release", "", "---xxxx+x"),
    ("GET", "/api/v1/agent/stream", "/api/v1/agent/stream", "", "---xxxx+x"),
    ("POST", "/api/v1/agent/report", "/api/v1/agent/report", "{}", "---xxxx+x"),
    ("POST", "/api/v1/clusters/{name}/join", "/api/v1/clusters/la-1/join", "{}", "---x00xx+"),
    ("POST", "/api/v1/clusters/{name}/sync", "/api/v1/clusters/la-1/sync", "", "---x00xx+"),
    ("GET", "/api/v1/clusters/{name}/log", "/api/v1/clusters/la-1/log", "", "---+00+x+"),
    ("GET", "/api/v1/clusters/{name}/report", "/api/v1/clusters/la-1/report", "", "---+00+x+"),
    ("GET", "/api/v1/reports", "/api/v1/reports", "", "---++++x+"),
    ("GET", "/api/v1/summary", "/api/v1/summary", "", "---++++x+"),
    ("GET", "/api/v1/search", "/api/v1/search?q=dogs", "", "---++++x+"),
    (
        "POST",
        "/api/v1/expressions:check",
        "/api/v1/expressions:check",
        r#"{"expression":"/c/la-1"}"#,
        "---++0+x+",
    ),
    ("GET", "/api/v1/steps", "/api/v1/steps", "", "---++0+x+"),
    ("GET", "/api/v1/steps/{generation}", "/api/v1/steps/1", "", "---++0+x+"),
    ("GET", "/api/v1/events", "/api/v1/events", "", "---++x+x+"),
    ("GET", "/api/v1/holds", "/api/v1/holds", "", "---++++x+"),
    (
        "POST",
        "/api/v1/holds",
        "/api/v1/holds",
        r#"{"clusters":"/c/la-1","reason":"x"}"#,
        "---xxxxx+",
    ),
    ("DELETE", "/api/v1/holds/{name}", "/api/v1/holds/hold-2", "", "---xxxxx+"),
    ("POST", "/api/v1/stop", "/api/v1/stop?dryRun=true", r#"{"reason":"x"}"#, "---xxxxx+"),
    (
        "POST",
        "/api/v1/rollbacks",
        "/api/v1/rollbacks",
        r#"{"step":1,"clusters":"/c/la-1","reason":"x"}"#,
        "---xxxxx+",
    ),
    ("GET", "/api/v1/waiting", "/api/v1/waiting", "", "---++++x+"),
    // The plan is not what waits, which is told to who may operate anything.
    ("POST", "/api/v1/confirmations", "/api/v1/confirmations", "PLAN", "---x+xxx+"),
    ("POST", "/api/v1/adoptions", "/api/v1/adoptions", r#"{"cluster":"la-1"}"#, "---xxxxx+"),
    ("DELETE", "/api/v1/adoptions/{cluster}", "/api/v1/adoptions/la-1", "", "---xxxxx+"),
    ("POST", "/api/v1/discards", "/api/v1/discards", r#"{"cluster":"la-1"}"#, "---xxxxx+"),
    ("GET", "/api/v1/changes", "/api/v1/changes", "", "---++x+x+"),
    ("POST", "/api/v1/changes", "/api/v1/changes", r#"{"branch":"others"}"#, "---xxxxx+"),
    ("GET", "/api/v1/changes/{number}", "/api/v1/changes/1", "", "---++x+x+"),
    ("GET", "/api/v1/changes/{number}/events", "/api/v1/changes/1/events", "", "---++x+x+"),
    (
        "POST",
        "/api/v1/changes/{number}/events",
        "/api/v1/changes/1/events",
        r#"{"text":"hm"}"#,
        "---++x+x+",
    ),
    ("GET", "/api/v1/changes/{number}/files", "/api/v1/changes/1/files", "", "---++x+x+"),
    ("GET", "/api/v1/changes/{number}/checks", "/api/v1/changes/1/checks", "", "---++x+x+"),
    ("GET", "/api/v1/changes/{number}/preview", "/api/v1/changes/1/preview", "", "---++x+x+"),
    ("PUT", "/api/v1/changes/{number}/approval", "/api/v1/changes/1/approval", "SEEN", "---xxx+x+"),
    ("DELETE", "/api/v1/changes/{number}/approval", "/api/v1/changes/1/approval", "", "---++x+x+"),
    ("POST", "/api/v1/changes/{number}/merge", "/api/v1/changes/1/merge", "{}", "---xxxxx+"),
    ("POST", "/api/v1/changes/{number}/close", "/api/v1/changes/2/close", "", "---x+xxx+"),
    ("POST", "/api/v1/changes/{number}/reopen", "/api/v1/changes/2/reopen", "", "---x+xxx+"),
    (
        "POST",
        "/api/v1/clusters",
        "/api/v1/clusters?dryRun=true",
        r#"{"metadata":{"name":"la-9"},"spec":{"groups":["/stores/la"],"values":{"city":"x"}}}"#,
        "---xxxxx+",
    ),
    (
        "PUT",
        "/api/v1/clusters/{name}",
        "/api/v1/clusters/la-1?dryRun=true",
        r#"{"metadata":{"name":"la-1"},"spec":{"groups":["/stores/la"],"values":{"city":"x"}}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/clusters/{name}",
        "/api/v1/clusters/la-1?dryRun=true",
        r#"{"metadata":{"name":"la-1"},"spec":{"groups":["/stores/la"],"values":{"city":"x"}}}"#,
        "---x0xxx+",
    ),
    ("DELETE", "/api/v1/clusters/{name}", "/api/v1/clusters/la-1?dryRun=true", "", "---x0xxx+"),
    (
        "POST",
        "/api/v1/groups",
        "/api/v1/groups?dryRun=true",
        r#"{"metadata":{"name":"ny"},"spec":{"parent":"/stores"}}"#,
        "---xxxxx+",
    ),
    (
        "PUT",
        "/api/v1/groups/{path}",
        "/api/v1/groups/stores/la?dryRun=true",
        r#"{"metadata":{"name":"la"},"spec":{"parent":"/stores","values":{"a":"b"}}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/groups/{path}",
        "/api/v1/groups/stores/la?dryRun=true",
        r#"{"metadata":{"name":"la"},"spec":{"parent":"/stores","values":{"a":"b"}}}"#,
        "---x0xxx+",
    ),
    ("DELETE", "/api/v1/groups/{path}", "/api/v1/groups/stores/la?dryRun=true", "", "---x0xxx+"),
    (
        "POST",
        "/api/v1/namespaces",
        "/api/v1/namespaces?dryRun=true",
        r#"{"metadata":{"name":"fish"},"spec":{"clusters":"/g/stores/la"}}"#,
        "---xxxxx+",
    ),
    (
        "PUT",
        "/api/v1/namespaces/{name}",
        "/api/v1/namespaces/pets?dryRun=true",
        r#"{"metadata":{"name":"pets"},"spec":{"clusters":"none"}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/namespaces/{name}",
        "/api/v1/namespaces/pets?dryRun=true",
        r#"{"metadata":{"name":"pets"},"spec":{"clusters":"none"}}"#,
        "---x0xxx+",
    ),
    ("DELETE", "/api/v1/namespaces/{name}", "/api/v1/namespaces/pets?dryRun=true", "", "---x0xxx+"),
    (
        "POST",
        "/api/v1/applications",
        "/api/v1/applications?dryRun=true",
        r#"{"metadata":{"name":"cats"},"spec":{"namespace":"pets","template":"apps/vote","values":{"title":"x"}}}"#,
        "---xxxxx+",
    ),
    (
        "PUT",
        "/api/v1/applications/{name}",
        "/api/v1/applications/dogs?dryRun=true",
        r#"{"metadata":{"name":"dogs"},"spec":{"namespace":"pets","template":"apps/vote","values":{"title":"x"}}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/applications/{name}",
        "/api/v1/applications/dogs?dryRun=true",
        r#"{"metadata":{"name":"dogs"},"spec":{"namespace":"pets","template":"apps/vote","values":{"title":"x"}}}"#,
        "---x0xxx+",
    ),
    (
        "DELETE",
        "/api/v1/applications/{name}",
        "/api/v1/applications/dogs?dryRun=true",
        "",
        "---x0xxx+",
    ),
    (
        "POST",
        "/api/v1/roles",
        "/api/v1/roles?dryRun=true",
        r#"{"metadata":{"name":"owners"},"spec":{"subjects":["user:owen"],"rules":[{"verbs":["read"],"kinds":["Cluster"],"groups":"all","namespaces":"all"}]}}"#,
        "---xxxxx+",
    ),
    (
        "PUT",
        "/api/v1/roles/{name}",
        "/api/v1/roles/viewers?dryRun=true",
        r#"{"metadata":{"name":"viewers"},"spec":{"subjects":["user:owen"]}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/roles/{name}",
        "/api/v1/roles/viewers?dryRun=true",
        r#"{"metadata":{"name":"viewers"},"spec":{"subjects":["user:owen"]}}"#,
        "---x0xxx+",
    ),
    ("DELETE", "/api/v1/roles/{name}", "/api/v1/roles/viewers?dryRun=true", "", "---x0xxx+"),
    (
        "PUT",
        "/api/v1/fleet",
        "/api/v1/fleet?dryRun=true",
        r#"{"metadata":{"name":"contoso"},"spec":{"values":{"a":"b"}}}"#,
        "---x0xxx+",
    ),
    (
        "PATCH",
        "/api/v1/fleet",
        "/api/v1/fleet?dryRun=true",
        r#"{"metadata":{"name":"contoso"},"spec":{"values":{"a":"b"}}}"#,
        "---x0xxx+",
    ),
    (
        "POST",
        "/api/v1/clusters:bulk",
        "/api/v1/clusters:bulk?dryRun=true",
        r#"{"names":["la-1"],"patch":{"metadata":{"labels":{"a":"b"}}}}"#,
        "---x0xxx+",
    ),
    (
        "POST",
        "/api/v1/groups:bulk",
        "/api/v1/groups:bulk?dryRun=true",
        r#"{"names":["/stores/la"],"patch":{"metadata":{"labels":{"a":"b"}}}}"#,
        "---x0xxx+",
    ),
    (
        "POST",
        "/api/v1/namespaces:bulk",
        "/api/v1/namespaces:bulk?dryRun=true",
        r#"{"names":["pets"],"patch":{"metadata":{"labels":{"a":"b"}}}}"#,
        "---x0xxx+",
    ),
    (
        "POST",
        "/api/v1/applications:bulk",
        "/api/v1/applications:bulk?dryRun=true",
        r#"{"names":["dogs"],"patch":{"metadata":{"labels":{"a":"b"}}}}"#,
        "---x0xxx+",
    ),
    ("POST", "/api/v1/preview", "/api/v1/preview", r#"{"branch":"none"}"#, "---x+xxx+"),
    ("GET", "/api/v1/users", "/api/v1/users", "", "---xxxxx+"),
    ("POST", "/api/v1/users", "/api/v1/users", r#"{"name":"new"}"#, "---xxxxx+"),
    ("GET", "/api/v1/users/{name}", "/api/v1/users/anna", "", "---xxxxx+"),
    ("PATCH", "/api/v1/users/{name}", "/api/v1/users/new", r#"{"isDisabled":true}"#, "---xxxxx+"),
    (
        "PUT",
        "/api/v1/users/{name}/password",
        "/api/v1/users/new/password",
        r#"{"password":"correct horse battery"}"#,
        "---xxxxx+",
    ),
    ("GET", "/api/v1/tokens", "/api/v1/tokens", "", "---++++x+"),
    (
        "POST",
        "/api/v1/tokens",
        "/api/v1/tokens",
        r#"{"name":"made","isForProgram":true}"#,
        "---xxxxx+",
    ),
    ("DELETE", "/api/v1/tokens/{name}", "/api/v1/tokens/made", "", "---0000x+"),
    ("GET", "/api/v1/audit", "/api/v1/audit", "", "---xxxxx+"),
    ("GET", "/api/v1/audit/verification", "/api/v1/audit/verification", "", "---xxxxx+"),
    ("GET", "git", "/git/source.git/info/refs?service=git-upload-pack", "", "---++x+x+"),
    ("POST", "git", "/git/source.git/git-upload-pack", "git", "---++x+x+"),
    ("GET", "git", "/git/source.git/info/refs?service=git-receive-pack", "", "---++x+x+"),
    ("POST", "git", "/git/source.git/git-receive-pack", "git", "---++x+x+"),
    ("GET", "git", "/git/clusters.git/info/refs?service=git-upload-pack", "", "---+xx+++"),
    ("POST", "git", "/git/clusters.git/git-upload-pack", "git", "---+xx+++"),
    ("GET", "git", "/git/clusters.git/info/refs?service=git-receive-pack", "", "---xxxxxx"),
    ("POST", "git", "/git/clusters.git/git-receive-pack", "git", "---xxxxxx"),
];

/// Routes that show nothing of the fleet, and are not described.
const DESCRIPTIONS: [&str; 2] = ["/api/openapi.json", "/api/docs"];

/// What nobody without a Role may ever read: a value of a cluster, and the title of an application.
const CANARIES: [&str; 2] = ["city: nola", "\"Puppies\""];

/// A server with the fleet, a hold, something that waits, and two changes; and a token for each
/// column.
async fn everything() -> (Running, Vec<Option<String>>) {
    let fleet = FLEET.replace("template: apps/vote\n", "template: apps/vote\n  owner: owen\n");
    let (running, admin) = with_fleet_of(&format!("{fleet}{PEOPLE}")).await;
    let hold = json!({"clusters": "/c/la-2", "reason": "for the matrix"});
    assert_eq!(running.ask(Method::POST, "/api/v1/holds", &hold).await.0, 201);
    let anna = Clone::of(&running, &running.token_of("user:anna").await);
    anna.edit("inventory/pets.yaml", "title: Dogs", "title: Hounds");
    assert!(anna.push(&["HEAD:refs/for/main"]).0);
    assert!(anna.push(&["HEAD:refs/heads/others"]).0);
    admin.edit("inventory/tx.yaml", "city: austin", "city: waco");
    assert!(admin.push(&["HEAD:refs/for/main"]).0);
    let mut tokens = vec![None, Some(expired(&running).await), Some(revoked(&running).await)];
    for subject in ["user:vera", "user:edna", "user:owen", "user:paul"] {
        tokens.push(Some(running.token_of(subject).await));
    }
    // The agent of the very cluster that is asked about.
    tokens.push(Some(TestAgent::joined(&running, "la-1").await.token));
    tokens.push(Some(ADMIN.to_owned()));
    (running, tokens)
}

/// A token of an administrator that has ended.
async fn expired(running: &Running) -> String {
    running.token_until("expired", "administrator", jiff::Timestamp::UNIX_EPOCH).await
}

/// A token of an administrator that was taken back.
async fn revoked(running: &Running) -> String {
    let token = running.token("revoked", "administrator").await;
    let path = "/api/v1/tokens/revoked";
    assert_eq!(running.send(Method::DELETE, path, Some(ADMIN)).await.status(), 204);
    token
}

/// Asks as one column; the letter of the answer, and its text.
async fn ask(
    running: &Running,
    token: Option<&str>,
    (method, path, body): (&str, &str, &str),
) -> (char, String) {
    let client = reqwest::Client::new();
    let is_patch = method == "PATCH" && !path.starts_with("/api/v1/users");
    let method: Method = method.parse().unwrap();
    let request = client.request(method, format!("{}{path}", running.url));
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    // Edits of documents are made on whatever is there.
    let request = request.header("if-match", "*");
    let request = match body {
        "" => request,
        "git" => {
            let service = path.rsplit('/').next().unwrap();
            let media = format!("application/x-{service}-request");
            request.header("content-type", media).body("0000")
        }
        json if is_patch => {
            request.header("content-type", "application/merge-patch+json").body(json.to_owned())
        }
        json => request.header("content-type", "application/json").body(json.to_owned()),
    };
    let response = request.send().await.unwrap();
    let letter = match response.status().as_u16() {
        401 => '-',
        403 => 'x',
        404 => '0',
        _ => '+',
    };
    let is_stream = ["/api/v1/events", "/api/v1/agent/stream"].contains(&path);
    (letter, if is_stream { String::new() } else { response.text().await.unwrap_or_default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_through_whom_it_should_and_nobody_else() {
    let (running, tokens) = everything().await;
    let (_, checks) = running.get("/api/v1/changes/1/checks").await;
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]}).to_string();
    let plan = json!({"plan": "0".repeat(64)}).to_string();
    let mut wrong = String::new();
    for (method, _, path, body, expected) in ROWS {
        let body = match *body {
            "SEEN" => &seen,
            "PLAN" => &plan,
            body => body,
        };
        let mut letters = String::new();
        for (column, token) in COLUMNS.iter().zip(&tokens) {
            let (letter, text) = ask(&running, token.as_deref(), (method, path, body)).await;
            letters.push(letter);
            // An agent is told what its own cluster runs.
            let is_its_own = *path == "/api/v1/agent/release" && *column == "agent";
            let is_stranger = !["viewer", "approver", "admin"].contains(column) && !is_its_own;
            let leaks = CANARIES.iter().any(|canary| text.contains(canary));
            if is_stranger && leaks {
                let _ = writeln!(wrong, "{method} {path} tells {column} of what they may not see");
            }
        }
        if letters != *expected {
            let _ = writeln!(wrong, "{method} {path}: {letters}, and not {expected}");
        }
    }
    assert!(wrong.is_empty(), "columns are {COLUMNS:?}\n{wrong}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_row() {
    let running = Running::new().await;
    let (_, document) = running.get("/api/openapi.json").await;
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let rows = ROWS.iter().filter(|row| row.1 != "git");
    let rows: BTreeSet<String> = rows.map(|row| format!("{} {}", row.0, row.1)).collect();
    let without: Vec<&String> = described.difference(&rows).collect();
    assert!(without.is_empty(), "routes without a row in the matrix: {without:?}");
    let gone: Vec<&String> = rows.difference(&described).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:?}");
    for path in DESCRIPTIONS {
        assert_eq!(ask(&running, None, ("GET", path, "")).await.0, '+');
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_quoted_to_who_reads_the_source_only() {
    let (running, _) = with_fleet_of(FLEET).await;
    running.publish(&FLEET.replace("clusters: /g/stores}", "clusters: /g/storez}")).await;
    let nobody = running.token_of("user:nobody").await;
    for (token, n) in [(ADMIN, 2), (&nobody, 0)] {
        let (_, status) = running.get_as("/api/v1/status", token).await;
        let quoted = status["refused"]["diagnostics"].as_array().map_or(0, Vec::len);
        assert_eq!(quoted, n, "{status}");
    }
    running.stop().await;
}
