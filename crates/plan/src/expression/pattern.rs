//! A text in which `*` stands for any run of characters.

/// Literal runs with a wildcard between every two of them; one run is an exact text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    runs: Vec<Box<str>>,
}

impl Pattern {
    /// A pattern that matches exactly this text, stars included.
    #[must_use]
    pub fn exact(text: &str) -> Self {
        Self { runs: vec![text.into()] }
    }

    /// A pattern of literal runs with a wildcard between each two; wildcards side by side are
    /// one. No runs at all match the empty text.
    #[must_use]
    pub fn new(runs: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        let all: Vec<Box<str>> = runs.into_iter().map(Into::into).collect();
        let last = all.len().saturating_sub(1);
        let keep = |(index, run): (usize, Box<str>)| {
            (index == 0 || index == last || !run.is_empty()).then_some(run)
        };
        let mut runs: Vec<Box<str>> = all.into_iter().enumerate().filter_map(keep).collect();
        if runs.is_empty() {
            runs.push("".into());
        }
        Self { runs }
    }

    /// The text, if there is no wildcard.
    #[must_use]
    pub fn as_exact(&self) -> Option<&str> {
        match self.runs.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }

    /// The literal runs.
    #[must_use]
    pub fn runs(&self) -> &[Box<str>] {
        &self.runs
    }

    /// What every match starts with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.runs.first().map_or("", |run| run)
    }

    /// Whether a text matches. Each run is looked for once, from left to right: that is enough,
    /// because a wildcard takes whatever stands before the first place a run is found.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.runs.as_slice() else {
            return self.as_exact() == Some(text);
        };
        // Most patterns have an empty first or last run, and comparing nothing costs a call too.
        let head = if first.is_empty() { Some(text) } else { text.strip_prefix(&**first) };
        let body = if last.is_empty() { head } else { head.and_then(|t| t.strip_suffix(&**last)) };
        let Some(mut rest) = body else { return false };
        for run in middle {
            let Some(at) = memchr::memmem::find(rest.as_bytes(), run.as_bytes()) else {
                return false;
            };
            rest = &rest[at + run.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn runs_match_in_order_and_never_overlap() {
        let rows: &[(&[&str], &str, bool)] = &[
            (&["nola"], "nola", true),
            (&["nola"], "nolas", false),
            (&["", ""], "", true),
            (&["a", "a"], "a", false),
            (&["a", "a"], "aa", true),
            (&["central-", "-23", ""], "central-la-2301", true),
            (&["central-", "-23", ""], "central-2301", false),
            (&["", "ab", "ab", ""], "abab", true),
            (&["", "ab", "ab", ""], "ab", false),
            (&["*"], "*", true),
            (&["*"], "x", false),
        ];
        for (runs, text, expected) in rows {
            let pattern = Pattern::new(runs.iter().copied());
            assert_eq!(pattern.matches(text), *expected, "{runs:?} against `{text}`");
        }
    }

    #[test]
    fn wildcards_side_by_side_are_one() {
        assert_eq!(Pattern::new(["a", "", "", "b"]), Pattern::new(["a", "b"]));
        assert_eq!(Pattern::new(["", "", ""]), Pattern::new(["", ""]));
        assert_eq!(Pattern::new(Vec::<&str>::new()), Pattern::exact(""));
    }
}
