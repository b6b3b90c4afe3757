//! The canonical text of an object as a base, and the steps that fill it.
//!
//! In: a tree with open places. Out: the text with its placeholders unfilled, and what to copy
//! from it and what to write anew for given values. Steps never look at more than the texts of
//! places; a mapping whose keys are open is put in order when they are known.

use std::ops::Range;

use model::Piece;
use schema::yaml::emit::{Leaf, Value, Writer, line_at, write};

use super::canon::{Mark, MarkText};
use super::place::Place;
use super::scan::scan;

/// The least number of bytes of a filled scalar that are copied rather than written again.
const WORTH_COPYING: usize = 24;

/// One step of writing an object.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Copy these bytes of the base.
    Copy(Range<u32>),
    /// Write the scalar of a place.
    Text {
        /// The position of the place.
        place: usize,
        /// Whether the scalar is a key.
        key: bool,
        /// The indentation it is written at.
        indent: usize,
        /// Stretches of the base that the filled scalar probably has in common with it, in order.
        common: Vec<Range<u32>>,
    },
    /// Write the pairs of a mapping in the order of their keys.
    Sorted {
        /// What stands between two pairs.
        joiner: Box<str>,
        /// The pairs with their keys.
        pairs: Vec<(Mark, Vec<Step>)>,
    },
}

/// The base and the steps of a tree.
pub(crate) fn compose(value: &Value<Mark>, places: &[Place]) -> (String, Vec<Step>) {
    let mut composer =
        Composer { base: String::new(), places, steps: vec![Vec::new()], mappings: Vec::new() };
    write(value, &mut composer);
    (composer.base, composer.steps.pop().unwrap_or_default())
}

struct Composer<'a> {
    base: String,
    places: &'a [Place],
    /// The steps of what is being written, innermost last.
    steps: Vec<Vec<Step>>,
    /// The mappings that are being written; those with open keys keep their pairs apart.
    mappings: Vec<Option<OpenMapping>>,
}

struct OpenMapping {
    keys: std::vec::IntoIter<Mark>,
    pairs: Vec<(Mark, Vec<Step>)>,
    indent: usize,
    is_begun: bool,
}

impl Composer<'_> {
    fn push(&mut self, step: Step) {
        let Some(steps) = self.steps.last_mut() else { return };
        match (steps.last_mut(), step) {
            (Some(Step::Copy(last)), Step::Copy(next)) if last.end == next.start => {
                last.end = next.end;
            }
            (_, step) => steps.push(step),
        }
    }

    fn scalar(&mut self, mark: &Mark, key: bool, indent: usize) {
        let place = match &mark.text {
            MarkText::Fixed(leaf) => return self.raw(&write_leaf(leaf, key, indent)),
            MarkText::Open(place) => *place,
        };
        let unfilled = Leaf::string(self.places[place].unfilled());
        let written = write_leaf(&unfilled, key, indent);
        let common = self.common(&written);
        self.base.push_str(&written);
        self.push(Step::Text { place, key, indent, common });
    }

    /// The stretches between the placeholders of a scalar that is about to be written.
    fn common(&self, written: &str) -> Vec<Range<u32>> {
        let mut common = Vec::new();
        let mut at = 0;
        for token in scan(written.as_bytes()) {
            common.push(at..token.range.start);
            at = token.range.end;
        }
        common.push(at..written.len());
        common.retain(|range| range.len() >= WORTH_COPYING);
        let offset = |at: usize| (at + self.base.len()) as u32;
        common.into_iter().map(|range| offset(range.start)..offset(range.end)).collect()
    }

    /// Ends the pair that is being written in a mapping with open keys.
    fn end_pair(&mut self) {
        let Some(Some(mapping)) = self.mappings.last_mut() else { return };
        if std::mem::take(&mut mapping.is_begun)
            && let (Some(key), Some(steps)) = (mapping.keys.next(), self.steps.pop())
        {
            mapping.pairs.push((key, steps));
        }
    }
}

impl Writer<Mark> for Composer<'_> {
    fn raw(&mut self, text: &str) {
        let start = self.base.len() as u32;
        self.base.push_str(text);
        self.push(Step::Copy(start..self.base.len() as u32));
    }

    fn key(&mut self, key: &Mark, indent: usize) {
        self.scalar(key, true, indent);
    }

    fn leaf(&mut self, leaf: &Mark, indent: usize) {
        self.scalar(leaf, false, indent);
    }

    fn begin(&mut self, pairs: &[(Mark, Value<Mark>)], indent: usize) {
        let is_open = pairs.iter().any(|(key, _)| key.place().is_some());
        let keys = || pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>().into_iter();
        let mapping = || OpenMapping { keys: keys(), pairs: Vec::new(), indent, is_begun: false };
        self.mappings.push(is_open.then(mapping));
    }

    fn pair(&mut self, index: usize, indent: usize) {
        if !matches!(self.mappings.last(), Some(Some(_))) {
            if index > 0 {
                self.raw(&line_at(indent));
            }
            return;
        }
        self.end_pair();
        if index > 0 {
            self.base.push_str(&line_at(indent));
        }
        self.steps.push(Vec::new());
        if let Some(Some(mapping)) = self.mappings.last_mut() {
            mapping.is_begun = true;
        }
    }

    fn end(&mut self) {
        self.end_pair();
        if let Some(Some(mapping)) = self.mappings.pop() {
            let joiner = line_at(mapping.indent).into();
            self.push(Step::Sorted { joiner, pairs: mapping.pairs });
        }
    }
}

fn write_leaf(leaf: &Leaf, key: bool, indent: usize) -> String {
    if key { leaf.write_key(indent) } else { leaf.write(indent) }
}

/// An object while it is written: stretches of the base, and of the text that is not in it.
pub(crate) struct Draft<'a> {
    base: &'a str,
    leaves: &'a [Leaf],
    stretches: Vec<Stretch>,
    text: String,
}

enum Stretch {
    Base(Range<u32>),
    Text(Range<usize>),
}

impl<'a> Draft<'a> {
    /// The object of a base and its steps, given the scalar of each place.
    pub(crate) fn new(base: &'a str, steps: &[Step], leaves: &'a [Leaf]) -> Self {
        let mut draft = Self { base, leaves, stretches: Vec::new(), text: String::new() };
        draft.run(steps);
        draft
    }

    /// The object as pieces for a sink.
    pub(crate) fn pieces(&self) -> Vec<Piece<'_>> {
        let piece = |stretch: &Stretch| match stretch {
            Stretch::Base(range) => Piece::Copy(range.clone()),
            Stretch::Text(range) => Piece::Insert(&self.text.as_bytes()[range.clone()]),
        };
        self.stretches.iter().map(piece).collect()
    }

    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Copy(range) => self.copy(range.clone()),
                Step::Text { place, key, indent, common } => {
                    let written = write_leaf(&self.leaves[*place], *key, *indent);
                    self.scalar(&written, common);
                }
                Step::Sorted { joiner, pairs } => self.sorted(joiner, pairs),
            }
        }
    }

    /// Any cut of the text gives the right bytes; cutting it where the base has the same makes
    /// the delta small.
    fn scalar(&mut self, written: &str, common: &[Range<u32>]) {
        let mut rest = written;
        for range in common {
            let shared = &self.base[range.start as usize..range.end as usize];
            if let Some(at) = rest.find(shared) {
                self.insert(&rest[..at]);
                self.copy(range.clone());
                rest = &rest[at + shared.len()..];
            }
        }
        self.insert(rest);
    }

    fn sorted(&mut self, joiner: &str, pairs: &[(Mark, Vec<Step>)]) {
        let mut order: Vec<&(Mark, Vec<Step>)> = pairs.iter().collect();
        order.sort_by(|a, b| self.key(&a.0).cmp(self.key(&b.0)));
        for (index, (_, steps)) in order.into_iter().enumerate() {
            if index > 0 {
                self.insert(joiner);
            }
            self.run(steps);
        }
    }

    fn key<'m>(&'m self, mark: &'m Mark) -> &'m str {
        match &mark.text {
            MarkText::Fixed(leaf) => leaf.text(),
            MarkText::Open(place) => self.leaves[*place].text(),
        }
    }

    fn copy(&mut self, range: Range<u32>) {
        match self.stretches.last_mut() {
            Some(Stretch::Base(last)) if last.end == range.start => last.end = range.end,
            _ if range.is_empty() => {}
            _ => self.stretches.push(Stretch::Base(range)),
        }
    }

    fn insert(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        match self.stretches.last_mut() {
            Some(Stretch::Text(last)) if last.end == start => last.end = self.text.len(),
            _ => self.stretches.push(Stretch::Text(start..self.text.len())),
        }
    }
}
