//! To what a token narrows the rights of its subject.

use api::ScopeRule;
use model::{Cover, GroupPath, Kind, NamespaceName, Policies, RoleRule, Verb};

/// The word for everything.
const ALL: &str = "all";

/// How many rules a scope has at most.
const MOST_RULES: usize = 50;

/// How many names a list of a rule has at most.
const MOST_NAMES: usize = 100;

/// Rules beside those of Roles: only what both cover is allowed. It grants nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope(Vec<RoleRule>);

impl Scope {
    /// Takes rules from the wire.
    ///
    /// # Errors
    /// A word is no verb, kind, group or namespace; the message names it.
    pub(crate) fn new(rules: &[ScopeRule]) -> Result<Self, String> {
        if rules.is_empty() {
            return Err("a scope without rules would allow nothing".to_owned());
        }
        let lists = rules.iter().flat_map(|rule| {
            [rule.verbs.len(), rule.kinds.len(), rule.groups.len(), rule.namespaces.len()]
        });
        if rules.len() > MOST_RULES || lists.max().is_some_and(|n| n > MOST_NAMES) {
            return Err(format!("a scope has at most {MOST_RULES} rules of {MOST_NAMES} names"));
        }
        rules.iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// Reads what a database holds; nothing if it is no scope.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rules: Vec<ScopeRule> = serde_json::from_str(text).ok()?;
        Self::new(&rules).ok()
    }

    /// Policies whose Roles grant only what this scope covers too.
    #[allow(dead_code, reason = "for whoever asks for rights, which no route does yet")]
    pub(crate) fn narrow(&self, policies: &Policies) -> Policies {
        let mut narrowed = policies.clone();
        for role in &mut narrowed.roles {
            role.rules = self.narrow_rules(&role.rules);
        }
        narrowed
    }

    /// Rules that cover only what this scope covers too.
    pub(crate) fn narrow_rules(&self, rules: &[RoleRule]) -> Vec<RoleRule> {
        let pairs = rules.iter().flat_map(|one| self.0.iter().map(move |other| (one, other)));
        pairs.map(|(one, other)| both(one, other)).collect()
    }
}

/// What both rules cover.
fn both(one: &RoleRule, other: &RoleRule) -> RoleRule {
    RoleRule {
        verbs: one.verbs.iter().copied().filter(|verb| other.verbs.contains(verb)).collect(),
        kinds: one.kinds.iter().copied().filter(|kind| other.kinds.contains(kind)).collect(),
        groups: both_covers(&one.groups, &other.groups, |one, other| {
            if one.contains(other.as_str()) {
                Some(other.clone())
            } else {
                other.contains(one.as_str()).then(|| one.clone())
            }
        }),
        namespaces: both_covers(&one.namespaces, &other.namespaces, |one, other| {
            (one == other).then(|| one.clone())
        }),
    }
}

fn both_covers<T: Clone>(
    one: &Cover<T>,
    other: &Cover<T>,
    meet: impl Fn(&T, &T) -> Option<T>,
) -> Cover<T> {
    match (one, other) {
        (Cover::All, rest) | (rest, Cover::All) => rest.clone(),
        (Cover::Only(one), Cover::Only(other)) => {
            let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
            Cover::Only(pairs.filter_map(|(a, b)| meet(a, b)).collect())
        }
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
    fn only_what_both_cover_is_left() {
        let scope = Scope::new(&[wire("read merge", "all", "/stores/central", "all")]).unwrap();
        let granted =
            rule(&wire("read propose", "Application", "/stores /plants", "imdb")).unwrap();
        let left = scope.narrow_rules(&[granted]);
        let expected = rule(&wire("read", "Application", "/stores/central", "imdb")).unwrap();
        assert_eq!(left, [expected]);
        let wider = rule(&wire("read", "Cluster", "/stores/central/la", "all")).unwrap();
        assert_eq!(scope.narrow_rules(std::slice::from_ref(&wider)), [wider]);
        let elsewhere = rule(&wire("read", "Cluster", "/plants", "all")).unwrap();
        assert!(scope.narrow_rules(&[elsewhere])[0].is_void(), "nothing is not everything");
        assert_eq!(scope.narrow_rules(&[RoleRule::everything()]), scope.0);
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        let refused = |rule: ScopeRule| Scope::new(&[rule]).unwrap_err();
        assert_eq!(refused(wire("all", "all", "all", "all")), "`all` is no verb");
        assert_eq!(refused(wire("read", "Pod", "all", "all")), "`Pod` is no kind");
        assert_eq!(refused(wire("read", "all", "stores", "all")), "`stores` is no group");
        assert_eq!(refused(wire("read", "all", "all", "a.b")), "`a.b` is no namespace");
        assert!(Scope::new(&[]).is_err() && Scope::parse("{}").is_none());
        let empty = Scope::new(&[wire("read", "all", "", "all")]).unwrap();
        assert!(empty.narrow_rules(&[RoleRule::everything()])[0].is_void());
    }
}
