//! Edits of generated documents: what was meant is said, and the rest stays byte for byte.

use model::Scalar;
use proptest::prelude::*;
use schema::edit::{Action, Change, DocumentRef, EditError, PathPart, edit, encode};
use schema::yaml::{Limits, Node, parse};

/// What a document says.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Leaf(String),
    Seq(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let words =
        ["x", "a b", "it's", "q\"t", "# h", "1", "", "yes", "/g/a and not /c/b", "l1\nl2\n", "é"];
    let leaf = prop::sample::select(words.to_vec()).prop_map(|text| Tree::Leaf(text.to_owned()));
    leaf.prop_recursive(3, 24, 4, |inner| {
        let map = prop::collection::vec(inner.clone(), 0..4).prop_map(|values| {
            let key = |index: usize| ["k", "second key", "3", "x.y"][index].to_owned();
            Tree::Map(values.into_iter().enumerate().map(|(i, value)| (key(i), value)).collect())
        });
        prop_oneof![map, prop::collection::vec(inner, 0..4).prop_map(Tree::Seq)]
    })
}

/// Writes a tree in styles that are chosen by a list of numbers.
struct Writer<'a> {
    choices: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    text: String,
    n_comments: usize,
}

impl Writer<'_> {
    fn choose(&mut self, n: u8) -> u8 {
        self.choices.next().copied().unwrap_or(0) % n
    }

    fn comment(&mut self) -> String {
        self.n_comments += 1;
        format!("# c{}.", self.n_comments)
    }

    fn end_line(&mut self) {
        if self.choose(3) == 0 {
            let comment = self.comment();
            self.text += &format!("  {comment}");
        }
        self.text.push('\n');
    }

    fn scalar(&mut self, text: &str) -> String {
        let plain = encode(&Scalar::string(text));
        match self.choose(3) {
            0 if !text.contains('\n') => format!("'{}'", text.replace('\'', "''")),
            1 if !text.contains(['\n', '"']) => format!("\"{text}\""),
            _ => plain,
        }
    }

    fn flow(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Leaf(text) => self.scalar(text),
            Tree::Seq(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Tree::Map(pairs) => {
                let pair = |(key, value): &(String, Tree)| {
                    format!("{}: {}", self.scalar(key), self.flow(value))
                };
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(",  "))
            }
        }
    }

    /// A value after its key or dash; the cursor is behind the `:` or `-`.
    fn value(&mut self, tree: &Tree, indent: usize, is_item: bool) {
        let is_empty = match tree {
            Tree::Leaf(_) => true,
            Tree::Seq(items) => items.is_empty(),
            Tree::Map(pairs) => pairs.is_empty(),
        };
        match tree {
            Tree::Leaf(text) if text.ends_with('\n') && self.choose(2) == 0 => {
                let body: String = text
                    .lines()
                    .map(|line| format!("{}{line}\n", " ".repeat(indent + 2)))
                    .collect();
                self.text += &format!(" |\n{body}");
            }
            _ if is_empty || self.choose(4) == 0 => {
                let flow = self.flow(tree);
                self.text += &format!(" {flow}");
                self.end_line();
            }
            Tree::Map(pairs) if is_item && self.choose(2) == 0 => {
                self.text.push(' ');
                self.pairs(pairs, indent + 2, true);
            }
            Tree::Map(pairs) => {
                self.end_line();
                self.pairs(pairs, indent + 2, false);
            }
            Tree::Seq(items) => {
                self.end_line();
                let deeper = if is_item { 2 } else { 2 * usize::from(self.choose(2)) };
                self.items(items, indent + deeper);
            }
            Tree::Leaf(_) => unreachable!(),
        }
    }

    fn between(&mut self, indent: usize) {
        match self.choose(5) {
            0 => {
                let comment = self.comment();
                self.text += &format!("{}{comment}\n", " ".repeat(indent));
            }
            1 => self.text.push('\n'),
            _ => {}
        }
    }

    fn pairs(&mut self, pairs: &[(String, Tree)], indent: usize, mut is_inline: bool) {
        for (key, value) in pairs {
            if !is_inline {
                self.between(indent);
                self.text += &" ".repeat(indent);
            }
            is_inline = false;
            let key = self.scalar(key);
            self.text += &format!("{key}:");
            self.value(value, indent, false);
        }
    }

    fn items(&mut self, items: &[Tree], indent: usize) {
        for item in items {
            self.between(indent);
            self.text += &format!("{}-", " ".repeat(indent));
            self.value(item, indent, true);
        }
    }
}

/// A text that says the tree.
fn write(tree: &Tree, choices: &[u8]) -> String {
    let mut writer = Writer { choices: choices.iter().cycle(), text: String::new(), n_comments: 0 };
    let is_crlf = writer.choose(4) == 0;
    writer.between(0);
    match tree {
        Tree::Map(pairs) if !pairs.is_empty() => writer.pairs(pairs, 0, false),
        Tree::Seq(items) if !items.is_empty() => writer.items(items, 0),
        other => {
            let flow = writer.flow(other);
            writer.text += &flow;
            writer.end_line();
        }
    }
    writer.between(0);
    if writer.choose(6) == 0 && writer.text.ends_with('\n') && !writer.text.ends_with("l2\n") {
        writer.text.pop();
    }
    if is_crlf { writer.text.replace('\n', "\r\n") } else { writer.text }
}

fn said(node: &Node) -> Tree {
    if let Some(pairs) = node.pairs() {
        let pair =
            |(key, value): &(Node, Node)| (key.as_str().unwrap_or("?").to_owned(), said(value));
        return Tree::Map(pairs.iter().map(pair).collect());
    }
    if let Some(items) = node.items() {
        return Tree::Seq(items.iter().map(said).collect());
    }
    Tree::Leaf(node.as_str().unwrap_or("?").to_owned())
}

fn read(text: &str) -> Tree {
    let stream = parse(text, &Limits::INVENTORY).unwrap_or_else(|error| panic!("{text}\n{error}"));
    stream.documents.first().map_or(Tree::Leaf(String::new()), said)
}

/// A path into the tree, chosen by numbers.
fn walk(tree: &Tree, steps: &[u8]) -> Vec<PathPart> {
    let (Some(step), false) = (steps.first(), matches!(tree, Tree::Leaf(_))) else {
        return Vec::new();
    };
    let (part, next) = match tree {
        Tree::Map(pairs) if !pairs.is_empty() => {
            let (key, value) = &pairs[*step as usize % pairs.len()];
            (PathPart::Key(key.as_str().into()), value)
        }
        Tree::Seq(items) if !items.is_empty() => {
            let index = *step as usize % items.len();
            (PathPart::Index(index), &items[index])
        }
        _ => return Vec::new(),
    };
    let mut path = vec![part];
    path.extend(walk(next, &steps[1..]));
    path
}

fn at<'t>(tree: &'t mut Tree, path: &[PathPart]) -> &'t mut Tree {
    let Some((first, rest)) = path.split_first() else { return tree };
    match (tree, first) {
        (Tree::Map(pairs), PathPart::Key(name)) => {
            let pair = pairs.iter_mut().find(|(key, _)| **key == **name).expect("the key is there");
            at(&mut pair.1, rest)
        }
        (Tree::Seq(items), PathPart::Index(index)) => at(&mut items[*index], rest),
        _ => panic!("the path leads nowhere"),
    }
}

/// The action that a number chooses at a path, and the tree after it.
fn meant(tree: &Tree, path: &[PathPart], what: u8) -> Option<(Action, Tree)> {
    let mut after = tree.clone();
    let action = match what {
        0 => {
            *at(&mut after, path) = Tree::Leaf("new: it".to_owned());
            Action::Set("\"new: it\"".into())
        }
        1 => {
            let (last, parent) = path.split_last()?;
            match (at(&mut after, parent), last) {
                (Tree::Map(pairs), PathPart::Key(name)) => pairs.retain(|(key, _)| **key != **name),
                (Tree::Seq(items), PathPart::Index(index)) => drop(items.remove(*index)),
                _ => return None,
            }
            Action::Remove
        }
        _ => match at(&mut after, path) {
            Tree::Map(pairs) => {
                pairs.push(("zz".to_owned(), Tree::Seq(vec![Tree::Leaf("9".to_owned())])));
                Action::Insert { key: "zz".into(), value: "[9]".into() }
            }
            Tree::Seq(items) => {
                items.push(Tree::Leaf("9".to_owned()));
                Action::Append("9".into())
            }
            Tree::Leaf(_) => return None,
        },
    };
    Some((action, after))
}

fn node_at<'n>(node: &'n Node, path: &[PathPart]) -> &'n Node {
    path.iter().fold(node, |node, part| match part {
        PathPart::Key(name) => node.get(name).expect("the key is there"),
        PathPart::Index(index) => &node.items().expect("a sequence")[*index],
    })
}

/// The bytes that an edit of a node may touch: its lines, up to its key; for an addition nothing.
fn touched(text: &str, path: &[PathPart], action: &Action) -> std::ops::Range<usize> {
    let stream = parse(text, &Limits::INVENTORY).expect("it was parsed");
    let node = node_at(&stream.documents[0], path);
    let is_empty =
        node.pairs().is_some_and(<[_]>::is_empty) || node.items().is_some_and(<[_]>::is_empty);
    if matches!(action, Action::Insert { .. } | Action::Append(_)) && !is_empty {
        return text.len()..text.len();
    }
    let mut start = node.range.start;
    if let Some((last, parent)) = path.split_last() {
        let parent = node_at(&stream.documents[0], parent);
        let alone =
            parent.pairs().map(<[_]>::len) == Some(1) || parent.items().map(<[_]>::len) == Some(1);
        if *action == Action::Remove && alone {
            // An empty collection stands in place of the parent, after its key.
            return touched(text, &path[..path.len() - 1], &Action::Set("{}".into()));
        }
        start = match last {
            PathPart::Key(name) => {
                let pairs = parent.pairs().expect("a mapping");
                let index = pairs.iter().position(|(key, _)| key.as_str() == Some(name));
                let index = index.expect("the key is there");
                // The first key of an item gives its place, behind the dash, to the next.
                if *action == Action::Remove && index == 0 {
                    let start = line_start(text, pairs[0].0.range.start);
                    return start..pairs[1].0.range.start.max(next_line(text, node));
                }
                pairs[index].0.range.start
            }
            PathPart::Index(0) => parent.range.start,
            PathPart::Index(index) => {
                parent.items().map_or(start, |items| items[index - 1].range.end)
            }
        };
    }
    line_start(text, start)..next_line(text, node)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn next_line(text: &str, node: &Node) -> usize {
    text[node.range.end..].find('\n').map_or(text.len(), |at| node.range.end + at + 1)
}

proptest! {
    #![proptest_config(testkit::cases(1_000))]

    #[test]
    fn edits_say_what_was_meant_and_touch_nothing_else(
        tree in tree(),
        choices in prop::collection::vec(any::<u8>(), 40),
        steps in prop::collection::vec(any::<u8>(), 0..4),
        what in 0..3_u8,
    ) {
        let text = write(&tree, &choices);
        prop_assume!(!text.trim().is_empty());
        prop_assert_eq!(&read(&text), &tree, "the writer is wrong: {}", text);
        let path = walk(&tree, &steps);
        let Some((action, after)) = meant(&tree, &path, what) else { return Ok(()) };
        let change = Change { document: DocumentRef::Index(0), path: path.clone(), action: action.clone() };
        let edited = match edit(&text, None, &[change]) {
            Ok(edited) => edited,
            // A comment between the first key of an item and the next belongs to neither.
            Err(EditError::Layout(_)) if action == Action::Remove && text.contains('#') => return Ok(()),
            Err(error) => panic!("{path:?} {action:?}: {error}\n{text}"),
        };
        prop_assert_eq!(read(&edited), after, "{}\n=>\n{}", text, edited);
        let touched = touched(&text, &path, &action);
        let same_start = text.bytes().zip(edited.bytes()).take_while(|(a, b)| a == b).count();
        let same_end = text.bytes().rev().zip(edited.bytes().rev()).take_while(|(a, b)| a == b).count();
        let n_kept = (same_start + same_end).min(text.len());
        prop_assert!(n_kept + touched.len() >= text.len(), "{}\n=>\n{}", text, edited);
        prop_assert!(touched.is_empty() || same_start >= touched.start, "{}\n=>\n{}", text, edited);
        for comment in parse(&text, &Limits::INVENTORY).expect("parsed").comments {
            let kept = touched.contains(&comment.start) || edited.contains(&text[comment.clone()]);
            prop_assert!(kept, "{} is lost: {}\n=>\n{}", &text[comment], text, edited);
        }
    }
}
