//! Label selectors as kubectl reads them: `=`, `==`, `!=`, `in`, `notin`, `key`, `!key`.
//!
//! Source: Kubernetes documentation, "Labels and Selectors". As there, `!=` and `notin` hold where
//! the label is absent.

use std::str::FromStr;

/// Requirements that all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    text: String,
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether labels, given as a lookup, satisfy every requirement.
    #[must_use]
    pub fn accepts<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|Requirement { key, test }| {
            let value = label(key);
            match test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(values) => value.is_some_and(|value| values.iter().any(|v| v == value)),
                Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|v| v != value)),
            }
        })
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let requirements = split(text).into_iter().map(requirement).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), requirements })
    }
}

/// Cuts at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let text = text.trim();
    let (key, test) = if let Some(key) = text.strip_prefix('!') {
        (key, Test::Absent)
    } else if let Some((key, value)) = text.split_once("!=") {
        (key, Test::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = text.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        (key, Test::In(vec![value.trim().to_owned()]))
    } else if let Some((words, values)) = text.split_once('(') {
        set(words, values).ok_or_else(|| complaint(text))?
    } else {
        (text, Test::Exists)
    };
    let key = key.trim();
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if key.is_empty() || !key.chars().all(allowed) {
        return Err(complaint(text));
    }
    Ok(Requirement { key: key.to_owned(), test })
}

fn set<'a>(words: &'a str, values: &str) -> Option<(&'a str, Test)> {
    let values = values.trim().strip_suffix(')')?;
    let values = values.split(',').map(|value| value.trim().to_owned()).collect();
    let (key, operator) = words.trim().rsplit_once(char::is_whitespace)?;
    match operator {
        "in" => Some((key, Test::In(values))),
        "notin" => Some((key, Test::NotIn(values))),
        _ => None,
    }
}

fn complaint(text: &str) -> String {
    format!(
        "`{text}` is no requirement; write `key=value`, `key!=value`, `key in (a,b)`, \
         `key notin (a,b)`, `key` or `!key`, with commas between"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_as_kubectl_does() {
        let labels = |key: &str| match key {
            "ring" => Some("beta"),
            "region" => Some("central"),
            _ => None,
        };
        let rows = [
            ("ring=beta", true, "equal"),
            ("ring==beta", true, "equal, written twice"),
            ("ring=prod", false, "another value"),
            ("ring!=prod", true, "not that value"),
            ("zone!=a", true, "an absent label is not equal to anything"),
            ("ring in (prod, beta)", true, "one of"),
            ("ring notin (prod,beta)", false, "none of"),
            ("zone notin (a)", true, "an absent label is in no set"),
            ("ring", true, "exists"),
            ("zone", false, "does not exist"),
            ("!zone", true, "is absent"),
            ("!ring", false, "is not absent"),
            ("ring=beta,region in (east,central)", true, "both hold"),
            ("ring=beta,region=east", false, "one does not"),
        ];
        for (text, expected, why) in rows {
            let selector: Selector = text.parse().expect(text);
            assert_eq!(selector.accepts(labels), expected, "{text}: {why}");
        }
    }

    #[test]
    fn refuses_what_is_no_requirement() {
        for text in ["", "a,,b", "a in b", "a within (b)", "a in (b", "=x", "a b"] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }
}
