//! From the nodes of a manifest to its tree: aliases written out, mappings merged, keys sorted.
//!
//! In: a document, and the survey of its file. Out: a tree whose leaves are texts, or places
//! that wait for values. Quotes and blocks are gone; what a scalar is read as is kept.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::{Diagnostic, FileId, ScalarKind, Span};
use schema::codes::DUPLICATE_KEY;
use schema::yaml::emit::{Form, Leaf, Mapping, Value, stands_plain};
use schema::yaml::{Content, Node, Style, kind_of};

use super::codes::{BROKEN_ALIAS, COMPLEX_KEY, UNKNOWN_TAG};
use super::survey::{Survey, is_string_tag, read_text};

/// How many nodes the documents of a file may have when aliases are written out.
const MOST_NODES: usize = 400_000;

/// How deep they may nest then.
const MOST_DEPTH: usize = 100;

/// A scalar of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Its text.
    pub(crate) text: MarkText,
    /// Its bytes in the file.
    pub(crate) range: Range<usize>,
}

/// The text of a scalar, known or not.
#[derive(Clone, Debug)]
pub(crate) enum MarkText {
    /// The same for every tuple of values.
    Fixed(Leaf),
    /// That of the place at this position.
    Open(usize),
}

impl Mark {
    /// The place whose values it waits for.
    pub(crate) fn place(&self) -> Option<usize> {
        match self.text {
            MarkText::Open(place) => Some(place),
            MarkText::Fixed(_) => None,
        }
    }
}

/// Makes trees of the documents of one file.
pub(crate) struct Canon<'a> {
    text: &'a str,
    file: FileId,
    survey: &'a Survey,
    anchors: HashMap<usize, &'a Node>,
    open: Vec<usize>,
    n_nodes: usize,
}

type Pair = (Mark, Value<Mark>);

impl<'a> Canon<'a> {
    /// For the documents of this file.
    pub(crate) fn new(
        text: &'a str,
        file: FileId,
        survey: &'a Survey,
        documents: &'a [Node],
    ) -> Self {
        let mut anchors = HashMap::new();
        documents.iter().for_each(|document| collect_anchors(document, &mut anchors));
        Self { text, file, survey, anchors, open: Vec::new(), n_nodes: 0 }
    }

    /// The tree of a node.
    pub(crate) fn value(
        &mut self,
        node: &'a Node,
        depth: usize,
    ) -> Result<Value<Mark>, Diagnostic> {
        self.count(node, depth)?;
        match &node.content {
            Content::Scalar { style, .. } => Ok(Value::Leaf(self.mark(node, *style)?)),
            Content::Sequence { items, .. } => {
                self.check_tag(node, "!!seq")?;
                items.iter().map(|item| self.value(item, depth + 1)).collect()
            }
            Content::Mapping { .. } => {
                let mut pairs = self.pairs(node, depth)?;
                pairs.sort_by_cached_key(|(key, _)| self.text_of(key));
                Ok(Value::Mapping(pairs.into_iter().collect::<Mapping<Mark>>()))
            }
            Content::Alias(anchor) => {
                let target = self.enter(node, *anchor)?;
                let value = self.value(target, depth + 1);
                self.open.pop();
                value
            }
        }
    }

    fn span(&self, node: &Node) -> Span {
        Span::new(self.file, node.range.start, node.range.end)
    }

    fn count(&mut self, node: &Node, depth: usize) -> Result<(), Diagnostic> {
        self.n_nodes += 1;
        if self.n_nodes <= MOST_NODES && depth <= MOST_DEPTH {
            return Ok(());
        }
        let message = format!(
            "with its aliases written out, the file has more than {MOST_NODES} nodes, or nests \
             them more than {MOST_DEPTH} deep"
        );
        Err(Diagnostic::error(&BROKEN_ALIAS, self.span(node), message)
            .hint("write fewer aliases of aliases"))
    }

    /// The node of an anchor, which must be left again.
    fn enter(&mut self, node: &Node, anchor: usize) -> Result<&'a Node, Diagnostic> {
        let target = self.anchors.get(&anchor).copied();
        match target.filter(|_| !self.open.contains(&anchor)) {
            Some(target) => {
                self.open.push(anchor);
                Ok(target)
            }
            None => {
                Err(Diagnostic::error(&BROKEN_ALIAS, self.span(node), "the alias contains itself")
                    .hint("an object of Kubernetes has an end: write out what is meant"))
            }
        }
    }

    /// The pairs of a mapping, with those that it merges: its own win, then the first merged
    /// (<https://yaml.org/type/merge.html>).
    fn pairs(&mut self, node: &'a Node, depth: usize) -> Result<Vec<Pair>, Diagnostic> {
        self.check_tag(node, "!!map")?;
        let (mut pairs, mut seen, mut merged) = (Vec::new(), HashSet::new(), None);
        for (key, value) in node.pairs().unwrap_or_default() {
            let mark = self.key(key)?;
            if !seen.insert(self.identity(&mark)) {
                return Err(self.duplicate(key));
            }
            if is_merge(key) {
                merged = Some(value);
            } else {
                pairs.push((mark, self.value(value, depth + 1)?));
            }
        }
        if let Some(sources) = merged {
            self.merge(sources, depth + 1, &mut seen, &mut pairs)?;
        }
        Ok(pairs)
    }

    fn merge(
        &mut self,
        source: &'a Node,
        depth: usize,
        seen: &mut HashSet<(bool, String)>,
        pairs: &mut Vec<Pair>,
    ) -> Result<(), Diagnostic> {
        self.count(source, depth)?;
        match &source.content {
            Content::Alias(anchor) => {
                let target = self.enter(source, *anchor)?;
                let merged = self.merge(target, depth + 1, seen, pairs);
                self.open.pop();
                merged
            }
            Content::Sequence { items, .. } => {
                items.iter().try_for_each(|item| self.merge(item, depth + 1, seen, pairs))
            }
            Content::Mapping { .. } => {
                for (key, value) in self.pairs(source, depth)? {
                    if seen.insert(self.identity(&key)) {
                        pairs.push((key, value));
                    }
                }
                Ok(())
            }
            Content::Scalar { .. } => {
                let message = "the merge key `<<` has a value that is no mapping";
                Err(Diagnostic::error(&BROKEN_ALIAS, self.span(source), message)
                    .hint("merge an alias of a mapping, or a list of them"))
            }
        }
    }

    fn key(&mut self, node: &Node) -> Result<Mark, Diagnostic> {
        self.count(node, 0)?;
        let Content::Scalar { style, .. } = &node.content else {
            return Err(self.complex_key(node));
        };
        let mark = self.mark(node, *style)?;
        match &mark.text {
            MarkText::Fixed(leaf) if is_null(leaf) => Err(self.complex_key(node)),
            _ => Ok(mark),
        }
    }

    fn complex_key(&self, node: &Node) -> Diagnostic {
        let message = "a key of a manifest must be a text, not null, a list, a mapping or an alias";
        Diagnostic::error(&COMPLEX_KEY, self.span(node), message).hint("write the key as a text")
    }

    fn duplicate(&self, node: &Node) -> Diagnostic {
        let message =
            format!("the key `{}` stands twice in this mapping", node.as_str().unwrap_or_default());
        Diagnostic::error(&DUPLICATE_KEY, self.span(node), message).hint("remove one of the two")
    }

    /// What a key is compared by. A literal that looks like a placeholder is none.
    fn identity(&self, mark: &Mark) -> (bool, String) {
        (mark.place().is_some(), self.text_of(mark))
    }

    fn text_of(&self, mark: &Mark) -> String {
        match &mark.text {
            MarkText::Fixed(leaf) => leaf.text().to_owned(),
            MarkText::Open(place) => self.survey.places[*place].unfilled(),
        }
    }

    fn mark(&self, node: &Node, style: Style) -> Result<Mark, Diagnostic> {
        let place = self.survey.by_start.get(&node.range.start).copied();
        let place = place.map(|index| (index, &self.survey.places[index]));
        let place = place.filter(|(_, place)| place.range == node.range);
        let text = match place {
            Some((index, place)) if !place.holes.is_empty() => MarkText::Open(index),
            Some((_, place)) => MarkText::Fixed(self.leaf(node, style, &place.unfilled())?),
            None => MarkText::Fixed(self.leaf(node, style, read_text(self.text, node))?),
        };
        Ok(Mark { text, range: node.range.clone() })
    }

    /// A plain text that readers take for different things stays as it is written.
    fn leaf(&self, node: &Node, style: Style, text: &str) -> Result<Leaf, Diagnostic> {
        let plain_string = || stands_plain(text) || text.contains('\n');
        match node.tag.as_deref() {
            None if style == Style::Plain && !plain_string() => Ok(Leaf::as_written(text)),
            None => Ok(Leaf::string(text)),
            Some(tag) if is_string_tag(tag) => Ok(Leaf::string(text)),
            Some(tag) if fits_tag(tag, text) => Ok(Leaf::as_written(text)),
            Some(tag) => Err(self.unknown_tag(node, tag)),
        }
    }

    fn check_tag(&self, node: &Node, expected: &str) -> Result<(), Diagnostic> {
        match node.tag.as_deref() {
            Some(tag) if tag != expected && tag != "!" => Err(self.unknown_tag(node, tag)),
            _ => Ok(()),
        }
    }

    fn unknown_tag(&self, node: &Node, tag: &str) -> Diagnostic {
        let message = format!("the tag `{tag}` cannot stand before this in a manifest");
        Diagnostic::error(&UNKNOWN_TAG, self.span(node), message)
            .hint("remove the tag, and quote a text that must be a string")
    }
}

fn collect_anchors<'a>(node: &'a Node, anchors: &mut HashMap<usize, &'a Node>) {
    if node.anchor != 0 {
        anchors.insert(node.anchor, node);
    }
    match &node.content {
        Content::Sequence { items, .. } => {
            items.iter().for_each(|item| collect_anchors(item, anchors));
        }
        Content::Mapping { pairs, .. } => {
            for (key, value) in pairs {
                collect_anchors(key, anchors);
                collect_anchors(value, anchors);
            }
        }
        Content::Scalar { .. } | Content::Alias(_) => {}
    }
}

fn is_merge(key: &Node) -> bool {
    let plain =
        matches!(&key.content, Content::Scalar { text, style: Style::Plain } if &**text == "<<");
    plain && matches!(key.tag.as_deref(), None | Some("!!merge"))
}

/// Whether a leaf reads as null.
pub(crate) fn is_null(leaf: &Leaf) -> bool {
    leaf.form() == Form::AsWritten && kind_of(leaf.text()) == ScalarKind::Null
}

fn fits_tag(tag: &str, text: &str) -> bool {
    matches!(
        (tag, kind_of(text)),
        ("!!int", ScalarKind::Integer)
            | ("!!float", ScalarKind::Integer | ScalarKind::Float)
            | ("!!bool", ScalarKind::Boolean)
            | ("!!null", ScalarKind::Null)
            | ("!!merge", _)
    )
}
