//! The known name that a mistyped one most likely meant.

/// Names longer than this get no suggestion.
const MAX_CHARACTERS: usize = 200;

/// The nearest of the known names, if one is near enough to be meant. Of equally near ones, the
/// first.
pub(crate) fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = unknown.chars().take(MAX_CHARACTERS + 1).collect();
    if wanted.is_empty() || wanted.len() > MAX_CHARACTERS {
        return None;
    }
    let mut limit = (wanted.len() / 3).clamp(1, 4);
    let mut best = None;
    for candidate in known {
        if candidate.eq_ignore_ascii_case(unknown) {
            return Some(candidate);
        }
        if let Some(distance) = distance_up_to(&wanted, candidate, limit) {
            best = Some(candidate);
            if distance == 0 {
                break;
            }
            limit = distance - 1;
        }
    }
    best
}

/// The number of characters to insert, remove or replace to make one text of the other, or of
/// neighbours to swap; nothing if it is more than `limit`.
fn distance_up_to(wanted: &[char], candidate: &str, limit: usize) -> Option<usize> {
    let length = candidate.len().min(4 * MAX_CHARACTERS);
    if length + limit < wanted.len() || candidate.len() > (wanted.len() + limit) * 4 {
        return None;
    }
    let other: Vec<char> = candidate.chars().collect();
    if other.len().abs_diff(wanted.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in wanted.iter().enumerate() {
        let mut row = vec![i + 1; other.len() + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && wanted[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        if row.iter().all(|cost| *cost > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let known = ["central", "east", "west", "ring"];
        let rows = [
            ("centrla", Some("central")),
            ("Central", Some("central")),
            ("wset", Some("west")),
            ("rings", Some("ring")),
            ("", None),
            ("something", None),
        ];
        for (unknown, expected) in rows {
            assert_eq!(nearest(unknown, known.into_iter()), expected, "{unknown}");
        }
    }
}
