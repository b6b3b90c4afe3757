//! `res-edge search`: a term in names, labels and values.

use model::{Files, Place, Span};
use schema::document::{Document, Pairs};
use serde_json::{Value, json};

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column};
use crate::session::Session;
use crate::source;
use api::text::count;

/// Finds a term in the names, labels and values of everything.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge search nola")]
pub(crate) struct Arguments {
    /// What to find, in capitals or not
    term: String,
    #[command(flatten)]
    listing: ListingArguments,
}

/// Writes what was found and where it stands.
///
/// # Errors
/// The source is not accepted.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let checked = source::check(session)?;
    let (documents, _) = schema::read_source(&checked.source);
    let term = arguments.term.to_lowercase();
    let mut matches: Vec<Match> = documents
        .iter()
        .filter_map(Searched::of)
        .flat_map(|searched| searched.matches(&term, &checked.source.files))
        .collect();
    matches.sort_by(|a, b| (a.kind, &a.name, &a.place).cmp(&(b.kind, &b.name, &b.place)));
    let n = matches.len();
    listing::write(matches.into_iter(), arguments.listing, session.terminal)?;
    if n > 0 {
        session.terminal.message(&count(n, "match").replace("matchs", "matches"));
    }
    Ok(Outcome::Done)
}

/// A document as what is searched in it.
struct Searched<'a> {
    kind: &'static str,
    name: String,
    span: Span,
    pairs: Vec<(&'static str, &'a Pairs)>,
}

impl<'a> Searched<'a> {
    fn of(document: &'a Document) -> Option<Self> {
        let (kind, name, span, pairs) = match document {
            Document::Cluster(one) => {
                let pairs = vec![("label", &one.metadata.labels), ("value", &one.values)];
                let name = &one.metadata.name;
                ("cluster", name.value.to_string(), name.span, pairs)
            }
            Document::Group(one) => {
                let pairs = vec![("label", &one.metadata.labels), ("value", &one.values)];
                ("group", one.metadata.name.value.to_string(), one.metadata.name.span, pairs)
            }
            Document::Namespace(one) => {
                let mut pairs = vec![("label", &one.metadata.labels), ("value", &one.values)];
                pairs.extend(one.overrides.iter().map(|one| ("override", &one.values)));
                ("namespace", one.metadata.name.value.to_string(), one.metadata.name.span, pairs)
            }
            Document::Application(one) => {
                let mut pairs = vec![("label", &one.metadata.labels), ("value", &one.values)];
                pairs.extend(one.overrides.iter().map(|one| ("override", &one.values)));
                ("application", one.metadata.name.value.to_string(), one.metadata.name.span, pairs)
            }
            Document::Fleet(one) => {
                ("fleet", one.name.value.to_string(), one.name.span, vec![("value", &one.values)])
            }
            Document::Role(_) => return None,
        };
        Some(Self { kind, name, span, pairs })
    }

    fn matches(&self, term: &str, files: &Files) -> Vec<Match> {
        let matched = &|text: String, span: Span| Match {
            kind: self.kind,
            name: self.name.clone(),
            text,
            place: files.place(span),
        };
        let has = &|text: &str| text.to_lowercase().contains(term);
        let name = has(&self.name).then(|| matched(format!("name {}", self.name), self.span));
        let pairs = self.pairs.iter().flat_map(|&(what, pairs)| {
            let found =
                pairs.iter().filter(|(key, value)| has(&key.value) || has(&value.value.text));
            found.map(move |(key, value)| {
                let text = format!("{what} {}={}", key.value, value.value.text);
                matched(text, key.span)
            })
        });
        name.into_iter().chain(pairs).collect()
    }
}

/// One place where the term stands.
struct Match {
    kind: &'static str,
    name: String,
    text: String,
    place: Place,
}

impl Item for Match {
    const COLUMNS: &'static [Column] =
        &[column("KIND"), column("NAME"), column("MATCH"), column("PLACE")];

    fn reference(&self) -> String {
        match self.kind {
            "group" => format!("group{}", self.name),
            kind => format!("{kind}/{}", self.name),
        }
    }

    fn cells(&self) -> Vec<String> {
        let place = format!("{}:{}", self.place.path, self.place.line);
        vec![self.kind.to_owned(), self.name.clone(), self.text.clone(), place]
    }

    fn document(&self) -> Value {
        json!({
            "apiVersion": "res-edge.dev/v1",
            "kind": "Match",
            "metadata": { "name": self.name },
            "status": {
                "kind": self.kind,
                "match": self.text,
                "path": self.place.path,
                "line": self.place.line,
            },
        })
    }
}
