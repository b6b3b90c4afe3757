//! Tokens for programs on a person's own machine, given by the browser in which they are signed in.
//!
//! In: the port on loopback where a program listens, and its challenge. Out: a page that asks the
//! person; a code that the browser brings to that port; and for the code with the verifier of the
//! challenge a token. The types and their sources are those of [`api::AUTHORIZE`].

use std::net::SocketAddr;

use api::{CodeExchange, MadeToken, check_text, code_challenge};
use axum::extract::{ConnectInfo, FromRequest as _, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::provider::BEGIN;
use super::sign_in::{closed_way, request_id};
use super::tokens;
use crate::http::body::Input;
use crate::http::page::{HtmlPage, escape};
use crate::http::problem::Failure;
use crate::http::{AppState, ToldOnce};
use crate::identity::{Caller, Credential, Secret, is_same_origin};

/// How long a code lasts: RFC 6749 recommends ten minutes at most, and a browser needs a moment.
const CODE: SignedDuration = SignedDuration::from_secs(60);

/// In how many days the token ends.
const DAYS: i64 = 30;

/// How long a challenge is: 256 bits in base64.
const CHALLENGE: usize = 43;

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 32rem; padding: 2rem 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; }
code { font-family: ui-monospace, monospace; }
p.check { font: 2rem ui-monospace, monospace; letter-spacing: 0.1em; margin: 1rem 0; }
button { font: inherit; margin: 0.5rem 0.5rem 0 0; padding: 0.5rem 1rem; }
";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ask, decide)).routes(routes!(exchange))
}

/// Where a program listens, and what it began with.
#[derive(Clone, Deserialize, IntoParams)]
struct Program {
    /// The port on 127.0.0.1.
    port: u16,
    /// The challenge, by the method S256 of RFC 7636.
    #[param(max_length = 43)]
    code_challenge: String,
}

/// What a person decided on the page.
#[derive(Deserialize, ToSchema)]
struct Decision {
    /// The port on 127.0.0.1.
    port: u16,
    /// The challenge.
    #[schema(max_length = 43)]
    code_challenge: String,
    /// What shows that the page came from here, for this person.
    #[schema(max_length = 64)]
    proof: String,
    /// `allow`, or anything else.
    #[schema(max_length = 16)]
    decision: String,
}

/// Asks whoever is signed in whether a program on their machine may have a token that acts as
/// them. Who is not signed in is sent to the provider of identities first.
#[utoipa::path(get, path = "/auth/authorize", tag = "identity", params(Program), responses(
    (status = 200, description = "a page that asks", body = String, content_type = "text/html"),
    (status = 303, description = "to the provider of identities, and back"),
    (status = 400),
    (status = 403),
    (status = 404),
))]
async fn ask(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    Query(program): Query<Program>,
) -> Result<Response, Failure> {
    let way = closed_way(&state, Some(peer), &headers)?;
    program.check()?;
    match (signed_in(caller.as_deref()), way.session(&headers)) {
        (Some(person), Some(session)) => Ok(program.page(person, &session).answer()),
        _ if state.provider.is_some() => Ok(Redirect::to(&program.sign_in()).into_response()),
        _ => Err(Failure::not_found("this server trusts no provider of identities")
            .hint("sign in with `res-edge login URL --user NAME`, or with a token")),
    }
}

/// Takes what the person decided, and sends the browser to the program with a code.
#[utoipa::path(post, path = "/auth/authorize", tag = "identity", request_body(content(
    (Decision = "application/x-www-form-urlencoded"),
)), responses(
    (status = 303, description = "to the program"),
    (status = 400),
    (status = 401),
    (status = 403),
    (status = 415),
))]
async fn decide(State(state): State<AppState>, request: Request) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let way = closed_way(&state, peer, &headers)?;
    let caller = request.extensions().get::<Caller>().cloned();
    let (Some(person), Some(session)) = (signed_in(caller.as_ref()), way.session(&headers)) else {
        return Err(Failure::not_signed_in());
    };
    let form = Form::<Decision>::from_request(request, &state).await;
    let Form(Decision { port, code_challenge, proof, decision }) = form.map_err(|rejection| {
        Failure::new(
            rejection.into_response().status(),
            "malformed-body",
            "the form is not complete",
        )
    })?;
    let program = Program { port, code_challenge };
    program.check()?;
    if Secret::new(proof) != program.proof(&session) || !is_same_origin(&headers) {
        return Err(Failure::forged());
    }
    if decision != "allow" {
        return Ok(program.send("error", "access_denied"));
    }
    let code = Secret::session().map_err(|error| Failure::unavailable(&error))?;
    let (digest, now) = (digest(code.reveal(), &program.code_challenge), Timestamp::now());
    state.store.add_code(digest, person, now, now + CODE).await?;
    Ok(program.send("code", code.reveal()))
}

/// Exchanges a code for a token that acts as the person who agreed, for 30 days.
#[utoipa::path(post, path = "/auth/token", tag = "identity", request_body = CodeExchange, responses(
    (status = 201, body = MadeToken),
    (status = 400),
    (status = 403),
    (status = 415),
))]
async fn exchange(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Input(brought): Input<CodeExchange>,
) -> Result<(StatusCode, Extension<ToldOnce>, Json<MadeToken>), Failure> {
    closed_way(&state, Some(peer), &headers)?;
    let now = Timestamp::now();
    let digest = digest(&brought.code, &code_challenge(&brought.code_verifier));
    let person = state.store.take_code(digest, now).await?.ok_or_else(|| {
        let detail = "there is no such code, or it was used, or it has ended";
        Failure::new(StatusCode::FORBIDDEN, "unfit-code", detail)
            .hint("a code counts once, within a minute, for the program that asked: begin again")
    })?;
    let text = Secret::token().map_err(|error| Failure::unavailable(&error))?;
    let (name, subject) =
        (format!("{person}/login-{}", now.as_microsecond()), format!("user:{person}"));
    let token = store::NewToken {
        name: name.clone(),
        digest: text.digest(),
        subject: subject.clone(),
        owner: Some(person),
        scope: None,
        expires: Some(now + SignedDuration::from_hours(DAYS * 24)),
    };
    let made = tokens::keep(&state, &text, &token, now).await?;
    let details = json!({ "subject": subject, "expires": token.expires, "by": "browser" });
    let object = format!("token:{name}");
    state.record_as(&subject, &request_id(&headers), "token.create", &object, details).await?;
    Ok((StatusCode::CREATED, Extension(ToldOnce), Json(made)))
}

/// The person who is signed in with a browser.
fn signed_in(caller: Option<&Caller>) -> Option<&str> {
    caller.filter(|caller| matches!(caller.credential, Credential::Session(_)))?.person_name()
}

/// What is kept of a code: whoever has the code alone cannot make it.
fn digest(code: &str, challenge: &str) -> model::Digest {
    model::sha256(format!("{code}\n{challenge}").as_bytes())
}

impl Program {
    fn check(&self) -> Result<(), Failure> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_whole = self.code_challenge.len() == CHALLENGE && self.port > 0;
        if is_whole && self.code_challenge.bytes().all(is_plain) {
            return Ok(());
        }
        let detail = "that is no port with the challenge of a program";
        Err(Failure::new(StatusCode::BAD_REQUEST, "malformed-query", detail)
            .hint("begin at the program, with `res-edge login URL --sso`"))
    }

    /// Where to sign in first, and then to come back.
    fn sign_in(&self) -> String {
        let back = api::authorize_path(self.port, &self.code_challenge);
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return", &back).finish();
        format!("{BEGIN}?{query}")
    }

    /// What only a page that was made for this session and this program can send.
    fn proof(&self, session: &Secret) -> Secret {
        let Self { port, code_challenge } = self;
        let text = format!("res-edge authorize\n{}\n{port}\n{code_challenge}", session.reveal());
        Secret::new(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
    }

    fn page(&self, person: &str, session: &Secret) -> HtmlPage {
        let Self { port, code_challenge } = self;
        let (person, check) = (escape(person), check_text(code_challenge));
        let (challenge, proof) = (escape(code_challenge), self.proof(session));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Sign in a program: Res-Edge</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <main>\n<h1>May a program on this computer act as <code>{person}</code>?</h1>\n\
             <p>It gets a token that can do what you can, for {DAYS} days. Go on only if you have \
             just run <code>res-edge login</code> here, and if it shows</p>\n\
             <p class=\"check\">{check}</p>\n\
             <form method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"port\" value=\"{port}\">\n\
             <input type=\"hidden\" name=\"code_challenge\" value=\"{challenge}\">\n\
             <input type=\"hidden\" name=\"proof\" value=\"{proof}\">\n\
             <button name=\"decision\" value=\"allow\">Allow</button>\n\
             <button name=\"decision\" value=\"deny\">Do not allow</button>\n\
             </form>\n</main>\n</body>\n</html>\n",
            action = api::AUTHORIZE,
            proof = proof.reveal(),
        );
        // Browsers hold the way that a form's answer sends them against the policy too.
        HtmlPage::new(html, STYLE, &format!("'self' http://127.0.0.1:{port}"))
    }

    /// Sends the browser to the program.
    fn send(&self, name: &str, value: &str) -> Response {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        Redirect::to(&format!("http://127.0.0.1:{}/?{query}", self.port)).into_response()
    }
}
