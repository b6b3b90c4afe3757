//! What a change means: the documents, memberships and cells that differ, wherever they are
//! written.
//!
//! In: two sources and what is rendered of them. Out: a [`Meaning`]. Files are only looked at to
//! find the templates that differ: a document that stands in another file is the same document.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{
    Allowance, ApplicationName, Cell, ChangedApplication, ChangedFiles, ChangedRole, Claim,
    ClusterId, ClusterName, ClusterSet, GroupPath, Kind, Meaning, NamespaceName, Rendered,
};
use schema::Same;
use schema::document::{Allow, LayoutDocument};

use super::Changes;
use super::cells::Difference;
use super::policies::role;
use crate::Fleet;
use crate::expression::evaluate;

/// The clusters of both sides under one count: those of the base, and after them those that come.
pub(super) struct Universe {
    /// For each cluster of the head.
    ids: Vec<ClusterId>,
    newcomers: Vec<ClusterName>,
}

impl Universe {
    fn new(changes: &Changes<'_>) -> Self {
        let n_before = changes.base.fleet.clusters.len();
        let (mut ids, mut newcomers) = (Vec::with_capacity(changes.former.len()), Vec::new());
        for (cluster, former) in changes.head.fleet.clusters.iter().zip(&changes.former) {
            ids.push(former.unwrap_or(ClusterId((n_before + newcomers.len()) as u32)));
            if former.is_none() {
                newcomers.push(cluster.name.clone());
            }
        }
        Self { ids, newcomers }
    }

    pub(super) fn of_head(&self, cluster: ClusterId) -> ClusterId {
        self.ids[cluster.index()]
    }

    fn of_head_set(&self, clusters: &ClusterSet) -> ClusterSet {
        clusters.iter().map(|cluster| self.of_head(cluster)).collect()
    }
}

impl Changes<'_> {
    /// What the change means. `before` and `after` are the renders of its two sides.
    #[must_use]
    pub fn meaning(&self, before: &Rendered, after: &Rendered) -> Meaning {
        let universe = Universe::new(self);
        let difference = Difference::new(self, &universe, (before, after));
        let (base, head) = (self.base.fleet, self.head.fleet);
        let (files, edited) = self.edited_files();
        Meaning {
            newcomers_in: self.newcomers_in(&universe),
            settings: edited.bootstrap || !base.tables().document.same(&head.tables().document),
            clusters: self.changed_clusters(&universe),
            groups: self.changed_groups(),
            memberships: self.memberships(&universe),
            namespaces: self.changed_namespaces(),
            allowances: self.allowances(&universe),
            applications: self.changed_applications(
                &universe,
                &difference,
                &edited.applications,
                (before, after),
            ),
            claims: self.claims(),
            cells: difference.cells(base, head),
            roles: self.changed_roles(),
            files,
            newcomers: universe.newcomers,
        }
    }

    /// For each group, the clusters of it that come.
    fn newcomers_in(&self, universe: &Universe) -> Vec<(GroupPath, ClusterSet)> {
        if universe.newcomers.is_empty() {
            return Vec::new();
        }
        let n_before = self.base.fleet.clusters.len();
        let groups = self.head.fleet.groups.iter().map(|group| {
            let ids = group.clusters.iter().map(|cluster| universe.of_head(cluster));
            let clusters = ids.filter(|id| id.index() >= n_before).collect::<ClusterSet>();
            (group.path.clone(), clusters)
        });
        groups.filter(|(_, clusters)| !clusters.is_empty()).collect()
    }

    fn changed_clusters(&self, universe: &Universe) -> ClusterSet {
        let mut changed = ClusterSet::default();
        for (index, cluster) in self.head.fleet.clusters.iter().enumerate() {
            let former = self.former[index].map(|id| &self.base.fleet.clusters[id.index()]);
            let same = former.is_some_and(|former| {
                let (old, new) = (&former.document, &cluster.document);
                Arc::ptr_eq(old, new) || old.same(new)
            });
            if !same {
                changed.insert(universe.of_head(ClusterId(index as u32)));
            }
        }
        let gone = self.present.iter().enumerate().filter(|(_, present)| present.is_none());
        gone.for_each(|(index, _)| changed.insert(ClusterId(index as u32)));
        changed
    }

    fn changed_groups(&self) -> Vec<GroupPath> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let before = base.groups.iter().map(|group| (&group.path, &group.document));
        let after = head.groups.iter().map(|group| (&group.path, &group.document));
        differing(before, after, |old, new| old.same(new)).into_iter().cloned().collect()
    }

    fn changed_namespaces(&self) -> Vec<NamespaceName> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let before = base.namespaces.iter().map(|one| (&one.name, &one.document));
        let after = head.namespaces.iter().map(|one| (&one.name, &one.document));
        differing(before, after, |old, new| old.same(new)).into_iter().cloned().collect()
    }

    fn changed_roles(&self) -> Vec<ChangedRole> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let before = base.roles.iter().map(|document| (&*document.metadata.name.value, document));
        let after = head.roles.iter().map(|document| (&*document.metadata.name.value, document));
        let names = differing(before, after, |old, new| old.same(new));
        let find = |fleet: &Fleet, name: &str| {
            let found = fleet.roles.iter().find(|one| &*one.metadata.name.value == name);
            found.map(|document| role(fleet, document))
        };
        let role = |name: &str| ChangedRole { before: find(base, name), after: find(head, name) };
        names.into_iter().map(role).collect()
    }

    /// Who joins and leaves which group, by being listed or by the group's expression.
    fn memberships(&self, universe: &Universe) -> Vec<(GroupPath, ClusterSet)> {
        let before = members(self.base.fleet, |cluster| cluster);
        let after = members(self.head.fleet, |cluster| universe.of_head(cluster));
        let paths: BTreeSet<&GroupPath> = before.keys().chain(after.keys()).copied().collect();
        let none = ClusterSet::default();
        let changed = paths.into_iter().map(|path| {
            let [old, new] = [&before, &after].map(|side| side.get(path).unwrap_or(&none));
            let (mut left, mut joined) = (old.clone(), new.clone());
            left.subtract(new);
            joined.subtract(old);
            joined.unite(&left);
            (path.clone(), joined)
        });
        changed.filter(|(_, clusters)| !clusters.is_empty()).collect()
    }

    fn allowances(&self, universe: &Universe) -> Vec<Allowance> {
        let mut found = Vec::new();
        for namespace in self.head.fleet.namespaces.iter() {
            let before = self.base.fleet.namespace_id(namespace.name.as_str());
            let before = before.map(|id| &self.base.fleet.namespaces[id.0 as usize]);
            let had = |allow: &Allow| before.filter(|one| one.allow.contains(allow));
            for allow in &namespace.allow {
                let mut clusters = universe.of_head_set(&namespace.clusters);
                if let Some(before) = had(allow) {
                    clusters.subtract(&before.clusters);
                }
                if clusters.is_empty() && had(allow).is_some() {
                    continue;
                }
                let within = allow.namespace.as_deref();
                found.push(Allowance {
                    namespace: namespace.name.clone(),
                    entry: written(allow),
                    within: within.and_then(|name| NamespaceName::parse(name).ok()),
                    clusters,
                });
            }
        }
        found
    }

    /// Former names that are new, and that nothing has in the base.
    fn claims(&self) -> Vec<Claim> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let claim = |kind, former: &str| Claim { kind, former: former.into() };
        let mut claims = Vec::new();
        for (cluster, before) in head.clusters.iter().zip(&self.former) {
            let Some(former) = &cluster.document.metadata.former else { continue };
            let before = before.map(|id| &base.clusters[id.index()].document.metadata.former);
            let is_known =
                before.is_some_and(|before| before.same(&cluster.document.metadata.former));
            if !is_known && base.cluster_id(former.value.as_str()).is_none() {
                claims.push(claim(Kind::Cluster, former.value.as_str()));
            }
        }
        for application in head.applications.iter() {
            let Some(former) = &application.document.metadata.former else { continue };
            let before = base.application_id(application.name.as_str());
            let before =
                before.map(|id| &base.applications[id.0 as usize].document.metadata.former);
            let is_known =
                before.is_some_and(|one| one.same(&application.document.metadata.former));
            if !is_known && base.application_id(former.value.as_str()).is_none() {
                claims.push(claim(Kind::Application, former.value.as_str()));
            }
        }
        let paths = head.groups.iter().filter_map(|group| group.document.metadata.former.as_ref());
        let unknown = paths.filter(|path| base.group_id(path.value.as_str()).is_none());
        claims.extend(unknown.map(|path| claim(Kind::Group, path.value.as_str())));
        claims
    }

    fn changed_applications(
        &self,
        universe: &Universe,
        difference: &Difference,
        edited: &BTreeSet<&ApplicationName>,
        (before, after): (&Rendered, &Rendered),
    ) -> Vec<ChangedApplication> {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let old = base.applications.iter().map(|one| (&one.name, &one.document));
        let new = head.applications.iter().map(|one| (&one.name, &one.document));
        let mut names: BTreeSet<&ApplicationName> =
            differing(old, new, |old, new| old.same(new)).into_iter().collect();
        names.extend(edited);
        let find = |fleet: &Fleet, name: &ApplicationName| {
            fleet.application_id(name.as_str()).map(|id| id.0 as usize)
        };
        let namespace = |fleet: &Fleet, index: usize| {
            fleet.applications[index].document.namespace.value.clone()
        };
        let application = |name: &ApplicationName| {
            let mut places: Vec<(NamespaceName, ClusterSet)> = Vec::new();
            if let Some(index) = find(base, name) {
                let mut clusters = broken(before, index, |cluster| cluster);
                clusters.unite(difference.gone(index));
                places.push((namespace(base, index), clusters));
            }
            if let Some(index) = find(head, name) {
                let mut clusters = broken(after, index, |cluster| universe.of_head(cluster));
                clusters.unite(difference.of_head(index));
                let name = namespace(head, index);
                match places.first_mut().filter(|(known, _)| *known == name) {
                    Some((_, known)) => known.unite(&clusters),
                    None => places.push((name, clusters)),
                }
            }
            ChangedApplication { name: name.clone(), places }
        };
        names.into_iter().map(application).collect()
    }

    /// Where files differ, and whose templates they belong to.
    fn edited_files(&self) -> (ChangedFiles, Edited<'_>) {
        let (mut files, mut edited) = (ChangedFiles::default(), Edited::default());
        let before = self.base.source.files.iter();
        let after = self.head.source.files.iter();
        let content = |(_, file): (model::FileId, &model::SourceFile)| (file.id, file.executable);
        let paths = differing(
            before.map(|found| (&*found.1.path, content(found))),
            after.map(|found| (&*found.1.path, content(found))),
            |old, new| old == new,
        );
        let owners = [self.base.fleet, self.head.fleet].map(Owners::new);
        for path in paths {
            match path.split('/').next() {
                Some("fleet.yaml") => files.settings = true,
                Some("inventory") => files.inventory = true,
                Some("policies") => files.policies = true,
                _ => {
                    let n_known = edited.n_known;
                    owners.iter().for_each(|owners| owners.of(path, &mut edited));
                    files.unused_templates |= edited.n_known == n_known;
                }
            }
        }
        (files, edited)
    }
}

/// Whose templates have files that differ.
#[derive(Default)]
struct Edited<'a> {
    applications: BTreeSet<&'a ApplicationName>,
    bootstrap: bool,
    /// How many owners of files were found.
    n_known: usize,
}

/// Which applications use which template.
struct Owners<'a> {
    templates: HashMap<&'a str, Vec<&'a ApplicationName>>,
    bootstrap: Option<&'a str>,
}

impl<'a> Owners<'a> {
    fn new(fleet: &'a Fleet) -> Self {
        let mut templates: HashMap<&str, Vec<&ApplicationName>> = HashMap::new();
        for application in fleet.applications.iter() {
            let template: &str = &application.document.template.value;
            templates.entry(template).or_default().push(&application.name);
        }
        let bootstrap = match &fleet.layout {
            LayoutDocument::Flux(flux) => flux.bootstrap.as_ref().map(|folder| &*folder.value),
            LayoutDocument::Manifests => None,
        };
        Self { templates, bootstrap }
    }

    /// Notes who uses a file: every folder above it may be a template.
    fn of(&self, path: &str, edited: &mut Edited<'a>) {
        for (end, _) in path.match_indices('/') {
            let folder = &path[..end];
            let users = self.templates.get(folder).into_iter().flatten();
            edited.n_known += users.clone().count() + usize::from(self.bootstrap == Some(folder));
            edited.applications.extend(users);
            edited.bootstrap |= self.bootstrap == Some(folder);
        }
    }
}

/// The keys of two sorted lists that one of them does not have, or that differ.
fn differing<K: Ord + Copy, V>(
    before: impl Iterator<Item = (K, V)>,
    after: impl Iterator<Item = (K, V)>,
    same: impl Fn(&V, &V) -> bool,
) -> Vec<K> {
    let (mut before, mut after) = (before.peekable(), after.peekable());
    let mut keys = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some((old, _)), Some((new, _))) => old.cmp(new),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return keys,
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        match (old, new) {
            (Some((key, old)), Some((_, new))) if !same(&old, &new) => keys.push(key),
            (Some((key, _)), None) | (None, Some((key, _))) => keys.push(key),
            _ => {}
        }
    }
}

/// For each group, the clusters that list it or that its own expression selects.
fn members(fleet: &Fleet, id: impl Fn(ClusterId) -> ClusterId) -> BTreeMap<&GroupPath, ClusterSet> {
    let mut members: BTreeMap<&GroupPath, ClusterSet> = BTreeMap::new();
    for (index, cluster) in fleet.clusters.iter().enumerate() {
        for path in &cluster.document.groups {
            let Some(group) = fleet.group_id(path.value.as_str()) else { continue };
            let path = &fleet.groups[group.0 as usize].path;
            members.entry(path).or_default().insert(id(ClusterId(index as u32)));
        }
    }
    for (group, selector) in fleet.groups.iter().zip(&fleet.tables().selectors.groups) {
        let Some(selector) = selector else { continue };
        let clusters = members.entry(&group.path).or_default();
        for cluster in evaluate(&selector.resolved, fleet).iter() {
            clusters.insert(id(cluster));
        }
    }
    members
}

/// Where an application cannot be rendered.
fn broken(
    rendered: &Rendered,
    application: usize,
    id: impl Fn(ClusterId) -> ClusterId,
) -> ClusterSet {
    let is_broken = |cluster: &model::RenderedCluster| {
        let place = cluster.cells.binary_search_by_key(&(application as u32), |(id, _)| id.0);
        place.is_ok_and(|at| matches!(cluster.cells[at].1, Cell::Broken(_)))
    };
    let clusters = rendered.clusters.iter().enumerate().filter(|(_, cluster)| is_broken(cluster));
    clusters.map(|(index, _)| id(ClusterId(index as u32))).collect()
}

/// An entry of `allow` as it is written.
fn written(allow: &Allow) -> String {
    let mut text = String::new();
    if let Some(namespace) = &allow.namespace {
        text.push_str(namespace);
        text.push('/');
    }
    text.push_str(&allow.kind);
    if !allow.group.is_empty() {
        text.push('.');
        text.push_str(&allow.group);
    }
    text
}
