//! One unit on every position of a grid.
//!
//! In: a unit specialised for the values that do not vary, and the values that do. Out: its
//! content on a position, or that it cannot be filled there. Whether values may stand in a place,
//! and what they make of it, is looked at once for each distinct tuple of the values of that
//! place, and not for each tuple of the unit.

use model::{Base, ObjectId, ObjectKey, Piece, Scalar, Sink};

use super::key::{Groupings, Table, UnitValues};
use super::unit::Unit;
use crate::template::specialise::{OpenSpot, Specialised, Values};
use crate::template::spot::Written;

/// How many bytes of texts that are not in the base are kept for one unit. A unit with more of
/// them is written anew for each tuple of its values.
const MOST_TEXT: usize = 64 << 20;

/// A unit, ready to be filled on every position.
pub(crate) struct Filling<'f> {
    values: UnitValues<'f>,
    base: &'f Base,
    specialised: Specialised<'f>,
    texts: Vec<Texts>,
    /// For each mapping whose keys vary: on which positions they stay different.
    distinct: Vec<Table<bool>>,
    objects: Option<&'f Table<Option<ObjectKey>>>,
}

/// What values make of an open spot.
struct Texts {
    table: Table<Text>,
    /// The texts that are not as the base has them.
    anew: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Text {
    /// A value cannot stand there, or there is none.
    Refused,
    AsBase,
    /// These bytes.
    Anew(u32, u32),
}

/// What a unit is on a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// This content.
    Blob(ObjectId),
    /// A key has no value.
    Missing,
    /// A value cannot stand in its place.
    Refused,
}

impl<'f> Filling<'f> {
    /// Prepares a unit; nothing if it cannot be done once for all positions: a value that does
    /// not vary is refused, or there is too much text. `objects` says which object it is.
    pub(crate) fn new(
        unit: &Unit<'f>,
        values: UnitValues<'f>,
        groupings: &mut Groupings,
        objects: Option<&'f Table<Option<ObjectKey>>>,
    ) -> Option<Self> {
        let specialised = Specialised::new(unit.body(), &values.known()?)?;
        let mut room = MOST_TEXT;
        let mut texts = Vec::with_capacity(specialised.open.len());
        for spot in &specialised.open {
            let found = Texts::new(spot, values, groupings, room)?;
            room -= found.anew.len();
            texts.push(found);
        }
        let mut distinct = Vec::with_capacity(specialised.groups.len());
        for group in &specialised.groups {
            let keys: Vec<usize> = group.keys().collect();
            distinct.push(values.table(groupings, &keys, |values| {
                values.is_some_and(|values| group.is_distinct(values))
            }));
        }
        let base = &unit.body().base;
        Some(Self { values, base, specialised, texts, distinct, objects })
    }

    /// Fills the unit on a position; `pieces` is room that is used again.
    pub(crate) fn fill<'p>(
        &'p self,
        position: usize,
        pieces: &mut Vec<Piece<'p>>,
        sink: &dyn Sink,
    ) -> Filled {
        if !self.values.is_whole(position) {
            return Filled::Missing;
        }
        let is_refused = self.texts.iter().any(|texts| texts.is_refused(position))
            || self.distinct.iter().any(|table| !table.at(position))
            || self.objects.is_some_and(|table| table.at(position).is_none());
        if is_refused {
            return Filled::Refused;
        }
        pieces.clear();
        self.specialised.pieces(&At { filling: self, position }, pieces);
        Filled::Blob(sink.variant(self.base, pieces))
    }
}

impl Texts {
    /// What values make of a spot; nothing if that is more text than there is room for.
    fn new(
        spot: &OpenSpot<'_>,
        values: UnitValues<'_>,
        groupings: &mut Groupings,
        room: usize,
    ) -> Option<Self> {
        let keys: Vec<usize> = spot.keys().collect();
        let mut anew = Vec::new();
        let mut is_full = false;
        let table = values.table(groupings, &keys, |values| {
            match values.and_then(|values| spot.write(values)) {
                None => Text::Refused,
                Some(Written::AsBase) => Text::AsBase,
                Some(Written::Anew(text)) => {
                    is_full |= text.len() > room - anew.len();
                    let start = anew.len() as u32;
                    anew.extend_from_slice(if is_full { &[] } else { &text });
                    Text::Anew(start, anew.len() as u32)
                }
            }
        });
        (!is_full).then_some(Self { table, anew })
    }

    fn is_refused(&self, position: usize) -> bool {
        matches!(self.table.at(position), Text::Refused)
    }
}

/// The values of one position.
struct At<'p, 'f> {
    filling: &'p Filling<'f>,
    position: usize,
}

impl<'p> Values<'p> for At<'p, '_> {
    fn value(&self, key: usize) -> &'p Scalar {
        // Whoever fills a position has looked whether every key has a value there.
        self.filling.values.value(key, self.position).expect("every key has a value")
    }

    fn anew(&self, spot: usize) -> Option<&'p [u8]> {
        let texts = &self.filling.texts[spot];
        match texts.table.at(self.position) {
            Text::Anew(start, end) => Some(&texts.anew[*start as usize..*end as usize]),
            Text::AsBase | Text::Refused => None,
        }
    }
}
