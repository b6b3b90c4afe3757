//! Merging two edits of one text by lines.
//!
//! As Git does it: edits that stand apart are both made, the same edit is made once, and edits of
//! the same lines, or of lines next to each other, are a conflict.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};

/// Larger texts are not merged by lines: up to here a source has them.
const MOST: usize = 16 << 20;

/// How long one comparison may take. What takes longer is told apart less finely, so that more of
/// it is a conflict.
const TIME: Duration = Duration::from_secs(2);

/// The text with both edits; nothing if they conflict, or a text is not one.
pub(super) fn merge_lines(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if [base, ours, theirs].iter().any(|text| text.len() > MOST || text.contains(&0)) {
        return None;
    }
    let base = lines(base);
    let (ours, theirs) = (hunks(&base, &lines(ours)), hunks(&base, &lines(theirs)));
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    let (mut merged, mut at) = (Vec::new(), 0);
    loop {
        let next = match (ours.peek(), theirs.peek()) {
            (None, None) => break,
            (Some(_), None) => ours.next(),
            (None, Some(_)) => theirs.next(),
            (Some(one), Some(other)) if one.end < other.start => ours.next(),
            (Some(one), Some(other)) if other.end < one.start => theirs.next(),
            (Some(one), Some(other)) if one == other => {
                theirs.next();
                ours.next()
            }
            (Some(_), Some(_)) => return None,
        };
        let Some(hunk) = next else { break };
        merged.extend(base[at..hunk.start].concat());
        merged.extend(hunk.lines.concat());
        at = hunk.end;
    }
    merged.extend(base[at..].concat());
    Some(merged)
}

/// Lines of the base that become others.
#[derive(PartialEq, Eq)]
struct Hunk<'a> {
    start: usize,
    end: usize,
    lines: Vec<&'a [u8]>,
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn hunks<'a>(base: &[&[u8]], new: &[&'a [u8]]) -> Vec<Hunk<'a>> {
    let deadline = Some(Instant::now() + TIME);
    let steps = capture_diff_slices_deadline(Algorithm::Histogram, base, new, deadline);
    let mut hunks: Vec<Hunk<'a>> = Vec::new();
    for step in steps.iter().filter(|step| step.tag() != DiffTag::Equal) {
        let (old, lines) = (step.old_range(), &new[step.new_range()]);
        match hunks.last_mut().filter(|last| last.end == old.start) {
            Some(last) => {
                last.end = old.end;
                last.lines.extend(lines);
            }
            None => hunks.push(Hunk { start: old.start, end: old.end, lines: lines.to_vec() }),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::program;

    fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merge_lines(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        merged.map(|merged| String::from_utf8(merged).unwrap())
    }

    #[test]
    fn edits_that_stand_apart_are_both_made() {
        let cases = [
            ("1\n2\n3\n", "one\n2\n3\n", "1\n2\nthree\n", Some("one\n2\nthree\n")),
            ("1\n2\n3\n", "1\n2\n3\n4\n", "0\n1\n2\n3\n", Some("0\n1\n2\n3\n4\n")),
            ("1\n2\n3\n", "2\n3\n", "1\n2\n", Some("2\n")),
            ("1\n2\n", "one\n2\n", "1\ntwo\n", None),
            ("1\n2\n", "1\n2\n3\n", "1\n2\n4\n", None),
            ("1\n2\n", "1\n2\n3\n", "1\n2\n3\n", Some("1\n2\n3\n")),
            ("1\n2\n3", "0\n1\n2\n3", "1\n2\n3\n4", Some("0\n1\n2\n3\n4")),
            ("", "1\n", "2\n", None),
            ("1\n2\n3\n", "", "1\n2\n3\n", Some("")),
            ("1\0\n2\n3\n", "0\n2\n3\n", "1\0\n2\n4\n", None),
        ];
        for (base, ours, theirs, expected) in cases {
            assert_eq!(merge(base, ours, theirs).as_deref(), expected, "{ours:?} {theirs:?}");
            assert_eq!(merge(base, theirs, ours).as_deref(), expected, "{theirs:?} {ours:?}");
        }
    }

    #[test]
    fn texts_without_a_line_in_common_end() {
        let text = |start: usize| {
            (start..start + 40_000).fold(String::new(), |mut text, line| {
                let _ = writeln!(text, "{line}");
                text
            })
        };
        assert_eq!(merge(&text(0), &text(50_000), &text(100_000)), None);
    }

    /// An edit of each line of a text, in which every line is another.
    fn edited(n_lines: usize, side: &'static str) -> impl Strategy<Value = String> {
        let edit =
            prop_oneof![30 => Just(0), 1 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
        proptest::collection::vec(edit, n_lines).prop_map(move |edits| {
            let mut text = String::new();
            for (line, edit) in edits.into_iter().enumerate() {
                let _ = match edit {
                    0 => writeln!(text, "line {line}"),
                    1 => writeln!(text, "line {line} of {side}"),
                    2 => writeln!(text, "line {line}\nnew {line} of {side}"),
                    // Both sides may do these alike.
                    3 => writeln!(text, "line {line} of both"),
                    _ => Ok(()),
                };
            }
            text
        })
    }

    proptest! {
        #![proptest_config(testkit::cases(64))]

        #[test]
        fn the_program_merges_the_same(ours in edited(14, "ours"), theirs in edited(14, "theirs")) {
            let base = (0..14).fold(String::new(), |text, line| format!("{text}line {line}\n"));
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in [("base", &base), ("ours", &ours), ("theirs", &theirs)] {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            let arguments = ["merge-file", "-p", "-q", "ours", "base", "theirs"];
            let expected = program::run(folder.path(), &arguments, b"").ok();
            let expected = expected.map(|text| String::from_utf8(text).unwrap());
            prop_assert_eq!(merge(&base, &ours, &theirs), expected);
        }
    }
}
