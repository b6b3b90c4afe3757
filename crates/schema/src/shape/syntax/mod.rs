//! What the text of a single field may be.
//!
//! Each [`Syntax`] is a row: words for people, a pattern for editors, and the check itself.

mod key;
mod name;
mod path;
mod word;

pub use key::{LABEL_KEY, RESOURCE, VALUE_KEY};
pub use name::{
    ALLOW, APPLICATION_NAME, CLUSTER_NAME, FLEET_NAME, GROUP_NAME, GROUP_PATH, NAMESPACE_NAME,
    OBJECT_NAME, ROLE_NAME, parse_allow,
};
pub use path::{BRANCH, FOLDER, TEMPLATE};
pub use word::{
    COMPATIBILITY, DURATION, EXPRESSION, FAN_OUT, KIND_WORD, PERCENT, QUANTITY, SSH_KEY, SUBJECT,
    TIME_ZONE, UID, VERB_WORD, VERSION, parse_duration, parse_percent, parse_subject,
};

use model::Code;

/// What a text may be.
pub struct Syntax {
    /// What the text is, with an article, for the reference: `a DNS label`.
    pub name: &'static str,
    /// A regular expression (ECMA-262) that every right text matches, for editors; empty if
    /// there is none. It may let through what the check refuses.
    pub pattern: &'static str,
    /// The words that it can be, if they are few.
    pub words: &'static [&'static str],
    /// The check.
    pub check: fn(&str) -> Result<(), Fault>,
}

impl std::fmt::Debug for Syntax {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Syntax").field(&self.name).finish()
    }
}

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of mistake.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Fault {
    fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The start of a text between backticks, so that no message is longer than what it is about.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    let shown = shown
        .escape_debug()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'")
        .replace("\\\\", "\\");
    let more = if text.chars().nth(80).is_some() { "..." } else { "" };
    format!("`{shown}{more}`")
}

/// Any text.
pub static ANY: Syntax = Syntax { name: "text", pattern: "", words: &[], check: |_| Ok(()) };
