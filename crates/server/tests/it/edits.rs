//! Documents that are edited over the API: each edit is a change of the source.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::clone::Clone;
use crate::hosting::with_fleet;
use crate::support::{ADMIN, Running};

const MERGE: &str = "application/merge-patch+json";
const YAML: &str = "application/yaml";

/// One request to edit something.
struct Edit<'a> {
    method: Method,
    path: &'a str,
    media: &'static str,
    held: Option<String>,
    body: String,
}

impl<'a> Edit<'a> {
    fn patch(path: &'a str, held: &str, patch: &Value) -> Self {
        let (held, body) = (Some(held.to_owned()), patch.to_string());
        Self { method: Method::PATCH, path, media: MERGE, held, body }
    }

    fn post(path: &'a str, media: &'static str, body: impl ToString) -> Self {
        Self { method: Method::POST, path, media, held: None, body: body.to_string() }
    }

    async fn send(self, running: &Running, token: &str) -> Response {
        let url = format!("{}/api/v1/{}", running.url, self.path);
        let request = reqwest::Client::new().request(self.method, url).bearer_auth(token);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(self.media));
        if let Some(held) = &self.held {
            headers.insert("if-match", held.parse().unwrap());
        }
        request.headers(headers).body(self.body).send().await.unwrap()
    }

    async fn answer(self, running: &Running, token: &str) -> (u16, Value) {
        let response = self.send(running, token).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// The tag of a document, as its reader has it.
async fn tag(running: &Running, token: &str, path: &str) -> String {
    let response = running.send(Method::GET, &format!("/api/v1/{path}"), Some(token)).await;
    assert_eq!(response.status(), 200, "{path}");
    response.headers()["etag"].to_str().unwrap().to_owned()
}

/// A file of `main` now.
fn file(admin: &Clone, path: &str) -> String {
    admin.fetch();
    std::fs::read_to_string(admin.tree.path().join(path)).unwrap()
}

const COMMENTED: &str = "\
# The stores of Louisiana.
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: la-1, labels: {ring: beta}} # the first
spec:
  groups: [/stores/la] # by state
  values:
    city: nola   # the quarter
---
# Opened in May.
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: la-2, labels: {ring: prod}}
spec: {groups: [/stores/la], values: {city: baton}}
";

/// A server with [`crate::hosting::FLEET`], in which documents have comments.
async fn commented() -> (Running, Clone) {
    let (running, admin) = with_fleet().await;
    std::fs::write(admin.tree.path().join("inventory/la.yaml"), COMMENTED).unwrap();
    admin.tree.git(&["commit", "-q", "-a", "-m", "say more"]);
    let (done, said) = admin.push(&["main"]);
    assert!(done, "{said}");
    running.released(&admin.tree.commit_of("main").to_string()).await;
    (running, admin)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_merged_where_the_roles_allow_and_comments_stay() {
    let (running, admin) = commented().await;
    let held = tag(&running, ADMIN, "clusters/la-1").await;
    let patch = json!({"metadata": {"labels": {"ring": "prod"}}, "spec": {"values": {"x": 1}}});
    let edit = Edit::patch("clusters/la-1?message=Calm+down", &held, &patch);
    let response = edit.send(&running, ADMIN).await;
    assert_eq!(response.status(), 200);
    let version = response.headers()["etag"].to_str().unwrap().to_owned();
    let edited: Value = response.json().await.unwrap();
    assert_eq!(edited["outcome"], "merged", "{edited}");
    assert_eq!(edited["effect"]["clusters"], 1);
    assert_eq!(edited["files"], json!(["inventory/la.yaml"]));
    let (change, commit) = (&edited["change"], edited["commit"].as_str().unwrap());
    assert_eq!((&change["number"], &change["status"]), (&json!(1), &json!("merged")));
    assert_eq!((&change["title"], &change["merged"]), (&json!("Calm down"), &json!(commit)));

    // A read waits for it.
    let read = running.get(&format!("/api/v1/clusters/la-1?wait={commit}")).await.1;
    assert_eq!(read["metadata"]["labels"]["ring"], "prod");
    assert_eq!(format!("\"{}\"", read["metadata"]["resourceVersion"].as_str().unwrap()), version);
    let expected = COMMENTED
        .replace("ring: beta", "ring: prod")
        .replace("# the quarter\n", "# the quarter\n    x: 1\n");
    assert_eq!(file(&admin, "inventory/la.yaml"), expected);
    let said = admin.tree.git(&["log", "-1", "--format=%an|%s|%(trailers:key=Change,valueonly)"]);
    assert_eq!(said.trim(), "administrator|Calm down|1");

    // The same again changes nothing.
    let held = version.as_str();
    let (status, again) = Edit::patch("clusters/la-1", held, &patch).answer(&running, ADMIN).await;
    assert_eq!((status, &again["outcome"]), (200, &json!("unchanged")), "{again}");
    assert_eq!(again["commit"], commit);

    // A document that is sent whole is the fewest changes of its text.
    let mut whole = read.clone();
    whole["spec"]["values"] = json!({"city": "orleans", "x": 1});
    let body = whole.to_string();
    let held = None;
    let put =
        Edit { method: Method::PUT, path: "clusters/la-1", media: "application/json", held, body };
    let (status, put) = put.answer(&running, ADMIN).await;
    assert_eq!((status, &put["outcome"]), (200, &json!("merged")), "{put}");
    let expected = expected.replace("city: nola", "city: orleans");
    assert_eq!(file(&admin, "inventory/la.yaml"), expected);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_says_what_it_is_made_on() {
    let (running, admin) = commented().await;
    let patch = json!({"spec": {"description": "a store"}});
    let without = Edit { held: None, ..Edit::patch("clusters/la-1", "", &patch) };
    let (status, problem) = without.answer(&running, ADMIN).await;
    assert_eq!((status, &problem["code"]), (428, &json!("precondition-required")));

    let old = tag(&running, ADMIN, "clusters/la-1").await;
    admin.edit("inventory/la.yaml", "city: nola", "city: orleans");
    assert!(admin.push(&["main"]).0);
    let stale = Edit::patch("clusters/la-1", &old, &patch).send(&running, ADMIN).await;
    assert_eq!(stale.status(), 412);
    let now = stale.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(stale.json::<Value>().await.unwrap()["code"], "stale-document");
    // Another document of the same file is not concerned.
    let other = tag(&running, ADMIN, "clusters/la-2").await;
    assert_eq!(Edit::patch("clusters/la-2", &other, &patch).answer(&running, ADMIN).await.0, 200);
    assert_eq!(Edit::patch("clusters/la-1", &now, &patch).answer(&running, ADMIN).await.0, 200);
    assert_eq!(Edit::patch("clusters/la-1", "*", &patch).answer(&running, ADMIN).await.0, 200);

    let rows = [
        (Edit::patch("clusters/la-3", "*", &patch), 404, "not-found"),
        (
            Edit { media: "text/plain", ..Edit::patch("clusters/la-1", "*", &patch) },
            415,
            "unsupported-media-type",
        ),
        (
            Edit { body: "{".to_owned(), ..Edit::patch("clusters/la-1", "*", &patch) },
            400,
            "malformed-body",
        ),
        (Edit::patch("clusters/la-1?dryrun=true", "*", &patch), 400, "bad-request"),
        (Edit::patch("clusters/la-1", "*", &json!({"spec": {"colour": 1}})), 422, "new-errors"),
        (Edit::patch("clusters/la-1", "*", &json!({"kind": "Group"})), 422, "wrong-document"),
        (
            Edit::patch("clusters/la-1", "*", &json!({"metadata": {"name": "x"}})),
            422,
            "wrong-document",
        ),
        (
            Edit::patch("clusters/la-1", "*", &json!({"spec": {"groups": ["/x"]}})),
            422,
            "new-errors",
        ),
    ];
    for (edit, status, code) in rows {
        let body = edit.body.clone();
        let (found, problem) = edit.answer(&running, ADMIN).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
        if code == "new-errors" {
            assert_eq!(problem["diagnostics"][0]["places"][0]["file"], "inventory/la.yaml");
        }
    }
    let operations = json!([{"op": "test", "path": "/metadata/name", "value": "la-2"}]);
    let media = "application/json-patch+json";
    let edit = Edit { media, ..Edit::patch("clusters/la-1", "*", &operations) };
    let (status, problem) = edit.answer(&running, ADMIN).await;
    assert_eq!((status, &problem["code"]), (409, &json!("patch-does-not-fit")), "{problem}");
    let operations = json!([{"op": "replace", "path": "/spec/values/city", "value": "Metairie"}]);
    let edit = Edit { media, ..Edit::patch("clusters/la-1", "*", &operations) };
    let (status, edited) = edit.answer(&running, ADMIN).await;
    assert_eq!((status, &edited["outcome"]), (200, &json!("merged")), "{edited}");
    assert!(file(&admin, "inventory/la.yaml").contains("city: Metairie   # the quarter"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_waits_for_an_approval_where_the_roles_say_so() {
    let (running, admin) = with_fleet().await;
    let tokens = ["user:anna", "user:otto", "user:rita", "user:nobody", "token:ci"];
    let mut of = Vec::new();
    for subject in tokens {
        of.push(running.token_of(subject).await);
    }
    let [anna, otto, rita, nobody, ci] = &of[..] else { unreachable!() };
    let patch = json!({"spec": {"values": {"title": "Hounds"}}});
    let dogs = "applications/dogs";
    let (status, problem) = Edit::patch(dogs, "*", &patch).answer(&running, rita).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    let (status, problem) = Edit::patch(dogs, "*", &patch).answer(&running, nobody).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    let (status, problem) = Edit::patch(dogs, "*", &patch).answer(&running, ci).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not-found")), "{problem}");
    assert_eq!(problem["hint"], Value::Null, "no name is told");
    // Who may merge by a Role that asks for nothing merges at once, without reading.
    let till = json!({"spec": {"values": {"title": "Cash"}}});
    let (status, edited) = Edit::patch("applications/till", "*", &till).answer(&running, ci).await;
    assert_eq!((status, &edited["outcome"]), (200, &json!("merged")), "{edited}");

    let held = tag(&running, anna, dogs).await;
    let (status, tried) =
        Edit::patch(&format!("{dogs}?dryRun=true"), &held, &patch).answer(&running, anna).await;
    assert_eq!((status, &tried["outcome"]), (200, &json!("dryRun")), "{tried}");
    assert!(tried["waits"][0].is_string() && tried["change"].is_null(), "{tried}");
    let response = Edit::patch(dogs, &held, &patch).send(&running, anna).await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()["location"], "/api/v1/changes/2");
    let opened: Value = response.json().await.unwrap();
    assert_eq!((&opened["outcome"], &opened["change"]["number"]), (&json!("open"), &json!(2)));
    assert_eq!(opened["waits"], tried["waits"]);
    assert!(!file(&admin, "inventory/pets.yaml").contains("Hounds"), "it is not merged");
    let seen = json!({"head": opened["change"]["head"], "plan": opened["effect"]["plan"]});
    let approval = "/api/v1/changes/2/approval";
    assert_eq!(running.json(otto, Method::PUT, approval, Some(seen)).await.0, 200);
    let merge = "/api/v1/changes/2/merge";
    let (status, merged) = running.json(anna, Method::POST, merge, Some(json!({}))).await;
    assert_eq!((status, &merged["status"]), (200, &json!("merged")), "{merged}");
    assert!(file(&admin, "inventory/pets.yaml").contains("title: Hounds"));
    // Also who may merge can leave it to others.
    let path = "applications/till?propose=true";
    let cash = json!({"spec": {"values": {"title": "Money"}}});
    assert_eq!(Edit::patch(path, "*", &cash).answer(&running, ci).await.0, 202);
    running.stop().await;
}

/// A fleet of twenty stores in one file, and as many in files of their own.
fn stores() -> String {
    let mut text =
        "-- fleet.yaml --\napiVersion: res-edge.dev/v1\nkind: Fleet\nmetadata: {name: x}\n\
        -- inventory/all.yaml --\n"
            .to_owned();
    let one = |name: String| {
        format!("apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}} # {name}\n")
    };
    let all: Vec<String> = (0..10).map(|number| one(format!("s-{number}"))).collect();
    text.push_str(&all.join("---\n"));
    for number in 10..20 {
        text.push_str(&format!("-- inventory/s-{number}.yaml --\n{}", one(format!("s-{number}"))));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_edits_of_different_documents_at_once_are_all_made() {
    let running = Running::new().await;
    running.publish(&stores()).await;
    let patch = json!({"spec": {"description": "mine"}});
    let paths: Vec<String> = (0..20).map(|number| format!("clusters/s-{number}")).collect();
    let mut held = Vec::new();
    for path in &paths {
        held.push(tag(&running, ADMIN, path).await);
    }
    let edits = paths.iter().zip(&held).map(|(path, held)| {
        let edit = Edit::patch(path, held, &patch);
        let url = running.url.clone();
        let (path, held, body) = (edit.path.to_owned(), edit.held.unwrap(), edit.body);
        tokio::spawn(async move {
            let url = format!("{url}/api/v1/{path}");
            let request = reqwest::Client::new().patch(url).bearer_auth(ADMIN).body(body);
            let request = request.header("if-match", held).header("content-type", MERGE);
            request.send().await.unwrap().status().as_u16()
        })
    });
    let edits: Vec<_> = edits.collect();
    for edit in edits {
        assert_eq!(edit.await.unwrap(), 200);
    }
    let listed = running.get("/api/v1/changes?status=merged&limit=100").await.1;
    assert_eq!(listed["total"], 20);
    let admin = Clone::of(&running, ADMIN);
    let all = file(&admin, "inventory/all.yaml");
    assert_eq!((all.matches("mine").count(), all.matches('#').count()), (10, 10), "{all}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_edits_of_one_document_one_is_made() {
    let (running, admin) = commented().await;
    let held = tag(&running, ADMIN, "clusters/la-1").await;
    let [one, other] = ["one", "two"].map(|word| json!({"spec": {"description": word}}));
    let (one, other) = tokio::join!(
        Edit::patch("clusters/la-1", &held, &one).answer(&running, ADMIN),
        Edit::patch("clusters/la-1", &held, &other).answer(&running, ADMIN),
    );
    let mut codes = [one.0, other.0];
    codes.sort_unstable();
    assert!(codes == [200, 412] || codes == [200, 409], "{one:?} {other:?}");
    assert_eq!(file(&admin, "inventory/la.yaml").matches("description").count(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_come_go_and_are_renamed() {
    let (running, admin) = commented().await;
    let olga = running.token_of("user:olga").await;
    let yaml = "# mine\nkind: Cluster\napiVersion: res-edge.dev/v1\nmetadata: {name: la-3} # new\n\
        spec: {groups: [/stores/la], values: {city: houma}}\n";
    let response = Edit::post("clusters", YAML, yaml).send(&running, ADMIN).await;
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (201.try_into().unwrap(), &HeaderValue::from_static("/api/v1/clusters/la-3"))
    );
    assert_eq!(file(&admin, "inventory/clusters/la-3.yaml"), yaml);
    let (status, problem) = Edit::post("clusters", YAML, yaml).answer(&running, ADMIN).await;
    assert_eq!((status, &problem["code"]), (409, &json!("exists")), "{problem}");
    // Who may only ask for it asks for it, into a file of their choice.
    let la_4 = json!({"metadata": {"name": "la-4"}, "spec": {"groups": ["/stores/la"], "values": {"city": "gretna"}}});
    let path = "clusters?file=inventory/la.yaml";
    let (status, made) = Edit::post(path, "application/json", &la_4).answer(&running, &olga).await;
    assert_eq!((status, &made["outcome"]), (202, &json!("open")), "{made}");
    assert_eq!(made["files"], json!(["inventory/la.yaml"]));
    for (path, code) in [
        ("clusters?file=docs/la.yaml", "wrong-document"),
        ("clusters?file=inventory/../x.yaml", "wrong-file"),
        ("groups", "wrong-document"),
    ] {
        let text = yaml.replace("la-3", "la-5");
        let (status, problem) = Edit::post(path, YAML, text).answer(&running, ADMIN).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{path}: {problem}");
    }
    let group = "kind: Group\napiVersion: res-edge.dev/v1\nmetadata: {name: quarter}\nspec: {parent: /stores/la}\n";
    let response = Edit::post("groups?wait=released", YAML, group).send(&running, ADMIN).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["location"], "/api/v1/groups/stores/la/quarter");
    assert_eq!(file(&admin, "inventory/groups/stores/la/quarter.yaml"), group);

    // A rename says what it was called.
    let rename = json!({"metadata": {"name": "la-9", "formerName": "la-2"}});
    let (status, renamed) =
        Edit::patch("clusters/la-2", "*", &rename).answer(&running, ADMIN).await;
    assert_eq!((status, &renamed["documents"][0]["name"]), (200, &json!("la-9")), "{renamed}");
    assert_eq!(renamed["change"]["title"], "Rename cluster la-2 to la-9");

    // As text, with its comments, as people edit it.
    let url = format!("{}/api/v1/clusters/la-1", running.url);
    let request = reqwest::Client::new().get(url).bearer_auth(ADMIN).header("accept", YAML);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], YAML);
    let held = answer.headers()["etag"].to_str().unwrap().to_owned();
    let text = answer.text().await.unwrap();
    assert!(COMMENTED.contains(&text) && text.contains("# by state"), "{text}");
    let body = text.replace("# by state", "# by the state, says anna");
    let put =
        Edit { method: Method::PUT, path: "clusters/la-1", media: YAML, held: Some(held), body };
    assert_eq!(put.answer(&running, ADMIN).await.0, 200);
    assert!(file(&admin, "inventory/la.yaml").contains("says anna"));

    let delete = |path| Edit { method: Method::DELETE, ..Edit::patch(path, "*", &json!({})) };
    let (status, gone) = delete("clusters/la-3").answer(&running, ADMIN).await;
    assert_eq!((status, &gone["outcome"]), (200, &json!("merged")), "{gone}");
    admin.fetch();
    assert!(!admin.tree.path().join("inventory/clusters/la-3.yaml").exists());
    // What others need does not go.
    let (status, problem) = delete("groups/stores/la").answer(&running, ADMIN).await;
    assert_eq!((status, &problem["code"]), (422, &json!("new-errors")), "{problem}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_edited_at_once_in_one_commit() {
    let running = Running::new().await;
    running.publish(&stores()).await;
    let admin = Clone::of(&running, ADMIN);
    let patch = json!({"metadata": {"labels": {"ring": "beta"}}});
    let body = |more: Value| {
        let mut body = json!({"filter": "name ge 's-1' and name lt 's-2'", "patch": patch});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let json = "application/json";
    let bulk = async |path: &str, more: Value| {
        Edit::post(path, json, body(more)).answer(&running, ADMIN).await
    };
    let (status, problem) = bulk("clusters:bulk", json!({})).await;
    assert_eq!((status, &problem["detail"]), (428, &json!("it selects 11 clusters")), "{problem}");
    let (status, tried) = bulk("clusters:bulk?dryRun=true", json!({})).await;
    assert_eq!((status, &tried["count"], &tried["outcome"]), (200, &json!(11), &json!("dryRun")));
    let (status, problem) = bulk("clusters:bulk", json!({"count": 10})).await;
    assert_eq!((status, &problem["code"]), (412, &json!("other-count")), "{problem}");
    let (status, edited) = bulk("clusters:bulk?wait=released", json!({"count": 11})).await;
    assert_eq!((status, &edited["outcome"]), (200, &json!("merged")), "{edited}");
    assert_eq!(edited["change"]["title"], "Edit 11 clusters");
    admin.fetch();
    assert_eq!(
        admin.tree.git(&["diff", "--shortstat", "HEAD~1"]).trim().split(',').next().unwrap(),
        "11 files changed"
    );
    let listed = running.get("/api/v1/clusters?labelSelector=ring%3Dbeta").await.1;
    assert_eq!(listed["total"], 11);
    // Names narrow it further, and nothing selected is nothing edited.
    let (status, tried) = bulk("clusters:bulk?dryRun=true", json!({"names": ["s-1", "s-5"]})).await;
    assert_eq!((status, &tried["count"]), (200, &json!(1)), "{tried}");
    let nothing = json!({"patch": patch});
    let answer = Edit::post("clusters:bulk", json, nothing).answer(&running, ADMIN).await;
    assert_eq!(answer.0, 400, "{answer:?}");
    let mistyped = json!({"expression": "/m/rign/beta", "patch": patch});
    let answer = Edit::post("clusters:bulk", json, mistyped).answer(&running, ADMIN).await;
    assert_eq!(answer.0, 400, "{answer:?}");
    let name = json!({"names": ["s-1", "s-2"], "patch": {"metadata": {"name": "x"}}});
    let answer = Edit::post("clusters:bulk?dryRun=true", json, name).answer(&running, ADMIN).await;
    assert_eq!(answer.0, 422, "{answer:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proposed_can_be_previewed() {
    let (running, admin) = commented().await;
    let main = admin.tree.commit_of("main").to_string();
    let ask = async |body: &Value| running.ask(Method::POST, "/api/v1/preview", body).await;
    let text = COMMENTED.replace("city: nola", "city: orleans");
    let (status, preview) = ask(&json!({"files": {"inventory/la.yaml": text}})).await;
    assert_eq!((status, &preview["kind"]), (200, &json!("Preview")), "{preview}");
    assert_eq!(preview["status"]["clusters"]["changed"], 1);
    let (status, none) = ask(&json!({"files": {"inventory/tx.yaml": null}})).await;
    assert_eq!((status, &none["status"]["clusters"]["removed"]["count"]), (200, &json!(1)));
    admin.edit("inventory/la.yaml", "city: nola", "city: orleans");
    assert!(admin.push(&["HEAD:refs/heads/mine"]).0);
    let head = admin.tree.commit_of("HEAD").to_string();
    let all =
        [json!({"branch": "mine"}), json!({"head": head}), json!({"head": head, "base": main})];
    for body in all {
        assert_eq!(ask(&body).await, (200, preview.clone()), "{body}");
    }
    let (status, back) = ask(&json!({"head": main, "base": head})).await;
    assert_eq!((status, &back["status"]["clusters"]["changed"]), (200, &json!(1)));
    let (status, problem) = ask(&json!({"files": {"inventory/la.yaml": "kind: Cluster"}})).await;
    assert_eq!((status, &problem["code"]), (422, &json!("new-errors")), "{problem}");
    for (body, expected) in [
        (json!({}), 400),
        (json!({"head": "HEAD"}), 400),
        (json!({"branch": "none"}), 400),
        (json!({"files": {"../x": "a"}}), 422),
    ] {
        assert_eq!(ask(&body).await.0, expected, "{body}");
    }
    let rita = running.token_of("user:rita").await;
    let body = Some(json!({"branch": "mine"}));
    assert_eq!(running.json(&rita, Method::POST, "/api/v1/preview", body).await.0, 403);
    let url = format!("{}/api/v1/preview", running.url);
    let request =
        reqwest::Client::new().post(url).bearer_auth(ADMIN).json(&json!({"branch": "mine"}));
    let markdown = request.header("accept", "text/markdown").send().await.unwrap();
    assert!(markdown.text().await.unwrap().contains("orleans"));
    admin.fetch();
    assert_eq!(admin.tree.commit_of("main").to_string(), main, "nothing was changed");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_the_past_are_those_of_the_present_then() {
    let (running, _) = with_fleet().await;
    let lists = [
        "/api/v1/clusters?labelSelector=ring%3Dprod",
        "/api/v1/bindings?$filter=state eq 'released'&expression=/g/stores",
        "/api/v1/clusters/la-1/bindings",
        "/api/v1/applications/dogs/bindings?fields=status",
        "/api/v1/search?q=nola",
    ];
    let mut before = Vec::new();
    for list in lists {
        let answer = running.get(list).await;
        assert_eq!(answer.0, 200, "{list}: {}", answer.1);
        before.push(answer);
    }
    let last = running.get("/api/v1/status").await.1["ledger"]["generation"].as_u64().unwrap();
    let held = "*";
    let patch =
        json!({"metadata": {"labels": {"ring": "prod"}}, "spec": {"values": {"city": "x"}}});
    let path = "clusters/la-1?wait=released";
    assert_eq!(Edit::patch(path, held, &patch).answer(&running, ADMIN).await.0, 200);
    let rita = running.token_of("user:rita").await;
    for (list, before) in lists.iter().zip(&before) {
        assert_ne!(running.get(list).await, *before, "{list}");
        let past = format!("{list}{}asOf={last}", if list.contains('?') { "&" } else { "?" });
        assert_eq!(running.get(&past).await, *before, "{past}");
    }
    let seen = running.get_as(&format!("/api/v1/clusters?asOf={last}"), &rita).await.1;
    assert_eq!(seen["total"], 0, "the Roles hold for the past");
    for (as_of, expected) in [("0", 404), ("99", 404), ("x", 400), ("2001-01-01T00:00:00Z", 404)] {
        let path = format!("/api/v1/bindings?asOf={as_of}");
        assert_eq!(running.get(&path).await.0, expected, "{as_of}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_with_a_key_is_made_once() {
    let (running, _) = commented().await;
    let send = async || {
        let url = format!("{}/api/v1/clusters/la-1", running.url);
        let request = reqwest::Client::new().patch(url).bearer_auth(ADMIN);
        let request = request.header("if-match", "*").header("content-type", MERGE);
        let request = request.header("idempotency-key", "one");
        let body = json!({"spec": {"description": "once"}}).to_string();
        request.body(body).send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(send().await, send().await);
    assert_eq!(running.get("/api/v1/changes").await.1["total"], 1);
    running.stop().await;
}
