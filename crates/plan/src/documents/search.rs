//! Terms in names, descriptions, labels and values.

use model::{ApplicationId, Span};
use schema::Kind;
use schema::document::{Override, Pairs, Spanned};

use super::DocumentId;
use crate::Fleet;

/// One place where a term stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The document.
    pub document: DocumentId,
    /// What stands there, as in `label city=nola`.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// The words of a search, in lower case. Words in double quotes are one term.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        match index % 2 {
            1 => terms.push(part.to_lowercase()),
            _ => terms.extend(part.split_whitespace().map(str::to_lowercase)),
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

/// Where one term, in lower case, stands in a document.
///
/// # Panics
/// If the id is of another fleet.
#[must_use]
pub fn search(fleet: &Fleet, id: DocumentId, term: &str) -> Vec<Match> {
    let mut found = Vec::new();
    each_text(fleet, id, &mut |text| {
        if text.has(term) {
            found.push(Match { document: id, text: text.shown(), span: text.span });
        }
    });
    found
}

impl Fleet {
    /// Whether each of these terms, in lower case, stands somewhere in a document.
    ///
    /// # Panics
    /// If the id is of another fleet.
    #[must_use]
    pub fn document_has(&self, id: DocumentId, terms: &[String]) -> bool {
        terms.iter().all(|term| {
            let mut has = false;
            each_text(self, id, &mut |text| has = has || text.has(term));
            has
        })
    }
}

/// A text of a document that is searched.
struct Searched<'a> {
    what: &'static str,
    key: Option<&'a str>,
    text: &'a str,
    span: Span,
}

impl Searched<'_> {
    fn has(&self, term: &str) -> bool {
        contains(self.text, term) || self.key.is_some_and(|key| contains(key, term))
    }

    fn shown(&self) -> String {
        match self.key {
            Some(key) => format!("{} {key}={}", self.what, self.text),
            None => format!("{} {}", self.what, self.text),
        }
    }
}

/// Whether a text contains a term in lower case, in capitals or not.
fn contains(text: &str, term: &str) -> bool {
    if text.is_ascii() {
        let (text, term) = (text.as_bytes(), term.as_bytes());
        return text.windows(term.len().max(1)).any(|part| part.eq_ignore_ascii_case(term));
    }
    text.to_lowercase().contains(term)
}

fn each_text<'a>(fleet: &'a Fleet, id: DocumentId, found: &mut dyn FnMut(Searched<'a>)) {
    let index = id.index as usize;
    let name = |text, span| Searched { what: "name", key: None, text, span };
    let (description, overrides): (_, &[Override]) = match id.kind {
        Kind::Fleet => {
            let document = &fleet.tables().document;
            found(name(&*document.name.value, document.name.span));
            (None, &[])
        }
        Kind::Cluster => {
            let document = &fleet.clusters[index].document;
            found(name(document.metadata.name.value.as_str(), document.metadata.name.span));
            (document.description.as_ref(), &[])
        }
        Kind::Group => {
            let document = &fleet.groups[index].document;
            found(name(document.metadata.name.value.as_str(), document.metadata.name.span));
            (document.description.as_ref(), &[])
        }
        Kind::Namespace => {
            let document = &fleet.namespaces[index].document;
            found(name(document.metadata.name.value.as_str(), document.metadata.name.span));
            (document.description.as_ref(), &document.overrides)
        }
        Kind::Application => {
            let document = &fleet.applications[ApplicationId(id.index).0 as usize].document;
            found(name(document.metadata.name.value.as_str(), document.metadata.name.span));
            (document.description.as_ref(), &document.overrides)
        }
        Kind::Role => {
            let metadata = &fleet.roles[index].metadata;
            found(name(&*metadata.name.value, metadata.name.span));
            (None, &[])
        }
    };
    if let Some(Spanned { value, span }) = description {
        found(Searched { what: "description", key: None, text: &value.text, span: *span });
    }
    each_pair("label", fleet.document_labels(id), found);
    each_pair("value", fleet.document_values(id), found);
    for one in overrides {
        each_pair("override", &one.values, found);
    }
}

fn each_pair<'a>(what: &'static str, pairs: &'a Pairs, found: &mut dyn FnMut(Searched<'a>)) {
    for (key, value) in pairs {
        let (key, span) = (Some(&*key.value), key.span);
        found(Searched { what, key, text: &value.value.text, span });
    }
}
