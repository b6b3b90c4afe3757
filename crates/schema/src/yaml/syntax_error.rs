//! Why a text is no YAML, said so that a person can mend it.

use granit_parser::{ErrorKind, ScanError};
use model::Code;

use super::Limits;
use crate::codes::{LIMIT_PASSED, MERGE_CONFLICT, YAML_SYNTAX};

/// Why a text is not YAML, or more of it than is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Which kind of mistake: `yaml-syntax`, `merge-conflict` or `limit-passed`.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// What to do next, where that is known.
    pub hint: Option<&'static str>,
    /// The byte at which it was found.
    pub at: usize,
    /// Whether a limit was passed, not a rule of YAML broken.
    pub limit: bool,
}

impl SyntaxError {
    pub(super) fn limit(message: String, at: usize) -> Self {
        Self { code: &LIMIT_PASSED, message, hint: None, at, limit: true }
    }

    pub(super) fn endless(at: usize) -> Self {
        let message = "an alias stands inside the value that it refers to".to_owned();
        Self { code: &YAML_SYNTAX, message, hint: Some("write the value out"), at, limit: false }
    }

    pub(super) fn of_scan(text: &str, limits: &Limits, error: &ScanError) -> Self {
        let at = floor_char(text, error.marker().byte_offset().unwrap_or(0));
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return Self::limit(format!("nested more than {} deep", limits.depth), at);
        }
        let (message, hint) = explain(error);
        let at = if message.starts_with("a tab") { tab_near(text, at) } else { at };
        Self { code: &YAML_SYNTAX, message, hint, at, limit: false }
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The tab that the parser stumbled on, before or after the place it tells.
fn tab_near(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    if at > 0 && bytes.get(at - 1) == Some(&b'\t') {
        return at - 1;
    }
    bytes[at..].iter().position(|byte| *byte == b'\t').map_or(at, |tab| at + tab)
}

/// The parser's messages, the common ones in words of what was typed.
fn explain(error: &ScanError) -> (String, Option<&'static str>) {
    use ErrorKind as K;
    let (message, hint) = match error.kind() {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabAtBlockScalarStart
        | K::TabInPlainScalar => {
            ("a tab stands where YAML wants spaces", Some("indent with spaces"))
        }
        K::UnclosedQuotedScalar => {
            ("a quote is opened and never closed", Some("close the quote, or double one inside"))
        }
        K::UnclosedFlowCollection { open } | K::MismatchedFlowCollectionEnd { open, .. } => {
            let hint = "close the bracket, or quote the text that holds it";
            return (format!("the bracket `{open}` is not closed by its twin"), Some(hint));
        }
        K::UnexpectedEofFlowSequence
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofImplicitFlowMapping => {
            ("the file ends inside a bracket", Some("close the bracket"))
        }
        K::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}` here", Some("separate pairs with `,` and quote special text"))
        }
        K::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` here", Some("separate items with `,` and quote special text"))
        }
        K::UnknownAnchor => (
            "an alias names an anchor that is not defined above it",
            Some("quote a value that starts with `*`"),
        ),
        K::UnexpectedCharacter { character } => {
            let hint = "put the value in quotes";
            return match character {
                '`' => ("no value can start with a backquote".to_owned(), Some(hint)),
                c => (format!("no value can start with `{}`", c.escape_debug()), Some(hint)),
            };
        }
        K::MappingValueNotAllowed => (
            "a `:` follows what cannot be a key",
            Some("check the indentation, and quote a value that holds `: `"),
        ),
        K::InvalidColonPlacement => (
            "a `:` stands where the bracket above allows none",
            Some("close the bracket, or quote the text"),
        ),
        K::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", Some("remove it, or quote the text that holds it"))
        }
        K::MissingAnchorOrAliasName => {
            ("`&` and `*` need a name", Some("quote a value that starts with one of them"))
        }
        K::SimpleKeyExpected | K::InvalidSimpleKey => (
            "this is neither a key with a value nor part of the text above",
            Some("check the indentation, and quote a value that holds `: `"),
        ),
        K::ExpectedBlockMappingKey | K::InvalidIndentation | K::ExpectedBlockSequenceEntry => (
            "the indentation fits no line above",
            Some("indent the keys of one mapping, and the dashes of one list, equally"),
        ),
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => {
            ("text follows a closing quote", Some("put the whole value in quotes"))
        }
        K::BlockSequenceEntryNotAllowed => {
            ("a list cannot start here", Some("put the first `-` on a line of its own"))
        }
        K::UnknownQuotedScalarEscape => {
            ("no such escape in double quotes", Some("write `\\\\` for a backslash"))
        }
        K::CommentNotSeparated => ("a comment needs a space before its `#`", None),
        K::BomInsideDocument => ("a byte-order mark stands inside the file", Some("remove it")),
        _ => return (error.info(), None),
    };
    (message.to_owned(), hint)
}

/// What Git writes before the first side of a merge that was not finished.
const CONFLICT: &str = "<<<<<<<";

/// Whether a line with this text at its first column is taken for the mark of an unfinished merge.
#[must_use]
pub fn starts_conflict(text: &str) -> bool {
    let after = text.strip_prefix(CONFLICT);
    after.is_some_and(|rest| matches!(rest.as_bytes().first(), None | Some(b' ' | b'\n' | b'\r')))
}

/// The marks that Git leaves in a file whose merge was not finished.
pub(super) fn find_conflict(text: &str) -> Option<SyntaxError> {
    let (at, _) = text.match_indices(CONFLICT).find(|(at, _)| {
        let starts_line = *at == 0 || text.as_bytes()[at - 1] == b'\n';
        starts_line && starts_conflict(&text[*at..])
    })?;
    Some(SyntaxError {
        code: &MERGE_CONFLICT,
        message: "a merge conflict was not resolved here".to_owned(),
        hint: Some("choose between the two sides and remove the marks of Git"),
        at,
        limit: false,
    })
}
