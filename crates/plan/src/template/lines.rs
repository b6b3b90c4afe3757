//! The lines of a scalar in which placeholders stand.

use std::ops::Range;

use schema::yaml::Style;

use super::place::Line;
use super::scan::{Token, What};
use super::survey::parts_of;

/// The lines with holes of a scalar, whose body (without quotes or the header of a block) is
/// these bytes of the file.
pub(crate) fn lines_of(
    text: &str,
    body: &Range<usize>,
    style: Style,
    tokens: &[Token],
) -> Vec<Line> {
    let ranges = split(text, body);
    let block = matches!(style, Style::Literal | Style::Folded);
    let indent = if block { indent_of(text, &ranges) } else { 0 };
    let first = ranges.iter().position(|range| !text[range.clone()].trim().is_empty());
    let mut lines = Vec::new();
    for (index, range) in ranges.iter().enumerate() {
        let holds = |token: &&Token| range.contains(&token.range.start);
        let in_line = tokens.iter().filter(holds);
        if !in_line.clone().any(|token| matches!(token.what, What::Hole(..))) {
            continue;
        }
        let continues = if block { first != Some(index) } else { index > 0 };
        let is_continued = index + 1 < ranges.len();
        let content = if block {
            range.start + indent..range.end
        } else {
            trim(text, range, continues, is_continued)
        };
        let at_margin =
            content.start == 0 || matches!(text.as_bytes()[content.start - 1], b'\n' | b'\r');
        lines.push(Line {
            parts: parts_of(text, tokens, &content),
            continues,
            is_continued,
            at_margin,
        });
    }
    lines
}

/// The lines of a body, without their breaks.
fn split(text: &str, body: &Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let (mut start, mut at) = (body.start, body.start);
    while at < body.end {
        let width = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') && at + 1 < body.end => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        if width > 0 {
            lines.push(start..at);
            start = at + width;
        }
        at += width.max(1);
    }
    lines.push(start..body.end);
    lines
}

/// The indentation of a block: no line that is not blank has less.
fn indent_of(text: &str, lines: &[Range<usize>]) -> usize {
    let lines =
        lines.iter().map(|range| &text[range.clone()]).filter(|line| !line.trim().is_empty());
    lines.map(|line| line.bytes().take_while(|byte| *byte == b' ').count()).min().unwrap_or(0)
}

/// A line of a scalar without brackets: YAML drops white space where lines meet.
fn trim(text: &str, range: &Range<usize>, start: bool, end: bool) -> Range<usize> {
    let blank = [' ', '\t'];
    let line = &text[range.clone()];
    let from = if start { line.len() - line.trim_start_matches(blank).len() } else { 0 };
    let until = if end { line.trim_end_matches(blank).len() } else { line.len() };
    range.start + from..range.start + until.max(from)
}
