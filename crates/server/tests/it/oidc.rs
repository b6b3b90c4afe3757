//! Signing in with a provider of identities: what a provider says, and who may not be believed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method, Url};
use serde_json::{Value, json};

use crate::provider::{Browser, Fake, Page, Said, trusting};
use crate::support::{Running, settings};

/// A server that trusts a provider.
async fn trusting_server(issuer: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.oidc = Some(trusting(issuer));
    Running::with(folder, settings).await
}

/// A person at a browser, before a server and a provider.
pub(crate) struct Scene {
    pub(crate) running: Running,
    fake: Fake,
    pub(crate) browser: Browser,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let fake = Fake::start().await;
        let running = trusting_server(&fake.url).await;
        Self { running, fake, browser: Browser::default() }
    }

    /// Where the browser is sent to sign in.
    async fn begin(&mut self, wanted: &str) -> Url {
        let url = format!("{}/auth/oidc/login{wanted}", self.running.url);
        let page = self.browser.go(&url).await;
        assert_eq!(page.status, 303, "{}", page.json);
        page.location.unwrap()
    }

    /// Comes back from the provider, which says what a test wants.
    pub(crate) async fn end(&mut self, sent_to: &Url, change: impl FnOnce(&mut Said)) -> Page {
        let said = self.fake.say(sent_to, change);
        let state = sent_to.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let mut back = Url::parse(&format!("{}/auth/oidc/callback", self.running.url)).unwrap();
        back.query_pairs_mut().append_pair("state", &state).extend_pairs(&said.back);
        if said.has_code {
            back.query_pairs_mut().append_pair("code", "the-code");
        }
        self.browser.go(back.as_str()).await
    }

    /// Signs in from the beginning to the end.
    pub(crate) async fn sign_in(&mut self, change: impl FnOnce(&mut Said)) -> Page {
        let sent_to = self.begin("").await;
        self.end(&sent_to, change).await
    }

    async fn subjects(&mut self) -> Value {
        let whoami = self.browser.go(&format!("{}/api/v1/whoami", self.running.url)).await;
        whoami.json["subjects"].clone()
    }
}

/// The status and the code of a problem, with what it says.
fn told(page: &Page) -> String {
    let text = |key: &str| page.json[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}: {}", page.status, text("code"), text("detail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_provider_comes_in_with_groups() {
    let mut scene = Scene::new().await;
    let sent_to = scene.begin("?return=/clusters%3Ffilter%3Da").await;
    let asked: Vec<String> = sent_to
        .query_pairs()
        .filter(|(name, _)| {
            !["state", "nonce", "code_challenge", "redirect_uri"].contains(&&**name)
        })
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        asked,
        [
            "response_type=code",
            "client_id=res-edge",
            "scope=openid profile groups",
            "code_challenge_method=S256",
        ]
    );
    let page = scene.end(&sent_to, |_| {}).await;
    assert_eq!((page.status, page.location.unwrap().query()), (303, Some("filter=a")));
    let attributes = |cookie: &String| cookie.split_once("; ").unwrap().1.to_owned();
    let attributes: Vec<String> = page.cookies.iter().map(attributes).collect();
    let of_session = "Path=/; HttpOnly; SameSite=Lax";
    assert_eq!(attributes, [of_session.to_owned(), format!("Max-Age=0; {of_session}")]);
    assert_eq!(scene.subjects().await, json!(["user:oidc/anna", "group:oidc/pets"]));
    let (_, audit) = scene.running.get("/api/v1/audit").await;
    let acts: Vec<&str> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(acts, ["session.begin", "user.create"]);
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_those_of_the_last_sign_in_and_nothing_is_none() {
    let mut scene = Scene::new().await;
    let anna = json!("user:oidc/anna");
    scene.sign_in(|said| said.claims["groups"] = json!(["b", "a"])).await;
    assert_eq!(scene.subjects().await, json!([anna, "group:oidc/a", "group:oidc/b"]));
    scene.sign_in(|said| said.claims["groups"] = json!([])).await;
    assert_eq!(scene.subjects().await, json!([anna]));
    let without = |said: &mut Said| drop(said.claims.as_object_mut().unwrap().remove("groups"));
    scene.sign_in(without).await;
    assert_eq!(scene.subjects().await, json!([anna]));
    // A provider may keep them for who asks with the access token.
    let elsewhere = |said: &mut Said| {
        without(said);
        said.user_info["groups"] = json!("c");
    };
    scene.sign_in(elsewhere).await;
    assert_eq!(scene.subjects().await, json!([anna, "group:oidc/c"]));
    scene.running.stop().await;
}

/// What a provider says wrongly.
type Fault = Box<dyn Fn(&mut Said)>;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_believed_signs_nobody_in() {
    let mut scene = Scene::new().await;
    let claim = |name: &'static str, value: Value| {
        Box::new(move |said: &mut Said| said.claims[name] = value.clone()) as Fault
    };
    let faults: Vec<(&str, Fault)> = vec![
        ("expired", claim("exp", json!(1_000_000_000))),
        ("for another client", claim("aud", json!("another"))),
        ("for another client too", claim("aud", json!(["res-edge", "another"]))),
        ("of another provider", claim("iss", json!("https://id.example"))),
        ("of another sign-in", claim("nonce", json!("another"))),
        ("of no sign-in", claim("nonce", Value::Null)),
        ("without a name", claim("preferred_username", Value::Null)),
        ("unsigned", Box::new(|said| said.header = json!({ "alg": "none" }))),
        ("signed with the shared secret", Box::new(|said| said.header["alg"] = json!("HS256"))),
        ("signed by somebody else", Box::new(|said| said.with_key(1, 0))),
        (
            "with groups of somebody else",
            Box::new(|said| {
                said.claims.as_object_mut().unwrap().remove("groups");
                said.user_info = json!({ "sub": "8", "groups": ["admins"] });
            }),
        ),
        (
            "from another provider",
            Box::new(|said| said.back = vec![("iss", "https://id.example".to_owned())]),
        ),
        ("from somebody who does not say", Box::new(|said| said.back.clear())),
        (
            "a no",
            Box::new(|said| {
                said.has_code = false;
                said.back.push(("error", "access_denied".to_owned()));
            }),
        ),
        ("nothing", Box::new(|said| said.has_code = false)),
    ];
    let mut lines = Vec::new();
    for (name, fault) in &faults {
        let page = scene.sign_in(fault).await;
        let told = told(&page).replace(&scene.fake.url, "[PROVIDER]");
        lines.push(format!("{name}\n  {told}"));
        assert_eq!(scene.subjects().await, Value::Null, "{name}");
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(scene.sign_in(|_| {}).await.status, 303, "without a fault it works");
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_somebody_else_signs_nobody_in() {
    let mut scene = Scene::new().await;
    // The sign-in that an attacker began and did not end.
    let of_attacker = scene.begin("").await;
    scene.browser = Browser::default();
    assert!(told(&scene.end(&of_attacker, |_| {}).await).starts_with("403 sign-in-not-begun"));
    let own = scene.begin("").await;
    assert!(told(&scene.end(&of_attacker, |_| {}).await).starts_with("403 sign-in-not-begun"));
    // It ended, whatever comes of it.
    assert!(told(&scene.end(&own, |_| {}).await).starts_with("403 sign-in-not-begun"));
    let own = scene.begin("").await;
    assert_eq!(scene.end(&own, |_| {}).await.status, 303);
    assert!(told(&scene.end(&own, |_| {}).await).starts_with("403 sign-in-not-begun"));
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_comes_back_to_this_server_only() {
    let mut scene = Scene::new().await;
    for evil in ["https://evil.example", "//evil.example", "/%5Cevil.example", "javascript:x"] {
        let sent_to = scene.begin(&format!("?return={evil}")).await;
        let page = scene.end(&sent_to, |_| {}).await;
        let to = page.location.unwrap();
        assert_eq!(to.as_str(), format!("{}/", scene.running.url), "{evil}");
    }
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_stays_with_who_had_it_first() {
    let mut scene = Scene::new().await;
    scene.sign_in(|_| {}).await;
    scene.browser = Browser::default();
    let page = scene.sign_in(|said| said.claims["sub"] = json!("8")).await;
    assert_eq!(told(&page), "403 name-taken: another person is called `oidc/anna` here");
    let renamed = |said: &mut Said| said.claims["preferred_username"] = json!("root");
    assert_eq!(scene.sign_in(renamed).await.status, 303);
    assert_eq!(scene.subjects().await[0], "user:oidc/anna");
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_here_stays_out() {
    let mut scene = Scene::new().await;
    scene.sign_in(|_| {}).await;
    let body = json!({ "isDisabled": true });
    let path = "/api/v1/users/oidc%2Fanna";
    assert_eq!(scene.running.ask(Method::PATCH, path, &body).await.0, 200);
    assert_eq!(scene.subjects().await, Value::Null);
    let page = scene.sign_in(|_| {}).await;
    assert_eq!(told(&page), "403 disabled: `oidc/anna` may not come in");
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_provider_is_fetched() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.sign_in(|_| {}).await.status, 303);
    assert_eq!(scene.sign_in(|said| said.with_key(1, 1)).await.status, 303);
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_from_elsewhere_signs_nobody_in() {
    let scene = Scene::new().await;
    for path in ["login", "callback?code=a&state=b"] {
        let url = format!("{}/auth/oidc/{path}", scene.running.url);
        let answer = Client::new().get(url).header("host", "fleet.example").send().await.unwrap();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "plain-http", "{path}");
    }
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_passwords_work_and_it_is_said_what_does_not() {
    let none = Running::new().await;
    assert_eq!(none.get("/auth/methods").await.1, json!({ "password": true }));
    assert_eq!(none.get("/auth/oidc/login").await.0, 404);
    none.stop().await;
    // Nobody listens there: it was given up a moment ago.
    let gone = Fake::start().await.url.clone();
    let running = trusting_server(&gone).await;
    let mut browser = Browser::default();
    let page = browser.go(&format!("{}/auth/oidc/login", running.url)).await;
    let said = told(&page).replace(&gone, "[PROVIDER]");
    assert!(
        said.starts_with("503 provider-unreachable: the provider of identities cannot be asked"),
        "{said}"
    );
    assert_eq!(
        page.json["hint"],
        "try again later; signing in with a password of this server works"
    );
    let (_, methods) = running.get("/auth/methods").await;
    assert!(methods["provider"]["problem"].as_str().unwrap().contains("cannot be asked"));
    assert_eq!(methods["provider"]["begin"], "/auth/oidc/login");
    let password = "a long and secret password";
    let anna = json!({ "name": "anna", "password": password });
    assert_eq!(running.ask(Method::POST, "/api/v1/users", &anna).await.0, 201);
    let login = Client::new().post(format!("{}/auth/login", running.url)).json(&anna);
    assert_eq!(login.send().await.unwrap().status(), 200);
    running.stop().await;
}

/// The provider that the npm package `oidc-provider` makes, until it is dropped.
struct Real {
    child: Child,
    url: String,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Real {
    /// Starts it, on a port if one is given; nothing where it is not installed.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the provider")]
    fn start(port: u16) -> Option<Self> {
        let folder = testkit::oidc_provider()?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provider/provider.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(folder)
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let url = url.expect("the provider says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url })
    }

    fn port(&self) -> u16 {
        Url::parse(&self.url).unwrap().port().unwrap()
    }

    /// Names the person who signs in next.
    async fn person(&self, person: Value) {
        let answer = Client::new().put(format!("{}/person", self.url)).json(&person).send().await;
        assert_eq!(answer.unwrap().status(), 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_provider_signs_people_in() {
    let Some(real) = Real::start(0) else { return };
    let running = trusting_server(&real.url).await;
    let sign_in = async |browser: &mut Browser| {
        let page = browser.go(&format!("{}/auth/oidc/login", running.url)).await;
        assert_eq!(page.status, 303, "{}", page.json);
        let back = browser.follow(page.location.unwrap(), &running.url).await;
        let page = browser.go(back.as_str()).await;
        assert_eq!(page.status, 303, "{}", page.json);
        let whoami = browser.go(&format!("{}/api/v1/whoami", running.url)).await;
        whoami.json["subjects"].clone()
    };
    let anna = json!({ "sub": "7", "preferred_username": "anna", "groups": ["pets", "ops"] });
    real.person(anna).await;
    let mut browser = Browser::default();
    let all = json!(["user:oidc/anna", "group:oidc/ops", "group:oidc/pets"]);
    assert_eq!(sign_in(&mut browser).await, all);
    // At the next sign-in she is in no group any more.
    real.person(json!({ "sub": "7", "preferred_username": "anna" })).await;
    assert_eq!(sign_in(&mut browser).await, json!(["user:oidc/anna"]));
    // It goes down, and comes back.
    let port = real.port();
    drop(real);
    let whoami = browser.go(&format!("{}/api/v1/whoami", running.url)).await;
    assert_eq!(whoami.status, 200, "sessions go on");
    let real = Real::start(port).unwrap();
    real.person(json!({ "sub": "9", "preferred_username": "bob", "groups": [] })).await;
    assert_eq!(sign_in(&mut Browser::default()).await, json!(["user:oidc/bob"]));
    running.stop().await;
}
