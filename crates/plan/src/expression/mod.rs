//! The language that selects clusters.
//!
//! ```text
//! text ─parse─▶ Syntax ─resolve─▶ Resolved ─evaluate─▶ ClusterSet
//!                 └──print──▶ text
//! ```
//!
//! One type for each stage: a [`Syntax`] is well formed, a [`Resolved`] names only what exists,
//! a [`model::ClusterSet`] is the answer. In: the text of an expression. Out: a set of clusters,
//! or diagnostics with places in the text. What groups, namespaces, labels and values there are
//! comes from the room's `fleet` part through [`Names`] and [`Sets`]; cycles between expressions
//! are found there too.
//!
//! The grammar, from the loosest to the tightest binding:
//!
//! ```text
//! or    = and ("or" and)*
//! and   = not ("and" not)*
//! not   = "not" not | "all" | "none" | "(" or ")" | term
//! term  = "/g/" part ("/" part)*          a group, with all groups below it
//!       | "/c/" part                      a cluster; `*` stands for any run of characters
//!       | "/n/" part                      the clusters of a namespace
//!       | "/m/" part "/" part             an own label or value; `*` in the value
//! part  = bare characters | '"' … '"' | "'" … "'"
//! ```
//!
//! In double quotes `\"`, `\\` and `\*` stand for the second character (`\*` is no wildcard);
//! in single quotes `''` stands for `'`. A `*` in quotes is a wildcard as it is without.

pub mod codes;
mod columns;
mod evaluate;
mod lex;
mod names;
mod parse;
mod pattern;
mod print;
mod resolve;
mod syntax;
mod texts;

pub use columns::{ClusterKeys, Key, KeyId, Members, ValueIndex};
pub use evaluate::{Sets, evaluate};
pub use names::{Findings, GroupNames, Names, Vocabulary};
pub use parse::{MAX_BYTES, MAX_DEPTH, parse};
pub use pattern::Pattern;
pub use print::print;
pub use resolve::{Resolved, Unmatched, resolve};
pub use syntax::{Extent, ParseError, Part, Syntax, SyntaxKind, Term};
pub use texts::Texts;

pub(crate) use lex::short;
pub(crate) use resolve::former_path;
