//! From syntax to names that exist.

use model::{ClusterId, Diagnostic, NamespaceId, Span};

use super::codes::{
    FORMER_PATH, NEGATED_UNKNOWN_VALUE, UNDECLARED_VALUE, UNKNOWN_CLUSTER, UNKNOWN_GROUP,
    UNKNOWN_KEY, UNKNOWN_NAMESPACE, UNKNOWN_VALUE,
};
use super::lex::short;
use super::names::{Findings, Names};
use super::{Extent, KeyId, Part, Pattern, Syntax, SyntaxKind, Term, ValueIndex};
use schema::nearest::nearest;

use crate::fleet::GroupId;

/// An expression whose every name exists, as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// `all`.
    All,
    /// `none`.
    None,
    /// A group, and where it is named.
    Group(GroupId, Span),
    /// A namespace, and where it is named.
    Namespace(NamespaceId, Span),
    /// The clusters of that name or pattern.
    Clusters(Vec<ClusterId>),
    /// The clusters that have one of these values.
    Values {
        /// The key.
        key: KeyId,
        /// The values.
        values: Vec<ValueIndex>,
    },
    /// A declared value that no cluster has.
    Unused,
    /// A value or a pattern that nothing declares and no cluster has.
    Unmatched(Unmatched),
    /// What is not in it.
    Not(Box<Resolved>),
    /// What is in all.
    And(Vec<Resolved>),
    /// What is in any.
    Or(Vec<Resolved>),
}

/// Something that matches no cluster, and may be a typing mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Where it stands.
    pub span: Span,
    /// What was written.
    pub written: Box<str>,
    /// Whether it stands under `not` in its own expression.
    pub negated: bool,
}

/// Looks up every name of an expression of `text` that stands at `at`; all unknown names are
/// found, not the first only. Nothing comes back when there is an error.
pub fn resolve(
    syntax: &Syntax,
    text: &str,
    at: Span,
    names: &Names,
    findings: &mut Findings,
) -> Option<Resolved> {
    Resolver { text, at, names, findings }.part(syntax, false)
}

impl Resolved {
    /// Shows every part that is no operator, and whether a `not` stands above it.
    pub fn leaves(&self, visit: &mut dyn FnMut(&Self, bool)) {
        self.leaves_under(false, visit);
    }

    fn leaves_under(&self, negated: bool, visit: &mut dyn FnMut(&Self, bool)) {
        match self {
            Self::Not(inner) => inner.leaves_under(true, visit),
            Self::And(operands) | Self::Or(operands) => {
                operands.iter().for_each(|operand| operand.leaves_under(negated, visit));
            }
            leaf => visit(leaf, negated),
        }
    }
}

struct Resolver<'a, 'f> {
    text: &'a str,
    at: Span,
    names: &'a Names,
    findings: &'f mut Findings,
}

impl Resolver<'_, '_> {
    fn span(&self, extent: Extent) -> Span {
        extent.span(self.at, self.text.len())
    }

    fn part(&mut self, syntax: &Syntax, negated: bool) -> Option<Resolved> {
        match &syntax.kind {
            SyntaxKind::All => Some(Resolved::All),
            SyntaxKind::None => Some(Resolved::None),
            SyntaxKind::Term(term) => self.term(term, syntax.extent, negated),
            SyntaxKind::Not(inner) => Some(Resolved::Not(Box::new(self.part(inner, true)?))),
            SyntaxKind::And(operands) => self.chain(operands, negated).map(Resolved::And),
            SyntaxKind::Or(operands) => self.chain(operands, negated).map(Resolved::Or),
        }
    }

    fn chain(&mut self, operands: &[Syntax], negated: bool) -> Option<Vec<Resolved>> {
        // All operands are looked at before the first failure counts.
        let parts: Vec<_> = operands.iter().map(|operand| self.part(operand, negated)).collect();
        parts.into_iter().collect()
    }

    fn term(&mut self, term: &Term, extent: Extent, negated: bool) -> Option<Resolved> {
        match term {
            Term::Group(path) => self.group(path),
            Term::Cluster(name) => self.cluster(name, extent, negated),
            Term::Namespace(name) => self.namespace(name),
            Term::Metadata { key, value } => self.metadata(key, value, extent, negated),
        }
    }

    fn group(&mut self, path: &Part<Box<str>>) -> Option<Resolved> {
        let span = self.span(path.extent);
        let groups = &self.names.groups;
        let written = &*path.value;
        let Some((group, former)) = groups.find(written) else {
            let message = format!("there is no group `{}`", short(written));
            let error = Diagnostic::error(&UNKNOWN_GROUP, span, message);
            self.findings.unknown(error, || groups.nearest(written), "add the Group document");
            return None;
        };
        if former {
            let present = groups.paths.get(group.0 as usize);
            self.findings.push(former_path(written, present, span));
        }
        Some(Resolved::Group(group, span))
    }

    fn namespace(&mut self, name: &Part<Box<str>>) -> Option<Resolved> {
        let span = self.span(name.extent);
        if let Some(index) = self.names.namespaces.find(&name.value) {
            return Some(Resolved::Namespace(NamespaceId(index as u32), span));
        }
        let message = format!("there is no namespace `{}`", short(&name.value));
        let error = Diagnostic::error(&UNKNOWN_NAMESPACE, span, message);
        let look = || nearest(&name.value, self.names.namespaces.iter());
        self.findings.unknown(error, look, "add the Namespace document");
        None
    }

    fn cluster(&mut self, name: &Part<Pattern>, extent: Extent, negated: bool) -> Option<Resolved> {
        let clusters = &self.names.clusters;
        let Some(exact) = name.value.as_exact() else {
            let matching = clusters.matching(&name.value).into_iter();
            let matching: Vec<_> = matching.map(|index| ClusterId(index as u32)).collect();
            if matching.is_empty() {
                let message = format!("no cluster's name matches `{}`", self.written(name.extent));
                return self.unmatched(message, None, extent, negated);
            }
            return Some(Resolved::Clusters(matching));
        };
        if let Some(index) = clusters.find(exact) {
            return Some(Resolved::Clusters(vec![ClusterId(index as u32)]));
        }
        let message = format!("there is no cluster `{}`", short(exact));
        let error = Diagnostic::error(&UNKNOWN_CLUSTER, self.span(name.extent), message);
        self.findings.unknown(
            error,
            || nearest(exact, clusters.iter()),
            "add the Cluster document",
        );
        None
    }

    fn metadata(
        &mut self,
        key: &Part<Box<str>>,
        value: &Part<Pattern>,
        extent: Extent,
        negated: bool,
    ) -> Option<Resolved> {
        let names = self.names;
        let declared = names.vocabulary.as_ref().and_then(|words| words.keys.get(&key.value));
        let found = names.keys.find(&key.value);
        if declared.is_none() && found.is_none() {
            self.unknown_key(key);
            return None;
        }
        if let Some(key) = found {
            let values = self.matching(key, &value.value);
            if !values.is_empty() {
                return Some(Resolved::Values { key, values });
            }
        }
        match declared {
            Some(Some(values)) if values.iter().any(|known| value.value.matches(known)) => {
                Some(Resolved::Unused)
            }
            Some(Some(values)) => {
                self.undeclared(&key.value, value, values);
                None
            }
            _ => self.unknown_value(key, value, extent, negated),
        }
    }

    fn matching(&self, key: KeyId, pattern: &Pattern) -> Vec<ValueIndex> {
        let Some(column) = self.names.keys.get(key) else { return Vec::new() };
        let index = |index: usize| ValueIndex(index as u32);
        match pattern.as_exact() {
            Some(text) => column.values.find(text).map(index).into_iter().collect(),
            None => column.values.matching(pattern).into_iter().map(index).collect(),
        }
    }

    fn unknown_key(&mut self, key: &Part<Box<str>>) {
        let message = format!("no cluster has a label or value `{}`", short(&key.value));
        let error = Diagnostic::error(&UNKNOWN_KEY, self.span(key.extent), message);
        let names = self.names;
        let otherwise = match &*key.value {
            "name" => "write `/c/<name>` to select a cluster by its name",
            _ => {
                "`/m/` looks at labels and values in Cluster documents; inherited ones do not count"
            }
        };
        self.findings.unknown(error, || nearest(&key.value, names.known_keys()), otherwise);
    }

    fn undeclared(&mut self, key: &str, value: &Part<Pattern>, declared: &[Box<str>]) {
        let written = self.written(value.extent);
        let message = format!("the vocabulary of `{key}` in `fleet.yaml` has no `{written}`");
        let error = Diagnostic::error(&UNDECLARED_VALUE, self.span(value.extent), message);
        let texts = || declared.iter().map(|value| &**value);
        let some: Vec<&str> = texts().take(8).collect();
        let otherwise = format!("it has `{}`", some.join("`, `"));
        let look = || nearest(value.value.as_exact()?, texts());
        self.findings.unknown(error, look, &otherwise);
    }

    fn unknown_value(
        &mut self,
        key: &Part<Box<str>>,
        value: &Part<Pattern>,
        extent: Extent,
        negated: bool,
    ) -> Option<Resolved> {
        let names = self.names;
        let message =
            format!("no cluster has `{}` for `{}`", self.written(value.extent), short(&key.value));
        let column = names.keys.find(&key.value).and_then(|key| names.keys.get(key));
        let suggestion = value
            .value
            .as_exact()
            .and_then(|text| nearest(text, column?.values.iter().take(1_000)));
        self.unmatched(message, suggestion, extent, negated)
    }

    fn unmatched(
        &mut self,
        message: String,
        suggestion: Option<&str>,
        extent: Extent,
        negated: bool,
    ) -> Option<Resolved> {
        let span = self.span(extent);
        let written: Box<str> = self.written(extent).into();
        let hint = suggestion.map(|name| format!("did you mean `{name}`?"));
        let diagnostic = if negated {
            let message = format!("{message}, and under `not` that selects every cluster");
            Diagnostic::error(&NEGATED_UNKNOWN_VALUE, span, message)
                .hint(hint.unwrap_or_else(|| "remove it, or mend the value".to_owned()))
        } else {
            Diagnostic::warning(&UNKNOWN_VALUE, span, message).hint(
                hint.unwrap_or_else(|| "it selects nothing until a cluster has it".to_owned()),
            )
        };
        self.findings.push(diagnostic);
        Some(Resolved::Unmatched(Unmatched { span, written, negated }))
    }

    fn written(&self, extent: Extent) -> String {
        short(self.text.get(extent.start..extent.end).unwrap_or_default())
    }
}

/// The warning for a group that is named by its former path.
pub(crate) fn former_path(written: &str, present: &str, span: Span) -> Diagnostic {
    let message = format!("the group `{written}` is `{present}` now");
    Diagnostic::warning(&FORMER_PATH, span, message).hint(format!("write `{present}`"))
}
