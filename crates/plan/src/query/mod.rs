//! One evaluator for what lists are asked for: filters, orders, label selectors.
//!
//! ```text
//! text ─lex─▶ tokens ─parse─▶ Expression ─resolve─▶ Filter ─accepts─▶ bool
//! ```
//!
//! In: texts as a person or a program wrote them, and the fields that a kind of list has. Out:
//! whether a [`crate::documents::Row`] is meant, and in which order rows come; or a
//! [`QueryError`] with its place in the text. The command line and the server use the same, so
//! that a list reads the same from both.
//!
//! The filter is a subset of OData's `$filter`, as the former system had it:
//!
//! ```text
//! or      = and ("or" and)*
//! and     = not ("and" not)*
//! not     = "not" not | compare
//! compare = value (("eq" | "ne" | "gt" | "ge" | "lt" | "le") value)? | value "in" "(" list ")"
//! value   = literal | field | function "(" value ("," value)* ")" | "(" or ")"
//! literal = 'text' | number | true | false | null
//! field   = name | path, as in `ring`, `timeZone`, `metadata/labels/ring`, `status/clusters`
//! ```
//!
//! Functions are `contains`, `startswith`, `endswith`, `tolower`, `toupper` and `length`. A field
//! that a document does not have is `null`: it equals only `null`, and is neither less nor
//! greater than anything.

pub mod codes;
mod datum;
mod fields;
mod filter;
mod lex;
mod order;
mod parse;
mod resolve;
mod selector;

pub use datum::Datum;
pub use fields::{Field, Fields, Fixed, Listed};
pub use filter::Filter;
pub use order::Order;
pub use parse::{MAX_BYTES, MAX_DEPTH};
pub use selector::Selector;

use model::{Code, Diagnostic, Span};

use crate::expression::Extent;

/// What is wrong in a filter, an order or a list of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// The kind of mistake.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// Where in the text.
    pub extent: Extent,
    /// What to do next.
    pub hint: Option<String>,
}

impl QueryError {
    fn syntax(message: impl Into<String>, extent: Extent) -> Self {
        Self { code: &codes::QUERY_SYNTAX, message: message.into(), extent, hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as a diagnostic, for a text that stands at a place.
    #[must_use]
    pub fn diagnostic(&self, at: Span, text: &str) -> Diagnostic {
        let place = self.extent.span(at, text.len());
        let mut diagnostic = Diagnostic::error(self.code, place, self.message.clone());
        diagnostic.hint.clone_from(&self.hint);
        diagnostic
    }
}
