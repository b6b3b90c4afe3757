//! Folders of the source, folders of the delivery, and branches.

use super::{Fault, Syntax, quoted};
use crate::codes::{INVALID_VALUE, PATH_LEAVES_SOURCE, RESERVED_NAME};

/// A folder of the source.
pub static TEMPLATE: Syntax = Syntax {
    name: "a folder of the source",
    pattern: "^[^/\\\\]+(/[^/\\\\]+)*$",
    words: &[],
    check: template,
};

/// A folder of the delivery; empty for its root.
pub static FOLDER: Syntax = Syntax {
    name: "a folder",
    pattern: "^([^/\\\\]+(/[^/\\\\]+)*)?$",
    words: &[],
    check: |text| if text.is_empty() { Ok(()) } else { folder(text) },
};

/// A branch, without `refs/heads/`.
pub static BRANCH: Syntax = Syntax { name: "a branch", pattern: "", words: &[], check: branch };

fn template(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::new(&INVALID_VALUE, "a template path must not be empty")
            .hint("write a folder, as in `apps/go-vote`"));
    }
    folder(text)
}

fn folder(text: &str) -> Result<(), Fault> {
    let clean: Vec<&str> =
        text.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let leaves = |why: &str| {
        let fault = Fault::new(&PATH_LEAVES_SOURCE, format!("the path {} {why}", quoted(text)));
        let is_harmless =
            !text.starts_with(['/', '~']) && !text.contains("..") && !text.contains(':');
        Err(fault.hint(match is_harmless && !clean.is_empty() {
            true => format!("write `{}`", clean.join("/").chars().take(80).collect::<String>()),
            false => "write a folder from the root, as in `apps/go-vote`".to_owned(),
        }))
    };
    if text.starts_with(['/', '~']) {
        return leaves("is absolute");
    }
    if text.contains('\\') || text.as_bytes().get(1) == Some(&b':') {
        return leaves("is not written with `/`");
    }
    if text.split('/').any(|part| part == "..") {
        return leaves("leaves its folder");
    }
    if text.split('/').any(|part| part == ".") {
        return leaves("has a part `.`");
    }
    if text.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        let fault =
            Fault::new(&PATH_LEAVES_SOURCE, format!("the path {} leads into `.git`", quoted(text)));
        return Err(fault.hint("write a folder of the source"));
    }
    if text.split('/').any(str::is_empty) {
        let message = format!("the path {} has an empty part", quoted(text));
        let path: String = clean.join("/").chars().take(80).collect();
        return Err(Fault::new(&INVALID_VALUE, message).hint(format!("write `{path}`")));
    }
    if text.chars().any(char::is_control) || text.len() > 1024 {
        let message = format!("the path {} has control characters or is too long", quoted(text));
        return Err(Fault::new(&INVALID_VALUE, message).hint("rename the folder"));
    }
    Ok(())
}

/// The rules of `git check-ref-format --branch`
/// (<https://git-scm.com/docs/git-check-ref-format>), and none of our own branches.
fn branch(text: &str) -> Result<(), Fault> {
    let fault = |why: &str| {
        Fault::new(&INVALID_VALUE, format!("{} is no name of a branch: {why}", quoted(text)))
    };
    if let Some(name) = text.strip_prefix("refs/heads/") {
        return Err(fault("it is a whole ref").hint(format!("write `{name}`")));
    }
    if text == "res-edge/ledger" || text.starts_with("clusters/") {
        let message = format!("the branch {} is written by Res-Edge itself", quoted(text));
        return Err(Fault::new(&RESERVED_NAME, message).hint("choose another branch"));
    }
    match broken_rule(text) {
        Some(why) => Err(fault(why).hint("write a branch as in `deploy`")),
        None => Ok(()),
    }
}

fn broken_rule(text: &str) -> Option<&'static str> {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if text.is_empty() || text == "@" || text == "HEAD" {
        return Some("it is empty, `@` or `HEAD`");
    }
    if text.len() > 200 {
        return Some("it is too long");
    }
    if text.chars().any(bad) || text.contains("..") || text.contains("@{") {
        return Some("it holds a space, a control character, `..`, `@{` or one of `~^:?*[\\`");
    }
    if text.starts_with('-') || text.ends_with('.') {
        return Some("it starts with `-` or ends with `.`");
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if text.split('/').any(bad_part) {
        return Some("a part of it is empty, starts with `.` or ends with `.lock`");
    }
    None
}
