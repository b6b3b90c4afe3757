//! Which bytes an edit replaces, and by what.

use std::ops::Range;

use model::Scalar;

use super::place::{indent, line_break, line_end, next_line};
use super::{Action, Change, EditError, PathPart, encode, remove, shown};
use crate::yaml::{Content, Node, Stream};

/// One replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        [&text[..self.range.start], &self.text, &text[self.range.end..]].concat()
    }
}

/// A node and what it stands in.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) node: &'a Node,
    /// The collection around it, and its position there.
    pub(super) parent: Option<(&'a Node, usize)>,
}

impl<'a> Spot<'a> {
    /// The node at a path.
    pub(super) fn find(root: &'a Node, path: &[PathPart]) -> Option<Self> {
        let mut spot = Self { node: root, parent: None };
        for part in path {
            let (position, node) = match (part, &spot.node.content) {
                (PathPart::Key(name), Content::Mapping { pairs, .. }) => {
                    let is_key = |(key, _): &(Node, Node)| key.as_str() == Some(name);
                    let position = pairs.iter().position(is_key)?;
                    (position, &pairs[position].1)
                }
                (PathPart::Index(index), Content::Sequence { items, .. }) => {
                    (*index, items.get(*index)?)
                }
                _ => return None,
            };
            spot = Self { node, parent: Some((spot.node, position)) };
        }
        Some(spot)
    }

    /// The key of the pair that the node is the value of.
    pub(super) fn key(&self) -> Option<&'a Node> {
        let (parent, position) = self.parent?;
        parent.pairs().map(|pairs| &pairs[position].0)
    }

    /// Whether it stands inside brackets.
    fn in_flow(&self) -> bool {
        self.parent.is_some_and(|(parent, _)| is_flow(parent))
    }
}

pub(super) fn is_flow(node: &Node) -> bool {
    matches!(
        &node.content,
        Content::Mapping { flow: true, .. } | Content::Sequence { flow: true, .. }
    )
}

fn is_block(node: &Node) -> bool {
    matches!(
        &node.content,
        Content::Mapping { flow: false, .. } | Content::Sequence { flow: false, .. }
    )
}

/// Where and how the text changes.
pub(super) fn plan(
    text: &str,
    stream: &Stream,
    index: usize,
    change: &Change,
) -> Result<Splice, EditError> {
    let root = &stream.documents[index];
    let path = &change.path;
    let spot = Spot::find(root, path).ok_or_else(|| EditError::NotFound(shown(path)))?;
    match &change.action {
        Action::Set(value) => Ok(set(text, &spot, value)),
        Action::Remove => {
            let around = Spot::find(root, &path[..path.len().saturating_sub(1)]);
            let around = around.ok_or_else(|| EditError::NotFound(shown(path)))?;
            remove::plan(text, stream, &spot, &around).ok_or_else(|| EditError::Layout(shown(path)))
        }
        Action::Insert { key, value } => {
            let pair = format!("{}: {value}", encode(&Scalar::string(key)));
            Ok(add(text, &spot, &pair, "", ('{', '}')))
        }
        Action::Append(item) => Ok(add(text, &spot, item, "- ", ('[', ']'))),
    }
}

/// Puts a value in place of a node.
pub(super) fn set(text: &str, spot: &Spot<'_>, value: &str) -> Splice {
    let range = spot.node.range.clone();
    if range.is_empty() {
        return fill(text, spot, value);
    }
    match spot.key() {
        // A block collection starts on the line below its key: the value goes up to the key.
        Some(key) if is_block(spot.node) => {
            let between = &text[key.range.end..range.start];
            let Some(colon) = between.find(':') else { return Splice::new(range, value) };
            let start = key.range.end + colon + 1;
            let comment = text[start..line_end(text, start)].trim_start();
            let comment = match comment.starts_with('#') {
                true => format!(" {comment}"),
                false => String::new(),
            };
            Splice::new(start..range.end, format!(" {value}{comment}"))
        }
        _ => Splice::new(range, value),
    }
}

/// Writes a value that was not written at all.
fn fill(text: &str, spot: &Spot<'_>, value: &str) -> Splice {
    let at = spot.node.range.start;
    let in_braces = spot.in_flow() && spot.key().is_some_and(|key| key.range.end == at);
    let before = match text[..at].chars().last() {
        _ if in_braces => ": ",
        Some(' ') | None => "",
        Some(_) => " ",
    };
    let after = match text[at..].chars().next() {
        Some('#') => " ",
        _ => "",
    };
    Splice::new(at..at, format!("{before}{value}{after}"))
}

/// Adds a pair or an item at the end of a collection.
fn add(text: &str, spot: &Spot<'_>, entry: &str, dash: &str, brackets: (char, char)) -> Splice {
    let node = spot.node;
    let bracketed = format!("{}{entry}{}", brackets.0, brackets.1);
    let last = match &node.content {
        Content::Mapping { pairs, .. } => pairs.last().map(|(_, value)| value),
        Content::Sequence { items, .. } => items.last(),
        // Nothing, or `null`: the first entry makes the collection.
        Content::Scalar { .. } | Content::Alias(_) => {
            return match spot.key() {
                Some(key) if node.range.is_empty() && !spot.in_flow() => {
                    let deeper = format!("{}  {dash}{entry}", indent(text, key.range.start));
                    below(text, node.range.end, &deeper)
                }
                _ => set(text, spot, &bracketed),
            };
        }
    };
    match last {
        None => set(text, spot, &bracketed),
        Some(last) if is_flow(node) => {
            Splice::new(last.range.end..last.range.end, format!(", {entry}"))
        }
        Some(last) => {
            let line = format!("{}{dash}{entry}", indent(text, node.range.start));
            below(text, last.range.end, &line)
        }
    }
}

/// A new line below the line of a place, and below comments there that are further in: they
/// belong to what stands above.
fn below(text: &str, at: usize, line: &str) -> Splice {
    let column = line.len() - line.trim_start_matches(' ').len();
    let mut end = line_end(text, at);
    let mut look = next_line(text, end);
    while look < text.len() {
        let next = &text[look..line_end(text, look)];
        let further_in = next.len() - next.trim_start_matches(' ').len() > column;
        match next.trim_start() {
            "" => {}
            comment if comment.starts_with('#') && further_in => end = look + next.len(),
            _ => break,
        }
        look = next_line(text, look);
    }
    Splice::new(end..end, format!("{}{line}", line_break(text)))
}
