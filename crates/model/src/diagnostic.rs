//! A user's mistake, as a value.

use crate::{ClusterSet, Span};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Works today and is probably not what was meant.
    Warning,
    /// Must be mended: the source, or the cells it concerns, are not accepted.
    Error,
}

/// The stable name of one kind of mistake, and what it means.
///
/// Rooms declare their codes as constants; the reference page of diagnostics is made from them.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The name, in kebab-case. It never changes its meaning once released.
    pub name: &'static str,
    /// One or two sentences: what is wrong, and what the rule protects.
    pub meaning: &'static str,
}

/// Declares the codes of one part of a room, `NAME = "name", "meaning";` each, and `ALL`, which
/// lists them in that order.
#[macro_export]
macro_rules! codes {
    ($($constant:ident = $name:literal, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub static $constant: $crate::Code = $crate::Code { name: $name, meaning: $meaning };
        )*

        /// Every code declared here, in order.
        pub static ALL: &[&$crate::Code] = &[$(&$constant),*];
    };
}

/// A place that a diagnostic points at, with what to say there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say at that place; empty where the message says it all.
    pub text: String,
}

/// One mistake in the inventory, an expression, a template or a value.
///
/// It carries the set of clusters that it concerns, so that one missing label is one message
/// and not 30,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake.
    pub code: &'static Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong: lower case, no final period, backticks around what the user wrote.
    pub message: String,
    /// Where; the first is the mistake itself, the others explain it.
    pub labels: Vec<Label>,
    /// The clusters that it concerns; empty if it is about the source as a whole.
    pub clusters: ClusterSet,
    /// What to do next.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error with one place.
    #[must_use]
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message).label(span, "")
    }

    /// A warning with one place.
    #[must_use]
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message).label(span, "")
    }

    /// A diagnostic without a place yet.
    #[must_use]
    pub fn new(code: &'static Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            clusters: ClusterSet::default(),
            hint: None,
        }
    }

    /// The same, pointing at one more place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, about these clusters.
    #[must_use]
    pub fn clusters(mut self, clusters: ClusterSet) -> Self {
        self.clusters = clusters;
        self
    }

    /// Whether it refuses something.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
