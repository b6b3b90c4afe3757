//! In which order rows come, and which fields are shown.

use std::cmp::Ordering;

use super::datum::Rank;
use super::fields::{Field, Fields};
use super::{MAX_BYTES, QueryError};
use crate::documents::Row;
use crate::expression::{Extent, short};

/// How many fields an order or a selection may have.
const MOST_FIELDS: usize = 32;

/// In which order rows come. What is equal by it stays in the order of names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    by: Vec<(Field, bool)>,
}

impl Order {
    /// Reads `region desc, name`, as OData's `$orderby` has it.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str, fields: &Fields<'_>) -> Result<Self, QueryError> {
        let mut by = Vec::new();
        for (part, extent) in parts(text)? {
            let mut words = part.split_whitespace();
            let (name, direction) = (words.next().unwrap_or_default(), words.next());
            let descends = match (direction, words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => {
                    let message = format!("`{}` is no field with its direction", short(part));
                    return Err(QueryError::syntax(message, extent)
                        .hint("write `field`, `field asc` or `field desc`, with commas between"));
                }
            };
            by.push((fields.find(name, extent)?, descends));
        }
        Ok(Self { by })
    }

    /// Reads `-region,name`.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse_sort(text: &str, fields: &Fields<'_>) -> Result<Self, QueryError> {
        let mut by = Vec::new();
        for (part, extent) in parts(text)? {
            let (name, descends) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part, false),
            };
            by.push((fields.find(name, extent)?, descends));
        }
        Ok(Self { by })
    }

    /// Whether rows stay in the order of names.
    #[must_use]
    pub fn is_natural(&self) -> bool {
        self.by.is_empty()
    }

    /// Puts items in order, each by its row. What is equal stays as it was.
    pub fn sort<'a, T>(&self, items: &mut Vec<T>, row: impl Fn(&T) -> Row<'a>) {
        self.sort_first(items, usize::MAX, row);
    }

    /// Puts the first `n` items by the order where they belong, for a page of a long list; those
    /// after them come in any order.
    ///
    /// What a row is ordered by is looked up once for each item, and not for each comparison.
    pub fn sort_first<'a, T>(&self, items: &mut Vec<T>, n: usize, row: impl Fn(&T) -> Row<'a>) {
        let width = self.by.len();
        let mut ranks: Vec<Rank<'a>> = Vec::with_capacity(items.len() * width);
        for item in &*items {
            let row = row(item);
            ranks.extend(self.by.iter().map(|(field, _)| row.datum(field).rank()));
        }
        let ranks_of = |index: usize| &ranks[index * width..(index + 1) * width];
        // The index decides what is equal, so that an unstable sort gives what a stable one does.
        let compare =
            |a: &usize, b: &usize| self.compare(ranks_of(*a), ranks_of(*b)).then(a.cmp(b));
        let mut indexes: Vec<usize> = (0..items.len()).collect();
        let first = match n < indexes.len() {
            true => indexes.select_nth_unstable_by(n, compare).0,
            false => &mut indexes[..],
        };
        first.sort_unstable_by(compare);
        let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
        items.extend(indexes.iter().filter_map(|index| taken[*index].take()));
    }

    fn compare(&self, a: &[Rank<'_>], b: &[Rank<'_>]) -> Ordering {
        let mut orders = self.by.iter().zip(a.iter().zip(b)).map(|((_, descends), (a, b))| {
            let order = a.order(b);
            if *descends { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl Fields<'_> {
    /// Reads `name,metadata/labels/ring,status`: the paths of a document that are to be shown.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse_selection(&self, text: &str) -> Result<Vec<String>, QueryError> {
        let mut paths = Vec::new();
        for (part, extent) in parts(text)? {
            paths.extend(self.paths(part, extent)?);
        }
        Ok(paths)
    }
}

/// The parts between commas, with their places.
fn parts(text: &str) -> Result<Vec<(&str, Extent)>, QueryError> {
    let whole = Extent::new(0, text.len());
    if text.len() > MAX_BYTES || text.matches(',').count() >= MOST_FIELDS {
        let message = format!("more than {MOST_FIELDS} fields, or {MAX_BYTES} bytes");
        return Err(QueryError::syntax(message, whole));
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for part in text.split(',') {
        let trimmed = part.trim();
        let at = start + (part.len() - part.trim_start().len());
        let extent = Extent::new(at, at + trimmed.len());
        if trimmed.is_empty() {
            return Err(QueryError::syntax(
                "a field is missing",
                Extent::new(start, start + part.len()),
            )
            .hint("write fields with commas between"));
        }
        parts.push((trimmed, extent));
        start += part.len() + 1;
    }
    Ok(parts)
}
