//! To what a token narrows the rights of its subject.

use api::ScopeRule;
use model::{Cover, GroupPath, Kind, NamespaceName, RoleRule, Verb};

/// The word for everything.
const ALL: &str = "all";

/// How many rules a scope has at most.
const MOST_RULES: usize = 50;

/// How many names a list of a rule has at most.
const MOST_NAMES: usize = 100;

/// Rules beside those of Roles: only what both cover is allowed. It grants nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    rules: Vec<RoleRule>,
    wire: Vec<ScopeRule>,
}

impl Scope {
    /// Takes rules from the wire.
    ///
    /// # Errors
    /// A word is no verb, kind, group or namespace; the message names it.
    pub(crate) fn new(wire: &[ScopeRule]) -> Result<Self, String> {
        if wire.is_empty() {
            return Err("a scope without rules would allow nothing".to_owned());
        }
        let lists = wire.iter().flat_map(|rule| {
            [rule.verbs.len(), rule.kinds.len(), rule.groups.len(), rule.namespaces.len()]
        });
        if wire.len() > MOST_RULES || lists.max().is_some_and(|n| n > MOST_NAMES) {
            return Err(format!("a scope has at most {MOST_RULES} rules of {MOST_NAMES} names"));
        }
        let rules = wire.iter().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { rules, wire: wire.to_vec() })
    }

    /// Reads what a database holds; nothing if it is no scope.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rules: Vec<ScopeRule> = serde_json::from_str(text).ok()?;
        Self::new(&rules).ok()
    }

    /// The rules, for whoever asks for rights.
    pub(crate) fn rules(&self) -> &[RoleRule] {
        &self.rules
    }

    /// The rules as they go over the wire.
    pub(crate) fn wire(&self) -> &[ScopeRule] {
        &self.wire
    }
}

fn rule(wire: &ScopeRule) -> Result<RoleRule, String> {
    Ok(RoleRule {
        verbs: words(&wire.verbs, "verb", Verb::parse)?,
        kinds: match wire.kinds.as_slice() {
            [all] if all == ALL => Kind::ALL.to_vec(),
            kinds => words(kinds, "kind", Kind::parse)?,
        },
        groups: cover(&wire.groups, "group", |text| GroupPath::parse(text).ok())?,
        namespaces: cover(&wire.namespaces, "namespace", |text| NamespaceName::parse(text).ok())?,
    })
}

fn cover<T>(
    texts: &[String],
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Cover<T>, String> {
    match texts {
        [all] if all == ALL => Ok(Cover::All),
        texts => words(texts, what, parse).map(Cover::Only),
    }
}

fn words<T>(
    texts: &[String],
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    texts.iter().map(|text| parse(text).ok_or_else(|| format!("`{text}` is no {what}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(verbs: &str, kinds: &str, groups: &str, namespaces: &str) -> ScopeRule {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        ScopeRule {
            verbs: list(verbs),
            kinds: list(kinds),
            groups: list(groups),
            namespaces: list(namespaces),
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        let refused = |rule: ScopeRule| Scope::new(&[rule]).unwrap_err();
        assert_eq!(refused(wire("all", "all", "all", "all")), "`all` is no verb");
        assert_eq!(refused(wire("read", "Pod", "all", "all")), "`Pod` is no kind");
        assert_eq!(refused(wire("read", "all", "stores", "all")), "`stores` is no group");
        assert_eq!(refused(wire("read", "all", "all", "a.b")), "`a.b` is no namespace");
        assert!(Scope::new(&[]).is_err() && Scope::parse("{}").is_none());
        let scope = Scope::new(&[wire("read", "all", "/stores", "imdb")]).unwrap();
        let again = Scope::parse(&serde_json::to_string(scope.wire()).unwrap());
        assert_eq!(again, Some(scope), "it is read back as it was");
    }
}
