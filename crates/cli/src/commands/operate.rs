//! Orders of a person that a server follows: what `hold`, `stop`, `rollback`, `resume`, `confirm`,
//! `adopt` and `discard` have in common with `--server` or `--context`.

use api::Operation;
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use super::Outcome;
use super::publish::Output;
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// What is ordered of a server.
pub(crate) struct Order {
    method: Method,
    path: String,
    body: Option<Value>,
    is_dry_run: bool,
}

impl Order {
    /// Something that is placed.
    pub(crate) fn post(path: &str, body: &impl Serialize) -> Self {
        let body = serde_json::to_value(body).ok();
        Self { method: Method::POST, path: path.to_owned(), body, is_dry_run: false }
    }

    /// Something that is taken away.
    pub(crate) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, path, body: None, is_dry_run: false }
    }

    /// The same, only looked at.
    pub(crate) fn dry_run(self, is_dry_run: bool) -> Self {
        Self { is_dry_run, ..self }
    }

    /// Has a server do it, and says what came of it.
    ///
    /// # Errors
    /// The server cannot be reached, or says why not.
    pub(crate) fn give(
        self,
        target: &Target,
        output: Output,
        session: &mut Session,
    ) -> Result<Outcome, CommandError> {
        let remote = Remote::open(target, session)?;
        let query = if self.is_dry_run { "?dryRun=true" } else { "" };
        let client = remote.client();
        let request = client.request(self.method, &format!("{}{query}", self.path));
        let request = self.body.iter().fold(request, |request, body| request.json(body));
        let done: Operation = remote.wait(client.exchange(request), session)?;
        if output == Output::Json {
            let text = serde_json::to_string_pretty(&done).unwrap_or_default();
            session.terminal.print_line(&text)?;
        } else {
            session.terminal.message(&told(&done));
            if done.is_waiting {
                session.terminal.message("something waits: `res-edge confirm` shows it");
            }
        }
        Ok(if done.is_waiting { Outcome::Held } else { Outcome::Done })
    }
}

/// What became of an order, in one line.
fn told(done: &Operation) -> String {
    let size = api::text::count(done.clusters_changed as usize, "cluster");
    let said = done.subject.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    match (done.step, done.is_dry_run) {
        (None, _) => "nothing to do: the ledger says so already".to_owned(),
        (Some(step), true) => format!("would append step {step}{said}"),
        (Some(step), false) => format!("step {step}, {size} changed{said}"),
    }
}
