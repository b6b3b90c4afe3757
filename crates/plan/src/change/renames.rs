//! Documents that go while others that say nearly the same come: were they renamed?
//!
//! In: two fleets. Out: pairs of a name that went and one that came, as questions for a person.
//! Without `formerName` a rename is a removal and an addition, which loses the identity of a
//! cluster and deletes an application everywhere; that is easy to forget and easy to see.

use std::collections::BTreeSet;

use model::{LikelyRename, Renamed, Scalar, Span};
use schema::document::{ExpressionText, Metadata, Override, Pairs, Spanned};

use super::Changes;
use crate::fleet::{Application, Cluster, Fleet, Group};

/// Two documents are near if they share so much of everything that either says. Git finds renamed
/// files from one half on; documents of one fleet resemble each other anyway, as the stores of one
/// city do, so that one half would ask about every store that opens while another closes.
const NEAR: (usize, usize) = (3, 4);

/// One shared fact, such as `ring: beta`, makes no two documents the same.
const FEWEST_SHARED: usize = 2;

/// So many pairs are compared at most: a fleet that is replaced whole was not renamed.
const MOST_PAIRS: usize = 250_000;

/// A document without its name: what it says, each thing as one text.
struct Said {
    name: String,
    at: Span,
    facts: BTreeSet<String>,
}

impl Changes<'_> {
    /// The documents of clusters, groups and applications that went, each with the one that came
    /// and says nearly the same, where only one does.
    #[must_use]
    pub fn likely_renames(&self) -> Vec<LikelyRename> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let mut found = Vec::new();
        let mut add = |kind, gone: Vec<Said>, new: Vec<Said>| {
            for (before, after) in pairs(&gone, &new) {
                let place = self.head.source.files.place(after.at);
                let (before, after) = (before.name.clone(), after.name.clone());
                found.push(LikelyRename { kind, before, after, place });
            }
        };
        let (gone, new) = clusters(base, head);
        add(Renamed::Cluster, gone, new);
        let (gone, new) = groups(base, head);
        add(Renamed::Group, gone, new);
        let (gone, new) = applications(base, head);
        add(Renamed::Application, gone, new);
        without_descendants(found)
    }
}

/// The pairs of which each is the other's only nearest, in the order of what went.
fn pairs<'a>(gone: &'a [Said], new: &'a [Said]) -> Vec<(&'a Said, &'a Said)> {
    if gone.len().saturating_mul(new.len()) > MOST_PAIRS {
        return Vec::new();
    }
    let nearest = |one: &Said, others: &'a [Said]| -> Option<&'a Said> {
        let mut scored: Vec<(usize, &Said)> =
            others.iter().filter_map(|other| Some((nearness(one, other)?, other))).collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        match scored.as_slice() {
            [(best, other), rest @ ..] if rest.first().is_none_or(|(next, _)| next < best) => {
                Some(*other)
            }
            _ => None,
        }
    };
    let mutual = |one: &'a Said| {
        let other = nearest(one, new)?;
        nearest(other, gone).filter(|back| back.name == one.name)?;
        Some((one, other))
    };
    gone.iter().filter_map(mutual).collect()
}

/// How much of what either says both say, in thousandths, where it is enough.
fn nearness(one: &Said, other: &Said) -> Option<usize> {
    let shared = one.facts.intersection(&other.facts).count();
    let all = one.facts.len() + other.facts.len() - shared;
    let is_near = shared >= FEWEST_SHARED && shared * NEAR.1 >= all * NEAR.0;
    is_near.then(|| shared * 1_000 / all)
}

/// Groups below a group that was renamed follow it.
fn without_descendants(found: Vec<LikelyRename>) -> Vec<LikelyRename> {
    let follows = |one: &LikelyRename, parent: &LikelyRename| {
        let below = |path: &str, parent: &str| {
            path.strip_prefix(parent).filter(|rest| rest.starts_with('/')).map(str::to_owned)
        };
        let rest = below(&one.before, &parent.before);
        rest.is_some() && rest == below(&one.after, &parent.after)
    };
    let is_alone = |one: &&LikelyRename| {
        let is_group = one.kind == Renamed::Group;
        !is_group || !found.iter().any(|parent| parent.kind == one.kind && follows(one, parent))
    };
    found.iter().filter(is_alone).cloned().collect()
}

/// The former names that documents say already.
fn former<'a, N: AsRef<str> + 'a>(all: impl Iterator<Item = &'a Metadata<N>>) -> BTreeSet<&'a str> {
    all.filter_map(|metadata| Some(metadata.former.as_ref()?.value.as_ref())).collect()
}

fn clusters(base: &Fleet, head: &Fleet) -> (Vec<Said>, Vec<Said>) {
    let formers: BTreeSet<&str> = former(head.clusters.iter().map(|one| &one.document.metadata));
    let is_former = |name: &str| formers.contains(name);
    let gone = base.clusters.iter().filter(|one| head.cluster_id(one.name.as_str()).is_none());
    let gone: Vec<Said> = gone.filter(|one| !is_former(one.name.as_str())).map(cluster).collect();
    let new = head.clusters.iter().filter(|one| {
        !gone.is_empty()
            && one.document.metadata.former.is_none()
            && base.cluster_id(one.name.as_str()).is_none()
    });
    let new = new.map(cluster).collect();
    (gone, new)
}

fn groups(base: &Fleet, head: &Fleet) -> (Vec<Said>, Vec<Said>) {
    let formers: BTreeSet<&str> = former(head.groups.iter().map(|one| &one.document.metadata));
    let is_former = |path: &str| formers.contains(path);
    let gone = base.groups.iter().filter(|one| head.group_id(one.path.as_str()).is_none());
    let gone = gone.filter(|one| !is_former(one.path.as_str()));
    let gone: Vec<Said> = gone.map(|one| group(one, base)).collect();
    let new = head.groups.iter().filter(|one| {
        one.document.metadata.former.is_none() && base.group_id(one.path.as_str()).is_none()
    });
    let new = new.filter(|_| !gone.is_empty()).map(|one| group(one, head)).collect();
    (gone, new)
}

fn applications(base: &Fleet, head: &Fleet) -> (Vec<Said>, Vec<Said>) {
    let formers: BTreeSet<&str> =
        former(head.applications.iter().map(|one| &one.document.metadata));
    let is_former = |name: &str| formers.contains(name);
    let gone =
        base.applications.iter().filter(|one| head.application_id(one.name.as_str()).is_none());
    let gone: Vec<Said> =
        gone.filter(|one| !is_former(one.name.as_str())).map(application).collect();
    let new = head.applications.iter().filter(|one| {
        one.document.metadata.former.is_none() && base.application_id(one.name.as_str()).is_none()
    });
    (gone, new.map(application).collect())
}

/// What is said, collected.
#[derive(Default)]
struct Facts(BTreeSet<String>);

impl Facts {
    fn add(&mut self, field: &str, text: &str) {
        self.0.insert(format!("{field}: {text}"));
    }

    fn scalar(&mut self, field: &str, scalar: Option<&Spanned<Scalar>>) {
        if let Some(scalar) = scalar {
            self.add(field, &scalar.value.text);
        }
    }

    fn pairs(&mut self, field: &str, pairs: &Pairs) {
        for (key, value) in pairs {
            self.add(&format!("{field}.{}", key.value), &value.value.text);
        }
    }

    fn expression(&mut self, field: &str, expression: Option<&ExpressionText>) {
        if let Some(expression) = expression {
            self.add(field, &expression.value);
        }
    }

    fn overrides(&mut self, overrides: &[Override]) {
        for one in overrides {
            self.pairs(&format!("override {}", one.clusters.value), &one.values);
        }
    }
}

fn cluster(cluster: &Cluster) -> Said {
    let document = &cluster.document;
    let mut facts = Facts::default();
    facts.pairs("label", &document.metadata.labels);
    facts.scalar("description", document.description.as_ref());
    facts.scalar("timeZone", document.time_zone.as_ref());
    facts.pairs("value", &document.values);
    facts.pairs("capacity", &document.capacity);
    document.groups.iter().for_each(|group| facts.add("group", group.value.as_str()));
    document.agent_keys.iter().for_each(|key| facts.add("key", &key.value));
    let (name, at) = (cluster.name.to_string(), document.metadata.name.span);
    Said { name, at, facts: facts.0 }
}

/// A group says little besides who is in it.
fn group(group: &Group, fleet: &Fleet) -> Said {
    let document = &group.document;
    let mut facts = Facts::default();
    facts.pairs("label", &document.metadata.labels);
    facts.scalar("description", document.description.as_ref());
    facts.expression("clusters", document.clusters.as_ref());
    facts.pairs("value", &document.values);
    for member in group.clusters.iter() {
        facts.add("member", fleet.clusters[member.index()].name.as_str());
    }
    let (name, at) = (group.path.to_string(), document.metadata.name.span);
    Said { name, at, facts: facts.0 }
}

fn application(application: &Application) -> Said {
    let document = &application.document;
    let mut facts = Facts::default();
    facts.add("namespace", document.namespace.value.as_str());
    facts.add("template", &document.template.value);
    if let Some(version) = &document.version {
        facts.add("version", &version.value);
    }
    facts.pairs("label", &document.metadata.labels);
    facts.scalar("description", document.description.as_ref());
    facts.scalar("owner", document.owner.as_ref());
    facts.expression("clusters", document.clusters.as_ref());
    facts.pairs("value", &document.values);
    facts.overrides(&document.overrides);
    document.depends_on.iter().for_each(|one| facts.add("dependsOn", one.value.as_str()));
    let (name, at) = (application.name.to_string(), document.metadata.name.span);
    Said { name, at, facts: facts.0 }
}
