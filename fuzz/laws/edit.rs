//! An edit says what was meant, or is refused; making it twice is making it once.
//!
//! The first line of the input is `<action> <path> <value>` (`set spec.values.tax 9.45`), the
//! rest is the file. Parts of the path are keys, or positions where they are numbers.

use model::Scalar;
use schema::edit::{Action, Change, DocumentRef, PathPart, edit, encode};

fn change(line: &str) -> Option<Change> {
    let (action, rest) = line.split_once(' ')?;
    let (path, value) = rest.split_once(' ')?;
    let part = |part: &str| match part.parse() {
        Ok(index) => PathPart::Index(index),
        Err(_) => PathPart::Key(part.into()),
    };
    let value = encode(&Scalar::string(value));
    let mut path: Vec<PathPart> = path.split('.').map(part).collect();
    let action = match action {
        "set" => Action::Set(value.into()),
        "remove" => Action::Remove,
        "append" => Action::Append(value.into()),
        "insert" => match path.pop()? {
            PathPart::Key(key) => Action::Insert { key, value: value.into() },
            PathPart::Index(_) => return None,
        },
        _ => return None,
    };
    Some(Change { document: DocumentRef::Index(0), path, action })
}

/// Panics where the law does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(input) = std::str::from_utf8(bytes) else { return };
    let Some((line, text)) = input.split_once('\n') else { return };
    let Some(change) = change(line) else { return };
    let Ok(edited) = edit(text, None, std::slice::from_ref(&change)) else { return };
    if matches!(change.action, Action::Set(_)) {
        let again = edit(&edited, None, &[change]).expect("what was set can be set");
        assert_eq!(again, edited, "setting the same again changes nothing");
    }
}
