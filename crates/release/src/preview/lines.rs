//! The lines that differ between two files, and what makes two differences the same.
//!
//! Two differences are the same where the same lines come and go at the same place. Lines around
//! them do not count: they may hold what is each cluster's own.

use model::{Mode, ObjectId, RequestChange};
use similar::{ChangeTag, DiffTag, TextDiff};

use super::{Contents, Hidden, Line, Sign};

/// Larger files are not compared by lines: the time would grow with the product of their sizes.
const MAX_BYTES: usize = 256 * 1024;
const MAX_LINES: usize = 5_000;

/// How many lines that stay are shown around those that change.
const CONTEXT: usize = 2;

/// One file on one side.
pub(super) type Side = Option<(Mode, ObjectId)>;

/// What makes two differences the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Added,
    Removed,
    Hidden(Hidden),
    Lines(Vec<Hunk>),
}

/// Lines that come and go at one place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hunk {
    /// The keys that the first line stands below, and its place among the items of lists.
    place: String,
    lines: Vec<(Sign, String)>,
}

/// Where lines come and go and how many, whatever they say.
pub(super) type Shape<'a> = Vec<(&'a str, Vec<Sign>)>;

impl Key {
    /// Two differences of one shape may be one edit with each cluster's own values.
    pub(super) fn shape(&self) -> Option<Shape<'_>> {
        let Self::Lines(hunks) = self else { return None };
        let signs = |hunk: &Hunk| hunk.lines.iter().map(|(sign, _)| *sign).collect();
        Some(hunks.iter().map(|hunk| (hunk.place.as_str(), signs(hunk))).collect())
    }
}

/// What differs between two files, how many bytes the newer one has, and how the requests of
/// what is in them change.
pub(super) fn compare(contents: &dyn Contents, old: Side, new: Side) -> (Key, u64, RequestChange) {
    let read = |side: Side| side.map(|(_, id)| contents.blob(id));
    let (before, after) = match (read(old), read(new)) {
        _ if old.zip(new).is_some_and(|(old, new)| old.1 == new.1) => {
            return (Key::Hidden(Hidden::Mode), 0, RequestChange::default());
        }
        (None, after) => {
            let after = after.flatten().unwrap_or_default();
            return (Key::Added, after.len() as u64, requests(contents, None, Some(&after)));
        }
        (Some(before), None) => {
            let before = before.unwrap_or_default();
            return (Key::Removed, 0, requests(contents, Some(&before), None));
        }
        (Some(Some(before)), Some(Some(after))) => (before, after),
        (Some(_), Some(_)) => {
            return (Key::Hidden(Hidden::Unread), 0, RequestChange::default());
        }
    };
    let n_bytes = after.len() as u64;
    match texts(&before, &after) {
        Ok((old, new)) => {
            let change = requests(contents, Some(&before), Some(&after));
            (Key::Lines(changed(old, new)), n_bytes, change)
        }
        Err(hidden) => (Key::Hidden(hidden), n_bytes, RequestChange::default()),
    }
}

/// How requests change; a file that is no text has none.
pub(super) fn requests(
    contents: &dyn Contents,
    old: Option<&[u8]>,
    new: Option<&[u8]>,
) -> RequestChange {
    let [old, new] = [old, new].map(|bytes| bytes.map(std::str::from_utf8).transpose());
    match (old, new) {
        (Ok(old), Ok(new)) => contents.requests(old, new),
        _ => RequestChange::default(),
    }
}

/// Both texts of two files, where they may be shown.
pub(super) fn texts<'a>(old: &'a [u8], new: &'a [u8]) -> Result<(&'a str, &'a str), Hidden> {
    if old.len().max(new.len()) > MAX_BYTES {
        return Err(Hidden::TooLarge);
    }
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Hidden::Binary);
    let (old, new) = (text(old)?, text(new)?);
    if is_secret(old) || is_secret(new) {
        return Err(Hidden::Secret);
    }
    if old.contains('\0') || new.contains('\0') {
        return Err(Hidden::Binary);
    }
    if old.lines().count().max(new.lines().count()) > MAX_LINES {
        return Err(Hidden::TooLarge);
    }
    Ok((old, new))
}

/// Whether some document of the file is a Secret.
pub(super) fn is_secret(text: &str) -> bool {
    if !text.contains("Secret") {
        return false;
    }
    text.lines().filter_map(|line| line.trim_start_matches(['-', ' ', '{']).split_once(':')).any(
        |(key, value)| {
            let plain = |text: &str| text.trim().trim_matches(['"', '\'', ',', '}']).to_owned();
            let word = value.split([',', '#', '}']).next().unwrap_or_default();
            plain(key) == "kind" && matches!(plain(word).as_str(), "Secret" | "SecretList")
        },
    )
}

/// The lines that come and go. Equal lines at both ends are cut off first, which leaves one or
/// two lines of most edits.
fn changed(old: &str, new: &str) -> Vec<Hunk> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let ends = old.iter().rev().zip(new.iter().rev()).take(rest);
    let end = ends.take_while(|(old, new)| old == new).count();
    let middle = (&old[same..old.len() - end], &new[same..new.len() - end]);
    if middle.0.is_empty() && middle.1.is_empty() {
        return vec![Hunk { place: "line breaks".to_owned(), lines: Vec::new() }];
    }
    let hunk = |range: (usize, usize, usize, usize)| {
        let (old_from, old_to, new_from, new_to) = range;
        let signed = |sign, lines: &[&str]| -> Vec<(Sign, String)> {
            lines.iter().map(|line| (sign, (*line).to_owned())).collect()
        };
        let mut lines = signed(Sign::Removed, &middle.0[old_from..old_to]);
        lines.extend(signed(Sign::Added, &middle.1[new_from..new_to]));
        let place = match old_from < old_to {
            true => place(&old, same + old_from),
            false => place(&new, same + new_from),
        };
        Hunk { place, lines }
    };
    if middle.0.is_empty() || middle.1.is_empty() || middle.0.len() + middle.1.len() == 2 {
        return vec![hunk((0, middle.0.len(), 0, middle.1.len()))];
    }
    let diff = TextDiff::from_slices(middle.0, middle.1);
    let differing = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let ranges = differing.map(|op| {
        let (old, new) = (op.old_range(), op.new_range());
        (old.start, old.end, new.start, new.end)
    });
    ranges.map(hunk).collect()
}

/// The keys that a line of YAML stands below, with its position in each list. Of another text
/// the lines above it that are indented less.
fn place(lines: &[&str], at: usize) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_item = |line: &str| line.trim_start().starts_with("- ") || line.trim() == "-";
    let mut path: Vec<String> = Vec::new();
    let Some(line) = lines.get(at) else { return String::new() };
    let (mut level, mut in_list, mut n_items) = (indent(line), is_item(line), 0);
    for line in lines[..at].iter().rev().filter(|line| !line.trim().is_empty()) {
        let here = indent(line);
        if here == level && in_list {
            if is_item(line) {
                n_items += 1;
                continue;
            }
            // A list stands at the indentation of its key.
            path.push(format!("{}[{n_items}]", key_of(line)));
            (in_list, n_items) = (false, 0);
        } else if here < level {
            if in_list {
                path.push(format!("[{n_items}]"));
            }
            if !is_item(line) {
                path.push(key_of(line).to_owned());
            }
            (level, in_list, n_items) = (here, is_item(line), 0);
        } else if line.trim() == "---" {
            break;
        }
        if level == 0 && !in_list {
            break;
        }
    }
    path.reverse();
    path.join(".")
}

fn key_of(line: &str) -> &str {
    line.trim().split(':').next().unwrap_or_default()
}

/// The lines of a difference as they are shown, with those around them.
pub(super) fn shown(old: &str, new: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(Line { sign: Sign::Gap, text: String::new() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Context,
                ChangeTag::Delete => Sign::Removed,
                ChangeTag::Insert => Sign::Added,
            };
            let text = change.value().strip_suffix('\n').unwrap_or(change.value()).to_owned();
            lines.push(Line { sign, text });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_seen_in_every_spelling() {
        for text in [
            "kind: Secret",
            "- kind: \"Secret\" # x",
            "{kind: Secret, data: {}}",
            "kind:  'SecretList'",
        ] {
            assert!(is_secret(text), "{text}");
        }
        for text in ["kind: SecretStore", "# kinds: Secret", "name: Secret", "kind: ExternalSecret"]
        {
            assert!(!is_secret(text), "{text}");
        }
    }

    #[test]
    fn a_place_is_the_keys_above_and_the_position_in_lists() {
        let text = "spec:\n  template:\n    containers:\n    - name: a\n      image: x\n    \
                    - name: b\n      image: x\n";
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(place(&lines, 0), "");
        assert_eq!(place(&lines, 1), "spec");
        assert_eq!(place(&lines, 4), "spec.template.containers[0]");
        assert_eq!(place(&lines, 6), "spec.template.containers[1]");
    }

    #[test]
    fn equal_lines_at_other_places_are_other_changes() {
        let text = |a: &str, b: &str| {
            format!("containers:\n- name: a\n  image: {a}\n- name: b\n  image: {b}\n")
        };
        let first = changed(&text("1", "1"), &text("2", "1"));
        let second = changed(&text("1", "1"), &text("1", "2"));
        assert_ne!(first, second);
        let both = changed(&text("1", "1"), &text("2", "2"));
        assert_eq!(both, [first, second].concat());
    }
}
