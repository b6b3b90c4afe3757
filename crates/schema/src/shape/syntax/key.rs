//! Keys of the user's choice.

use super::{Fault, Syntax, quoted};
use crate::codes::INVALID_KEY;

/// A key of a label, as Kubernetes has them.
pub static LABEL_KEY: Syntax = Syntax {
    name: "a label key",
    pattern: "^[A-Za-z0-9]([A-Za-z0-9_./-]{0,252}[A-Za-z0-9])?$",
    words: &[],
    check: label_key,
};

/// A key of a value, which a placeholder can hold.
pub static VALUE_KEY: Syntax =
    Syntax { name: "a value key", pattern: "^[A-Za-z0-9_]{1,253}$", words: &[], check: value_key };

/// The name of a resource, such as `memory` or `nvidia.com/gpu`.
pub static RESOURCE: Syntax = Syntax {
    name: "a resource name",
    pattern: "^[A-Za-z0-9]([A-Za-z0-9_./-]{0,252}[A-Za-z0-9])?$",
    words: &[],
    check: label_key,
};

fn label_key(text: &str) -> Result<(), Fault> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if text.len() <= 254
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().last())
    {
        return Ok(());
    }
    Err(Fault::new(&INVALID_KEY, format!("{} is no key", quoted(text))).hint(
        "a key starts and ends with a letter or a digit and holds letters, digits and `-_./`",
    ))
}

fn value_key(text: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !text.is_empty() && text.len() <= 253 && text.chars().all(allowed) {
        return Ok(());
    }
    let proposal: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    let fault = Fault::new(&INVALID_KEY, format!("{} cannot be the key of a value", quoted(text)));
    if text.len() > 253 || !proposal.contains(|c: char| c.is_ascii_alphanumeric()) {
        return Err(fault.hint("a key has 1 to 253 letters, digits and `_`"));
    }
    Err(fault.hint(format!("placeholders hold only letters, digits and `_`; write `{proposal}`")))
}
