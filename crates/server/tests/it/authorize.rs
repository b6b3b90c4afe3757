//! A program gets a token that acts as whoever is signed in with a browser.

use api::{authorize_path, check_text, code_challenge};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::oidc::Scene;
use crate::provider::Page;

const VERIFIER: &str = "a-verifier-that-only-the-program-knows-0123";

/// What a page puts into its form.
fn hidden<'a>(page: &'a Page, name: &str) -> &'a str {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).expect(name);
    rest.split('"').next().unwrap()
}

impl Scene {
    /// The page that asks, once the browser has signed in.
    async fn page(&mut self, verifier: &str) -> Page {
        let path = authorize_path(4711, &code_challenge(verifier));
        let page = self.browser.go(&format!("{}{path}", self.running.url)).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page
    }

    /// Sends the form of a page, and answers where the browser is sent.
    async fn decide(&mut self, page: &Page, decision: &str) -> Page {
        let names = ["port", "code_challenge", "proof"];
        let mut form: Vec<_> = names.iter().map(|name| (*name, hidden(page, name))).collect();
        form.push(("decision", decision));
        self.browser.send(&format!("{}/auth/authorize", self.running.url), &form).await
    }

    async fn exchange(&self, code: &str, verifier: &str) -> (u16, Value) {
        let body = json!({ "code": code, "codeVerifier": verifier });
        let url = format!("{}/auth/token", self.running.url);
        let response = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn code(page: &Page) -> String {
    let sent_to = page.location.as_ref().unwrap_or_else(|| panic!("{}", page.text));
    assert_eq!((sent_to.host_str(), sent_to.port()), (Some("127.0.0.1"), Some(4711)));
    sent_to.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_signs_in_lets_a_program_in() {
    let mut scene = Scene::new().await;
    let challenge = code_challenge(VERIFIER);
    let path = authorize_path(4711, &challenge);
    let first = scene.browser.go(&format!("{}{path}", scene.running.url)).await;
    assert_eq!(first.status, 303, "{}", first.text);
    let sign_in = first.location.unwrap();
    let sent_to = scene.browser.go(sign_in.as_str()).await.location.unwrap();
    let back = scene.end(&sent_to, |_| {}).await.location.unwrap();
    assert_eq!(back, Url::parse(&format!("{}{path}", scene.running.url)).unwrap());
    let page = scene.page(VERIFIER).await;
    assert!(
        page.text.contains("<code>oidc/anna</code>") && page.text.contains(&check_text(&challenge))
    );
    let sent = scene.decide(&page, "allow").await;
    let code = code(&sent);
    // Whoever sees the address has not what the program has.
    assert_eq!(scene.exchange(&code, "another-verifier").await.0, 403);
    let (status, made) = scene.exchange(&code, VERIFIER).await;
    assert_eq!(status, 201, "{made}");
    let token = made["text"].as_str().unwrap();
    let (_, whoami) = scene.running.get_as("/api/v1/whoami", token).await;
    assert_eq!(whoami["subjects"], json!(["user:oidc/anna", "group:oidc/pets"]));
    assert_eq!(scene.exchange(&code, VERIFIER).await.0, 403, "a code counts once");
    let (_, audit) = scene.running.get("/api/v1/audit").await;
    assert_eq!(audit["items"][0]["action"], "token.create");
    assert_eq!(audit["items"][0]["actor"], "user:oidc/anna");
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_that_asked_lets_a_program_in() {
    let mut scene = Scene::new().await;
    scene.sign_in(|_| {}).await;
    let page = scene.page(VERIFIER).await;
    let denied = scene.decide(&page, "deny").await.location.unwrap();
    assert_eq!(denied.query(), Some("error=access_denied"));
    let url = format!("{}/auth/authorize", scene.running.url);
    let other = code_challenge("of another program");
    let (challenge, proof) = (hidden(&page, "code_challenge"), hidden(&page, "proof"));
    for (port, challenge, proof) in
        [("4712", challenge, proof), ("4711", other.as_str(), proof), ("4711", challenge, "x")]
    {
        let form = [
            ("port", port),
            ("code_challenge", challenge),
            ("proof", proof),
            ("decision", "allow"),
        ];
        let page = scene.browser.send(&url, &form).await;
        assert_eq!((page.status, page.json["code"].as_str()), (403, Some("cross-site")));
    }
    for wrong in ["port=0&code_challenge=x", "port=4711&code_challenge=short", "port=99999", ""] {
        let page = scene.browser.go(&format!("{url}?{wrong}")).await;
        assert_eq!(page.status, 400, "{wrong}: {}", page.text);
    }
    scene.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_shut_out_meanwhile_gets_nothing() {
    let mut scene = Scene::new().await;
    scene.sign_in(|_| {}).await;
    let page = scene.page(VERIFIER).await;
    let code = code(&scene.decide(&page, "allow").await);
    let edit = json!({ "isDisabled": true });
    let path = "/api/v1/users/oidc%2Fanna";
    let (status, answer) = scene.running.ask(Method::PATCH, path, &edit).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(scene.exchange(&code, VERIFIER).await.0, 403);
    scene.running.stop().await;
}
