//! People, passwords, sessions and tokens, over real HTTP.

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::support::{ADMIN, Running};

/// A password that must be found nowhere.
const PASSWORD: &str = "canary-of-a-password";

/// One who sends requests: with a token, with a cookie, with neither.
#[derive(Clone, Default)]
struct Someone {
    token: Option<String>,
    cookie: Option<String>,
    headers: HeaderMap,
}

impl Someone {
    fn with_token(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::default() }
    }

    /// The same, saying that a page of the server sends what changes something.
    fn on_a_page(mut self) -> Self {
        self.headers.insert("x-res-edge-csrf", "1".parse().unwrap());
        self
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    async fn send(&self, running: &Running, method: Method, path: &str, body: Value) -> Response {
        let mut request = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .request(method, format!("{}{path}", running.url))
            .headers(self.headers.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// The status and the code of the problem, or else the JSON.
    async fn ask(
        &self,
        running: &Running,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let response = self.send(running, method, path, body).await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        (status, if status >= 400 { json["code"].clone() } else { json })
    }

    async fn whoami(&self, running: &Running) -> (u16, Value) {
        self.ask(running, Method::GET, "/api/v1/whoami", Value::Null).await
    }
}

fn admin() -> Someone {
    Someone::with_token(ADMIN)
}

async fn add(running: &Running, name: &str) {
    let body = json!({ "name": name, "password": PASSWORD });
    let (status, _) = admin().ask(running, Method::POST, "/api/v1/users", body).await;
    assert_eq!(status, 201);
}

/// Signs in, and answers who carries the session.
async fn sign_in(running: &Running, name: &str, password: &str) -> Result<Someone, (u16, Value)> {
    let body = json!({ "name": name, "password": password });
    let response = Someone::default().send(running, Method::POST, "/auth/login", body).await;
    let status = response.status().as_u16();
    let cookie = response.headers().get(SET_COOKIE).map(|value| value.to_str().unwrap().to_owned());
    let answer: Value = response.json().await.unwrap();
    if status != 200 {
        return Err((status, answer["code"].clone()));
    }
    let cookie = cookie.unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    assert!(pair.starts_with("res-edge="), "{pair}");
    Ok(Someone { cookie: Some(pair.to_owned()), ..Someone::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_acts_from_our_pages_only_and_signs_out() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let anna = sign_in(&running, "anna", PASSWORD).await.unwrap();
    let (status, whoami) = anna.whoami(&running).await;
    assert_eq!((status, &whoami["subjects"]), (200, &json!(["user:anna"])));
    assert_eq!(whoami["isAdministrator"], false);
    let body = json!({ "name": "laptop" });
    let post = async |someone: &Someone| {
        someone.ask(&running, Method::POST, "/api/v1/tokens", body.clone()).await
    };
    assert_eq!(post(&anna).await, (403, json!("cross-site")));
    let page = anna.clone().on_a_page();
    let evil = page.clone().with("origin", "https://evil.example");
    assert_eq!(post(&evil).await, (403, json!("cross-site")));
    let own = page.clone().with("origin", &running.url);
    let (status, made) = post(&own).await;
    assert_eq!((status, &made["token"]["name"]), (201, &json!("anna/laptop")));
    let (status, _) = page.ask(&running, Method::POST, "/auth/logout", Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(anna.whoami(&running).await, (401, json!("not-signed-in")));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_signs_in_too_and_other_sites_cannot_send_one() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let send = async |origin: Option<&str>| {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client
            .post(format!("{}/auth/login", running.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("name=anna&password={PASSWORD}"));
        let request = origin.into_iter().fold(request, |request, it| request.header("origin", it));
        request.send().await.unwrap()
    };
    let answer = send(Some(&running.url)).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (303, &"/".parse().unwrap())
    );
    assert!(answer.headers().contains_key(SET_COOKIE));
    assert_eq!(send(Some("https://evil.example")).await.status(), 403);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_plain_http_only_this_machine_signs_in_and_the_answer_says_why() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let body = json!({ "name": "anna", "password": PASSWORD });
    for (name, value) in [("x-forwarded-for", "10.0.0.7"), ("host", "fleet.example")] {
        let elsewhere = Someone::default().with(name, value);
        let response = elsewhere.send(&running, Method::POST, "/auth/login", body.clone()).await;
        assert_eq!(response.status(), 403, "{name}");
        assert!(!response.headers().contains_key(SET_COOKIE));
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "plain-http");
        let detail = "signing in works over HTTPS only: others could read the password on the way";
        assert_eq!(problem["detail"], detail);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_and_unknown_names_are_answered_alike_and_wait() {
    let running = Running::new().await;
    add(&running, "anna").await;
    for name in ["anna", "nobody"] {
        for _ in 0..5 {
            let refused = sign_in(&running, name, "wrong").await.err();
            assert_eq!(refused, Some((401, json!("wrong-password"))), "{name}");
        }
        let refused = sign_in(&running, name, PASSWORD).await.err();
        assert_eq!(refused, Some((429, json!("too-many-attempts"))), "{name}");
    }
    let body = json!({ "name": "anna", "password": PASSWORD });
    let waits = Someone::default().send(&running, Method::POST, "/auth/login", body).await;
    assert!(waits.headers().contains_key("retry-after"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_a_default_password_and_bad_ones_are_refused() {
    let running = Running::new().await;
    let create =
        async |body: Value| admin().ask(&running, Method::POST, "/api/v1/users", body).await;
    assert_eq!(create(json!({ "name": "bob" })).await.0, 201);
    for guess in ["", "bob", "password"] {
        assert_eq!(sign_in(&running, "bob", guess).await.err().unwrap().0, 401, "{guess}");
    }
    assert_eq!(create(json!({ "name": "bob" })).await, (409, json!("name-taken")));
    let short = json!({ "name": "carl", "password": "short" });
    assert_eq!(create(short).await, (422, json!("unfit-password")));
    for name in ["", "a b", "oidc/anna", "administrator", "a\u{0}"] {
        assert_eq!(create(json!({ "name": name })).await, (422, json!("unfit-name")), "{name}");
    }
    assert_eq!(
        create(json!({ "name": "x", "role": "admin" })).await,
        (400, json!("malformed-body"))
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_disabled_is_out_at_once() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let anna = sign_in(&running, "anna", PASSWORD).await.unwrap();
    let body = json!({ "name": "laptop" });
    let page = anna.clone().on_a_page();
    let (_, made) = page.ask(&running, Method::POST, "/api/v1/tokens", body).await;
    let tool = Someone::with_token(made["text"].as_str().unwrap());
    assert_eq!((anna.whoami(&running).await.0, tool.whoami(&running).await.0), (200, 200));
    let edit = async |is_disabled: bool| {
        let body = json!({ "isDisabled": is_disabled });
        admin().ask(&running, Method::PATCH, "/api/v1/users/anna", body).await
    };
    assert_eq!(edit(true).await.1["isDisabled"], true);
    assert_eq!(anna.whoami(&running).await.0, 401);
    assert_eq!(tool.whoami(&running).await, (401, json!("wrong-credentials")));
    assert_eq!(sign_in(&running, "anna", PASSWORD).await.err().unwrap().0, 401);
    edit(false).await;
    assert_eq!(anna.whoami(&running).await.0, 401, "the session has ended");
    assert_eq!(tool.whoami(&running).await.0, 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changes_ones_own_password_with_the_old_one() {
    let running = Running::new().await;
    add(&running, "anna").await;
    add(&running, "bob").await;
    let anna = sign_in(&running, "anna", PASSWORD).await.unwrap().on_a_page();
    let set = async |someone: &Someone, name: &str, body: Value| {
        let path = format!("/api/v1/users/{name}/password");
        someone.ask(&running, Method::PUT, &path, body).await
    };
    let other = "another long password";
    assert_eq!(
        set(&anna, "anna", json!({ "password": other })).await,
        (403, json!("wrong-password"))
    );
    assert_eq!(set(&anna, "bob", json!({ "password": other })).await, (403, json!("forbidden")));
    let right = json!({ "password": other, "current": PASSWORD });
    assert_eq!(set(&anna, "anna", right).await.0, 204);
    assert_eq!(anna.whoami(&running).await.0, 401, "every session has ended");
    assert!(sign_in(&running, "anna", PASSWORD).await.is_err());
    assert!(sign_in(&running, "anna", other).await.is_ok());
    assert_eq!(set(&admin(), "bob", json!({ "password": other })).await.0, 204);
    assert!(sign_in(&running, "bob", other).await.is_ok());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_shown_once_narrow_and_end() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let anna = sign_in(&running, "anna", PASSWORD).await.unwrap().on_a_page();
    let make = async |someone: &Someone, body: Value| {
        someone.ask(&running, Method::POST, "/api/v1/tokens", body).await
    };
    let program = json!({ "name": "ci", "isForProgram": true, "days": 7 });
    assert_eq!(make(&anna, program.clone()).await, (403, json!("forbidden")));
    let (status, ci) = make(&admin(), program).await;
    assert_eq!((status, &ci["token"]["subject"]), (201, &json!("token:ci")));
    let ci = Someone::with_token(ci["text"].as_str().unwrap());
    assert_eq!(ci.whoami(&running).await.1["subjects"], json!(["token:ci"]));
    assert_eq!(make(&ci, json!({ "name": "more" })).await, (403, json!("forbidden")));
    assert_eq!(ci.ask(&running, Method::GET, "/api/v1/users", Value::Null).await.0, 403);
    let scope =
        json!([{ "verbs": ["read"], "kinds": ["all"], "groups": ["all"], "namespaces": ["all"] }]);
    let (_, narrow) = make(&anna, json!({ "name": "narrow", "scope": scope })).await;
    let narrow = Someone::with_token(narrow["text"].as_str().unwrap());
    assert_eq!(narrow.whoami(&running).await.1["token"], "anna/narrow");
    assert_eq!(make(&narrow, json!({ "name": "wide" })).await, (403, json!("forbidden")));
    for (body, code) in [
        (json!({ "name": "a b" }), "unfit-name"),
        (json!({ "name": "ok", "days": 0 }), "unfit-days"),
        (json!({ "name": "ok", "days": 9999 }), "unfit-days"),
        (json!({ "name": "ok", "scope": [] }), "unfit-scope"),
    ] {
        assert_eq!(make(&anna, body).await, (422, json!(code)));
    }
    assert_eq!(make(&anna, json!({ "name": "narrow" })).await, (409, json!("name-taken")));
    let names = async |someone: &Someone| {
        let (_, page) = someone.ask(&running, Method::GET, "/api/v1/tokens", Value::Null).await;
        let items = page["items"].as_array().unwrap().clone();
        assert!(!page.to_string().contains("re_"), "a text is listed");
        items.iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&anna).await, ["anna/narrow"]);
    assert_eq!(names(&admin()).await, ["anna/narrow", "ci"]);
    let revoke = async |someone: &Someone, path: &str| {
        someone
            .ask(&running, Method::DELETE, &format!("/api/v1/tokens/{path}"), Value::Null)
            .await
            .0
    };
    assert_eq!(revoke(&anna, "ci").await, 404, "of others one does not even know");
    assert_eq!(revoke(&anna, "anna%2Fnarrow").await, 204);
    assert_eq!(narrow.whoami(&running).await, (401, json!("wrong-credentials")));
    assert_eq!(revoke(&admin(), "ci").await, 204);
    assert_eq!(ci.whoami(&running).await.0, 401);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_recorded_without_secrets() {
    let running = Running::new().await;
    add(&running, "anna").await;
    let anna = sign_in(&running, "anna", PASSWORD).await.unwrap().on_a_page();
    // A password typed in the place of a name.
    assert!(sign_in(&running, "canary-of-a-slip", "x").await.is_err());
    assert!(sign_in(&running, "anna", "canary-of-a-guess").await.is_err());
    let body = json!({ "name": "laptop" });
    let (_, made) = anna.ask(&running, Method::POST, "/api/v1/tokens", body).await;
    let text = made["text"].as_str().unwrap().to_owned();
    assert_eq!(anna.ask(&running, Method::GET, "/api/v1/audit", Value::Null).await.0, 403);
    let (_, page) = admin().ask(&running, Method::GET, "/api/v1/audit", Value::Null).await;
    let rows = page["items"].as_array().unwrap();
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            assert!(!text("request").is_empty());
            format!("{} {} {}", text("actor"), text("action"), text("object"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "user:anna token.create token:anna/laptop",
            "user:anna session.refuse user:anna",
            "someone unknown session.refuse someone unknown",
            "user:anna session.begin user:anna",
            "user:administrator user.create user:anna",
        ]
    );
    let said = page.to_string();
    assert!(!said.contains("canary") && !said.contains(&text), "{said}");
    let verify = "/api/v1/audit/verification";
    let (_, verified) = admin().ask(&running, Method::GET, verify, Value::Null).await;
    assert_eq!((&verified["isWhole"], &verified["number"]), (&json!(true), &json!(5)));
    let (_, page) =
        admin().ask(&running, Method::GET, "/api/v1/audit?limit=2&continue=3", Value::Null).await;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["continue"]), (2, &Value::Null));
    // The files of the database hold no text that signs anyone in.
    let folder = running.stop().await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!holds("canary") && !holds(&text), "{}", path.display());
        }
    }
}
