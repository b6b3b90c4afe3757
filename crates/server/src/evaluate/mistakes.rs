//! The mistakes of a source, told apart from those that were there before.

use std::collections::HashMap;
use std::sync::OnceLock;

use api::DiagnosticText;
use api::text::{Report, count};
use model::{ClusterSet, Diagnostic};
use plan::Compiled;

use super::{cluster_names, diagnostics};

/// How many mistakes are written out for a terminal.
const MOST_SHOWN: usize = 20;

/// How many mistakes an answer holds at most.
const MOST_TOLD: usize = 100;

/// What is wrong with a source.
pub(crate) struct Mistakes<'a> {
    head: &'a Compiled,
    /// The names of the clusters, made when a message needs them.
    clusters: OnceLock<Vec<String>>,
    /// Errors that the base does not have.
    pub(crate) new: Vec<&'a Diagnostic>,
    /// Errors that the base has too.
    pub(crate) known: Vec<&'a Diagnostic>,
    /// What is no error.
    pub(crate) warnings: Vec<&'a Diagnostic>,
}

/// A mistake is the same by its code and its words, wherever it stands now.
type Key<'a> = (&'static str, &'a str);

impl<'a> Mistakes<'a> {
    /// Compares what was found in two sources. An error that now concerns clusters that it did not
    /// concern is a new one.
    pub(crate) fn new(base: Option<&'a Compiled>, head: &'a Compiled) -> Self {
        let mut before: HashMap<Key<'a>, ClusterSet> = HashMap::new();
        for one in base.into_iter().flat_map(diagnostics).filter(|one| one.is_error()) {
            before.entry(key(one)).or_default().unite(&one.clusters);
        }
        // Ids of clusters are positions in one fleet: they only compare where both have the same.
        let is_alike = base.is_some_and(|base| have_same_clusters(base, head));
        let is_known = |one: &Diagnostic| {
            before.get(&key(one)).is_some_and(|known| {
                let mut more = one.clusters.clone();
                more.subtract(known);
                match is_alike {
                    true => more.is_empty(),
                    false => one.clusters.len() <= known.len(),
                }
            })
        };
        let clusters = OnceLock::new();
        let mut mistakes = Self { head, clusters, new: vec![], known: vec![], warnings: vec![] };
        for one in diagnostics(head) {
            match (one.is_error(), is_known(one)) {
                (true, false) => mistakes.new.push(one),
                (true, true) => mistakes.known.push(one),
                (false, _) => mistakes.warnings.push(one),
            }
        }
        mistakes
    }

    fn report(&self) -> Report<'_> {
        let clusters = self.clusters.get_or_init(|| cluster_names(self.head));
        Report { files: &self.head.source.files, clusters }
    }

    /// Mistakes with the lines that they are in, for a terminal.
    pub(crate) fn text(&self, mistakes: &[&Diagnostic]) -> String {
        let report = self.report();
        let sorted = report.sorted(mistakes.iter().copied());
        let mut text = String::new();
        for one in sorted.iter().take(MOST_SHOWN) {
            text.push_str(&report.text(one, false));
            text.push_str("\n\n");
        }
        if sorted.len() > MOST_SHOWN {
            text.push_str(&format!("and {} more\n\n", sorted.len() - MOST_SHOWN));
        }
        text
    }

    /// Mistakes as they go over the wire.
    pub(crate) fn wire(&self, mistakes: &[&Diagnostic]) -> Vec<DiagnosticText> {
        let report = self.report();
        let sorted = report.sorted(mistakes.iter().copied());
        sorted.iter().take(MOST_TOLD).map(|one| report.wire(one)).collect()
    }

    /// How many new errors there are, in words.
    pub(crate) fn n_new(&self) -> String {
        count(self.new.len(), "error")
    }
}

/// Whether the ids of clusters mean the same in two sources.
fn have_same_clusters(one: &Compiled, other: &Compiled) -> bool {
    match (&one.accepted, &other.accepted) {
        (Some(one), Some(other)) => one.fleet.same_clusters(&other.fleet),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn key(diagnostic: &Diagnostic) -> Key<'_> {
    (diagnostic.code.name, &diagnostic.message)
}
