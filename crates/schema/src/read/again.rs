//! Reading a file again after an edit: only the documents around the edit are parsed.
//!
//! In: what was read of a file, and its text now. Out: what reading the whole text would give, or
//! nothing where that is not sure; then all of it is read. A large file of clusters is edited at
//! one place far more often than it is written anew.
//!
//! YAML forbids a line that starts with `---` inside a document, so that the text between two of
//! them means the same wherever it stands (YAML 1.2.2, 9.1.2), if nothing before it changed a
//! directive.

use std::ops::Range;
use std::sync::Arc;

use model::{FileId, Span};

use super::{FileContent, Folder, read_text};
use crate::document::{ClusterDocument, Document, Metadata, Pairs, Spanned};

/// The largest text that is looked at: one byte makes one node at most, and a text below the
/// limit of nodes as a whole is below it in parts.
const LARGEST: usize = 4 << 20;

/// The documents of `text`, given those of the text `old` of the same file.
pub(super) fn again(file: FileId, old: (&str, &FileContent), text: &str) -> Option<Vec<Document>> {
    let (before, content) = old;
    let is_plain = [before, text].iter().all(|text| text.len() <= LARGEST && is_plain(text));
    if !is_plain || !content.diagnostics.is_empty() {
        return None;
    }
    let clusters: Vec<&Arc<ClusterDocument>> =
        content.documents.iter().map(cluster).collect::<Option<_>>()?;
    let start = same_start(before, text);
    let end = same_end(&before[start..], &text[start..]);
    let (old_middle, middle) = (start..before.len() - end, start..text.len() - end);
    let (first, last) = outside(&clusters, &old_middle)?;
    let read = read_middle(file, text, middle)?;
    let by = text.len() as i64 - before.len() as i64;
    let mut documents: Vec<Document> = content.documents[..first].to_vec();
    documents.extend(read);
    documents.extend(clusters[last..].iter().map(|document| moved(document, by)));
    Some(documents)
}

fn cluster(document: &Document) -> Option<&Arc<ClusterDocument>> {
    match document {
        Document::Cluster(document) => Some(document),
        _ => None,
    }
}

/// Whether documents are set apart by `---` alone.
fn is_plain(text: &str) -> bool {
    let ends = ["...", "%"];
    let is_after_break =
        |mark: &str| ["\n", "\r"].iter().any(|end| text.contains(&format!("{end}{mark}")));
    !text.starts_with('\u{feff}')
        && !ends.iter().any(|mark| text.starts_with(mark) || is_after_break(mark))
}

/// Whether a line that begins a document starts here.
fn is_boundary(text: &[u8], at: usize) -> bool {
    let is_line = at == 0 || text[at - 1] == b'\n';
    let ends = text.get(at + 3).is_none_or(|next| next.is_ascii_whitespace());
    is_line && text[at..].starts_with(b"---") && ends
}

/// The length of what both texts begin with, up to the last document that begins in it.
fn same_start(old: &str, new: &str) -> usize {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    // The line that begins it, and what follows on that line, is the same in both.
    (0..same.saturating_sub(3)).rev().find(|at| is_boundary(new, *at)).unwrap_or(0)
}

/// The length of what both texts end with, from the first document that begins in it.
fn same_end(old: &str, new: &str) -> usize {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let first = new.len() - same + 1;
    let is_in_both = |at: &usize| is_boundary(new, *at);
    (first.min(new.len())..new.len()).find(is_in_both).map_or(0, |at| new.len() - at)
}

/// How many documents stand before a part of the text, and the first that stands after it;
/// nothing if one stands on both sides of an end.
fn outside(documents: &[&Arc<ClusterDocument>], part: &Range<usize>) -> Option<(usize, usize)> {
    let span = |document: &&Arc<ClusterDocument>| document.metadata.span;
    let before = |document: &&Arc<ClusterDocument>| span(document).end as usize <= part.start;
    let inside = |document: &&Arc<ClusterDocument>| (span(document).start as usize) < part.end;
    let first = documents.iter().take_while(|document| before(document)).count();
    let last = documents.iter().take_while(|document| inside(document)).count();
    let is_whole = |document: &&Arc<ClusterDocument>| {
        span(document).start as usize >= part.start && span(document).end as usize <= part.end
    };
    documents.get(first..last)?.iter().all(is_whole).then_some((first, last))
}

/// The documents of a part, at their places in the file; nothing if one has a mistake.
fn read_middle(file: FileId, text: &str, part: Range<usize>) -> Option<Vec<Document>> {
    let by = part.start as i64;
    let (documents, diagnostics) = read_text(file, Folder::Inventory, &text[part]);
    if !diagnostics.is_empty() {
        return None;
    }
    documents.iter().map(|document| Some(moved(cluster(document)?, by))).collect()
}

/// A document that stands some bytes further on.
fn moved(document: &Arc<ClusterDocument>, by: i64) -> Document {
    if by == 0 {
        return Document::Cluster(Arc::clone(document));
    }
    let mut own = ClusterDocument::clone(document);
    let ClusterDocument {
        metadata: Metadata { name, former, labels, span },
        description,
        groups,
        time_zone,
        values,
        capacity,
        agent_keys,
        decommission: _,
    } = &mut own;
    move_span(span, by);
    move_all([name], by);
    move_all(former, by);
    move_all([description, time_zone].into_iter().flatten(), by);
    move_all(groups, by);
    move_all(agent_keys, by);
    [labels, values, capacity].into_iter().for_each(|pairs| move_pairs(pairs, by));
    Document::Cluster(Arc::new(own))
}

fn move_span(span: &mut Span, by: i64) {
    let moved = |at: u32| u32::try_from(i64::from(at) + by).unwrap_or(u32::MAX);
    (span.start, span.end) = (moved(span.start), moved(span.end));
}

fn move_all<'a, T: 'a>(values: impl IntoIterator<Item = &'a mut Spanned<T>>, by: i64) {
    values.into_iter().for_each(|value| move_span(&mut value.span, by));
}

fn move_pairs(pairs: &mut Pairs, by: i64) {
    for (key, value) in pairs {
        move_span(&mut key.span, by);
        move_span(&mut value.span, by);
    }
}
