//! What every command against a server needs: which server, as whom, and how its answers look.
//!
//! In: the flags of [`Target`], the variable `RES_EDGE_TOKEN` and the contexts that `login` kept.
//! Out: a [`Remote`], which runs requests to their end and turns whatever went wrong into a
//! [`CommandError`]. What the server says about a source is shown as the same mistake is shown
//! without a server, with its excerpt.

#![allow(rustdoc::bare_urls, reason = "these comments are help texts of the terminal")]

use std::future::Future;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use api::text::printable;
use api::{Client, ClientError, ClientSettings, Page, Problem};
use reqwest::RequestBuilder;
use server::Secret;
use tokio::runtime::Runtime;

use crate::contexts::{Context, Contexts};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;
use crate::terminal::Terminal;

/// The variable that holds a token; a flag would show it to everyone who lists processes.
const TOKEN_VARIABLE: &str = "RES_EDGE_TOKEN";

/// The longest token that is read from a file.
const LONGEST_TOKEN: u64 = 4096;

/// Which server, and as whom. Commands that ask one take it flattened, as their last arguments,
/// since its heading holds for all that follow.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Server options")]
pub(crate) struct Target {
    /// Server to ask, as in https://fleet.example; else that of the context
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Context to use, of those that `context list` shows; else the current one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// File with a token, - for standard input; else RES_EDGE_TOKEN, else that of the context
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// A server that is asked.
pub(crate) struct Remote {
    runtime: Runtime,
    client: Client,
    token: Option<Secret>,
    settings: ClientSettings,
}

impl Target {
    /// Whether a server was named on the command line or by a variable, so that a command which
    /// also works without one asks it.
    pub(crate) fn is_given(&self) -> bool {
        self.server.is_some() || self.context.is_some()
    }

    /// The token that was given for this run: by file, or by the variable.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token.
    pub(crate) fn token(&self) -> Result<Option<Secret>, CommandError> {
        if let Some(path) = &self.token_file {
            return read_token(path).map(Some);
        }
        let text = std::env::var(TOKEN_VARIABLE).unwrap_or_default();
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Secret::new(text)))
    }
}

impl Remote {
    /// The server that the flags name, or that of the context, as whom they say.
    ///
    /// # Errors
    /// No server is known, nobody is signed in to it, or the contexts cannot be read.
    pub(crate) fn open(target: &Target, session: &mut Session) -> Result<Self, CommandError> {
        let token = target.token()?;
        let contexts = Contexts::read()?;
        let chosen = choose(target, token, &contexts)?;
        let remote = Self::to(&chosen)?;
        remote.warn_of_plain_http(session.terminal);
        Ok(remote)
    }

    /// The server of a context.
    ///
    /// # Errors
    /// Its address or its certificate authority is malformed.
    pub(crate) fn to(context: &Context) -> Result<Self, CommandError> {
        let settings = ClientSettings {
            server: context.server.clone(),
            token: context.token.as_ref().map(|token| token.reveal().to_owned()),
            authority: context.authority.clone().map(String::into_bytes),
        };
        let client =
            Client::new(&settings).map_err(|error| CommandError::user(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| CommandError::unavailable("cannot start a runtime", &error))?;
        Ok(Self { runtime, client, token: context.token.clone(), settings })
    }

    /// The server, and as whom it is asked.
    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// What sends requests.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// With what the caller comes in, for what speaks to the server besides the client.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }

    /// Runs a request to its end, and answers what the server says as it is. A spinner is shown if
    /// that takes a while.
    ///
    /// # Errors
    /// The server cannot be reached, or says why not.
    pub(crate) fn try_wait<T>(
        &self,
        request: impl Future<Output = Result<T, ClientError>>,
        session: &mut Session,
    ) -> Result<T, ClientError> {
        let progress = session.terminal.progress("waiting for the server");
        let answer = self.runtime.block_on(request);
        drop(progress);
        answer
    }

    /// Sends a request and reads the answer as text.
    ///
    /// # Errors
    /// As [`Remote::wait`].
    pub(crate) fn text(
        &self,
        request: RequestBuilder,
        session: &mut Session,
    ) -> Result<String, CommandError> {
        let client = &self.client;
        let text = async {
            let response = client.send(request).await?;
            client.read_text(response).await
        };
        self.wait(text, session)
    }

    /// Runs a request to its end. A spinner is shown if that takes a while; what went wrong is
    /// shown with its excerpts, and answered.
    ///
    /// # Errors
    /// The server cannot be reached, or says why not.
    pub(crate) fn wait<T>(
        &self,
        request: impl Future<Output = Result<T, ClientError>>,
        session: &mut Session,
    ) -> Result<T, CommandError> {
        let answer = self.try_wait(request, session);
        answer.map_err(|error| self.failure(error, session.terminal))
    }

    /// Runs something of one's own, such as a stream, in which the terminal is written to.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Gets the JSON at a path.
    ///
    /// # Errors
    /// As [`Remote::wait`].
    pub(crate) fn get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        session: &mut Session,
    ) -> Result<T, CommandError> {
        self.wait(self.client.get(path), session)
    }

    /// Gets all pages of a list.
    ///
    /// # Errors
    /// As [`Remote::wait`].
    pub(crate) fn pages<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        session: &mut Session,
    ) -> Result<Vec<T>, CommandError> {
        let mut page: Page<T> = self.get(path, session)?;
        let mut items = page.items;
        while let Some(next) = page.next {
            page = self.get(&format!("{path}?continue={}", segment(&next)), session)?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    /// A failure of a request as one of this command; the mistakes that it is about are shown.
    pub(crate) fn failure(&self, error: ClientError, terminal: &mut Terminal) -> CommandError {
        let server = self.client.server();
        match error {
            ClientError::Problem(problem) => {
                show_mistakes(&problem, terminal);
                problem_error(&problem, server)
            }
            ClientError::Unreachable { why, .. } => {
                let message = format!("cannot reach `{server}`: {why}");
                CommandError::new(ErrorKind::Unavailable, message)
                    .hint("is the server running, and is its address right?")
            }
            ClientError::Strange { .. } => CommandError::of(ErrorKind::Unavailable, &error)
                .hint("is this the address of a Res-Edge server, or of something in front of it?"),
            ClientError::Address(_) | ClientError::Authority(_) => {
                CommandError::user(error.to_string())
            }
        }
    }

    fn warn_of_plain_http(&self, terminal: &mut Terminal) {
        let server = self.client.server();
        if is_readable_on_the_way(server) {
            terminal.message(&format!(
                "warning: `{server}` is not HTTPS; others on the way can read the token"
            ));
        }
    }
}

/// Whether requests to an address can be read by others: plain HTTP to another machine.
pub(crate) fn is_readable_on_the_way(server: &str) -> bool {
    let Some(rest) = server.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_loopback =
        host.parse::<std::net::IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
    !is_loopback
}

/// Which server, and with which token. The token of a context goes to no other server.
fn choose(
    target: &Target,
    token: Option<Secret>,
    contexts: &Contexts,
) -> Result<Context, CommandError> {
    let named = match &target.context {
        Some(name) => Some(contexts.named(name)?),
        None => None,
    };
    let mut chosen = match (&target.server, named) {
        (Some(server), Some((name, context))) if !is_same_server(&context.server, server) => {
            let message = format!("context `{name}` is for `{}`", context.server);
            let message = format!("{message}, and not for `{server}`");
            return Err(CommandError::user(message).hint("give `--server` or `--context`"));
        }
        (_, Some((_, context))) => context.clone(),
        (Some(server), None) => contexts.for_server(server).cloned().unwrap_or_else(|| Context {
            server: server.trim_end_matches('/').to_owned(),
            ..Context::default()
        }),
        (None, None) => match contexts.current() {
            Some((_, context)) => context.clone(),
            None => {
                return Err(CommandError::user("no server is chosen")
                    .hint("sign in with `res-edge login URL`, or give `--server URL`"));
            }
        },
    };
    chosen.token = token.or(chosen.token);
    if chosen.token.is_none() {
        let message = format!("nobody is signed in to `{}`", chosen.server);
        return Err(CommandError::user(message).hint(sign_in_hint(&chosen.server)));
    }
    Ok(chosen)
}

/// A name as one segment of a path, or as a value of a query: everything but letters, digits and
/// `-._~` as `%xx` (RFC 3986, section 2.3).
pub(crate) fn segment(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

/// Whether two addresses are those of one server, however they end.
pub(crate) fn is_same_server(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// Reads a token from a file, or with `-` from standard input.
///
/// # Errors
/// It cannot be read, is empty, or is too long to be a token.
fn read_token(path: &Path) -> Result<Secret, CommandError> {
    let is_input = path.as_os_str() == "-";
    let shown =
        if is_input { "standard input".to_owned() } else { format!("`{}`", path.display()) };
    let mut text = String::new();
    let read = match is_input {
        true => std::io::stdin().take(LONGEST_TOKEN + 1).read_to_string(&mut text),
        false => std::fs::File::open(path)
            .and_then(|file| file.take(LONGEST_TOKEN + 1).read_to_string(&mut text)),
    };
    read.map_err(|error| {
        CommandError::user(format!("cannot read the token from {shown}: {error}"))
    })?;
    let token = text.trim();
    if token.is_empty() || text.len() as u64 > LONGEST_TOKEN {
        return Err(CommandError::user(format!("{shown} holds no token")));
    }
    Ok(Secret::new(token))
}

fn show_mistakes(problem: &Problem, terminal: &mut Terminal) {
    for diagnostic in &problem.diagnostics {
        let text = diagnostic.excerpt.as_deref().unwrap_or(&diagnostic.message);
        // What a server sends is shown, never run.
        let lines: Vec<String> = text.lines().map(printable).collect();
        terminal.report(&(lines.join("\n") + "\n"));
    }
}

fn problem_error(problem: &Problem, server: &str) -> CommandError {
    let kind = match problem.status {
        _ if !problem.diagnostics.is_empty() => ErrorKind::Source,
        409 | 412 => ErrorKind::Conflict,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::User,
    };
    let error = CommandError::new(kind, printable(&problem.detail));
    match (problem.code.as_str(), &problem.hint) {
        ("not-signed-in" | "wrong-credentials", _) => error.hint(sign_in_hint(server)),
        (_, Some(hint)) => error.hint(printable(hint)),
        (_, None) => error,
    }
}

fn sign_in_hint(server: &str) -> String {
    format!("sign in with `res-edge login {server}`, or give `--token-file FILE`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contexts() -> Contexts {
        let context = |server: &str, token: &str| Context {
            server: server.to_owned(),
            token: Some(Secret::new(token)),
            ..Context::default()
        };
        Contexts::of(
            "prod",
            [
                ("prod", context("https://fleet.example", "re_prod")),
                ("lab", context("http://127.0.0.1:7080", "re_lab")),
            ],
        )
    }

    fn chosen(server: Option<&str>, context: Option<&str>, token: Option<&str>) -> String {
        let target = Target {
            server: server.map(str::to_owned),
            context: context.map(str::to_owned),
            token_file: None,
        };
        match choose(&target, token.map(Secret::new), &contexts()) {
            Ok(Context { server, token, .. }) => {
                format!("{server} {}", token.map(|token| token.reveal().to_owned()).unwrap())
            }
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn a_token_goes_only_to_its_own_server() {
        assert_eq!(chosen(None, None, None), "https://fleet.example re_prod");
        assert_eq!(chosen(None, Some("lab"), None), "http://127.0.0.1:7080 re_lab");
        assert_eq!(
            chosen(Some("http://127.0.0.1:7080/"), None, None),
            "http://127.0.0.1:7080 re_lab"
        );
        assert_eq!(chosen(None, Some("lab"), Some("re_other")), "http://127.0.0.1:7080 re_other");
        let elsewhere = chosen(Some("https://evil.example"), None, None);
        assert_eq!(elsewhere, "nobody is signed in to `https://evil.example`");
        let both = chosen(Some("https://evil.example"), Some("prod"), None);
        let said =
            "context `prod` is for `https://fleet.example`, and not for `https://evil.example`";
        assert_eq!(both, said);
        assert_eq!(chosen(None, Some("dev"), None), "there is no context `dev`");
    }

    #[test]
    fn only_plain_http_to_other_machines_is_warned_of() {
        for safe in [
            "https://fleet.example",
            "http://localhost:7080",
            "http://127.0.0.2",
            "http://[::1]:1/x",
        ] {
            assert!(!is_readable_on_the_way(safe), "{safe}");
        }
        for open in [
            "http://fleet.example",
            "http://10.0.0.1:7080",
            "http://[fe80::1]/",
            "http://localhost.evil.example",
        ] {
            assert!(is_readable_on_the_way(open), "{open}");
        }
    }
}
