//! What a change needs rights for, each with the kinds whose rules count.

use model::{ChangedCells, ChangedRole, Cover, Kind, Meaning, Role, Verb};

use super::{Act, PLACING, Place};

/// Something that differs, and the place that a right must be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What differs, for people: `application web`.
    pub what: String,
    /// A rule for one of these kinds counts.
    pub kinds: Vec<Kind>,
    /// Where.
    pub place: Place,
}

impl Need {
    fn new(what: impl Into<String>, kinds: &[Kind], place: Place) -> Self {
        Self { what: what.into(), kinds: kinds.to_vec(), place }
    }

    /// Whether it is about settings or Roles, for which only administrators count.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.kinds.iter().all(|kind| matches!(kind, Kind::Fleet | Kind::Role))
    }

    /// The verb that an act needs.
    #[must_use]
    pub fn verb(&self, act: Act) -> Verb {
        match act {
            _ if self.is_policy() => Verb::Administer,
            Act::Propose => Verb::Propose,
            Act::Merge => Verb::Merge,
            Act::Approve => Verb::Approve,
        }
    }
}

/// Everything that a change needs rights for. Of a change that means nothing, that someone may
/// do such a thing at all.
pub(super) fn needs(meaning: &Meaning) -> Vec<Need> {
    let mut needs = Vec::new();
    documents(meaning, &mut needs);
    applications(meaning, &mut needs);
    claims(meaning, &mut needs);
    needs.extend(meaning.cells.iter().map(cells));
    meaning.roles.iter().for_each(|role| roles(role, &mut needs));
    files(meaning, &mut needs);
    if needs.is_empty() {
        needs.push(Need::new("the change", PLACING, Place::Anywhere));
    }
    needs
}

fn documents(meaning: &Meaning, needs: &mut Vec<Need>) {
    if meaning.settings {
        needs.push(Need::new("settings of the fleet", &[Kind::Fleet], Place::everywhere()));
    }
    if !meaning.clusters.is_empty() {
        let place = Place::Clusters(meaning.clusters.clone());
        needs.push(Need::new("documents of clusters", &[Kind::Cluster], place));
    }
    for path in &meaning.groups {
        let place = Place::Group(path.clone());
        needs.push(Need::new(format!("group `{path}`"), &[Kind::Group], place));
    }
    for (path, clusters) in &meaning.memberships {
        let kinds = [Kind::Cluster, Kind::Group];
        let what = format!("who is in group `{path}`");
        needs.push(Need::new(what.clone(), &kinds, Place::Group(path.clone())));
        needs.push(Need::new(what, &kinds, Place::Clusters(clusters.clone())));
    }
    for name in &meaning.namespaces {
        let place = Place::Namespace(name.clone());
        needs.push(Need::new(format!("namespace `{name}`"), &[Kind::Namespace], place));
    }
    for allowance in &meaning.allowances {
        let what = format!("`{}` allowed to `{}`", allowance.entry, allowance.namespace);
        let place = Place::Cells(allowance.within.clone(), allowance.clusters.clone());
        needs.push(Need::new(what, &[Kind::Namespace], place));
    }
}

/// A former name that nothing has could be anyone's.
fn claims(meaning: &Meaning, needs: &mut Vec<Need>) {
    for claim in &meaning.claims {
        let what = format!("the former name `{}`, which nothing has", claim.former);
        needs.push(Need::new(what, &[claim.kind], Place::everywhere()));
    }
}

fn applications(meaning: &Meaning, needs: &mut Vec<Need>) {
    for application in &meaning.applications {
        let what = format!("application `{}`", application.name);
        for (namespace, clusters) in &application.places {
            let place = Place::Cells(Some(namespace.clone()), clusters.clone());
            needs.push(Need::new(what.clone(), &[Kind::Application], place));
        }
    }
}

fn cells(cells: &ChangedCells) -> Need {
    let what = match (&cells.application, &cells.namespace) {
        (Some(application), _) => format!("what `{application}` runs"),
        (None, Some(namespace)) => format!("where namespace `{namespace}` is"),
        (None, None) => "the bootstrap of clusters".to_owned(),
    };
    Need::new(what, PLACING, Place::Cells(cells.namespace.clone(), cells.clusters.clone()))
}

/// A Role may be administered where all its rules are, before and after.
fn roles(changed: &ChangedRole, needs: &mut Vec<Need>) {
    let sides = || [&changed.before, &changed.after].into_iter().flatten();
    let name = sides().next().map_or("", |role| &*role.name);
    let what = format!("role `{name}`");
    for rule in sides().flat_map(|role: &Role| &role.rules).filter(|rule| !rule.is_void()) {
        let settings = rule.kinds.contains(&Kind::Fleet);
        let place = match settings {
            true => Place::Within(Cover::All, Cover::All),
            false => Place::Within(rule.groups.clone(), rule.namespaces.clone()),
        };
        let need = Need::new(what.clone(), &[Kind::Role], place);
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs.push(Need::new(what, &[Kind::Role], Place::Anywhere));
}

/// Files that differ, whatever they mean. Those outside of the source may be read by anyone's
/// tools, and are for who may do the same everywhere.
fn files(meaning: &Meaning, needs: &mut Vec<Need>) {
    let files = &meaning.files;
    let parts: [(bool, &str, &[Kind]); 4] = [
        (files.settings, "`fleet.yaml`", &[Kind::Fleet]),
        (files.inventory, "files in `inventory/`", PLACING),
        (files.policies, "files in `policies/`", &[Kind::Role]),
        (files.unused_templates, "templates that nothing uses", &[Kind::Application]),
    ];
    let differ = parts.into_iter().filter(|(differs, ..)| *differs);
    needs.extend(differ.map(|(_, what, kinds)| Need::new(what, kinds, Place::Anywhere)));
    if files.others {
        needs.push(Need::new("files outside of the source", PLACING, Place::everywhere()));
    }
}
