//! The identity of an object whose name may hold placeholders, for the rules of the layout
//! `flux`, where files are not taken apart into objects.

use model::{ObjectKey, Scalar, Span};
use schema::objects::{ObjectHeader, split_api_version};

use crate::fleet::KeySpace;
use crate::template::scan::{What, scan};

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Key(KeySpace, String),
}

/// The head of an object in a template.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    api_version: Pattern,
    kind: Pattern,
    namespace: Option<Pattern>,
    name: Pattern,
    /// Where the name stands.
    pub(crate) span: Span,
}

impl Identity {
    /// Reads the placeholders of a head that stands in a file.
    pub(crate) fn new(header: &ObjectHeader, file: model::FileId) -> Self {
        Self {
            api_version: Pattern::parse(&header.api_version),
            kind: Pattern::parse(&header.kind),
            namespace: header.namespace.as_deref().map(Pattern::parse),
            name: Pattern::parse(&header.name),
            span: Span::new(file, header.range.start, header.range.end),
        }
    }

    /// The keys that its placeholders name, one for each placeholder.
    pub(crate) fn keys(&self) -> Vec<(KeySpace, &str)> {
        let patterns = [Some(&self.api_version), Some(&self.kind), self.namespace.as_ref()];
        let patterns = patterns.into_iter().flatten().chain([&self.name]);
        patterns.flat_map(Pattern::keys).collect()
    }

    /// The identity, given the value of each of [`Self::keys`].
    pub(crate) fn fill(&self, values: &[&Scalar]) -> ObjectKey {
        let mut values = values.iter().map(|scalar| &*scalar.text);
        let api_version = self.api_version.fill(&mut values);
        let kind = self.kind.fill(&mut values);
        let namespace = self.namespace.as_ref().map(|pattern| pattern.fill(&mut values));
        let group = split_api_version(&api_version).to_owned();
        ObjectKey { group, kind, namespace, name: self.name.fill(&mut values) }
    }
}

impl Pattern {
    fn parse(text: &str) -> Self {
        let (mut parts, mut literal, mut at) = (Vec::new(), String::new(), 0);
        for token in scan(text.as_bytes()) {
            literal.push_str(&text[at..token.range.start]);
            at = token.range.end;
            if let Some(dot) = token.lost_dot() {
                literal.push_str(&text[token.range.start..dot.start]);
                literal.push_str(&text[dot.end..token.range.end]);
            } else if let What::Hole(space, key) = token.what {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Key(space, key.into()));
            } else {
                literal.push_str(&text[token.range]);
            }
        }
        literal.push_str(&text[at..]);
        parts.push(Part::Text(literal));
        Self(parts)
    }

    fn keys(&self) -> impl Iterator<Item = (KeySpace, &str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Key(space, key) => Some((*space, key.as_str())),
            Part::Text(_) => None,
        })
    }

    fn fill<'v>(&self, values: &mut impl Iterator<Item = &'v str>) -> String {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Key(..) => filled.push_str(values.next().unwrap_or_default()),
            }
        }
        filled
    }
}
