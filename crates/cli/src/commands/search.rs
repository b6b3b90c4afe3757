//! `res-edge search`: a term in names, labels and values.

use model::{Files, Place};
use plan::{Fleet, documents};
use schema::Kind;
use serde_json::{Value, json};

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column};
use crate::session::Session;
use crate::source;
use api::text::count;

/// The kinds that are searched.
const KINDS: [Kind; 5] =
    [Kind::Fleet, Kind::Cluster, Kind::Group, Kind::Namespace, Kind::Application];

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
    let term = arguments.term.to_lowercase();
    let (fleet, files) = (&checked.fleet, &checked.source.files);
    let documents = KINDS.into_iter().flat_map(|kind| fleet.documents(kind));
    let mut matches: Vec<Match> = documents
        .flat_map(|id| plan::documents::search(fleet, id, &term))
        .map(|found| Match::new(fleet, files, found))
        .collect();
    matches.sort_by(|a, b| (a.kind, &a.name, &a.place).cmp(&(b.kind, &b.name, &b.place)));
    let n = matches.len();
    listing::write(matches.into_iter(), arguments.listing, session.terminal)?;
    if n > 0 {
        session.terminal.message(&count(n, "match").replace("matchs", "matches"));
    }
    Ok(Outcome::Done)
}

/// One place where the term stands.
struct Match {
    kind: &'static str,
    name: String,
    text: String,
    place: Place,
}

impl Match {
    fn new(fleet: &Fleet, files: &Files, found: documents::Match) -> Self {
        let kind = match found.document.kind {
            Kind::Fleet => "fleet",
            Kind::Cluster => "cluster",
            Kind::Group => "group",
            Kind::Namespace => "namespace",
            Kind::Application => "application",
            Kind::Role => "role",
        };
        let name = fleet.document_name(found.document).to_owned();
        Self { kind, name, text: found.text, place: files.place(found.span) }
    }
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
