//! The canonical text of an object as a base, and the steps that fill it.
//!
//! In: a tree with open places. Out: the text with its placeholders unfilled, and what to copy
//! from it and what to write for given values. Steps never look at more than the texts of places;
//! a mapping whose keys are open is put in order when they are known.

use schema::yaml::emit::{Leaf, Value, Writer, line_at, write};

use super::body::{SortKey, Step};
use super::canon::{Mark, MarkText};
use super::place::Place;
use super::spot::{Spot, SpotForm, cut_at_holes, write_leaf};

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
    pairs: Vec<(SortKey, Vec<Step>)>,
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
        let cut = cut_at_holes(&self.places[place], &written, self.base.len(), indent);
        self.base.push_str(&written);
        self.push(Step::Fill(Spot { place, form: SpotForm::Canonical { key, indent }, cut }));
    }

    /// Ends the pair that is being written in a mapping with open keys.
    fn end_pair(&mut self) {
        let Some(Some(mapping)) = self.mappings.last_mut() else { return };
        if std::mem::take(&mut mapping.is_begun)
            && let (Some(key), Some(steps)) = (mapping.keys.next(), self.steps.pop())
        {
            mapping.pairs.push((sort_key(&key), steps));
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
            self.push(Step::Sort { joiner, pairs: mapping.pairs });
        }
    }
}

fn sort_key(mark: &Mark) -> SortKey {
    match &mark.text {
        MarkText::Fixed(leaf) => SortKey::Fixed(leaf.text().into()),
        MarkText::Open(place) => SortKey::Open(*place),
    }
}
