//! The known word that is nearest to one that was typed, for hints.
//!
//! In: a word and the words that would have been right. Out: the one that was probably meant.

/// Longer words are not compared; no name or field is longer.
const LONGEST: usize = 200;

/// More changes than this make another word, however long the word is.
const MOST: usize = 4;

/// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours
/// (Damerau and Levenshtein's distance) to the word, unless all are far from it: more than a
/// third of the word, or more than `MOST`. Case does not count. Of equally near ones the first.
///
/// The names of a large fleet are candidates too: those that cannot be near are not measured.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = lower(word);
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let mut limit = (word.len() / 3).clamp(1, MOST);
    let (mut near, mut longer) = (None, None);
    for candidate in candidates {
        let letters = lower(candidate);
        if letters == word {
            return Some(candidate);
        }
        // The start of a longer word, as in `meta` for `metadata`, is near unless another is.
        if longer.is_none() && word.len() >= 3 && letters.starts_with(&word) {
            longer = Some(candidate);
        } else if let Some(distance) = distance_up_to(&word, &letters, limit) {
            (near, limit) = (Some(candidate), distance.saturating_sub(1));
        }
    }
    near.or(longer)
}

/// The hint with the nearest candidate, or else with all of them if they are few.
#[must_use]
pub fn hint<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let known: Vec<String> = candidates.into_iter().take(13).map(|c| format!("`{c}`")).collect();
    match known.len() {
        0 | 13.. => None,
        1 => Some(format!("only {} is known here", known[0])),
        _ => Some(format!("known here are {}", known.join(", "))),
    }
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect()
}

/// Optimal string alignment: three rows are enough. Nothing if the distance is above the limit.
fn distance_up_to(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit || b.len() > LONGEST {
        return None;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        if row.iter().all(|cost| *cost > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_what_was_probably_meant() {
        let fields = ["clusters", "values", "namespace", "template", "timeZone"];
        let cases = [
            ("cluster", Some("clusters")),
            ("temp", Some("template")),
            ("vaules", Some("values")),
            ("timezone", Some("timeZone")),
            ("tempalte", Some("template")),
            ("colour", None),
            ("", None),
            ("x", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, fields), expected, "{word}");
        }
    }

    #[test]
    fn prefers_the_nearer_and_of_equals_the_first() {
        let words = ["central", "east", "west", "ring"];
        for (word, expected) in [("rings", Some("ring")), ("wset", Some("west")), ("far", None)] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
        assert_eq!(nearest("Central", ["centra", "central"]), Some("central"));
        assert_eq!(nearest("region-1", ["region-22", "region-2", "region-3"]), Some("region-2"));
        assert_eq!(nearest(&"a".repeat(10_000), ["a"]), None);
    }
}
