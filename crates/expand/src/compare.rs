//! Where two builds differ.
//!
//! Compared is what YAML reads, not how it is written: a longer placeholder may be folded into
//! another line.

use schema::yaml::{Content, Node};

use crate::documents::Document;

/// The first place where two builds differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The object in the first of them.
    object: Option<String>,
    /// The keys that lead to it.
    path: String,
}

impl Difference {
    /// The place in words.
    pub(crate) fn describe(&self) -> String {
        match (&self.object, self.path.is_empty()) {
            (Some(object), false) => format!("`{}` of `{object}`", self.path),
            (Some(object), true) => format!("`{object}`"),
            (None, _) => "the number of objects".to_owned(),
        }
    }
}

/// The first place where two lists of documents differ.
pub(crate) fn difference(one: &[Document], other: &[Document]) -> Option<Difference> {
    for (one, other) in one.iter().zip(other) {
        for (node, twin) in one.stream.documents.iter().zip(&other.stream.documents) {
            let mut path = Vec::new();
            if differ(node, twin, &mut path) {
                return Some(Difference { object: one.object.clone(), path: path.concat() });
            }
        }
    }
    let longer = if one.len() > other.len() { one } else { other };
    let first = longer.get(one.len().min(other.len()))?;
    Some(Difference { object: first.object.clone(), path: String::new() })
}

/// Whether two nodes differ; `path` then leads to where they do.
fn differ(one: &Node, other: &Node, path: &mut Vec<String>) -> bool {
    match (&one.content, &other.content) {
        (Content::Scalar { text, .. }, Content::Scalar { text: twin, .. }) => text != twin,
        (Content::Sequence { items, .. }, Content::Sequence { items: twins, .. }) => {
            let step = |index: usize| format!("[{index}]");
            let nodes = items.iter().zip(twins).enumerate();
            nodes.into_iter().any(|(at, (one, other))| descend(step(at), one, other, path))
                || items.len() != twins.len()
        }
        (Content::Mapping { pairs, .. }, Content::Mapping { pairs: twins, .. }) => {
            for ((key, value), (twin_key, twin)) in pairs.iter().zip(twins) {
                let name = key.as_str().unwrap_or_default();
                let dot = if path.is_empty() { "" } else { "." };
                let step = format!("{dot}{name}");
                if descend(step.clone(), key, twin_key, path) || descend(step, value, twin, path) {
                    return true;
                }
            }
            pairs.len() != twins.len()
        }
        (one, other) => one != other,
    }
}

fn descend(step: String, one: &Node, other: &Node, path: &mut Vec<String>) -> bool {
    path.push(step);
    let differs = differ(one, other, path);
    if !differs {
        path.pop();
    }
    differs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::documents;

    fn compare(one: &str, other: &str) -> Option<String> {
        let read = |text: &str| documents(text).unwrap();
        difference(&read(one), &read(other)).map(|found| found.describe())
    }

    #[test]
    fn a_difference_is_found_by_its_object_and_keys() {
        let object = |rest: &str| format!("kind: A\nmetadata:\n  name: a\n{rest}");
        let one = object("spec: {b: [1, {c: x y}]}\n");
        assert_eq!(compare(&one, &one), None);
        assert_eq!(compare(&one, &object("spec:\n  b:\n  - '1'\n  - c: \"x\n      y\"\n")), None);
        let at = |rest: &str| compare(&one, &object(rest));
        assert_eq!(at("spec: {b: [1, {c: z}]}\n").as_deref(), Some("`spec.b[1].c` of `A a`"));
        assert_eq!(at("spec: {b: [1]}\n").as_deref(), Some("`spec.b` of `A a`"));
        assert_eq!(at("spac: {}\n").as_deref(), Some("`spec` of `A a`"));
        assert_eq!(at("").as_deref(), Some("`A a`"));
    }

    #[test]
    fn objects_more_or_less_are_a_difference() {
        let (one, two) = ("kind: A\nmetadata: {name: a}\n", "---\nkind: B\nmetadata: {name: b}\n");
        assert_eq!(compare(one, &format!("{one}{two}")).as_deref(), Some("`B b`"));
        assert_eq!(compare(&format!("{one}{two}"), one).as_deref(), Some("`B b`"));
        assert_eq!(compare(one, "# nothing\n").as_deref(), Some("`A a`"));
    }
}
