//! What a document says, without how it is written: what an edit means is worked out here, and
//! compared with what the edited text says.

use std::sync::Arc;

use model::ScalarKind;

use super::{Action, EditError, PathPart, shown};
use crate::yaml::{Content, Limits, Node, parse};

/// A node without its place and style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    tag: Option<Box<str>>,
    anchor: usize,
    content: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Scalar(Arc<str>, ScalarKind),
    Sequence(Vec<Value>),
    Mapping(Vec<(Value, Value)>),
    Alias(usize),
}

impl Value {
    pub(super) fn of(node: &Node) -> Self {
        let content = match &node.content {
            Content::Scalar { text, .. } => {
                Said::Scalar(text.clone(), node.scalar_kind().unwrap_or(ScalarKind::String))
            }
            Content::Sequence { items, .. } => Said::Sequence(items.iter().map(Self::of).collect()),
            Content::Mapping { pairs, .. } => Said::Mapping(
                pairs.iter().map(|(key, value)| (Self::of(key), Self::of(value))).collect(),
            ),
            Content::Alias(anchor) => Said::Alias(*anchor),
        };
        Self { tag: node.tag.clone(), anchor: node.anchor, content }
    }

    /// The value that a text on one line stands for.
    pub(super) fn read(text: &str) -> Result<Self, EditError> {
        let fault = || EditError::Value(text.chars().take(80).collect());
        if text.trim() != text || text.is_empty() || text.contains(['\n', '\r']) {
            return Err(fault());
        }
        // Inside brackets, so that it is right there too, and is one node.
        let stream = parse(&format!("[{text}]"), &Limits::INVENTORY).map_err(|_| fault())?;
        let [document] = &stream.documents[..] else { return Err(fault()) };
        match document.items() {
            // `a: b` is a mapping inside brackets only.
            Some([node]) if node.pairs().is_some() && !text.starts_with(['{', '!', '&']) => {
                Err(fault())
            }
            Some([node]) if stream.comments.is_empty() && node.range == (1..text.len() + 1) => {
                Ok(Self::of(node))
            }
            _ => Err(fault()),
        }
    }

    fn key(text: &str) -> Self {
        Self { tag: None, anchor: 0, content: Said::Scalar(text.into(), ScalarKind::String) }
    }

    fn is_key(&self, name: &str) -> bool {
        matches!(&self.content, Said::Scalar(text, _) if **text == *name)
    }

    fn is_null(&self) -> bool {
        matches!(&self.content, Said::Scalar(_, ScalarKind::Null))
    }

    fn step(&mut self, part: &PathPart) -> Option<&mut Self> {
        match (part, &mut self.content) {
            (PathPart::Key(name), Said::Mapping(pairs)) => {
                pairs.iter_mut().find(|(key, _)| key.is_key(name)).map(|(_, value)| value)
            }
            (PathPart::Index(index), Said::Sequence(items)) => items.get_mut(*index),
            _ => None,
        }
    }

    /// Does to the value what a change means.
    pub(super) fn apply(&mut self, path: &[PathPart], action: &Action) -> Result<(), EditError> {
        let to = if *action == Action::Remove { path.len().saturating_sub(1) } else { path.len() };
        let mut at = self;
        for (index, part) in path[..to].iter().enumerate() {
            at = at.step(part).ok_or_else(|| EditError::NotFound(shown(&path[..=index])))?;
        }
        match action {
            Action::Set(text) => at.content = Self::read(text)?.content,
            Action::Remove => at.remove(path)?,
            Action::Insert { key, value } => at.insert(path, key, Self::read(value)?)?,
            Action::Append(text) => at.append(path, Self::read(text)?)?,
        }
        Ok(())
    }

    fn remove(&mut self, path: &[PathPart]) -> Result<(), EditError> {
        let missing = || EditError::NotFound(shown(path));
        match (path.last(), &mut self.content) {
            (Some(PathPart::Key(name)), Said::Mapping(pairs)) => {
                let index = pairs.iter().position(|(key, _)| key.is_key(name));
                pairs.remove(index.ok_or_else(missing)?);
            }
            (Some(PathPart::Index(index)), Said::Sequence(items)) if *index < items.len() => {
                items.remove(*index);
            }
            _ => return Err(missing()),
        }
        Ok(())
    }

    fn insert(&mut self, path: &[PathPart], key: &str, value: Self) -> Result<(), EditError> {
        if self.is_null() {
            self.content = Said::Mapping(Vec::new());
        }
        let Said::Mapping(pairs) = &mut self.content else {
            return Err(EditError::WrongNode(shown(path), "mapping"));
        };
        if pairs.iter().any(|(name, _)| name.is_key(key)) {
            return Err(EditError::Exists(key.to_owned()));
        }
        pairs.push((Self::key(key), value));
        Ok(())
    }

    fn append(&mut self, path: &[PathPart], item: Self) -> Result<(), EditError> {
        if self.is_null() {
            self.content = Said::Sequence(Vec::new());
        }
        let Said::Sequence(items) = &mut self.content else {
            return Err(EditError::WrongNode(shown(path), "sequence"));
        };
        items.push(item);
        Ok(())
    }
}
