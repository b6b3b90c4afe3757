//! Keys that must stay different when they are filled.

use std::collections::{HashMap, HashSet};

use model::{Diagnostic, FileId, Scalar, Span};
use schema::yaml::{Content, Node};

use super::codes::REPEATED_FILLED_KEY;
use super::place::{Place, PlaceKind};
use super::survey::Survey;

/// The keys of one mapping, with those it merges; some have placeholders.
#[derive(Clone, Debug)]
pub(crate) struct KeyGroup {
    /// The keys without placeholders.
    fixed: HashSet<Box<str>>,
    /// The positions of the places of the others.
    pub(crate) open: Vec<usize>,
}

impl KeyGroup {
    /// The same with other positions for its places.
    pub(crate) fn renumbered(&self, numbers: &HashMap<usize, usize>) -> Self {
        let open = self.open.iter().filter_map(|place| numbers.get(place).copied()).collect();
        Self { fixed: self.fixed.clone(), open }
    }

    /// The error, if two keys become equal with these values.
    pub(crate) fn check(
        &self,
        places: &[Place],
        values: &[&Scalar],
        file: FileId,
    ) -> Option<Diagnostic> {
        let mut filled = HashSet::new();
        for place in self.open.iter().map(|index| &places[*index]) {
            let key = place.filled(values);
            if self.fixed.contains(key.as_str()) || !filled.insert(key.clone()) {
                return Some(repeated(place, &key, file));
            }
        }
        None
    }
}

fn repeated(place: &Place, key: &str, file: FileId) -> Diagnostic {
    let hole = &place.holes[0];
    let span = Span::new(file, hole.range.start, hole.range.end);
    let name = &hole.name;
    let message = if place.secret {
        format!("`{name}` makes a key that its mapping already has")
    } else {
        format!("`{name}` makes the key `{key}`, which its mapping already has")
    };
    Diagnostic::error(&REPEATED_FILLED_KEY, span, message)
        .hint("give one of the two another value, or another text around the placeholder")
}

/// The groups of the documents of a file; none where no key has placeholders.
pub(crate) fn find_groups(documents: &[Node], survey: &Survey) -> Vec<KeyGroup> {
    let mut finder = Finder { survey, anchors: HashMap::new(), groups: Vec::new() };
    if survey.places.iter().any(is_open_key) {
        documents.iter().for_each(|document| finder.collect_anchors(document));
        documents.iter().for_each(|document| finder.visit(document));
    }
    finder.groups
}

fn is_open_key(place: &Place) -> bool {
    matches!(place.kind, PlaceKind::Scalar(scalar) if scalar.key) && !place.holes.is_empty()
}

struct Finder<'a> {
    survey: &'a Survey,
    anchors: HashMap<usize, &'a Node>,
    groups: Vec<KeyGroup>,
}

impl<'a> Finder<'a> {
    fn collect_anchors(&mut self, node: &'a Node) {
        if node.anchor != 0 {
            self.anchors.insert(node.anchor, node);
        }
        children(node).for_each(|child| self.collect_anchors(child));
    }

    fn visit(&mut self, node: &'a Node) {
        if node.pairs().is_some() {
            let (mut group, mut merged) =
                (KeyGroup { fixed: HashSet::new(), open: Vec::new() }, HashSet::new());
            self.gather(node, &mut group, &mut merged);
            if !group.open.is_empty() {
                self.groups.push(group);
            }
        }
        children(node).for_each(|child| self.visit(child));
    }

    /// The keys of a mapping and of all that it merges; each mapping is read once.
    fn gather(&self, node: &'a Node, group: &mut KeyGroup, merged: &mut HashSet<usize>) {
        if !merged.insert(std::ptr::from_ref(node).addr()) {
            return;
        }
        match &node.content {
            Content::Alias(anchor) => {
                if let Some(target) = self.anchors.get(anchor) {
                    self.gather(target, group, merged);
                }
            }
            Content::Sequence { items, .. } => {
                items.iter().for_each(|item| self.gather(item, group, merged));
            }
            Content::Mapping { pairs, .. } => {
                for (key, value) in pairs {
                    self.gather_key(key, group);
                    if key.as_str() == Some("<<") {
                        self.gather(value, group, merged);
                    }
                }
            }
            Content::Scalar { .. } => {}
        }
    }

    fn gather_key(&self, key: &Node, group: &mut KeyGroup) {
        let place = self.survey.by_start.get(&key.range.start).filter(|_| key.as_str().is_some());
        match (place, key.as_str()) {
            (Some(place), _) if !self.survey.places[*place].holes.is_empty() => {
                if !group.open.contains(place) {
                    group.open.push(*place);
                }
            }
            (Some(place), _) => {
                group.fixed.insert(self.survey.places[*place].unfilled().into());
            }
            (None, Some(text)) => {
                group.fixed.insert(text.into());
            }
            (None, None) => {}
        }
    }
}

fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.content {
        Content::Sequence { items, .. } => Box::new(items.iter()),
        Content::Mapping { pairs, .. } => {
            Box::new(pairs.iter().flat_map(|(key, value)| [key, value]))
        }
        Content::Scalar { .. } | Content::Alias(_) => Box::new(std::iter::empty()),
    }
}
