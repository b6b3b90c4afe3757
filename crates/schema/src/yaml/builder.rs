//! From events to nodes.

use std::ops::Range;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::locate::{after_colon, block_scalar_end, node_start};
use super::{Content, Limits, Node, Style, SyntaxError};

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    key: Option<Node>,
    /// Has brackets, so that its end is where the parser says.
    brackets: bool,
}

/// Takes events one after another and puts nodes together.
pub(super) struct Builder<'a> {
    text: &'a str,
    limits: &'a Limits,
    open: Vec<Open>,
    /// The byte after the last thing that was read.
    last_end: usize,
    n_nodes: usize,
    n_aliases: usize,
    /// Where comments stand.
    pub(super) comments: Vec<Range<usize>>,
    /// The root of a document that has been read to its end.
    pub(super) done: Option<Node>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            limits,
            open: Vec::new(),
            last_end: 0,
            n_nodes: 0,
            n_aliases: 0,
            comments: Vec::new(),
            done: None,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        range: Range<usize>,
    ) -> Result<(), SyntaxError> {
        match event {
            Event::Comment(..) => self.comments.push(range),
            Event::DocumentStart(..) => self.last_end = range.end,
            Event::Alias(anchor) => self.alias(anchor, range)?,
            Event::Scalar(text, style, anchor, tag) => {
                let style = style_of(style);
                let range = self.scalar_range(range, style);
                let text = if range.is_empty() { "" } else { &*text };
                let content = Content::Scalar { text: text.into(), style };
                self.leaf(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let content = Content::Sequence { flow: is_flow(style), items: Vec::new() };
                self.open(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let content = Content::Mapping { flow: is_flow(style), pairs: Vec::new() };
                self.open(Node { range, content, tag: tag_of(tag.as_deref()), anchor })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&range),
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), SyntaxError> {
        self.n_aliases += 1;
        if self.n_aliases > self.limits.aliases {
            let message = format!("more than {} aliases in one file", self.limits.aliases);
            return Err(SyntaxError::limit(message, range.start));
        }
        if self.open.iter().any(|open| open.node.anchor == anchor) {
            return Err(SyntaxError::endless(range.start));
        }
        self.leaf(Node { range, content: Content::Alias(anchor), tag: None, anchor: 0 })
    }

    fn scalar_range(&self, range: Range<usize>, style: Style) -> Range<usize> {
        match style {
            Style::Literal | Style::Folded => {
                let start = self.content_start().min(range.start);
                start..block_scalar_end(self.text, start, range.end)
            }
            Style::Plain if range.is_empty() => {
                let key = self.open.last().and_then(|open| open.key.as_ref());
                let at = key.map_or(0, |key| after_colon(self.text, key.range.end));
                let at = at.max(range.start);
                at..at
            }
            _ => range,
        }
    }

    /// Where the syntax of the next node starts, the dash of the item that it is left behind.
    fn content_start(&self) -> usize {
        let at = node_start(self.text, self.last_end);
        let is_next_item = self.open.last().is_some_and(|open| {
            matches!(&open.node.content, Content::Sequence { flow: false, items } if !items.is_empty())
        });
        if is_next_item { node_start(self.text, at + 1) } else { at }
    }

    fn count(&mut self, at: usize) -> Result<(), SyntaxError> {
        self.n_nodes += 1;
        if self.n_nodes > self.limits.nodes {
            let message = format!("more than {} nodes in one file", self.limits.nodes);
            return Err(SyntaxError::limit(message, at));
        }
        Ok(())
    }

    fn open(&mut self, mut node: Node) -> Result<(), SyntaxError> {
        self.count(node.range.start)?;
        if self.open.len() >= self.limits.depth {
            let message = format!("nested more than {} deep", self.limits.depth);
            return Err(SyntaxError::limit(message, node.range.start));
        }
        let brackets = !node.range.is_empty();
        if matches!(node.content, Content::Sequence { flow: false, .. }) {
            node.range.start = self.content_start().min(node.range.start);
        }
        // The dash of a sequence is behind us once its first item comes.
        self.last_end = match node.content {
            Content::Sequence { flow: false, .. } => node.range.start + 1,
            _ => node.range.end,
        };
        self.open.push(Open { node, key: None, brackets });
        Ok(())
    }

    fn end(&mut self, range: &Range<usize>) {
        if let Some(mut open) = self.open.pop() {
            open.node.range.end = match last_child(&open.node) {
                Some(child) if !open.brackets => child.range.end,
                _ => range.end,
            };
            self.close(open.node);
        }
    }

    fn leaf(&mut self, node: Node) -> Result<(), SyntaxError> {
        self.count(node.range.start)?;
        self.close(node);
        Ok(())
    }

    fn close(&mut self, node: Node) {
        self.last_end = node.range.end;
        let Some(parent) = self.open.last_mut() else {
            self.done = Some(node);
            return;
        };
        match &mut parent.node.content {
            Content::Sequence { items, .. } => items.push(node),
            Content::Mapping { pairs, .. } => match parent.key.take() {
                Some(key) => pairs.push((key, node)),
                None => parent.key = Some(node),
            },
            Content::Scalar { .. } | Content::Alias(_) => {}
        }
    }
}

fn last_child(node: &Node) -> Option<&Node> {
    match &node.content {
        Content::Sequence { items, .. } => items.last(),
        Content::Mapping { pairs, .. } => pairs.last().map(|(_, value)| value),
        Content::Scalar { .. } | Content::Alias(_) => None,
    }
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
