//! `res-edge apply`: documents of a file, made so at a server.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use api::Edited;
use reqwest::Method;
use schema::edit::{Identity, split_documents};

use super::Outcome;
use crate::document::{EditArguments, Named, YAML, tell};
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// The largest file that is taken: what a server takes in one request.
const LARGEST: u64 = 8 << 20;

/// Adds the documents of a file to a server's source, or puts them in the place of those of the
/// same name, comments included. Each is a change of its own.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 done; 1 one has errors, and the ones before it were made; 2 failed;
3 one waits for somebody.

Examples:
  res-edge apply -f store.yaml
  res-edge apply -f store.yaml --dry-run      only say what it would do")]
pub(crate) struct Arguments {
    /// File with the documents, - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    how: EditArguments,
    #[command(flatten)]
    target: Target,
}

/// Runs `apply`.
///
/// # Errors
/// The file holds no documents, or the server cannot be reached or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let text = read(&arguments.file)?;
    let documents = documents(&text, &arguments.file)?;
    let remote = Remote::open(&arguments.target, session)?;
    let mut outcome = Outcome::Done;
    for (named, text) in documents {
        let request = match remote.written(&named, session)? {
            Some(written) => remote
                .edit(Method::PUT, &named.path(), &arguments.how)
                .header("if-match", written.tag),
            None => remote.edit(Method::POST, &named.list(), &arguments.how),
        };
        let request = request.header("content-type", YAML).body(text.to_owned());
        let edited: Edited = remote.wait(remote.client().exchange(request), session)?;
        if tell(&named.shown(), &edited, &remote, session) == Outcome::Held {
            outcome = Outcome::Held;
        }
    }
    Ok(outcome)
}

/// Each document of a text, and which one it is.
fn documents<'a>(text: &'a str, file: &Path) -> Result<Vec<(Named, &'a str)>, CommandError> {
    let wrong = |why: String| CommandError::user(format!("`{}`: {why}", file.display()));
    let parts = split_documents(text);
    let mut documents = Vec::with_capacity(parts.len());
    for part in parts {
        let identity = Identity::of_text(part).map_err(|error| wrong(error.to_string()))?;
        let identity = identity.ok_or_else(|| {
            wrong("a document has no `kind` of ours or no `metadata.name`".to_owned())
                .hint("`res-edge schema` says what documents hold")
        })?;
        documents.push((Named::of(identity), part));
    }
    if documents.is_empty() {
        return Err(wrong("it holds no document".to_owned()));
    }
    Ok(documents)
}

fn read(path: &Path) -> Result<String, CommandError> {
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().take(LARGEST + 1).read_to_string(&mut text),
        false => std::fs::File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text)),
    };
    let shown = path.display();
    read.map_err(|error| CommandError::user(format!("cannot read `{shown}`: {error}")))?;
    match text.len() as u64 > LARGEST {
        true => Err(CommandError::user(format!("`{shown}` has more than 8 MiB"))),
        false => Ok(text),
    }
}
