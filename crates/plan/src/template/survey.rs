//! Every placeholder of a YAML file, with the place it stands in.
//!
//! In: the nodes and comments of one file. Out: its [`Place`]s in the order of the file, the
//! keys they use, the mappings whose keys hold placeholders, and diagnostics for placeholders
//! that stand where no value can.

use std::collections::HashMap;
use std::ops::Range;

use model::{Diagnostic, FileId, Span};
use schema::yaml::{Content, Node, Stream, Style};

use super::codes::{NEAR_PLACEHOLDER, PLACEHOLDER_PLACE, SPLIT_PLACEHOLDER, UNKNOWN_TAG};
use super::keys::{KeyGroup, find_groups};
use super::lines::lines_of;
use super::place::{Hole, KeyUse, Part, Place, PlaceKind, ScalarPlace};
use super::scan::{Token, What, scan, word_of};
use super::secret::{holds_secret, is_secret};
use super::spelling::spell;

/// What a file has to be filled.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The keys, in the order of their first use.
    pub(crate) keys: Vec<KeyUse>,
    /// The places, in the order of the file.
    pub(crate) places: Vec<Place>,
    /// The mappings whose keys must stay different.
    pub(crate) groups: Vec<KeyGroup>,
    /// Where a scalar with a place starts, and the position of the place.
    pub(crate) by_start: HashMap<usize, usize>,
    /// What is worth knowing and refuses nothing.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The survey of a YAML file. Comments count where they are output.
pub(crate) fn survey(
    text: &str,
    stream: &Stream,
    file: FileId,
    json: bool,
    comments: bool,
) -> Result<Survey, Vec<Diagnostic>> {
    let mut surveyor = Surveyor::new(text, file, json);
    for document in &stream.documents {
        surveyor.node(document, Around::default());
    }
    for range in &stream.comments {
        surveyor.comment(range, comments);
    }
    surveyor.refuse_elsewhere();
    surveyor.finish(&stream.documents)
}

/// The survey of a file that is not YAML.
pub(crate) fn survey_text(text: &str, file: FileId) -> Survey {
    let mut surveyor = Surveyor::new(text, file, false);
    let tokens = scan(text.as_bytes());
    surveyor.loose(PlaceKind::File, &(0..text.len()), &tokens);
    surveyor.finish(&[]).expect("a text without structure has no wrong places")
}

/// What a node stands in.
#[derive(Clone, Copy, Default)]
struct Around {
    flow: bool,
    secret: bool,
    complex_key: bool,
}

struct Surveyor<'a> {
    text: &'a str,
    file: FileId,
    json: bool,
    survey: Survey,
    seen: Vec<Range<usize>>,
    errors: Vec<Diagnostic>,
}

impl<'a> Surveyor<'a> {
    fn new(text: &'a str, file: FileId, json: bool) -> Self {
        let (survey, seen, errors) = (Survey::default(), Vec::new(), Vec::new());
        Self { text, file, json, survey, seen, errors }
    }

    fn finish(mut self, documents: &[Node]) -> Result<Survey, Vec<Diagnostic>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        self.survey.places.sort_by_key(|place| place.range.start);
        let scalars = self.survey.places.iter().enumerate();
        self.survey.by_start = scalars
            .filter(|(_, place)| matches!(place.kind, PlaceKind::Scalar(_)))
            .map(|(index, place)| (place.range.start, index))
            .collect();
        self.survey.groups = find_groups(documents, &self.survey);
        Ok(self.survey)
    }

    fn span(&self, range: &Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    fn node(&mut self, node: &Node, around: Around) {
        match &node.content {
            Content::Scalar { style, .. } => {
                self.scalar(node, read_text(self.text, node), *style, around, false);
            }
            Content::Sequence { flow, items } => {
                let inside = Around { flow: around.flow || *flow, ..around };
                items.iter().for_each(|item| self.node(item, inside));
            }
            Content::Mapping { flow, pairs } => {
                let secret = around.secret || is_secret(node);
                let inside = Around { flow: around.flow || *flow, secret, ..around };
                for (key, value) in pairs {
                    self.key(key, inside);
                    let secret = secret || holds_secret(key);
                    self.node(value, Around { secret, ..inside });
                }
            }
            Content::Alias(_) => {}
        }
    }

    fn key(&mut self, key: &Node, around: Around) {
        match &key.content {
            Content::Scalar { style, .. } => {
                self.scalar(key, read_text(self.text, key), *style, around, true);
            }
            _ => self.node(key, Around { complex_key: true, ..around }),
        }
    }

    fn scalar(&mut self, node: &Node, read: &str, style: Style, around: Around, key: bool) {
        let body = body_of(self.text, &node.range, style);
        if !self.text[body.clone()].contains("rea.") && !read.contains("rea.") {
            return;
        }
        self.seen.push(body.clone());
        let Some((tokens, read_tokens)) = self.tokens(&body, read, style) else {
            self.errors.push(split_placeholder(self.span(&node.range)));
            return;
        };
        self.warn_near(&tokens);
        let has_holes = tokens.iter().any(|token| matches!(token.what, What::Hole(..)));
        if has_holes && let Some(error) = self.fault_of_node(node, around, style, key) {
            self.errors.push(error);
            return;
        }
        if !has_holes && tokens.iter().all(|token| token.what != What::Escape) {
            return;
        }
        let kind = ScalarPlace {
            style,
            flow: around.flow,
            key,
            sole: style == Style::Plain && tokens.len() == 1 && tokens[0].range == node.range,
            tagged: node.tag.is_some(),
            json: self.json,
        };
        let holes = self.holes(&tokens);
        let place = Place {
            kind: PlaceKind::Scalar(kind),
            range: node.range.clone(),
            holes,
            lost_dots: tokens.iter().filter_map(Token::lost_dot).collect(),
            text: parts_of(read, &read_tokens, &(0..read.len())),
            lines: lines_of(self.text, &body, style, &tokens),
            secret: around.secret || holds_secret_text(read),
        };
        self.survey.places.push(place);
    }

    /// The tokens of a scalar in the file, and the same ones in the text that YAML reads; nothing
    /// if they are not the same.
    fn tokens(
        &self,
        body: &Range<usize>,
        read: &str,
        style: Style,
    ) -> Option<(Vec<Token>, Vec<Token>)> {
        let raw = &self.text[body.clone()];
        let mut tokens = if style == Style::Double && raw.contains('\\') {
            spell(raw).tokens()?
        } else {
            scan(raw.as_bytes())
        };
        for token in &mut tokens {
            token.range = token.range.start + body.start..token.range.end + body.start;
        }
        let read_tokens = scan(read.as_bytes());
        let equal = tokens.iter().map(|t| &t.what).eq(read_tokens.iter().map(|t| &t.what));
        equal.then_some((tokens, read_tokens))
    }

    fn fault_of_node(
        &self,
        node: &Node,
        around: Around,
        style: Style,
        key: bool,
    ) -> Option<Diagnostic> {
        let span = self.span(&node.range);
        let block_key = key && matches!(style, Style::Literal | Style::Folded);
        if around.complex_key || block_key {
            let message = "a placeholder stands in a key that is no simple text";
            return Some(
                Diagnostic::error(&PLACEHOLDER_PLACE, span, message)
                    .hint("write the key as one text, in one line"),
            );
        }
        let tag = node.tag.as_deref().filter(|tag| !is_string_tag(tag))?;
        let message = format!("a placeholder stands behind the tag `{tag}`");
        Some(
            Diagnostic::error(&UNKNOWN_TAG, span, message)
                .hint("remove the tag: a value has its own kind, and is a string in quotes"),
        )
    }

    fn comment(&mut self, range: &Range<usize>, filled: bool) {
        self.seen.push(range.clone());
        if !filled {
            return;
        }
        let mut tokens = scan(self.text[range.clone()].as_bytes());
        for token in &mut tokens {
            token.range = token.range.start + range.start..token.range.end + range.start;
        }
        self.loose(PlaceKind::Comment, range, &tokens);
    }

    /// A text that YAML does not read.
    fn loose(&mut self, kind: PlaceKind, range: &Range<usize>, tokens: &[Token]) {
        self.warn_near(tokens);
        let holes = self.holes(tokens);
        let lost_dots: Vec<_> = tokens.iter().filter_map(Token::lost_dot).collect();
        if holes.is_empty() && lost_dots.is_empty() {
            return;
        }
        let place = Place {
            kind,
            range: range.clone(),
            holes,
            lost_dots,
            text: Vec::new(),
            lines: Vec::new(),
            secret: true,
        };
        self.survey.places.push(place);
    }

    fn holes(&mut self, tokens: &[Token]) -> Vec<Hole> {
        let mut holes = Vec::new();
        for token in tokens {
            if let What::Hole(space, name) = &token.what {
                let found = |used: &KeyUse| used.space == *space && used.key == *name;
                let known = self.survey.keys.iter().position(found);
                let key = known.unwrap_or(self.survey.keys.len());
                if known.is_none() {
                    let span = self.span(&token.range);
                    self.survey.keys.push(KeyUse { space: *space, key: name.clone(), span });
                }
                let name = format!("rea.{}.{name}", word_of(*space)).into();
                holes.push(Hole { range: token.range.clone(), key, name });
            }
        }
        holes
    }

    /// What is left are tags, anchors, aliases, directives and marks.
    fn refuse_elsewhere(&mut self) {
        let mut tokens = scan(self.text.as_bytes());
        tokens.retain(|token| matches!(token.what, What::Hole(..)));
        self.seen.sort_by_key(|range| range.start);
        for token in tokens {
            let after = self.seen.partition_point(|range| range.start <= token.range.start);
            let inside = after > 0 && self.seen[after - 1].end >= token.range.end;
            if !inside {
                let message = format!(
                    "`{}` stands where no value can: in a tag, an anchor, an alias or a directive",
                    &self.text[token.range.clone()]
                );
                let hint = "placeholders can stand in keys, values and comments";
                let span = self.span(&token.range);
                self.errors.push(Diagnostic::error(&PLACEHOLDER_PLACE, span, message).hint(hint));
            }
        }
    }

    fn warn_near(&mut self, tokens: &[Token]) {
        for token in tokens {
            if let What::Near(space) = token.what {
                let written = &self.text[token.range.clone()];
                let message = format!("`{written}` is no placeholder and stays as it is");
                let key = written.rsplit('.').next().unwrap_or_default();
                let hint = format!("write `rea.{}.{key}`", word_of(space));
                let span = self.span(&token.range);
                self.survey
                    .warnings
                    .push(Diagnostic::warning(&NEAR_PLACEHOLDER, span, message).hint(hint));
            }
        }
    }
}

/// What YAML reads a scalar as. A block at the very end of a file that has no last line break
/// has none either, whatever the parser says.
pub(crate) fn read_text<'n>(text: &str, node: &'n Node) -> &'n str {
    let Content::Scalar { text: read, style } = &node.content else { return "" };
    let is_block = matches!(style, Style::Literal | Style::Folded);
    if is_block && node.range.end == text.len() {
        return read.strip_suffix('\n').unwrap_or(read);
    }
    read
}

fn split_placeholder(span: Span) -> Diagnostic {
    let message = "a placeholder in this text is written with escapes or over the end of a line";
    Diagnostic::error(&SPLIT_PLACEHOLDER, span, message)
        .hint("write the placeholder in plain characters, with a space or a sign before it")
}

/// Whether a tag makes any text a string.
pub(crate) fn is_string_tag(tag: &str) -> bool {
    matches!(tag, "!" | "!!str" | "!<tag:yaml.org,2002:str>")
}

fn holds_secret_text(read: &str) -> bool {
    read.contains("kind: Secret") || read.contains("\"kind\":\"Secret\"")
}

/// The bytes of a scalar's text: without quotes, and without the header line of a block.
fn body_of(text: &str, range: &Range<usize>, style: Style) -> Range<usize> {
    match style {
        Style::Plain => range.clone(),
        Style::Single | Style::Double if range.len() >= 2 => range.start + 1..range.end - 1,
        Style::Single | Style::Double => range.end..range.end,
        Style::Literal | Style::Folded => {
            let header = text[range.clone()].find(['\n', '\r']).unwrap_or(range.len());
            range.start + header..range.end
        }
    }
}

/// A text cut at its tokens: holes, and the text between them without the dots of escapes.
pub(crate) fn parts_of(text: &str, tokens: &[Token], range: &Range<usize>) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut literal, mut at, mut hole) = (String::new(), range.start, 0);
    for token in tokens {
        let is_hole = matches!(token.what, What::Hole(..));
        let inside = token.range.start >= range.start && token.range.end <= range.end;
        if inside && let Some(dot) = token.lost_dot() {
            literal.push_str(&text[at..dot.start]);
            at = dot.end;
        } else if inside && is_hole {
            literal.push_str(&text[at..token.range.start]);
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal).into()));
            }
            parts.push(Part::Hole(hole));
            at = token.range.end;
        }
        hole += usize::from(is_hole);
    }
    literal.push_str(&text[at..range.end]);
    if !literal.is_empty() {
        parts.push(Part::Text(literal.into()));
    }
    parts
}
