//! From text to tokens.

use super::QueryError;
use crate::expression::{Extent, short};

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) extent: Extent,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A field, a function, an operator, `true`, `false` or `null`.
    Word(String),
    Text(String),
    Number(f64),
    Open,
    Close,
    Comma,
}

/// What may stand in a name after its first character. Labels may hold `-`, `.` and `/`, and
/// there is no operator that is written so.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@')
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, end) = token(text, at, c)?;
        tokens.push(Token { kind, extent: Extent::new(at, end) });
        at = end;
    }
    Ok(tokens)
}

fn token(text: &str, at: usize, c: char) -> Result<(TokenKind, usize), QueryError> {
    let rest = &text[at..];
    match c {
        '(' => Ok((TokenKind::Open, at + 1)),
        ')' => Ok((TokenKind::Close, at + 1)),
        ',' => Ok((TokenKind::Comma, at + 1)),
        '\'' => quoted(text, at),
        '"' => Err(QueryError::syntax("texts stand in single quotes", Extent::new(at, at + 1))
            .hint("write `'text'`; a quote in it is written twice")),
        _ if c.is_ascii_digit() || matches!(c, '-' | '+') => number(rest, at),
        _ if c.is_alphabetic() || matches!(c, '_' | '$') => {
            let end = rest[c.len_utf8()..].find(|c| !is_inner(c));
            let end = at + end.map_or(rest.len(), |end| end + c.len_utf8());
            Ok((TokenKind::Word(text[at..end].to_owned()), end))
        }
        _ => Err(sign(rest, at)),
    }
}

fn quoted(text: &str, at: usize) -> Result<(TokenKind, usize), QueryError> {
    let mut value = String::new();
    let mut from = at + 1;
    while let Some(end) = text[from..].find('\'') {
        value.push_str(&text[from..from + end]);
        from += end + 1;
        if !text[from..].starts_with('\'') {
            return Ok((TokenKind::Text(value), from));
        }
        value.push('\'');
        from += 1;
    }
    Err(QueryError::syntax("this text is never closed", Extent::new(at, text.len()))
        .hint("add a `'` at its end; a quote in a text is written twice"))
}

fn number(rest: &str, at: usize) -> Result<(TokenKind, usize), QueryError> {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c)));
    let written = &rest[..end.unwrap_or(rest.len())];
    let extent = Extent::new(at, at + written.len());
    let is_decimal = written.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match written.parse::<f64>() {
        Ok(number) if is_decimal && number.is_finite() => {
            Ok((TokenKind::Number(number), extent.end))
        }
        _ => Err(QueryError::syntax(format!("`{}` is no number", short(written)), extent)
            .hint(format!("for a text, write `'{}'`", short(written)))),
    }
}

/// The error for a sign that means nothing here, with what was probably meant.
fn sign(rest: &str, at: usize) -> QueryError {
    let end = rest.find(|c: char| c.is_alphanumeric() || c.is_whitespace() || "'()".contains(c));
    let written = &rest[..end.unwrap_or(rest.len())];
    let extent = Extent::new(at, at + written.len());
    let error = QueryError::syntax(format!("`{}` means nothing here", short(written)), extent);
    match written {
        "=" | "==" => error.hint("write `eq`"),
        "!=" | "<>" => error.hint("write `ne`"),
        ">" => error.hint("write `gt`"),
        ">=" => error.hint("write `ge`"),
        "<" => error.hint("write `lt`"),
        "<=" => error.hint("write `le`"),
        "&&" | "&" => error.hint("write `and`"),
        "||" | "|" => error.hint("write `or`"),
        "!" => error.hint("write `not`"),
        _ => error.hint("a filter looks like `region eq 'central' and clusters gt 10`"),
    }
}
