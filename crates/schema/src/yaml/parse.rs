//! From text to documents, within limits.

use std::ops::Range;

use granit_parser::{Parser, StrInput};

use super::builder::Builder;
use super::syntax_error::{SyntaxError, find_conflict};
use super::{Content, Node, Stream};

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
    /// The limits of inventory files. Files are read up to a smaller size; 9 MiB hold 30,000
    /// clusters.
    pub const INVENTORY: Self =
        Self { bytes: 32 << 20, depth: 64, nodes: 8_000_000, aliases: 1_000 };
    /// The limits of template files: large CustomResourceDefinitions are about 1 MiB.
    pub const TEMPLATE: Self = Self { bytes: 4 << 20, depth: 100, nodes: 400_000, aliases: 1_000 };
}

/// Parses a text into its documents.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str, limits: &Limits) -> Result<Stream, SyntaxError> {
    let mut documents = Documents::with_comments(text, limits);
    let mut stream = Stream::default();
    for document in documents.by_ref() {
        stream.documents.push(document?);
    }
    stream.comments = documents.builder.comments;
    Ok(stream)
}

/// The documents of a text one by one, so that what stands before a mistake can be used and a
/// large file is never in memory as a whole. Ends with the first mistake.
pub struct Documents<'a> {
    parser: Parser<'a, StrInput<'a>>,
    builder: Builder<'a>,
    refused: Option<SyntaxError>,
    over: bool,
}

impl<'a> Documents<'a> {
    /// The documents of a text; comments are read over.
    #[must_use]
    pub fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self::start(text, limits, false)
    }

    fn with_comments(text: &'a str, limits: &'a Limits) -> Self {
        Self::start(text, limits, true)
    }

    fn start(text: &'a str, limits: &'a Limits, emit_comments: bool) -> Self {
        let options = granit_parser::options! {
            flow_nesting_limit: limits.depth,
            block_nesting_limit: limits.depth,
            emit_comments: emit_comments,
            // The size of the text bounds them; a long comment is nobody's mistake.
            max_buffered_comment_events: limits.bytes,
        };
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            builder: Builder::new(text, limits),
            refused: check_size(text, limits).err().or_else(|| find_conflict(text)),
            over: false,
        }
    }

    fn next_event(&mut self) -> Option<Result<(), SyntaxError>> {
        let text = self.builder.text();
        let (event, span) = match self.parser.next_event()? {
            Ok(next) => next,
            Err(error) => {
                return Some(Err(SyntaxError::of_scan(text, self.builder.limits(), &error)));
            }
        };
        let range: Range<usize> = span.byte_range().unwrap_or(0..0);
        Some(self.builder.take(event, range))
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Node, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refused.take() {
            self.over = true;
            return Some(Err(error));
        }
        while !self.over {
            match self.next_event() {
                None => self.over = true,
                Some(Err(error)) => {
                    self.over = true;
                    return Some(Err(error));
                }
                Some(Ok(())) => {
                    if let Some(node) = self.builder.done.take().filter(|node| !is_empty(node)) {
                        return Some(Ok(node));
                    }
                }
            }
        }
        None
    }
}

/// A document of which nothing is written.
fn is_empty(node: &Node) -> bool {
    let no_text = matches!(&node.content, Content::Scalar { .. }) && node.range.is_empty();
    no_text && node.tag.is_none() && node.anchor == 0
}

fn check_size(text: &str, limits: &Limits) -> Result<(), SyntaxError> {
    if text.len() > limits.bytes {
        let (size, most) = (text.len(), limits.bytes);
        let message = format!("the file has {size} bytes, more than the {most} allowed");
        return Err(SyntaxError::limit(message, 0));
    }
    Ok(())
}
