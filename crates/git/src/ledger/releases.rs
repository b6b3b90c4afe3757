//! Which step released each of a cluster's applications, as text.
//!
//! `12x1 1x2!4` are twelve applications that step 1 released, and one that step 2 released and
//! that is stale since step 4, in the order of names.

use std::fmt::Write as _;

use model::{Generation, Release};

use super::fields::{Fault, number};

/// Reads runs `<count>x<release>`.
pub(super) fn read(text: &str) -> Result<Vec<(u32, Release)>, Fault> {
    let run = |run: &str| {
        let (count, release) = run.split_once('x')?;
        Some((number(count).filter(|count| *count > 0)?, read_release(release)?))
    };
    let runs = text.split_whitespace();
    runs.map(|text| run(text).ok_or_else(|| format!("`{text}` is no run of cells"))).collect()
}

fn read_release(text: &str) -> Option<Release> {
    let (released, stale) = match text.split_once('!') {
        Some((released, stale)) => (released, Some(Generation(number(stale)?))),
        None => (text, None),
    };
    Some(Release { released: Generation(number(released)?), stale })
}

/// The text of runs.
pub(super) fn write(runs: &[(u32, Release)]) -> String {
    let mut text = String::new();
    for (count, Release { released, stale }) in runs {
        let space = if text.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{space}{count}x{released}");
        if let Some(stale) = stale {
            let _ = write!(text, "!{stale}");
        }
    }
    text
}

/// The release at a position.
pub(super) fn nth(runs: &[(u32, Release)], position: usize) -> Option<Release> {
    let mut left = position;
    for (count, release) in runs {
        match left.checked_sub(*count as usize) {
            Some(rest) => left = rest,
            None => return Some(*release),
        }
    }
    None
}
