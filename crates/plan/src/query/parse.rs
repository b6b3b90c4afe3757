//! From tokens to an expression, by the binding power of its operators (Pratt, 1973).

use super::QueryError;
use super::lex::{Token, TokenKind, tokens};
use crate::expression::{Extent, short};

/// The size of the longest filter, in bytes.
pub const MAX_BYTES: usize = 16 << 10;

/// How deep parentheses, functions and `not` may nest.
pub const MAX_DEPTH: usize = 100;

/// A filter as it was written, its names not looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    pub(super) extent: Extent,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Name(String),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    /// Two or more of one operator.
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
}

/// The operators that compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Compare(Comparison),
    In,
}

impl Operator {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "or" => Self::Or,
            "and" => Self::And,
            "eq" => Self::Compare(Comparison::Equal),
            "ne" => Self::Compare(Comparison::NotEqual),
            "gt" => Self::Compare(Comparison::Greater),
            "ge" => Self::Compare(Comparison::GreaterOrEqual),
            "lt" => Self::Compare(Comparison::Less),
            "le" => Self::Compare(Comparison::LessOrEqual),
            "in" => Self::In,
            _ => return None,
        })
    }

    /// How tightly it binds; `not` binds tighter than `and` and looser than what compares.
    fn power(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Compare(_) | Self::In => 4,
        }
    }
}

const NOT_POWER: u8 = 3;

/// Parses a filter.
///
/// # Errors
/// The first mistake.
pub(super) fn parse(text: &str) -> Result<Expression, QueryError> {
    let whole = Extent::new(0, text.len());
    if text.len() > MAX_BYTES {
        let message =
            format!("the filter has {} bytes, more than the {MAX_BYTES} allowed", text.len());
        return Err(QueryError::syntax(message, whole));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(
            QueryError::syntax("the filter is empty", whole).hint("leave it out to get everything")
        );
    }
    let mut parser = Parser { text, tokens: &tokens, at: 0 };
    let expression = parser.expression(0, 0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(parser.left_over(token)),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn written(&self, extent: Extent) -> String {
        short(&self.text[extent.start..extent.end])
    }

    fn operator(&self) -> Option<Operator> {
        match &self.peek()?.kind {
            TokenKind::Word(word) => Operator::of(word),
            _ => None,
        }
    }

    fn expression(&mut self, least: u8, depth: usize) -> Result<Expression, QueryError> {
        let mut left = self.prefix(depth)?;
        while let Some(operator) = self.operator().filter(|next| next.power() > least) {
            let word = self.next().map_or(left.extent, |token| token.extent);
            left = self.infix(left, operator, word, depth)?;
        }
        Ok(left)
    }

    fn infix(
        &mut self,
        left: Expression,
        operator: Operator,
        word: Extent,
        depth: usize,
    ) -> Result<Expression, QueryError> {
        let start = left.extent.start;
        let kind = match operator {
            Operator::In => {
                let list = self.arguments(word, depth)?;
                Kind::In(Box::new(left), list)
            }
            Operator::Compare(comparison) => {
                let right = self.expression(operator.power(), depth)?;
                if let Some(Operator::Compare(_) | Operator::In) = self.operator() {
                    let extent = self.peek().map_or(word, |token| token.extent);
                    return Err(QueryError::syntax("two comparisons in a row", extent)
                        .hint("join them by `and`"));
                }
                Kind::Compare(comparison, Box::new(left), Box::new(right))
            }
            Operator::And | Operator::Or => {
                let right = self.expression(operator.power(), depth)?;
                chain(operator, left, right)
            }
        };
        let end = self.tokens[self.at - 1].extent.end;
        Ok(Expression { kind, extent: Extent::new(start, end) })
    }

    fn prefix(&mut self, depth: usize) -> Result<Expression, QueryError> {
        let Some(token) = self.next() else { return Err(self.nothing_follows()) };
        if depth > MAX_DEPTH {
            return Err(QueryError::syntax(
                format!("nested more than {MAX_DEPTH} deep"),
                token.extent,
            ));
        }
        let kind = match &token.kind {
            TokenKind::Text(text) => Kind::Text(text.clone()),
            TokenKind::Number(number) => Kind::Number(*number),
            TokenKind::Open => return self.enclosed(token.extent, depth),
            TokenKind::Word(word) => return self.word(word, token.extent, depth),
            TokenKind::Close | TokenKind::Comma => return Err(self.no_value(token)),
        };
        Ok(Expression { kind, extent: token.extent })
    }

    fn word(&mut self, word: &str, extent: Extent, depth: usize) -> Result<Expression, QueryError> {
        let kind = match word {
            "null" => Kind::Null,
            "true" | "false" => Kind::Boolean(word == "true"),
            "not" => {
                let inner = self.expression(NOT_POWER, depth + 1)?;
                let extent = Extent::new(extent.start, inner.extent.end);
                return Ok(Expression { kind: Kind::Not(Box::new(inner)), extent });
            }
            _ if Operator::of(word).is_some() => {
                return Err(QueryError::syntax(
                    format!("`{word}` has nothing on its left"),
                    extent,
                )
                .hint(format!("write a field before `{word}`")));
            }
            _ if self.peek().is_some_and(|next| next.kind == TokenKind::Open) => {
                let arguments = self.arguments(extent, depth)?;
                let extent = Extent::new(extent.start, self.tokens[self.at - 1].extent.end);
                return Ok(Expression { kind: Kind::Call(word.to_owned(), arguments), extent });
            }
            _ => Kind::Name(word.to_owned()),
        };
        Ok(Expression { kind, extent })
    }

    fn enclosed(&mut self, open: Extent, depth: usize) -> Result<Expression, QueryError> {
        let inner = self.expression(0, depth + 1)?;
        match self.next() {
            Some(Token { kind: TokenKind::Close, extent }) => {
                Ok(Expression { extent: Extent::new(open.start, extent.end), ..inner })
            }
            Some(token) => Err(self.left_over(token)),
            None => Err(unclosed(open)),
        }
    }

    /// `(a, b)`, after a function or `in`.
    fn arguments(&mut self, after: Extent, depth: usize) -> Result<Vec<Expression>, QueryError> {
        let open = match self.next() {
            Some(Token { kind: TokenKind::Open, extent }) => *extent,
            _ => {
                let written = self.written(after);
                return Err(QueryError::syntax(format!("`{written}` needs a list"), after)
                    .hint(format!("write `{written} ('a', 'b')`")));
            }
        };
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression(0, depth + 1)?);
            match self.next() {
                Some(Token { kind: TokenKind::Comma, .. }) => {}
                Some(Token { kind: TokenKind::Close, .. }) => return Ok(arguments),
                Some(token) => return Err(self.left_over(token)),
                None => return Err(unclosed(open)),
            }
        }
    }

    fn nothing_follows(&self) -> QueryError {
        let last = self.tokens.last().map_or(Extent::new(0, self.text.len()), |last| last.extent);
        let written = self.written(last);
        QueryError::syntax(format!("`{written}` has nothing on its right"), last)
            .hint("write a field, a text in single quotes, or a number")
    }

    fn no_value(&self, token: &Token) -> QueryError {
        let written = self.written(token.extent);
        QueryError::syntax(format!("a value is missing before `{written}`"), token.extent)
            .hint("write a field, a text in single quotes, or a number")
    }

    fn left_over(&self, token: &Token) -> QueryError {
        let written = self.written(token.extent);
        let error = |message: String| QueryError::syntax(message, token.extent);
        match &token.kind {
            TokenKind::Close => {
                error("this `)` closes nothing".to_owned()).hint("remove it, or add its `(`")
            }
            TokenKind::Word(word) if Operator::of(&word.to_ascii_lowercase()).is_some() => {
                let lower = word.to_ascii_lowercase();
                error(format!("`{word}` is no operator")).hint(format!("write `{lower}`"))
            }
            TokenKind::Word(word) if word == "not" => {
                error("`not` stands before a comparison, not between two".to_owned())
                    .hint("write `and not` or `or not`")
            }
            _ => error(format!("`{written}` follows without an operator")).hint(
                "join by `and`, `or`, or compare by `eq`, `ne`, `gt`, `ge`, `lt`, `le`, `in`",
            ),
        }
    }
}

fn unclosed(open: Extent) -> QueryError {
    QueryError::syntax("this `(` is never closed", open).hint("add a `)` where it ends")
}

fn chain(operator: Operator, left: Expression, right: Expression) -> Kind {
    let mut operands = match (operator, left.kind) {
        (Operator::And, Kind::And(operands)) | (Operator::Or, Kind::Or(operands)) => operands,
        (_, kind) => vec![Expression { kind, extent: left.extent }],
    };
    operands.push(right);
    if operator == Operator::And { Kind::And(operands) } else { Kind::Or(operands) }
}
