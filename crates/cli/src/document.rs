//! One document of a server, for the commands that show and edit them.
//!
//! In: a kind and a name as people type them. Out: where the document is, its text with the tag
//! that an edit is held against, and what the server answers to an edit, told to the person.

use api::text::{count, printable};
use api::{ClientError, EditOutcome, EditParameters, Edited};
use reqwest::{Method, RequestBuilder, StatusCode};
use schema::Kind;
use schema::edit::Identity;

use crate::commands::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, segment};
use crate::session::Session;

/// The media type of documents as text.
pub(crate) const YAML: &str = "application/yaml";

/// Which document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its name, or the path of a group.
    pub(crate) name: String,
}

/// Which document, as two words of the command line.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NamedArguments {
    /// cluster, group, namespace, application, role or fleet
    #[arg(value_parser = kind)]
    kind: Kind,
    /// What it is called; a group by its path, the fleet by nothing
    #[arg(default_value = "", hide_default_value = true)]
    name: String,
}

/// How an edit is made.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct EditArguments {
    /// Only say what it would do
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave the change open for others to look at, even where it could be merged
    #[arg(long)]
    pub(crate) propose: bool,
    /// Title of the change
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Wait until it is released
    #[arg(long)]
    pub(crate) wait: bool,
}

/// A document as text, with the tag that an edit is held against.
pub(crate) struct Written {
    /// The text.
    pub(crate) text: String,
    /// The tag.
    pub(crate) tag: String,
}

/// The kind of a word, as people know them from kubectl: singular, plural or short.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    let word = text.to_lowercase();
    let known = |kind: &Kind| {
        let one = kind.word().to_lowercase();
        word == one || word.strip_suffix('s') == Some(one.as_str())
    };
    match word.as_str() {
        "app" | "apps" => Ok(Kind::Application),
        "ns" => Ok(Kind::Namespace),
        _ => Kind::ALL.into_iter().find(known).ok_or_else(|| {
            "it is cluster, group, namespace, application, role or fleet".to_owned()
        }),
    }
}

impl NamedArguments {
    /// The document that is meant.
    ///
    /// # Errors
    /// A kind needs a name that is not given.
    pub(crate) fn named(&self) -> Result<Named, CommandError> {
        if self.name.is_empty() && self.kind != Kind::Fleet {
            let word = self.kind.word().to_lowercase();
            return Err(CommandError::user(format!("which {word}?"))
                .hint(format!("give its name, as in `{word} NAME`")));
        }
        Ok(Named { kind: self.kind, name: self.name.clone() })
    }
}

impl Named {
    /// The document that a text says it is.
    pub(crate) fn of(identity: Identity) -> Self {
        Self { kind: identity.kind, name: identity.name }
    }

    /// As people name it: `cluster/la-1`.
    pub(crate) fn shown(&self) -> String {
        let word = self.kind.word().to_lowercase();
        if self.kind == Kind::Fleet { word } else { format!("{word}/{}", self.name) }
    }

    /// Where all of its kind are.
    pub(crate) fn list(&self) -> String {
        let word = self.kind.word().to_lowercase();
        format!("/api/v1/{word}s")
    }

    /// Where it is.
    pub(crate) fn path(&self) -> String {
        match self.kind {
            Kind::Fleet => "/api/v1/fleet".to_owned(),
            Kind::Group => {
                let path = self.name.trim_start_matches('/');
                format!("{}/{}", self.list(), api::Client::escape_path(path))
            }
            _ => format!("{}/{}", self.list(), segment(&self.name)),
        }
    }
}

impl Remote {
    /// A document as text; nothing if there is none.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub(crate) fn written(
        &self,
        named: &Named,
        session: &mut Session,
    ) -> Result<Option<Written>, CommandError> {
        let client = self.client();
        let request = client.request(Method::GET, &named.path()).header("accept", YAML);
        let reading = async {
            let response = client.send(request).await?;
            let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok());
            let tag = tag.unwrap_or_default().to_owned();
            Ok(Written { text: client.read_text(response).await?, tag })
        };
        match self.try_wait(reading, session) {
            Ok(written) => Ok(Some(written)),
            Err(ClientError::Problem(problem))
                if problem.status == StatusCode::NOT_FOUND.as_u16()
                    && problem.code == "not-found" =>
            {
                Ok(None)
            }
            Err(error) => Err(self.failure(error, session.terminal)),
        }
    }

    /// A document as text, which must be there.
    ///
    /// # Errors
    /// As [`Remote::written`], and if there is none.
    pub(crate) fn must_be_written(
        &self,
        named: &Named,
        session: &mut Session,
    ) -> Result<Written, CommandError> {
        let missing = || {
            let word = named.kind.word().to_lowercase();
            let plural = named.list().replace("/api/v1/", "");
            CommandError::user(format!("there is no {word} `{}`", named.name))
                .hint(format!("`res-edge get {plural}` lists them"))
        };
        self.written(named, session)?.ok_or_else(missing)
    }

    /// A request to edit something.
    pub(crate) fn edit(&self, method: Method, path: &str, how: &EditArguments) -> RequestBuilder {
        let parameters = EditParameters {
            dry_run: how.dry_run,
            propose: how.propose,
            message: how.message.clone(),
            wait: how.wait.then(|| "released".to_owned()),
            timeout: how.wait.then_some(100),
            file: None,
        };
        self.client().request(method, path).query(&parameters)
    }
}

/// Tells what became of an edit of a document, and answers how the command ends.
pub(crate) fn tell(
    shown: &str,
    edited: &Edited,
    remote: &Remote,
    session: &mut Session,
) -> Outcome {
    let number = edited.change.as_ref().map(|change| change.number);
    let change = number.map(|number| format!(", change {number}")).unwrap_or_default();
    let effect = edited.effect.as_ref().map(|effect| match effect.clusters {
        0 => "nothing changes for any cluster".to_owned(),
        n => {
            let clusters = count(usize::try_from(n).unwrap_or(usize::MAX), "cluster");
            let bindings = usize::try_from(effect.bindings).unwrap_or(usize::MAX);
            format!("{clusters} and {} change", count(bindings, "binding"))
        }
    });
    let effect = effect.map(|effect| format!(": {effect}")).unwrap_or_default();
    let (what, outcome) = match edited.outcome {
        EditOutcome::Merged => ("merged", Outcome::Done),
        EditOutcome::Open => ("proposed", Outcome::Held),
        EditOutcome::Unchanged => ("unchanged", Outcome::Done),
        EditOutcome::DryRun => ("tried", Outcome::Done),
    };
    let (shown, terminal) = (printable(shown), &mut *session.terminal);
    terminal.message(&format!("{shown} {what}{change}{effect}"));
    for wait in &edited.waits {
        terminal.message(&format!("it waits: {}", printable(wait)));
    }
    if let (EditOutcome::Open, Some(number)) = (edited.outcome, number) {
        let path = crate::commands::change_path(number);
        terminal.message(&format!("see {}{path}", remote.client().server()));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_words() {
        for (text, expected) in [
            ("cluster", Kind::Cluster),
            ("Clusters", Kind::Cluster),
            ("app", Kind::Application),
            ("ns", Kind::Namespace),
            ("fleet", Kind::Fleet),
            ("roles", Kind::Role),
        ] {
            assert_eq!(kind(text), Ok(expected), "{text}");
        }
        assert!(kind("pod").is_err());
    }

    #[test]
    fn a_document_has_its_path() {
        let path = |kind, name: &str| Named { kind, name: name.to_owned() }.path();
        assert_eq!(path(Kind::Cluster, "a/b"), "/api/v1/clusters/a%2Fb");
        assert_eq!(path(Kind::Group, "/stores/la"), "/api/v1/groups/stores/la");
        assert_eq!(path(Kind::Fleet, ""), "/api/v1/fleet");
    }
}
