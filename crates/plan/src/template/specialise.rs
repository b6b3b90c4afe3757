//! A body for one application: what is known before any cluster is looked at is filled in.
//!
//! In: a [`Body`], and what is known of each key. Out: a [`Specialised`] of it, in which known
//! text is one stretch and only what varies is left open, so that filling it for one more tuple
//! of values costs what is open in it. Where values come from, and for how many tuples it is
//! filled, is not known here.

use std::borrow::Cow;
use std::ops::Range;

use model::{Piece, Scalar};

use super::body::{Body, SortKey, Step};
use super::keys::KeyGroup;
use super::place::{Place, join};
use super::settled::{is_harmless, is_settled};
use super::spot::{Spot, Stretch, Written};

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'v> {
    /// Its value.
    Value(&'v Scalar),
    /// It has several.
    Varies {
        /// Whether each of them is harmless, see [`is_harmless`].
        harmless: bool,
    },
}

/// A tuple of values for what is open.
pub(crate) trait Values<'v> {
    /// The value of a key.
    fn value(&self, key: usize) -> &'v Scalar;

    /// The text of an open spot; nothing if it is written as the base has it.
    fn anew(&self, spot: usize) -> Option<&'v [u8]>;
}

/// The value of each key, where none was left open.
pub(crate) struct Tuple<'v>(pub(crate) &'v [&'v Scalar]);

impl<'v> Values<'v> for Tuple<'v> {
    fn value(&self, key: usize) -> &'v Scalar {
        self.0[key]
    }

    fn anew(&self, _: usize) -> Option<&'v [u8]> {
        None
    }
}

/// A body with some of its values filled in.
pub(crate) struct Specialised<'t> {
    segments: Vec<Segment<'t>>,
    /// What stands in no base.
    text: Vec<u8>,
    /// Its spots whose text must be asked for.
    pub(crate) open: Vec<OpenSpot<'t>>,
    /// Its mappings whose keys must stay different, and vary.
    pub(crate) groups: Vec<OpenGroup<'t>>,
}

/// A spot whose text depends on what varies.
pub(crate) struct OpenSpot<'t> {
    body: &'t Body,
    spot: &'t Spot,
    /// The spot as the base has it.
    as_base: Vec<Segment<'t>>,
}

/// A mapping whose keys depend on what varies.
pub(crate) struct OpenGroup<'t> {
    body: &'t Body,
    group: &'t KeyGroup,
}

enum Segment<'t> {
    /// These bytes of the base.
    Copy(Range<u32>),
    /// These bytes of the text.
    Text(Range<usize>),
    /// The value of this key.
    Value(usize),
    /// The open spot with this number.
    Spot(usize),
    /// The pairs of a mapping, in the order of their keys.
    Sort { joiner: Range<usize>, pairs: Vec<(SortText<'t>, Vec<Segment<'t>>)> },
}

impl<'t> OpenSpot<'t> {
    /// The keys that its placeholders name.
    pub(crate) fn keys(&self) -> impl Iterator<Item = usize> + '_ {
        self.place().holes.iter().map(|hole| hole.key)
    }

    /// How it is written; nothing if a value cannot stand there. Only the values of its own keys
    /// are looked at.
    pub(crate) fn write(&self, values: &[&Scalar]) -> Option<Written> {
        self.spot.write(self.place(), &self.body.base.bytes, values).ok()
    }

    fn place(&self) -> &'t Place {
        &self.body.places[self.spot.place]
    }
}

impl OpenGroup<'_> {
    /// The keys that its placeholders name.
    pub(crate) fn keys(&self) -> impl Iterator<Item = usize> + '_ {
        let places = self.group.open.iter().map(|place| &self.body.places[*place]);
        places.flat_map(|place| place.holes.iter().map(|hole| hole.key))
    }

    /// Whether no two keys are equal. Only the values of its own keys are looked at.
    pub(crate) fn is_distinct(&self, values: &[&Scalar]) -> bool {
        self.group.check(&self.body.places, values, self.body.file).is_none()
    }
}

impl<'t> Specialised<'t> {
    /// Fills in what is known; nothing if that alone is refused.
    pub(crate) fn new(body: &'t Body, known: &[Known<'_>]) -> Option<Self> {
        let unknown = Scalar::string("");
        let values = known.iter().map(|known| match known {
            Known::Value(value) => *value,
            Known::Varies { .. } => &unknown,
        });
        let values: Vec<&Scalar> = values.collect();
        let (text, open) = (Vec::new(), Vec::new());
        let mut specialiser = Specialiser { body, known, values: &values, text, open };
        let mut segments = Vec::new();
        specialiser.steps(&body.steps, &mut segments)?;
        let groups = body.groups.iter().map(|group| OpenGroup { body, group });
        let varies = |group: &OpenGroup<'_>| group.keys().any(|key| specialiser.varies(key));
        let (groups, fixed): (Vec<_>, Vec<_>) = groups.partition(varies);
        if !fixed.iter().all(|group| group.is_distinct(&values)) {
            return None;
        }
        let Specialiser { text, open, .. } = specialiser;
        Some(Self { segments, text, open, groups })
    }

    /// The pieces of one tuple of values.
    pub(crate) fn pieces<'p, V: Values<'p>>(&'p self, values: &V, pieces: &mut Vec<Piece<'p>>)
    where
        't: 'p,
    {
        self.run(&self.segments, values, pieces);
    }

    fn run<'p, V: Values<'p>>(
        &'p self,
        segments: &'p [Segment<'t>],
        values: &V,
        pieces: &mut Vec<Piece<'p>>,
    ) {
        for segment in segments {
            match segment {
                Segment::Copy(range) => copy(range, pieces),
                Segment::Text(range) => insert(&self.text[range.clone()], pieces),
                Segment::Value(key) => insert(values.value(*key).text.as_bytes(), pieces),
                Segment::Spot(number) => match values.anew(*number) {
                    Some(text) => insert(text, pieces),
                    None => self.run(&self.open[*number].as_base, values, pieces),
                },
                Segment::Sort { joiner, pairs } => self.sort(joiner, pairs, values, pieces),
            }
        }
    }

    fn sort<'p, V: Values<'p>>(
        &'p self,
        joiner: &Range<usize>,
        pairs: &'p [(SortText<'t>, Vec<Segment<'t>>)],
        values: &V,
        pieces: &mut Vec<Piece<'p>>,
    ) {
        let mut order: Vec<_> = pairs.iter().map(|(key, pair)| (key.read(values), pair)).collect();
        order.sort_by(|a, b| a.0.cmp(&b.0));
        for (index, (_, pair)) in order.into_iter().enumerate() {
            if index > 0 {
                insert(&self.text[joiner.clone()], pieces);
            }
            self.run(pair, values, pieces);
        }
    }
}

/// What a pair is sorted by.
enum SortText<'t> {
    Fixed(&'t str),
    Open(&'t Place),
}

impl<'t> SortText<'t> {
    fn read<'v>(&self, values: &impl Values<'v>) -> Cow<'t, str> {
        match self {
            Self::Fixed(text) => Cow::Borrowed(text),
            Self::Open(place) => {
                Cow::Owned(join(&place.text, |hole| &values.value(place.holes[hole].key).text))
            }
        }
    }
}

fn copy(range: &Range<u32>, pieces: &mut Vec<Piece<'_>>) {
    match pieces.last_mut() {
        Some(Piece::Copy(last)) if last.end == range.start => last.end = range.end,
        _ if range.is_empty() => {}
        _ => pieces.push(Piece::Copy(range.clone())),
    }
}

fn insert<'p>(text: &'p [u8], pieces: &mut Vec<Piece<'p>>) {
    if !text.is_empty() {
        pieces.push(Piece::Insert(text));
    }
}

struct Specialiser<'t, 'k> {
    body: &'t Body,
    known: &'k [Known<'k>],
    /// The known values, and anything for the others.
    values: &'k [&'k Scalar],
    text: Vec<u8>,
    open: Vec<OpenSpot<'t>>,
}

impl<'t> Specialiser<'t, '_> {
    fn varies(&self, key: usize) -> bool {
        matches!(self.known[key], Known::Varies { .. })
    }

    fn steps(&mut self, steps: &'t [Step], segments: &mut Vec<Segment<'t>>) -> Option<()> {
        for step in steps {
            match step {
                Step::Copy(range) => push(Segment::Copy(range.clone()), segments),
                Step::Fill(spot) => self.spot(spot, segments)?,
                Step::Sort { joiner, pairs } => self.sort(joiner, pairs, segments)?,
            }
        }
        Some(())
    }

    fn spot(&mut self, spot: &'t Spot, segments: &mut Vec<Segment<'t>>) -> Option<()> {
        let place = &self.body.places[spot.place];
        let varies = place.holes.iter().any(|hole| self.varies(hole.key));
        let as_base = if varies {
            self.is_safe(place) && is_settled(place, spot)
        } else {
            match spot.write(place, &self.body.base.bytes, self.values).ok()? {
                Written::AsBase => true,
                Written::Anew(text) => {
                    self.insert(&text, segments);
                    return Some(());
                }
            }
        };
        if as_base {
            self.as_base(place, spot, segments);
            return Some(());
        }
        let mut cut = Vec::new();
        self.as_base(place, spot, &mut cut);
        segments.push(Segment::Spot(self.open.len()));
        self.open.push(OpenSpot { body: self.body, spot, as_base: cut });
        Some(())
    }

    /// Whether all values of a place are harmless.
    fn is_safe(&self, place: &Place) -> bool {
        place.holes.iter().all(|hole| match self.known[hole.key] {
            Known::Value(value) => is_harmless(&value.text),
            Known::Varies { harmless } => harmless,
        })
    }

    fn as_base(&mut self, place: &'t Place, spot: &'t Spot, segments: &mut Vec<Segment<'t>>) {
        for stretch in &spot.cut {
            match stretch {
                Stretch::Base(range) => push(Segment::Copy(range.clone()), segments),
                Stretch::Hole(hole) => {
                    let key = place.holes[*hole].key;
                    match self.known[key] {
                        Known::Value(value) => self.insert(value.text.as_bytes(), segments),
                        Known::Varies { .. } => segments.push(Segment::Value(key)),
                    }
                }
            }
        }
    }

    fn insert(&mut self, text: &[u8], segments: &mut Vec<Segment<'t>>) {
        let range = self.keep(text);
        push(Segment::Text(range), segments);
    }

    fn keep(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        start..self.text.len()
    }

    /// A mapping; one whose keys are all known is in order once and for all.
    fn sort(
        &mut self,
        joiner: &'t str,
        pairs: &'t [(SortKey, Vec<Step>)],
        segments: &mut Vec<Segment<'t>>,
    ) -> Option<()> {
        let of = |(key, steps): &'t (SortKey, Vec<Step>)| (self.sort_text(key), steps);
        let mut pairs: Vec<_> = pairs.iter().map(of).collect();
        if !pairs.iter().any(|(key, _)| self.is_open(key)) {
            let known = Tuple(self.values);
            pairs.sort_by_cached_key(|(key, _)| key.read(&known));
            for (index, (_, steps)) in pairs.into_iter().enumerate() {
                if index > 0 {
                    self.insert(joiner.as_bytes(), segments);
                }
                self.steps(steps, segments)?;
            }
            return Some(());
        }
        let joiner = self.keep(joiner.as_bytes());
        let mut open = Vec::with_capacity(pairs.len());
        for (key, steps) in pairs {
            let mut pair = Vec::new();
            self.steps(steps, &mut pair)?;
            open.push((key, pair));
        }
        segments.push(Segment::Sort { joiner, pairs: open });
        Some(())
    }

    fn sort_text(&self, key: &'t SortKey) -> SortText<'t> {
        match key {
            SortKey::Fixed(text) => SortText::Fixed(text),
            SortKey::Open(place) => SortText::Open(&self.body.places[*place]),
        }
    }

    fn is_open(&self, key: &SortText<'_>) -> bool {
        match key {
            SortText::Fixed(_) => false,
            SortText::Open(place) => place.holes.iter().any(|hole| self.varies(hole.key)),
        }
    }
}

/// Adds a segment; stretches that follow each other are one.
fn push<'t>(segment: Segment<'t>, segments: &mut Vec<Segment<'t>>) {
    match (segments.last_mut(), segment) {
        (Some(Segment::Copy(last)), Segment::Copy(next)) if last.end == next.start => {
            last.end = next.end;
        }
        (Some(Segment::Text(last)), Segment::Text(next)) if last.end == next.start => {
            last.end = next.end;
        }
        (_, segment) => segments.push(segment),
    }
}
