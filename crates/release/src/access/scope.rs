//! What is left of rules beside those of a scope.

use std::borrow::Cow;

use model::{Cover, RoleRule};

/// A rule, as far as a scope covers it too; the rule itself where nothing narrows it.
pub(super) fn narrowed<'a>(
    rule: &'a RoleRule,
    scope: Option<&[RoleRule]>,
) -> Vec<Cow<'a, RoleRule>> {
    match scope {
        None => vec![Cow::Borrowed(rule)],
        Some(scope) => scope.iter().map(|other| Cow::Owned(both(rule, other))).collect(),
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

#[cfg(test)]
mod tests {
    use model::{GroupPath, Kind, NamespaceName, Verb};

    use super::*;

    fn cover<T>(text: &str, parse: impl Fn(&str) -> T) -> Cover<T> {
        match text {
            "all" => Cover::All,
            names => Cover::Only(names.split_whitespace().map(parse).collect()),
        }
    }

    fn rule(verbs: &str, kinds: &str, groups: &str, namespaces: &str) -> RoleRule {
        let kinds = kinds.split_whitespace().filter_map(Kind::parse);
        RoleRule {
            verbs: verbs.split_whitespace().filter_map(Verb::parse).collect(),
            kinds: kinds.collect(),
            groups: cover(groups, |text| GroupPath::parse(text).unwrap()),
            namespaces: cover(namespaces, |text| NamespaceName::parse(text).unwrap()),
        }
    }

    #[test]
    fn only_what_both_cover_is_left() {
        let scope = rule("read merge", "Cluster Application", "/stores/central", "all");
        let left = |granted: &RoleRule| both(granted, &scope);
        let granted = rule("read propose", "Application", "/stores /plants", "imdb");
        assert_eq!(left(&granted), rule("read", "Application", "/stores/central", "imdb"));
        let within = rule("read", "Cluster", "/stores/central/la", "all");
        assert_eq!(left(&within), within);
        let elsewhere = rule("read", "Cluster", "/plants", "all");
        assert!(left(&elsewhere).is_void(), "nothing is not everything");
        assert_eq!(left(&RoleRule::everything()), scope);
        let empty = rule("read", "Cluster", "", "all");
        assert!(both(&RoleRule::everything(), &empty).is_void());
        assert_eq!(narrowed(&granted, None), [Cow::Borrowed(&granted)]);
        assert!(narrowed(&granted, Some(&[])).is_empty());
    }
}
