//! Signing in with a browser: the code for a token comes to a port of this machine.

use std::future::IntoFuture as _;
use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Duration;

use api::{CodeExchange, MadeToken, SignInMethods, authorize_path, check_text, code_challenge};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use reqwest::Method;
use serde::Deserialize;
use server::Secret;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::contexts::Context;
use crate::error::CommandError;
use crate::remote::Remote;
use crate::session::Session;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long the last page may take to reach the browser.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the browser brings.
#[derive(Debug, Deserialize)]
struct Brought {
    code: Option<String>,
    error: Option<String>,
}

/// Has a token made by the browser in which the person is signed in, or signs in.
///
/// # Errors
/// The server trusts no provider, nobody allowed it in time, or the server cannot be reached.
pub(super) fn token(context: &mut Context, session: &mut Session) -> Result<(), CommandError> {
    let remote = Remote::to(context)?;
    let methods: SignInMethods = remote.get("/auth/methods", session)?;
    if methods.provider.is_none() {
        let text = format!("`{}` trusts no provider of identities", context.server);
        return Err(CommandError::user(text)
            .hint("sign in with `--user NAME`, or with a token that an administrator makes"));
    }
    let verifier = Secret::token()
        .map_err(|error| CommandError::unavailable("the system has no randomness", &error))?;
    let code = remote.run(code(&context.server, &code_challenge(verifier.reveal()), session))?;
    let brought = CodeExchange { code, code_verifier: verifier.reveal().to_owned() };
    let client = remote.client();
    let request = client.request(Method::POST, "/auth/token").json(&brought);
    let made: MadeToken = remote.wait(client.exchange(request), session)?;
    context.token = Some(Secret::new(made.text));
    context.token_name = Some(made.token.name);
    Ok(())
}

/// Sends the person to the page, and waits for the code.
async fn code(
    server: &str,
    challenge: &str,
    session: &mut Session<'_>,
) -> Result<String, CommandError> {
    let failure =
        |error: std::io::Error| CommandError::unavailable("cannot listen on 127.0.0.1", &error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failure)?;
    let port = listener.local_addr().map_err(failure)?.port();
    let url = format!("{server}{}", authorize_path(port, challenge));
    session.terminal.report(&format!(
        "open this page in a browser on this machine, and allow it if it shows {}:\n  {url}",
        check_text(challenge)
    ));
    open(&url);
    match brought(listener).await {
        Some(Brought { code: Some(code), .. }) => Ok(code),
        Some(Brought { error: Some(_), .. }) => {
            Err(CommandError::user("it was not allowed in the browser"))
        }
        _ => Err(CommandError::user("nobody allowed it within five minutes")
            .hint("on a machine without a browser, sign in with a token or with `--user NAME`")),
    }
}

/// What the browser brings to a port, unless it takes too long.
async fn brought(listener: TcpListener) -> Option<Brought> {
    let (told, mut heard) = mpsc::channel(1);
    let (end, ended) = oneshot::channel::<()>();
    let router = Router::new().route("/", get(arrive)).with_state(told);
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { drop(ended.await) });
    let serving = tokio::spawn(serving.into_future());
    let brought = timeout(PATIENCE, heard.recv()).await;
    let _ = end.send(());
    let _ = timeout(FAREWELL, serving).await;
    brought.ok().flatten()
}

async fn arrive(
    State(told): State<mpsc::Sender<Brought>>,
    Query(brought): Query<Brought>,
) -> Html<&'static str> {
    let page = match brought.code {
        Some(_) => ALLOWED,
        None => NOT_ALLOWED,
    };
    // The first one counts; the browser may ask twice.
    let _ = told.try_send(brought);
    Html(page)
}

const ALLOWED: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Res-Edge</title><p>The program goes on. You can close this page.</p></html>";

const NOT_ALLOWED: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Res-Edge</title><p>The program got nothing. You can close this page.</p></html>";

/// Opens a page in the person's browser, where a person is there; they can do it themselves too.
#[expect(clippy::disallowed_methods, reason = "the browser is the person's own, run as they say")]
fn open(url: &str) {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return;
    }
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Where there is none, the address above is what there is.
    let _ = command.spawn();
}
