//! The expressions of a fleet: parsed and resolved, and the rule that a mistyped value under
//! `not` never selects everything.

use model::{Diagnostic, NamespaceId, Span};
use schema::document::{ExpressionText, Override};

use super::GroupId;
use super::inventory::Inventory;
use crate::expression::codes::{EXPRESSION_SYNTAX, NEGATED_UNKNOWN_VALUE};
use crate::expression::{Findings, Names, Resolved, Syntax, Unmatched, parse, resolve};

/// An expression of a document.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    /// As it was written.
    pub(crate) syntax: Syntax,
    /// Its names looked up.
    pub(crate) resolved: Resolved,
    /// Where it stands.
    pub(crate) span: Span,
    /// How many bytes its text has.
    pub(crate) n_bytes: usize,
}

/// Every expression of a fleet, by the document that holds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectors {
    pub(crate) groups: Vec<Option<Selector>>,
    pub(crate) namespaces: Vec<Option<Selector>>,
    pub(crate) applications: Vec<Option<Selector>>,
    pub(crate) namespace_overrides: Vec<Vec<Option<Selector>>>,
    pub(crate) application_overrides: Vec<Vec<Option<Selector>>>,
}

impl Selectors {
    /// Parses and resolves all of them. A selector is missing where there is no expression, or
    /// a mistake in it.
    pub(super) fn new(inventory: &Inventory, names: &Names, findings: &mut Findings) -> Self {
        let mut one = |text: &ExpressionText| select(text, names, findings);
        let overrides = |one: &mut dyn FnMut(&ExpressionText) -> Option<Selector>,
                         list: &[Override]| {
            list.iter().map(|item| one(&item.clusters)).collect::<Vec<_>>()
        };
        let Inventory { groups, namespaces, applications, .. } = inventory;
        Self {
            groups: groups.iter().map(|(_, d)| d.clusters.as_ref().and_then(&mut one)).collect(),
            namespaces: namespaces.iter().map(|d| d.clusters.as_ref().and_then(&mut one)).collect(),
            applications: applications
                .iter()
                .map(|d| d.clusters.as_ref().and_then(&mut one))
                .collect(),
            namespace_overrides: namespaces
                .iter()
                .map(|d| overrides(&mut one, &d.overrides))
                .collect(),
            application_overrides: applications
                .iter()
                .map(|d| overrides(&mut one, &d.overrides))
                .collect(),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Selector> {
        let own = self.groups.iter().chain(&self.namespaces).chain(&self.applications);
        let overrides = self.namespace_overrides.iter().chain(&self.application_overrides);
        own.chain(overrides.flatten()).flatten()
    }
}

fn select(text: &ExpressionText, names: &Names, findings: &mut Findings) -> Option<Selector> {
    understand(&text.value, text.span, names, findings)
}

/// Parses and resolves one expression.
pub(super) fn understand(
    text: &str,
    span: Span,
    names: &Names,
    findings: &mut Findings,
) -> Option<Selector> {
    match parse(text) {
        Ok(syntax) => {
            let resolved = resolve(&syntax, text, span, names, findings)?;
            Some(Selector { syntax, resolved, span, n_bytes: text.len() })
        }
        Err(error) => {
            let place = error.extent.span(span, text.len());
            let mut diagnostic = Diagnostic::error(&EXPRESSION_SYNTAX, place, error.message);
            diagnostic.hint = error.hint;
            findings.push(diagnostic);
            None
        }
    }
}

/// For each group and namespace, a value in its expression, or in what that names, which no
/// cluster has.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnmatchedValues {
    pub(crate) groups: Vec<Option<Unmatched>>,
    pub(crate) namespaces: Vec<Option<Unmatched>>,
}

impl UnmatchedValues {
    /// What is not matched behind a name of an expression.
    fn behind(&self, leaf: &Resolved) -> Option<(&Unmatched, Span)> {
        match leaf {
            Resolved::Group(GroupId(index), at) => {
                Some((self.groups.get(*index as usize)?.as_ref()?, *at))
            }
            Resolved::Namespace(NamespaceId(index), at) => {
                Some((self.namespaces.get(*index as usize)?.as_ref()?, *at))
            }
            _ => None,
        }
    }

    /// The first value of an expression that nothing matches, here or behind a name; what is
    /// under `not` in its own expression is an error of its own already.
    pub(super) fn first_of(&self, resolved: &Resolved) -> Option<Unmatched> {
        let mut first = None;
        resolved.leaves(&mut |leaf, _| {
            let found = match leaf {
                Resolved::Unmatched(unmatched) if !unmatched.negated => Some(unmatched),
                _ => self.behind(leaf).map(|(unmatched, _)| unmatched),
            };
            if first.is_none() {
                first = found.cloned();
            }
        });
        first
    }

    /// Refuses names under `not` behind which stands a value that no cluster has.
    pub(super) fn check(&self, resolved: &Resolved, findings: &mut Findings) {
        resolved.leaves(&mut |leaf, negated| {
            if let Some((unmatched, at)) = self.behind(leaf).filter(|_| negated) {
                let written = &unmatched.written;
                let message = format!(
                    "behind this stands `{written}`, which no cluster matches, and under `not` \
                     that selects every cluster"
                );
                findings.push(
                    Diagnostic::error(&NEGATED_UNKNOWN_VALUE, at, message)
                        .label(unmatched.span, "no cluster matches this")
                        .hint(format!(
                            "mend `{written}`, or declare it in `spec.labels` of `fleet.yaml`"
                        )),
                );
            }
        });
    }

    /// The same for every expression of a fleet.
    pub(super) fn check_all(&self, selectors: &Selectors, findings: &mut Findings) {
        selectors.all().for_each(|selector| self.check(&selector.resolved, findings));
    }
}
