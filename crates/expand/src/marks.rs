//! Placeholders spelled differently, so that it can be seen what depends on their spelling.
//!
//! A marked placeholder is the placeholder with a tail: `rea.cluster.city` becomes
//! `rea.cluster.city000...0007z`. It stays one word of the same letters, so that programs quote it
//! as before; zeros sort before every other letter of a key, so that the order of placeholders
//! stays; and it is longer than what is commonly cut off (63 characters, the length of a label),
//! so that a cut shows.

use model::ExpansionRequest;

/// How many zeros a tail starts with.
const ZEROS: usize = 64;

/// Which placeholders are marked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Marked<'a> {
    /// None.
    None,
    /// All.
    All,
    /// Those with this text.
    Named(&'a str),
}

impl Marked<'_> {
    fn holds(self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(one) => one == name,
        }
    }
}

/// The files of a request with placeholders marked.
pub(crate) fn mark(request: &ExpansionRequest, marked: Marked<'_>) -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = Vec::with_capacity(request.files.len());
    for (input, file) in request.files.iter().enumerate() {
        let (mut bytes, mut at) = (Vec::with_capacity(file.bytes.len()), 0);
        let here = request.placeholders.iter().filter(|one| one.input == input);
        for placeholder in here.filter(|one| marked.holds(&one.name)) {
            bytes.extend_from_slice(&file.bytes[at..placeholder.range.end]);
            bytes.extend_from_slice(tail(placeholder.group).as_bytes());
            at = placeholder.range.end;
        }
        bytes.extend_from_slice(&file.bytes[at..]);
        contents.push(bytes);
    }
    contents
}

/// The marked text of a placeholder of a group.
pub(crate) fn marked_name(name: &str, group: u32) -> String {
    format!("{name}{}", tail(group))
}

fn tail(group: u32) -> String {
    format!("{:0>ZEROS$}{group:04}z", "")
}

/// An output with every mark taken off again.
pub(crate) fn unmark(request: &ExpansionRequest, output: &str) -> String {
    let zeros = "0".repeat(ZEROS);
    let mut text = output.to_owned();
    let mut seen = std::collections::BTreeSet::new();
    for placeholder in &request.placeholders {
        // Most outputs hold few of the marks, and looking for the zeros first is cheap.
        if !text.contains(&zeros) {
            break;
        }
        if seen.insert((&placeholder.name, placeholder.group)) {
            text =
                text.replace(&marked_name(&placeholder.name, placeholder.group), &placeholder.name);
        }
    }
    text
}

/// Whether a marked placeholder stands glued to a letter, a digit or an underscore somewhere, so
/// that it is another placeholder, or none.
pub(crate) fn is_glued(name: &str, group: u32, output: &str) -> bool {
    let marked = marked_name(name, group);
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    output.match_indices(&marked).any(|(at, _)| {
        let before = output[..at].chars().next_back();
        let after = output[at + marked.len()..].chars().next();
        before.is_some_and(is_letter) || after.is_some_and(is_letter)
    })
}

#[cfg(test)]
mod tests {
    use model::{FileId, InputFile, InputPlaceholder, Program, Span, hash_blob};

    use super::*;

    fn request(text: &str, names: &[&str]) -> ExpansionRequest {
        let placeholder = |(group, name): (u32, &&str)| InputPlaceholder {
            input: 0,
            range: text.find(*name).unwrap()..text.find(*name).unwrap() + name.len(),
            name: (*name).into(),
            group,
            required: true,
        };
        let bytes: std::sync::Arc<[u8]> = text.as_bytes().into();
        let id = hash_blob(&[text.as_bytes()]);
        ExpansionRequest {
            program: Program::Kustomize,
            template: "apps/web".into(),
            entry: "".into(),
            release: None,
            files: vec![InputFile { path: "a.yaml".into(), file: FileId(0), id, bytes }],
            placeholders: (0..).zip(names).map(placeholder).collect(),
            place: Span::new(FileId(0), 0, 0),
        }
    }

    #[test]
    fn marks_come_off_again() {
        let text = "b: rea.cluster.city0\na: rea.cluster.city rea.cluster.x\n";
        let request = request(text, &["rea.cluster.city0", "rea.cluster.city ", "rea.cluster.x"]);
        let marked = String::from_utf8(mark(&request, Marked::All).remove(0)).unwrap();
        assert_ne!(marked, text);
        assert_eq!(unmark(&request, &marked), text);
        assert_eq!(mark(&request, Marked::None)[0], text.as_bytes());
        let one = mark(&request, Marked::Named("rea.cluster.x")).remove(0);
        assert_eq!(
            String::from_utf8(one).unwrap(),
            text.replace("x\n", &format!("x{}\n", tail(2)))
        );
    }

    #[test]
    fn letters_beside_a_placeholder_are_seen() {
        let marked = marked_name("rea.cluster.x", 1);
        for (text, glued) in [
            ("{}", false),
            ("-{}.b", false),
            ("a{}", true),
            ("{}_", true),
            ("{} {}9", true),
            ("", false),
        ] {
            assert_eq!(is_glued("rea.cluster.x", 1, &text.replace("{}", &marked)), glued, "{text}");
        }
    }
}
