//! From text to nodes, within limits.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::{Content, Node, Stream, Style};

/// What one text may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of the text in bytes.
    pub bytes: usize,
    /// How deep nodes may nest.
    pub depth: usize,
    /// How many nodes there may be.
    pub nodes: usize,
    /// How many aliases there may be.
    pub aliases: usize,
}

impl Limits {
    /// The limits of inventory files: 8 MiB holds some 25,000 clusters in one file.
    pub const INVENTORY: Self =
        Self { bytes: 32 << 20, depth: 64, nodes: 8_000_000, aliases: 1_000 };
    /// The limits of template files: large CustomResourceDefinitions are about 1 MiB.
    pub const TEMPLATE: Self = Self { bytes: 4 << 20, depth: 100, nodes: 400_000, aliases: 1_000 };
}

/// Why a text is not YAML, or more of it than is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// The byte at which it was found.
    pub at: usize,
    /// Whether a limit was passed, not a rule of YAML broken.
    pub limit: bool,
}

/// Parses a text into its documents.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str, limits: &Limits) -> Result<Stream, SyntaxError> {
    let over = |what: &str, at| SyntaxError { message: what.to_owned(), at, limit: true };
    if text.len() > limits.bytes {
        let (size, most) = (text.len(), limits.bytes);
        return Err(over(&format!("the file has {size} bytes, more than the {most} allowed"), 0));
    }
    let options = granit_parser::options! {
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    let mut builder =
        Builder { limits, open: Vec::new(), stream: Stream::default(), n_nodes: 0, n_aliases: 0 };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax_error(text, &error))?;
        let range = span.byte_range().unwrap_or(0..0);
        builder.take(event, range)?;
    }
    Ok(builder.stream)
}

fn syntax_error(text: &str, error: &granit_parser::ScanError) -> SyntaxError {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    SyntaxError { message: error.info(), at, limit: false }
}

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    key: Option<Node>,
}

struct Builder<'a> {
    limits: &'a Limits,
    open: Vec<Open>,
    stream: Stream,
    n_nodes: usize,
    n_aliases: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), SyntaxError> {
        match event {
            Event::Comment(..) => self.stream.comments.push(range),
            Event::Alias(anchor) => {
                self.n_aliases += 1;
                if self.n_aliases > self.limits.aliases {
                    let most = self.limits.aliases;
                    return Err(self.over(format!("more than {most} aliases"), range.start));
                }
                self.close(Node { range, content: Content::Alias(anchor), tag: None, anchor: 0 })?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let content = Content::Scalar { text: (&*text).into(), style: style_of(style) };
                self.close(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let content = Content::Sequence { flow: is_flow(style), items: Vec::new() };
                self.open(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let content = Content::Mapping { flow: is_flow(style), pairs: Vec::new() };
                self.open(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut open) = self.open.pop() {
                    open.node.range.end = end_of(&open.node, &range);
                    self.close(open.node)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn over(&self, message: String, at: usize) -> SyntaxError {
        SyntaxError { message, at, limit: true }
    }

    fn count(&mut self, at: usize) -> Result<(), SyntaxError> {
        self.n_nodes += 1;
        if self.n_nodes > self.limits.nodes {
            return Err(self.over(format!("more than {} nodes", self.limits.nodes), at));
        }
        Ok(())
    }

    fn open(&mut self, node: Node) -> Result<(), SyntaxError> {
        self.count(node.range.start)?;
        if self.open.len() >= self.limits.depth {
            let message = format!("nested more than {} deep", self.limits.depth);
            return Err(self.over(message, node.range.start));
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }

    fn close(&mut self, node: Node) -> Result<(), SyntaxError> {
        if !matches!(node.content, Content::Sequence { .. } | Content::Mapping { .. }) {
            self.count(node.range.start)?;
        }
        let Some(parent) = self.open.last_mut() else {
            self.stream.documents.push(node);
            return Ok(());
        };
        match &mut parent.node.content {
            Content::Sequence { items, .. } => items.push(node),
            Content::Mapping { pairs, .. } => match parent.key.take() {
                Some(key) => pairs.push((key, node)),
                None => parent.key = Some(node),
            },
            Content::Scalar { .. } | Content::Alias(_) => {}
        }
        Ok(())
    }
}

/// A block collection ends with its last child; the parser's own end is past the blank lines
/// and comments that follow. A flow collection ends with its bracket.
fn end_of(node: &Node, end: &Range<usize>) -> usize {
    let last = match &node.content {
        Content::Sequence { flow: false, items } => items.last().map(|item| item.range.end),
        Content::Mapping { flow: false, pairs } => pairs.last().map(|(_, value)| value.range.end),
        _ => None,
    };
    last.unwrap_or(end.end)
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn is_flow(style: StructureStyle) -> bool {
    style == StructureStyle::Flow
}

fn tag_of(tag: Option<&granit_parser::Tag>) -> Option<Box<str>> {
    tag.map(|tag| tag.original().into())
}
