//! From text to syntax.

use super::lex::{Token, TokenKind, short, tokens};
use super::{Extent, ParseError, Syntax, SyntaxKind};

/// The size of the longest expression, in bytes.
pub const MAX_BYTES: usize = 64 << 10;

/// How deep parentheses and `not` may nest.
pub const MAX_DEPTH: usize = 200;

/// Parses an expression, in time linear in its text.
///
/// # Errors
/// The first mistake, with its place in the text.
pub fn parse(text: &str) -> Result<Syntax, ParseError> {
    if text.len() > MAX_BYTES {
        let message =
            format!("the expression has {} bytes, more than the {MAX_BYTES} allowed", text.len());
        return Err(ParseError::new(message, Extent::new(0, text.len()))
            .hint("give the clusters a label or a group, and select that"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: tokens.into_iter().peekable(), previous: None };
    if parser.tokens.peek().is_none() {
        return Err(ParseError::new("the expression is empty", Extent::new(0, text.len()))
            .hint("write `none` to select no cluster, or `all` to select every one"));
    }
    let syntax = parser.or(0)?;
    match parser.tokens.next() {
        None => Ok(syntax),
        Some(token) => Err(parser.left_over(&token)),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    /// The token before the next one, for messages about what is missing.
    previous: Option<Token>,
}

impl Parser<'_> {
    fn written(&self, extent: Extent) -> String {
        short(&self.text[extent.start..extent.end])
    }

    fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.next();
        self.previous.clone_from(&token);
        token
    }

    fn accept(&mut self, wanted: impl Fn(&TokenKind) -> bool) -> bool {
        let Some(token) = self.tokens.next_if(|token| wanted(&token.kind)) else { return false };
        self.previous = Some(token);
        true
    }

    fn or(&mut self, depth: usize) -> Result<Syntax, ParseError> {
        let first = self.and(depth)?;
        let mut operands = vec![first];
        while self.accept(|kind| matches!(kind, TokenKind::Or)) {
            operands.push(self.and(depth)?);
        }
        Ok(chain(operands, SyntaxKind::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Syntax, ParseError> {
        let first = self.operand(depth)?;
        let mut operands = vec![first];
        while self.accept(|kind| matches!(kind, TokenKind::And)) {
            operands.push(self.operand(depth)?);
        }
        Ok(chain(operands, SyntaxKind::And))
    }

    fn operand(&mut self, depth: usize) -> Result<Syntax, ParseError> {
        let before = self.previous.clone();
        let Some(token) = self.advance() else {
            return Err(self.nothing_follows(before.as_ref()));
        };
        let extent = token.extent;
        if depth > MAX_DEPTH {
            return Err(ParseError::new(format!("nested more than {MAX_DEPTH} deep"), extent)
                .hint("give a part of the expression a group of its own"));
        }
        let kind = match token.kind {
            TokenKind::All => SyntaxKind::All,
            TokenKind::None => SyntaxKind::None,
            TokenKind::Term(term) => SyntaxKind::Term(term),
            TokenKind::Not => {
                let inner = self.operand(depth + 1)?;
                let extent = Extent::new(extent.start, inner.extent.end);
                return Ok(Syntax { kind: SyntaxKind::Not(Box::new(inner)), extent });
            }
            TokenKind::Open => return self.enclosed(extent, depth),
            TokenKind::And | TokenKind::Or | TokenKind::Close => {
                return Err(self.no_operand(before.as_ref(), &token));
            }
        };
        Ok(Syntax { kind, extent })
    }

    fn enclosed(&mut self, open: Extent, depth: usize) -> Result<Syntax, ParseError> {
        let inner = self.or(depth + 1)?;
        match self.advance() {
            Some(Token { kind: TokenKind::Close, .. }) => Ok(inner),
            Some(token) => Err(self.left_over(&token)),
            None => {
                Err(ParseError::new("this `(` is never closed", open)
                    .hint("add a `)` where it ends"))
            }
        }
    }

    /// The error for the end of the text where an operand should stand.
    fn nothing_follows(&self, before: Option<&Token>) -> ParseError {
        let extent = before.map_or(Extent::new(0, self.text.len()), |token| token.extent);
        match before.map(|token| &token.kind) {
            Some(TokenKind::Open) => ParseError::new("this `(` is never closed", extent)
                .hint("write an expression and a `)` after it, or remove it"),
            _ => {
                let written = self.written(extent);
                ParseError::new(format!("`{written}` has nothing on its right"), extent)
                    .hint(format!("write a term after `{written}`, or remove it"))
            }
        }
    }

    /// The error for an operator or a `)` where an operand should stand.
    fn no_operand(&self, before: Option<&Token>, token: &Token) -> ParseError {
        let written = self.written(token.extent);
        match (before, &token.kind) {
            (None, TokenKind::Close) => unopened(token.extent),
            (Some(Token { kind: TokenKind::Open, extent }), TokenKind::Close) => {
                let both = Extent::new(extent.start, token.extent.end);
                ParseError::new("nothing stands between these parentheses", both)
                    .hint("write `none` to select no cluster, or `all` to select every one")
            }
            (None | Some(Token { kind: TokenKind::Open, .. }), _) => {
                ParseError::new(format!("`{written}` has nothing on its left"), token.extent)
                    .hint(format!("write a term before `{written}`, or remove it"))
            }
            (Some(operator), _) => {
                let operator = self.written(operator.extent);
                let message = format!("a term is missing between `{operator}` and `{written}`");
                ParseError::new(message, token.extent)
                    .hint(format!("write the term, or remove `{operator}`"))
            }
        }
    }

    /// The error for a token after a whole expression.
    fn left_over(&self, token: &Token) -> ParseError {
        let written = self.written(token.extent);
        match token.kind {
            TokenKind::Close => unopened(token.extent),
            TokenKind::Not => {
                ParseError::new("`not` stands before one term, not between two", token.extent)
                    .hint("write `and not` or `or not`")
            }
            _ => {
                ParseError::new(format!("`{written}` follows without `and` or `or`"), token.extent)
                    .hint(format!("write `and` or `or` before `{written}`"))
            }
        }
    }
}

fn unopened(extent: Extent) -> ParseError {
    ParseError::new("this `)` closes nothing", extent)
        .hint("remove it, or add the `(` that it closes")
}

fn chain(mut operands: Vec<Syntax>, kind: fn(Vec<Syntax>) -> SyntaxKind) -> Syntax {
    if operands.len() > 1 {
        let start = operands.first().map_or(0, |operand| operand.extent.start);
        let end = operands.last().map_or(0, |operand| operand.extent.end);
        return Syntax { kind: kind(operands), extent: Extent::new(start, end) };
    }
    operands.pop().expect("a chain starts with one operand")
}
