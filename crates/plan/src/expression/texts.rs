//! Distinct texts in order, laid out one after the other.

use std::ops::Range;

use super::Pattern;

/// Distinct texts, sorted; a position here is an id elsewhere. They stand in one string, so that
/// a search by pattern reads memory from front to back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    joined: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Takes texts that are sorted and distinct.
    #[must_use]
    pub fn from_sorted<'a>(sorted: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts = Self::default();
        for text in sorted {
            texts.joined.push_str(text);
            texts.ends.push(texts.joined.len() as u32);
        }
        texts
    }

    /// Removes the text at a position.
    pub(crate) fn remove(&mut self, index: usize) {
        let n_bytes = self.get(index).len();
        let start = self.ends[index] as usize - n_bytes;
        self.joined.replace_range(start..start + n_bytes, "");
        self.ends.remove(index);
        self.ends[index..].iter_mut().for_each(|end| *end -= n_bytes as u32);
    }

    /// Inserts a text that is not there yet, and answers its position.
    pub(crate) fn insert(&mut self, text: &str) -> usize {
        let index = self.first(|candidate| candidate >= text);
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.joined.insert_str(start, text);
        self.ends.insert(index, start as u32);
        self.ends[index..].iter_mut().for_each(|end| *end += text.len() as u32);
        index
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at a position; the empty text past the last.
    #[must_use]
    pub fn get(&self, index: usize) -> &str {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).map_or(self.joined.len(), |end| *end as usize),
        };
        let end = self.ends.get(index).map_or(start, |end| *end as usize);
        &self.joined[start..end]
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The position of a text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<usize> {
        let index = self.first(|candidate| candidate >= text);
        (index < self.len() && self.get(index) == text).then_some(index)
    }

    /// The positions of the texts that match, in order.
    #[must_use]
    pub fn matching(&self, pattern: &Pattern) -> Vec<usize> {
        if pattern.prefix().is_empty() {
            return self.holding(pattern);
        }
        let candidates = self.starting_with(pattern.prefix());
        candidates.filter(|index| pattern.matches(self.get(*index))).collect()
    }

    /// The matches of a pattern that starts with a wildcard: its longest run is looked for in all
    /// texts at once, which reads gigabytes in a second, and only where it stands is a text
    /// looked at.
    fn holding(&self, pattern: &Pattern) -> Vec<usize> {
        let longest = pattern.runs().iter().max_by_key(|run| run.len()).map_or("", |run| run);
        if longest.is_empty() {
            return (0..self.len()).filter(|index| pattern.matches(self.get(*index))).collect();
        }
        let finder = memchr::memmem::Finder::new(longest);
        let (mut found, mut index, mut from) = (Vec::new(), 0, 0);
        while let Some(offset) = finder.find(&self.joined.as_bytes()[from..]) {
            let at = from + offset;
            while self.ends[index] as usize <= at {
                index += 1;
            }
            // What starts here and ends in the next text is no match, and what follows it in
            // this text would end there too.
            if pattern.matches(self.get(index)) {
                found.push(index);
            }
            from = self.ends[index] as usize;
        }
        found
    }

    fn starting_with(&self, prefix: &str) -> Range<usize> {
        let start = self.first(|candidate| candidate >= prefix);
        let head = |candidate: &str| candidate.len().min(prefix.len());
        let end = self.first(|text| text.as_bytes()[..head(text)] > *prefix.as_bytes());
        start..end
    }

    /// The first position from which on the condition holds.
    fn first(&self, holds: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.get(middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_name_and_by_pattern() {
        let texts = Texts::from_sorted(["", "a", "ab", "abc", "b", "bc"]);
        assert_eq!(texts.find(""), Some(0));
        assert_eq!(texts.find("abc"), Some(3));
        assert_eq!(texts.find("abcd"), None);
        assert_eq!(texts.find("c"), None);
        let matching = |runs: &[&str]| texts.matching(&Pattern::new(runs.iter().copied()));
        assert_eq!(matching(&["a", ""]), [1, 2, 3]);
        assert_eq!(matching(&["", "c"]), [3, 5]);
        assert_eq!(matching(&["", ""]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(matching(&["x", ""]), Vec::<usize>::new());
        assert_eq!(matching(&["", "b", ""]), [2, 3, 4, 5]);
        assert_eq!(matching(&["", "ba", ""]), Vec::<usize>::new(), "across two texts");
        assert_eq!(matching(&["", "b", "c"]), [3, 5]);
        assert_eq!(matching(&[""]), [0]);
    }

    #[test]
    fn texts_that_come_and_go_leave_the_others_where_they_were() {
        let mut texts = Texts::from_sorted(["", "a", "abc", "b"]);
        assert_eq!(texts.insert("ab"), 2);
        assert_eq!(texts.insert("zz"), 5);
        assert_eq!(texts, Texts::from_sorted(["", "a", "ab", "abc", "b", "zz"]));
        texts.remove(0);
        texts.remove(4);
        texts.remove(1);
        assert_eq!(texts, Texts::from_sorted(["a", "abc", "b"]));
        assert_eq!(texts.insert(""), 0);
        assert_eq!(texts, Texts::from_sorted(["", "a", "abc", "b"]));
    }
}
