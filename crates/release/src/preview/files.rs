//! Files that differ between two trees, and the lines that differ between two files.
//!
//! Each pair of trees and each pair of files is looked at once, however many clusters have it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use model::{Mode, ObjectId};
use similar::{ChangeTag, TextDiff};

use super::{Contents, FileChange, Hidden, Line, Sign};

/// Larger files are not compared by lines: the time would grow with the product of their sizes.
const MAX_BYTES: usize = 256 * 1024;
const MAX_LINES: usize = 5_000;

/// How deep folders of a tree may lie in each other.
const MAX_DEPTH: usize = 50;

/// How many lines that stay are shown around those that change.
const CONTEXT: usize = 2;

/// One file on one side.
type Side = Option<(Mode, ObjectId)>;

/// A file that differs between two trees.
#[derive(Debug)]
pub(super) struct FilePair {
    /// The path below the tree.
    pub(super) path: String,
    /// The number of what differs: equal numbers are equal differences.
    pub(super) change: usize,
}

/// The tree before and after.
type TreePair = (Option<ObjectId>, Option<ObjectId>);

/// Compares, and remembers.
pub(super) struct Comparer<'a> {
    contents: &'a dyn Contents,
    trees: HashMap<TreePair, Rc<[FilePair]>>,
    files: HashMap<(Side, Side), usize>,
    numbers: HashMap<Key, usize>,
    changes: Vec<FileChange>,
}

/// What makes two differences equal: the lines that come and go, not those around them.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Added,
    Removed,
    Hidden(Hidden),
    Lines(Vec<(Sign, String)>),
}

impl<'a> Comparer<'a> {
    pub(super) fn new(contents: &'a dyn Contents) -> Self {
        let (trees, files, numbers) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { contents, trees, files, numbers, changes: Vec::new() }
    }

    /// The difference of that number.
    pub(super) fn change(&self, number: usize) -> &FileChange {
        &self.changes[number]
    }

    /// The files that differ between two trees, in the order of paths.
    pub(super) fn trees(&mut self, old: Option<ObjectId>, new: Option<ObjectId>) -> Rc<[FilePair]> {
        if let Some(found) = self.trees.get(&(old, new)) {
            return Rc::clone(found);
        }
        let mut pairs = Vec::new();
        self.walk((old, new), "", 0, &mut pairs);
        let pairs: Rc<[FilePair]> = pairs.into();
        self.trees.insert((old, new), Rc::clone(&pairs));
        pairs
    }

    fn walk(&mut self, sides: TreePair, prefix: &str, depth: usize, pairs: &mut Vec<FilePair>) {
        let entries = [sides.0, sides.1].map(|id| self.entries(id));
        let [Some(old), Some(new)] = entries else {
            let change = self.number(Key::Hidden(Hidden::Unread), Vec::new);
            let path = prefix.trim_end_matches('/').to_owned();
            return pairs.push(FilePair { path, change });
        };
        let mut names: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let sides = (old.get(name).copied(), new.get(name).copied());
            if sides.0 == sides.1 {
                continue;
            }
            let path = format!("{prefix}{name}");
            let folder = |side: Side| side.filter(|(mode, _)| *mode == Mode::Tree);
            let file = |side: Side| side.filter(|(mode, _)| *mode != Mode::Tree);
            let folders = (folder(sides.0).map(|side| side.1), folder(sides.1).map(|side| side.1));
            if folders != (None, None) && depth < MAX_DEPTH {
                self.walk(folders, &format!("{path}/"), depth + 1, pairs);
            } else if folders != (None, None) {
                let change = self.number(Key::Hidden(Hidden::TooLarge), Vec::new);
                pairs.push(FilePair { path: path.clone(), change });
            }
            let files = (file(sides.0), file(sides.1));
            if files != (None, None) {
                let change = self.files(files.0, files.1);
                pairs.push(FilePair { path, change });
            }
        }
    }

    /// The entries of a tree by name; an absent tree has none, an unread one is nothing.
    fn entries(&self, id: Option<ObjectId>) -> Option<BTreeMap<String, (Mode, ObjectId)>> {
        let Some(id) = id else { return Some(BTreeMap::new()) };
        let tree = self.contents.tree(id)?;
        let entries = tree.iter().map(|entry| (entry.name.to_string(), (entry.mode, entry.id)));
        Some(entries.collect())
    }

    /// The number of the difference between two files.
    pub(super) fn files(&mut self, old: Side, new: Side) -> usize {
        if let Some(number) = self.files.get(&(old, new)) {
            return *number;
        }
        let number = self.compare(old, new);
        self.files.insert((old, new), number);
        number
    }

    fn compare(&mut self, old: Side, new: Side) -> usize {
        let (old, new) = match (old, new) {
            (None, _) => return self.number(Key::Added, Vec::new),
            (_, None) => return self.number(Key::Removed, Vec::new),
            (Some((_, old)), Some((_, new))) => (old, new),
        };
        match self.lines(old, new) {
            Ok(lines) => {
                let counts = |line: &&Line| matches!(line.sign, Sign::Added | Sign::Removed);
                let key = lines.iter().filter(counts).map(|line| (line.sign, line.text.clone()));
                self.number(Key::Lines(key.collect()), || lines)
            }
            Err(hidden) => self.number(Key::Hidden(hidden), Vec::new),
        }
    }

    fn number(&mut self, key: Key, lines: impl FnOnce() -> Vec<Line>) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        self.changes.push(match &key {
            Key::Added => FileChange::Added,
            Key::Removed => FileChange::Removed,
            Key::Hidden(hidden) => FileChange::Hidden(*hidden),
            Key::Lines(_) => FileChange::Lines(lines()),
        });
        self.numbers.insert(key, self.changes.len() - 1);
        self.changes.len() - 1
    }

    fn lines(&self, old: ObjectId, new: ObjectId) -> Result<Vec<Line>, Hidden> {
        if old == new {
            return Err(Hidden::Mode);
        }
        let read = |id| self.contents.blob(id).ok_or(Hidden::Unread);
        let (old, new) = (read(old)?, read(new)?);
        if old.len().max(new.len()) > MAX_BYTES {
            return Err(Hidden::TooLarge);
        }
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Hidden::Binary);
        let (old, new) = (text(&old)?, text(&new)?);
        if is_secret(old) || is_secret(new) {
            return Err(Hidden::Secret);
        }
        if old.contains('\0') || new.contains('\0') {
            return Err(Hidden::Binary);
        }
        if old.lines().count().max(new.lines().count()) > MAX_LINES {
            return Err(Hidden::TooLarge);
        }
        Ok(hunks(old, new))
    }
}

/// Whether some document of the file is a Secret.
fn is_secret(text: &str) -> bool {
    text.lines().filter_map(|line| line.trim_start_matches(['-', ' ', '{']).split_once(':')).any(
        |(key, value)| {
            let plain = |text: &str| text.trim().trim_matches(['"', '\'', ',', '}']).to_owned();
            let word = value.split([',', '#', '}']).next().unwrap_or_default();
            plain(key) == "kind" && matches!(plain(word).as_str(), "Secret" | "SecretList")
        },
    )
}

fn hunks(old: &str, new: &str) -> Vec<Line> {
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
}
