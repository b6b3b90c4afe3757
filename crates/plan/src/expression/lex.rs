//! From text to tokens.

use super::{Extent, ParseError, Part, Pattern, Term};

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) extent: Extent,
}

#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    And,
    Or,
    Not,
    All,
    None,
    Open,
    Close,
    Term(Term),
}

/// Whether a character may stand in a part without quotes.
pub(super) fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"/()\"'&|!,;=<>\\".contains(c)
}

/// What the term forms are, for hints.
pub(super) const TERMS: &str =
    "a term is `/g/<group path>`, `/c/<cluster>`, `/n/<namespace>` or `/m/<key>/<value>`";

/// The start of what the user wrote, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// One part of a term as it was read.
struct Segment {
    pattern: Pattern,
    extent: Extent,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn next(&mut self) -> Result<Option<Token>, ParseError> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let kind = match self.peek() {
            None => return Ok(None),
            Some('(') => self.sign(TokenKind::Open),
            Some(')') => self.sign(TokenKind::Close),
            Some('/') => TokenKind::Term(self.term()?),
            Some(_) => self.word()?,
        };
        Ok(Some(Token { kind, extent: Extent::new(start, self.at) }))
    }

    fn sign(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn word(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        match self.take_while(is_bare) {
            "and" => Ok(TokenKind::And),
            "or" => Ok(TokenKind::Or),
            "not" => Ok(TokenKind::Not),
            "all" => Ok(TokenKind::All),
            "none" => Ok(TokenKind::None),
            "" => Err(self.no_word(start)),
            word => Err(self.bare_word(word, start)),
        }
    }

    /// The error for a character that starts no token.
    fn no_word(&mut self, start: usize) -> ParseError {
        let sign = self.take_while(|c| !is_bare(c) && !c.is_whitespace() && !"/()".contains(c));
        let error = ParseError::new(
            format!("`{}` means nothing here", short(sign)),
            Extent::new(start, self.at),
        );
        error.hint(hint_for_sign(sign).unwrap_or(TERMS))
    }

    /// The error for a word that is no keyword.
    fn bare_word(&mut self, word: &str, start: usize) -> ParseError {
        self.take_while(|c| !c.is_whitespace() && !"()".contains(c));
        let whole = &self.text[start..self.at];
        let extent = Extent::new(start, self.at);
        let lower = word.to_ascii_lowercase();
        if whole == word && matches!(lower.as_str(), "and" | "or" | "not" | "all" | "none") {
            return ParseError::new(format!("`{word}` is not a keyword"), extent)
                .hint(format!("keywords are lower case: write `{lower}`"));
        }
        let error = ParseError::new(format!("`{}` is not a term", short(whole)), extent);
        error.hint(hint_for_word(whole))
    }

    fn term(&mut self) -> Result<Term, ParseError> {
        let start = self.at;
        let mut segments = Vec::new();
        while self.peek() == Some('/') {
            self.at += 1;
            segments.push(self.segment()?);
        }
        if let Some(c) = self.peek()
            && !c.is_whitespace()
            && !matches!(c, '(' | ')')
        {
            return Err(self.glued(c));
        }
        let extent = Extent::new(start, self.at);
        let written = &self.text[start..self.at];
        build_term(segments, written, extent)
    }

    /// The error for a character that cannot follow a part.
    fn glued(&mut self, c: char) -> ParseError {
        let start = self.at;
        let sign = match self.take_while(|c| "&|,!;".contains(c)) {
            "" => &self.text[start..start + c.len_utf8()],
            sign => sign,
        };
        let extent = Extent::new(start, start + sign.len());
        let error =
            ParseError::new(format!("`{sign}` cannot stand in a part without quotes"), extent);
        match (hint_for_sign(sign), c) {
            (Some(hint), _) => error.hint(format!("{hint}, or quote the whole part")),
            (None, '"' | '\'') => error.hint("quote the whole part, from one `/` to the next"),
            _ => error.hint("quote the part, as in `/m/key/\"the value\"`"),
        }
    }

    fn segment(&mut self) -> Result<Segment, ParseError> {
        let start = self.at;
        let pattern = match self.peek() {
            Some('"') => self.double_quoted()?,
            Some('\'') => self.single_quoted()?,
            _ => Pattern::new(self.take_while(is_bare).split('*')),
        };
        Ok(Segment { pattern, extent: Extent::new(start, self.at) })
    }

    fn double_quoted(&mut self) -> Result<Pattern, ParseError> {
        let start = self.at;
        let mut runs = vec![String::new()];
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            let run = runs.last_mut().expect("there is always one run");
            match c {
                _ if escaped && matches!(c, '"' | '\\' | '*') => run.push(c),
                _ if escaped => {
                    let extent = Extent::new(start + offset - 1, start + offset + c.len_utf8());
                    return Err(ParseError::new(format!("`\\{c}` is no escape"), extent)
                        .hint("in double quotes there are `\\\"`, `\\\\` and `\\*`"));
                }
                '\\' => {
                    escaped = true;
                    continue;
                }
                '"' => {
                    self.at = start + offset + 1;
                    return Ok(Pattern::new(runs));
                }
                '*' => runs.push(String::new()),
                _ => run.push(c),
            }
            escaped = false;
        }
        Err(unclosed('"', start))
    }

    fn single_quoted(&mut self) -> Result<Pattern, ParseError> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            text.push_str(self.take_while(|c| c != '\''));
            if self.peek().is_none() {
                return Err(unclosed('\'', start));
            }
            self.at += 1;
            if self.peek() != Some('\'') {
                return Ok(Pattern::new(text.split('*')));
            }
            self.at += 1;
            text.push('\'');
        }
    }
}

fn unclosed(quote: char, start: usize) -> ParseError {
    ParseError::new(format!("this `{quote}` is never closed"), Extent::new(start, start + 1))
        .hint(format!("add a `{quote}` at the end of the part"))
}

fn hint_for_sign(sign: &str) -> Option<&'static str> {
    match sign {
        "&&" | "&" => Some("write `and`"),
        "||" | "|" | "," | ";" => Some("write `or`"),
        "!" => Some("write `not`"),
        _ => None,
    }
}

fn hint_for_word(word: &str) -> String {
    for (sign, negated) in [("!=", true), ("==", false), ("=", false), (":", false)] {
        if let Some((key, value)) = word.split_once(sign)
            && !key.is_empty()
            && !value.is_empty()
        {
            let not = if negated { "not " } else { "" };
            return format!("write `{not}/m/{}/{}`", short(key), short(value));
        }
    }
    match word {
        "*" => "write `all`".to_owned(),
        _ if word.contains('/') => format!("for a group, write `/g/{}`", short(word)),
        _ => TERMS.to_owned(),
    }
}

fn build_term(segments: Vec<Segment>, written: &str, extent: Extent) -> Result<Term, ParseError> {
    let mut segments = segments.into_iter();
    let head = segments.next().and_then(|head| head.pattern.as_exact().map(str::to_owned));
    let parts: Vec<Segment> = segments.collect();
    let usage = |usage: &str| {
        ParseError::new(format!("`{}` is not a whole term", short(written)), extent)
            .hint(format!("write `{usage}`"))
    };
    match (head.as_deref(), parts.len()) {
        (Some("g"), 0) => Err(usage("/g/<path>")),
        (Some("g"), _) => group(parts, extent),
        (Some("c"), 1) => Ok(Term::Cluster(pattern(parts)?)),
        (Some("c"), _) => Err(usage("/c/<cluster>")),
        (Some("n"), 1) => Ok(Term::Namespace(exact(pattern(parts)?, "a namespace")?)),
        (Some("n"), _) => Err(usage("/n/<namespace>")),
        (Some("m"), 2) => metadata(parts),
        (Some("m"), 0 | 1) => Err(usage("/m/<key>/<value>")),
        (Some("m"), _) => Err(too_many_parts(written, extent)),
        (head, _) => Err(unknown_form(head.unwrap_or_default(), written, extent)),
    }
}

fn too_many_parts(written: &str, extent: Extent) -> ParseError {
    let message = format!("`{}` has more parts than a key and a value", short(written));
    let hint = "quote a part that holds `/`, as in `/m/\"example.com/ring\"/beta`";
    ParseError::new(message, extent).hint(hint)
}

fn unknown_form(head: &str, written: &str, extent: Extent) -> ParseError {
    let error = ParseError::new(format!("`{}` is not a term", short(written)), extent);
    match head.to_ascii_lowercase().as_str() {
        "g" | "group" | "groups" => error.hint("for a group, write `/g/<path>`"),
        "c" | "cluster" | "clusters" => error.hint("for a cluster, write `/c/<name>`"),
        "n" | "namespace" | "namespaces" => error.hint("for a namespace, write `/n/<name>`"),
        "m" | "label" | "labels" | "metadata" => error.hint("write `/m/<key>/<value>`"),
        "" => error.hint(TERMS),
        _ => error.hint(format!("for a group, write `/g{}`", short(written))),
    }
}

fn group(parts: Vec<Segment>, extent: Extent) -> Result<Term, ParseError> {
    let start = parts.first().map_or(extent.start, |part| part.extent.start);
    let mut path = String::new();
    for part in parts {
        let text = exact(Part { value: part.pattern, extent: part.extent }, "a group path")?;
        if text.value.split('/').any(str::is_empty) {
            return Err(empty_part(text.extent));
        }
        path.push('/');
        path.push_str(&text.value);
    }
    // The path's own `/` counts to its place, the `/g` before it does not.
    let extent = Extent::new(start.saturating_sub(1), extent.end);
    Ok(Term::Group(Part { value: path.into(), extent }))
}

fn metadata(parts: Vec<Segment>) -> Result<Term, ParseError> {
    let mut parts = parts.into_iter();
    let mut next = || parts.next().map(|part| pattern(vec![part]));
    let (Some(key), Some(value)) = (next(), next()) else {
        return Err(ParseError::new("a key and a value are missing", Extent::default()));
    };
    Ok(Term::Metadata { key: exact(key?, "a key")?, value: value? })
}

fn empty_part(extent: Extent) -> ParseError {
    let place = Extent::new(extent.start.saturating_sub(1), extent.end);
    ParseError::new("nothing stands after this `/`", place)
        .hint("remove the `/`, or write the name that should follow it")
}

/// A part that may hold wildcards; to be empty it must be quoted.
fn pattern(mut parts: Vec<Segment>) -> Result<Part<Pattern>, ParseError> {
    match parts.pop() {
        Some(part) if part.extent.start < part.extent.end => {
            Ok(Part { value: part.pattern, extent: part.extent })
        }
        Some(part) => Err(empty_part(part.extent)),
        None => Err(empty_part(Extent::default())),
    }
}

fn exact(part: Part<Pattern>, what: &str) -> Result<Part<Box<str>>, ParseError> {
    match part.value.as_exact() {
        Some(text) => Ok(Part { value: text.into(), extent: part.extent }),
        None => Err(ParseError::new(format!("{what} cannot hold `*`"), part.extent)
            .hint("`*` stands in a cluster name or a value; `/g/` covers all groups below too")),
    }
}
