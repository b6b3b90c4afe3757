//! Diagnostics while they are collected, and their order in the end.
//!
//! Applications are rendered at once on many threads and each collects its own findings; cells
//! refer to them by position. At the end equal findings become one with all their clusters, the
//! rest is put in an order that no thread and no order of documents decides, and positions are
//! translated.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::{ClusterSet, Diagnostic, Severity, Span};

use super::codes;
use crate::fleet::KeySpace;

/// How many places one diagnostic points at.
const MOST_LABELS: usize = 8;

/// The findings of one part of a render.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    missing: BTreeMap<(KeySpace, Box<str>), (u32, BTreeSet<Span>)>,
}

impl Findings {
    /// Adds a finding and answers its position.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) -> u32 {
        self.list.push(diagnostic);
        self.list.len() as u32 - 1
    }

    /// Adds findings about some clusters and answers the position of the first error among them.
    pub(crate) fn add_all(
        &mut self,
        diagnostics: impl IntoIterator<Item = Diagnostic>,
        clusters: &ClusterSet,
    ) -> Option<u32> {
        let mut first = None;
        for diagnostic in diagnostics {
            let is_error = diagnostic.is_error();
            let position = self.add(diagnostic.clusters(clusters.clone()));
            if is_error {
                first = first.or(Some(position));
            }
        }
        first
    }

    /// Adds clusters on which a key has no value, where a placeholder at `span` wants one. All
    /// places of a key are one finding.
    pub(crate) fn add_missing(
        &mut self,
        space: KeySpace,
        key: &str,
        span: Span,
        clusters: &ClusterSet,
    ) -> u32 {
        let next = self.list.len() as u32;
        let entry = self.missing.entry((space, key.into()));
        let (position, spans) = entry.or_insert_with(|| (next, BTreeSet::new()));
        spans.insert(span);
        if *position == next {
            let message = String::new();
            self.list.push(Diagnostic::new(&codes::MISSING_KEY, Severity::Error, message));
        }
        self.list[*position as usize].clusters.unite(clusters);
        *position
    }

    /// The findings by position; `explain` words a missing key: its message and its hint.
    pub(crate) fn finish(
        mut self,
        explain: impl Fn(KeySpace, &str) -> (String, String),
    ) -> Vec<Diagnostic> {
        for ((space, key), (position, spans)) in self.missing {
            let diagnostic = &mut self.list[position as usize];
            let (message, hint) = explain(space, &key);
            diagnostic.message = message;
            diagnostic.hint = Some(hint);
            let labels = spans.into_iter().take(MOST_LABELS);
            diagnostic.labels =
                labels.map(|span| model::Label { span, text: String::new() }).collect();
        }
        self.list
    }
}

/// Makes one finding of equal ones and sorts them by place, code and message. The second result
/// translates an old position into the new one.
pub(crate) fn arrange(findings: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<u32>) {
    let mut order: Vec<u32> = (0..findings.len() as u32).collect();
    order.sort_by(|a, b| compare(&findings[*a as usize], &findings[*b as usize]));
    let mut slots: Vec<Option<Diagnostic>> = findings.into_iter().map(Some).collect();
    let mut translation = vec![0; slots.len()];
    let mut arranged: Vec<Diagnostic> = Vec::new();
    for position in order {
        let Some(finding) = slots[position as usize].take() else { continue };
        match arranged.last_mut() {
            Some(last) if compare(last, &finding).is_eq() => last.clusters.unite(&finding.clusters),
            _ => arranged.push(finding),
        }
        translation[position as usize] = arranged.len() as u32 - 1;
    }
    (arranged, translation)
}

/// The position of a finding among arranged ones, clusters aside.
pub(crate) fn find(arranged: &[Diagnostic], finding: &Diagnostic) -> Option<u32> {
    let position = arranged.binary_search_by(|other| compare(other, finding));
    position.ok().map(|position| position as u32)
}

/// The order of findings, clusters aside.
fn compare(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    let places = |finding: &Diagnostic| {
        finding.labels.iter().map(|label| (label.span, label.text.clone())).collect::<Vec<_>>()
    };
    let first = |finding: &Diagnostic| finding.labels.first().map(|label| label.span);
    first(a)
        .cmp(&first(b))
        .then_with(|| a.code.name.cmp(b.code.name))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| a.severity.cmp(&b.severity))
        .then_with(|| a.hint.cmp(&b.hint))
        .then_with(|| places(a).cmp(&places(b)))
}
