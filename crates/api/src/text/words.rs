//! Small pieces of sentences: counts, lists of names, text made safe to show.

/// A count with its noun: `1 error`, `2 errors`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    match (n, noun) {
        (1, _) => format!("1 {noun}"),
        (_, noun) if noun.ends_with('y') && !noun.ends_with("ey") => {
            format!("{n} {}ies", &noun[..noun.len() - 1])
        }
        _ => format!("{n} {noun}s"),
    }
}

/// The first names of a list, and how many more there are: `a, b, c and 34 more`.
#[must_use]
pub fn some_of<S: AsRef<str>>(names: &[S], at_most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(at_most).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(shown.len());
    match rest {
        0 => shown.join(", "),
        _ => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// The text without characters that a terminal would obey: what a source holds is shown, never
/// run.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_lists() {
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(0, "key"), "0 keys");
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
