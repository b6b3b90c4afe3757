//! `res-edge watch`: shows what happens at a server, as it happens.

use std::time::Duration;

use api::{ClientError, Message, Messages, WatchEvent};
use reqwest::{Method, Response};
use serde_json::json;

use super::Outcome;
use super::publish::Output;
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// How long nothing may come: the server sends something every 15 s.
const SILENCE: Duration = Duration::from_secs(60);

/// How long to wait before the first and before every later try to come back.
const BACK: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// How often to try in a row.
const TRIES: u32 = 60;

/// Shows what happens at a server, as it happens: sources taken and refused, steps, holds, and
/// what people do to changes. A lost connection is made again, and nothing is left out unsaid.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge watch
  res-edge watch -o json --limit 1")]
pub(crate) struct Arguments {
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Output format; `json` is one line for each event
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
    #[command(flatten)]
    target: Target,
}

/// Watches.
///
/// # Errors
/// The server refuses, or cannot be reached for long.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let mut watching = Watching { arguments, last: None, n_left: arguments.limit };
    let mut n_tries = 0;
    loop {
        let before = watching.last.clone();
        match remote.run(watching.once(&remote, session)) {
            Ok(true) => return Ok(Outcome::Done),
            Ok(false) => n_tries = 0,
            Err(Stopped::Shown(error)) => return Err(error),
            Err(Stopped::Asked(error @ ClientError::Unreachable { .. })) if n_tries < TRIES => {
                if watching.last.is_none() {
                    return Err(remote.failure(error, session.terminal));
                }
                if n_tries == 0 {
                    session.terminal.message("the connection was lost; trying again");
                }
            }
            Err(Stopped::Asked(error)) => return Err(remote.failure(error, session.terminal)),
        }
        n_tries = if watching.last == before { n_tries + 1 } else { 0 };
        std::thread::sleep(BACK[usize::from(n_tries > 0)]);
    }
}

/// Why a stream ended that should not have.
enum Stopped {
    Asked(ClientError),
    Shown(CommandError),
}

impl From<ClientError> for Stopped {
    fn from(error: ClientError) -> Self {
        Self::Asked(error)
    }
}

impl From<CommandError> for Stopped {
    fn from(error: CommandError) -> Self {
        Self::Shown(error)
    }
}

struct Watching<'a> {
    arguments: &'a Arguments,
    /// The id of the last event.
    last: Option<String>,
    n_left: Option<u32>,
}

impl Watching<'_> {
    /// Watches over one connection; whether all was shown that was asked for.
    async fn once(&mut self, remote: &Remote, session: &mut Session<'_>) -> Result<bool, Stopped> {
        let client = remote.client();
        let request = client.request(Method::GET, "/api/v1/events");
        let request =
            self.last.iter().fold(request, |request, id| request.header("last-event-id", id));
        let mut response = client.send(request).await?;
        let mut messages = Messages::default();
        while let Some(bytes) = next(&mut response).await {
            for message in messages.read(&bytes) {
                if self.take(message, session)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Takes a message; whether it was the last one that was asked for.
    fn take(&mut self, message: Message, session: &mut Session<'_>) -> Result<bool, CommandError> {
        self.last = message.id.or(self.last.take());
        match message.event.as_str() {
            "ready" => {
                session.terminal.detail("watching");
                return Ok(false);
            }
            "reset" => {
                session.terminal.message("some events were missed: look at what there is now");
                return Ok(false);
            }
            _ => {}
        }
        let Ok(event) = serde_json::from_str::<WatchEvent>(&message.data) else { return Ok(false) };
        session.terminal.print_line(&match self.arguments.output {
            Output::Json => json!(event).to_string(),
            Output::Text => line(&event),
        })?;
        session.terminal.flush()?;
        self.n_left = self.n_left.map(|n| n - 1);
        Ok(self.n_left == Some(0))
    }
}

/// More of a stream; nothing where it ended, broke off, or was silent for long.
async fn next(response: &mut Response) -> Option<Vec<u8>> {
    let chunk = tokio::time::timeout(SILENCE, response.chunk()).await.ok()?;
    chunk.ok()?.map(|bytes| bytes.to_vec())
}

fn line(event: &WatchEvent) -> String {
    let by = event.by.as_deref().map(|by| format!(" ({by})")).unwrap_or_default();
    api::text::printable(&format!("{} {} {}{by}", event.at, event.kind, event.text))
}
