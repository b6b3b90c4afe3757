//! Why an application runs on a cluster, or does not.

use model::{ApplicationId, ClusterId, Span};

use crate::expression::{Resolved, Syntax, SyntaxKind, Term, evaluate, print};
use crate::fleet::{Fleet, GroupId, Selector};

/// Whether an application is placed on a cluster, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Whether the application runs on the cluster.
    pub placed: bool,
    /// Whether the Cluster document says `decommission: true`, which empties it whatever
    /// expressions say.
    pub decommissioned: bool,
    /// What the application's namespace selects.
    pub namespace: Selection,
    /// What the application's own `clusters` select, if it has any.
    pub application: Option<Selection>,
}

/// One document's expression, for one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The document, as in `namespace imdb`.
    pub by: String,
    /// Where the document's name stands.
    pub document: Span,
    /// Where the expression stands; nothing where the document has none and selects nothing.
    pub expression: Option<Span>,
    /// Why the expression selects the cluster, or does not.
    pub reason: Option<Reason>,
}

/// A part of an expression, for one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The part as text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it selects the cluster.
    pub selects: bool,
    /// What makes a term true or false, as in "`ring` of the cluster is `prod`".
    pub because: Option<String>,
    /// The parts of it; for a group or a namespace that has an expression, that expression.
    pub parts: Vec<Reason>,
}

/// Explains why an application runs on a cluster, or does not.
///
/// # Panics
/// If one of the ids is of another fleet.
#[must_use]
pub fn explain_placement(
    fleet: &Fleet,
    cluster: ClusterId,
    application: ApplicationId,
) -> Placement {
    let selectors = &fleet.tables().selectors;
    let explainer = Explainer { fleet, cluster };
    let document = &fleet.applications[application.0 as usize];
    let namespace_index = document.namespace.0 as usize;
    let namespace = &fleet.namespaces[namespace_index];
    let own = selectors.applications[application.0 as usize].as_ref();
    Placement {
        placed: document.clusters.contains(cluster),
        decommissioned: fleet.decommissioned.contains(cluster),
        namespace: explainer.selection(
            format!("namespace {}", namespace.name),
            namespace.document.metadata.name.span,
            selectors.namespaces[namespace_index].as_ref(),
        ),
        application: own.map(|selector| {
            let by = format!("application {}", document.name);
            explainer.selection(by, document.document.metadata.name.span, Some(selector))
        }),
    }
}

/// How many expressions are followed from one to the next; a longer chain is cut.
const MAX_STEPS: usize = 8;

struct Explainer<'a> {
    fleet: &'a Fleet,
    cluster: ClusterId,
}

impl Explainer<'_> {
    fn selection(&self, by: String, document: Span, selector: Option<&Selector>) -> Selection {
        Selection {
            by,
            document,
            expression: selector.map(|selector| selector.span),
            reason: selector.map(|selector| self.whole(selector, 0)),
        }
    }

    fn whole(&self, selector: &Selector, steps: usize) -> Reason {
        self.part(&selector.syntax, &selector.resolved, selector, steps)
    }

    fn part(
        &self,
        syntax: &Syntax,
        resolved: &Resolved,
        selector: &Selector,
        steps: usize,
    ) -> Reason {
        let parts = match (&syntax.kind, resolved) {
            (SyntaxKind::Not(inner), Resolved::Not(known)) => {
                vec![self.part(inner, known, selector, steps)]
            }
            (SyntaxKind::And(operands), Resolved::And(known))
            | (SyntaxKind::Or(operands), Resolved::Or(known)) => {
                let pairs = operands.iter().zip(known);
                pairs.map(|(operand, known)| self.part(operand, known, selector, steps)).collect()
            }
            _ => self.behind(resolved, steps),
        };
        Reason {
            text: print(syntax),
            span: syntax.extent.span(selector.span, selector.n_bytes),
            selects: evaluate(resolved, self.fleet).contains(self.cluster),
            because: self.because(syntax, resolved),
            parts,
        }
    }

    /// The expression of a namespace, or those of a group and the groups below it that select
    /// the cluster.
    fn behind(&self, resolved: &Resolved, steps: usize) -> Vec<Reason> {
        if steps >= MAX_STEPS {
            return Vec::new();
        }
        let selectors = &self.fleet.tables().selectors;
        match resolved {
            Resolved::Namespace(namespace, _) => selectors.namespaces[namespace.0 as usize]
                .iter()
                .map(|selector| self.whole(selector, steps + 1))
                .collect(),
            Resolved::Group(group, _) => self
                .at_and_below(*group)
                .filter_map(|index| selectors.groups[index].as_ref())
                .map(|selector| self.whole(selector, steps + 1))
                .filter(|reason| reason.selects)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn at_and_below(&self, group: GroupId) -> impl Iterator<Item = usize> + '_ {
        let groups = &self.fleet.groups;
        let path = &groups[group.0 as usize].path;
        (0..groups.len()).filter(move |index| path.contains(groups[*index].path.as_str()))
    }

    fn because(&self, syntax: &Syntax, resolved: &Resolved) -> Option<String> {
        let document = &self.fleet.clusters[self.cluster.index()].document;
        match (&syntax.kind, resolved) {
            (SyntaxKind::Term(Term::Metadata { key, .. }), _) => {
                let mut own = document.metadata.labels.iter().chain(&document.values);
                Some(match own.find(|(name, _)| *name.value == *key.value) {
                    Some((_, value)) => format!("its `{}` is `{}`", key.value, value.value.text),
                    None => format!("it has no `{}`", key.value),
                })
            }
            (_, Resolved::Group(group, _)) => Some(self.membership(*group)),
            _ => None,
        }
    }

    fn membership(&self, group: GroupId) -> String {
        let document = &self.fleet.clusters[self.cluster.index()].document;
        let path = &self.fleet.groups[group.0 as usize].path;
        let mut listed = document.groups.iter().filter_map(|listed| {
            let listed = self.fleet.group_id(listed.value.as_str())?;
            Some(&self.fleet.groups[listed.0 as usize].path)
        });
        if let Some(listed) = listed.find(|listed| path.contains(listed.as_str())) {
            return format!("it lists `{listed}`");
        }
        let selectors = &self.fleet.tables().selectors;
        let selects = |index: &usize| {
            let selector = selectors.groups[*index].as_ref();
            selector.is_some_and(|s| evaluate(&s.resolved, self.fleet).contains(self.cluster))
        };
        match self.at_and_below(group).find(selects) {
            Some(index) => {
                format!("the expression of `{}` selects it", self.fleet.groups[index].path)
            }
            None => "it is in no group there".to_owned(),
        }
    }
}
