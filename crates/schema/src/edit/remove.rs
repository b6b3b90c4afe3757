//! Removing a pair or an item, and nothing of its neighbours.

use std::ops::Range;

use super::place::{before, line_end, next_line};
use super::splice::{Splice, Spot, is_flow, set};
use crate::yaml::{Content, Node, Stream};

/// The splice that removes the node at `spot` from the collection at `around`; nothing if a
/// comment would be lost that is not on the lines of the node.
pub(super) fn plan(
    text: &str,
    stream: &Stream,
    spot: &Spot<'_>,
    around: &Spot<'_>,
) -> Option<Splice> {
    let (parent, position) = spot.parent?;
    let entries = entries(text, parent);
    let entry = entries.get(position)?.clone();
    if entries.len() == 1 {
        let empty = if parent.pairs().is_some() { "{}" } else { "[]" };
        let splice = set(text, around, empty);
        return Some(splice);
    }
    let next = entries.get(position + 1);
    let range = if is_flow(parent) {
        match (next, position.checked_sub(1)) {
            (Some(next), _) => entry.start..next.start,
            (None, Some(before)) => entries[before].end..entry.end,
            (None, None) => return None,
        }
    } else if before(text, entry.start).trim().is_empty() {
        let start = entry.start - before(text, entry.start).len();
        return Some(Splice::new(start..next_line(text, entry.end), ""));
    } else {
        // It shares its line with the dash of the item that it starts.
        entry.start..next?.start
    };
    let own = entry.start..line_end(text, entry.end);
    let loses = |comment: &Range<usize>| {
        range.contains(&comment.start) && (is_flow(parent) || !own.contains(&comment.start))
    };
    (!stream.comments.iter().any(loses)).then(|| Splice::new(range, ""))
}

/// The bytes of each pair, key included, or of each item, dash included.
fn entries(text: &str, parent: &Node) -> Vec<Range<usize>> {
    match &parent.content {
        Content::Mapping { pairs, .. } => {
            pairs.iter().map(|(key, value)| key.range.start..value.range.end).collect()
        }
        Content::Sequence { flow: true, items } => {
            items.iter().map(|item| item.range.clone()).collect()
        }
        Content::Sequence { flow: false, items } => {
            let mut from = parent.range.start;
            let mut entries = Vec::with_capacity(items.len());
            for item in items {
                let start = crate::yaml::node_start(text, from);
                entries.push(start..item.range.end);
                from = item.range.end;
            }
            entries
        }
        Content::Scalar { .. } | Content::Alias(_) => Vec::new(),
    }
}
