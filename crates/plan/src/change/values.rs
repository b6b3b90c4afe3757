//! Why the value of a key differs on clusters.
//!
//! The document that sets a value before is compared with the one that sets it after. Where they
//! are the same, its text was edited. Where they are not, one of them set the key anew or no
//! longer does, or what it is for selects other clusters than before.

use model::{ClusterId, ClusterSet, EditKind, Scalar, Span};
use schema::document::{Override, Pairs};

use super::{At, Changes, Edits, Found, in_base, in_head};
use crate::fleet::{Fleet, KeySpace, Selector};
use crate::values::{By, of_application, of_cluster, of_namespace};

/// A key of an application of both sides.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    /// The application, in each fleet.
    pub(super) application: (usize, usize),
    pub(super) space: KeySpace,
    pub(super) key: &'k str,
}

/// What sets a value, named so that it is the same thing in both fleets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Setter {
    /// `fleet.yaml`.
    Fleet,
    /// The group of that path in the newer fleet, or in the older one if it is gone.
    Group(String),
    /// The cluster's own document, and as what.
    Cluster(&'static str),
    /// The document of the namespace or application.
    Document(&'static str),
    /// Its override for the clusters of that expression.
    Override(String),
}

/// A value, and who sets it.
#[derive(Clone)]
struct Origin {
    setter: Setter,
    text: String,
    span: Span,
}

/// Who sets a value before and after.
type Origins = (Option<Origin>, Option<Origin>);

impl Changes<'_> {
    /// Why a key has other values on the clusters of `among` where it has; answers these clusters.
    pub(super) fn value(&self, key: Key<'_>, among: &ClusterSet, edits: &mut Edits) -> ClusterSet {
        let differing = self.differing_values(key, among);
        let layers = (self.layers(key, false), self.layers(key, true));
        let mut by_origin: Vec<(Origins, ClusterSet)> = Vec::new();
        for cluster in differing.iter() {
            let Some(former) = self.former[cluster.index()] else { continue };
            let origins = (layers.0.origin(former), layers.1.origin(cluster));
            let same = |other: &Origins| {
                let id =
                    |origin: &Option<Origin>| origin.as_ref().map(|o| (o.span, o.setter.clone()));
                id(&other.0) == id(&origins.0) && id(&other.1) == id(&origins.1)
            };
            // Own values of clusters are each at their own place.
            let is_own = |origin: &Option<Origin>| {
                matches!(origin, Some(Origin { setter: Setter::Cluster(_), .. }))
            };
            let known = match is_own(&origins.0) || is_own(&origins.1) {
                true => None,
                false => by_origin.iter_mut().find(|(other, _)| same(other)),
            };
            match known {
                Some((_, clusters)) => clusters.insert(cluster),
                None if is_own(&origins.0) || is_own(&origins.1) => {
                    self.one_value(key, &origins, cluster, edits);
                }
                None => by_origin.push((origins, [cluster].into_iter().collect())),
            }
        }
        for (origins, clusters) in by_origin {
            self.origin_changed(key, &origins, &clusters, edits);
        }
        differing
    }

    fn one_value(&self, key: Key<'_>, origins: &Origins, cluster: ClusterId, edits: &mut Edits) {
        match origins {
            (Some(old), Some(new)) if old.setter == new.setter => {
                edits.add_one(edited(key.key, Some(old), Some(new)), cluster);
            }
            _ => self.origin_changed(key, origins, &[cluster].into_iter().collect(), edits),
        }
    }

    fn differing_values(&self, key: Key<'_>, among: &ClusterSet) -> ClusterSet {
        let id = |application: usize| model::ApplicationId(application as u32);
        let (base, head) = (self.base.fleet, self.head.fleet);
        let before = base.column(id(key.application.0), key.space, key.key);
        let after = head.column(id(key.application.1), key.space, key.key);
        let differs = |cluster: &ClusterId| {
            let former = self.former[cluster.index()];
            let before = former.and_then(|former| before.get(former));
            let before: Option<&Scalar> = before.map(|value| base.scalar(value));
            former.is_some() && before != after.get(*cluster).map(|value| head.scalar(value))
        };
        among.iter().filter(differs).collect()
    }

    fn origin_changed(
        &self,
        key: Key<'_>,
        (old, new): &Origins,
        clusters: &ClusterSet,
        edits: &mut Edits,
    ) {
        if let (Some(old), Some(new)) = (old, new)
            && old.setter == new.setter
        {
            return edits.add(edited(key.key, Some(old), Some(new)), clusters);
        }
        let name = |in_head: bool| self.namespace_of(key, in_head);
        if key.space == KeySpace::Namespace && name(false) != name(true) {
            let document = &self.head.fleet.applications[key.application.1].document;
            let found = Found {
                kind: EditKind::Field,
                subject: format!("namespace of application {}", document.metadata.name.value),
                place: in_head(document.namespace.span),
                before: Some(name(false)),
                after: Some(name(true)),
            };
            return edits.add(found, clusters);
        }
        let layers = (self.layers(key, false), self.layers(key, true));
        if let Some(new) = new {
            match layers.0.set_by(&new.setter) {
                Some(_) => self.applies(key, &new.setter, clusters, edits),
                None => edits.add(edited(key.key, None, Some(new)), clusters),
            }
        }
        if let Some(old) = old {
            match layers.1.set_by(&old.setter) {
                Some(_) => self.applies(key, &old.setter, clusters, edits),
                None => edits.add(edited(key.key, Some(old), None), clusters),
            }
        }
    }

    /// Why what a group or an override sets comes to clusters or leaves them, where it does.
    fn applies(&self, key: Key<'_>, setter: &Setter, clusters: &ClusterSet, edits: &mut Edits) {
        match setter {
            Setter::Group(path) => {
                let Some(new) = self.head.fleet.group_id(path) else { return };
                let Some(old) = self.former_group(new.0 as usize) else { return };
                self.group(crate::GroupId(old as u32), new, clusters, edits);
            }
            Setter::Override(text) => {
                let pair = (self.override_of(key, false, text), self.override_of(key, true, text));
                let subject = format!("expression of an override of {}", self.owner(key));
                self.expression(&subject, pair, false, clusters, edits);
            }
            Setter::Fleet | Setter::Cluster(_) | Setter::Document(_) => {}
        }
    }

    fn owner(&self, key: Key<'_>) -> String {
        match key.space {
            KeySpace::Namespace => format!("namespace {}", self.namespace_of(key, true)),
            KeySpace::Application | KeySpace::Cluster => {
                format!("application {}", self.head.fleet.applications[key.application.1].name)
            }
        }
    }

    fn namespace_of(&self, key: Key<'_>, in_head: bool) -> String {
        let (fleet, index) = self.fleet_of(key, in_head);
        fleet.applications[index].document.namespace.value.to_string()
    }

    fn fleet_of(&self, key: Key<'_>, in_head: bool) -> (&Fleet, usize) {
        match in_head {
            true => (self.head.fleet, key.application.1),
            false => (self.base.fleet, key.application.0),
        }
    }

    /// The expression of an override that sets the key, by its text.
    fn override_of(&self, key: Key<'_>, in_head: bool, text: &str) -> Option<&Selector> {
        let (fleet, index) = self.fleet_of(key, in_head);
        let selectors = &fleet.tables().selectors;
        let namespace = fleet.applications[index].namespace.0 as usize;
        let (overrides, selectors) = match key.space {
            KeySpace::Namespace => (
                &fleet.namespaces[namespace].document.overrides,
                &selectors.namespace_overrides[namespace],
            ),
            KeySpace::Application | KeySpace::Cluster => (
                &fleet.applications[index].document.overrides,
                &selectors.application_overrides[index],
            ),
        };
        let position =
            overrides.iter().rposition(|one| sets(one, key.key) && &*one.clusters.value == text);
        position.and_then(|at| selectors.get(at)?.as_ref())
    }

    fn layers<'s>(&'s self, key: Key<'s>, in_head: bool) -> Layers<'s> {
        let (fleet, index) = self.fleet_of(key, in_head);
        let mut layers = Layers { fleet, key, listed: Vec::new(), own: false };
        match key.space {
            KeySpace::Cluster => {
                self.cluster_layers(fleet, in_head, &mut layers);
            }
            KeySpace::Namespace => {
                let at = fleet.applications[index].namespace.0 as usize;
                let document = &fleet.namespaces[at].document;
                let entries = of_namespace(document);
                layers.document("the namespace", &entries);
                layers.overrides(&document.overrides, &fleet.tables().namespace_overrides[at]);
            }
            KeySpace::Application => {
                let document = &fleet.applications[index].document;
                layers.document("the application", &of_application(document));
                layers.overrides(&document.overrides, &fleet.tables().application_overrides[index]);
            }
        }
        layers
    }

    fn cluster_layers<'s>(&'s self, fleet: &'s Fleet, in_head: bool, layers: &mut Layers<'s>) {
        layers.own = true;
        layers.pairs(&fleet.tables().document.values, || Setter::Fleet, None);
        for index in self.groups_by_depth(in_head) {
            let group = &fleet.groups[*index];
            let path = || match in_head {
                true => group.path.to_string(),
                false => self.present_path(group.path.as_str()),
            };
            let clusters = Some(&group.clusters);
            layers.pairs(&group.document.values, || Setter::Group(path()), clusters);
        }
    }

    /// The groups of a side, those whose values are weaker first.
    fn groups_by_depth(&self, in_head: bool) -> &[usize] {
        let (fleet, order) = match in_head {
            true => (self.head.fleet, &self.group_orders.1),
            false => (self.base.fleet, &self.group_orders.0),
        };
        order.get_or_init(|| {
            let mut groups: Vec<usize> = (0..fleet.groups.len()).collect();
            groups.sort_by_cached_key(|index| fleet.groups[*index].path.depth());
            groups
        })
    }

    /// What a group of the older fleet is called now.
    fn present_path(&self, path: &str) -> String {
        let groups = &self.head.fleet.groups;
        let now = self.head.fleet.group_id(path).map(|id| groups[id.0 as usize].path.to_string());
        now.unwrap_or_else(|| path.to_owned())
    }
}

fn sets(one: &Override, key: &str) -> bool {
    one.values.iter().any(|(name, _)| &*name.value == key)
}

/// Who sets a key, weakest first, and for which clusters.
struct Layers<'a> {
    fleet: &'a Fleet,
    key: Key<'a>,
    listed: Vec<(Origin, Option<&'a ClusterSet>)>,
    /// Whether documents of clusters come last.
    own: bool,
}

impl<'a> Layers<'a> {
    fn pairs(
        &mut self,
        pairs: &'a Pairs,
        setter: impl FnOnce() -> Setter,
        clusters: Option<&'a ClusterSet>,
    ) {
        if let Some((_, value)) = pairs.iter().find(|(name, _)| &*name.value == self.key.key) {
            let (text, span) = (value.value.text.to_string(), value.span);
            self.listed.push((Origin { setter: setter(), text, span }, clusters));
        }
    }

    fn document(&mut self, document: &'static str, entries: &[crate::values::Entry<'_>]) {
        if let Some(entry) = entries.iter().find(|entry| entry.key == self.key.key) {
            let (text, span) = (entry.scalar.text.to_string(), entry.span);
            let setter = Setter::Document(document);
            self.listed.push((Origin { setter, text, span }, None));
        }
    }

    fn overrides(&mut self, overrides: &'a [Override], clusters: &'a [ClusterSet]) {
        for (one, clusters) in overrides.iter().zip(clusters) {
            let setter = || Setter::Override(one.clusters.value.to_string());
            self.pairs(&one.values, setter, Some(clusters));
        }
    }

    /// Who sets the key on a cluster.
    fn origin(&self, cluster: ClusterId) -> Option<Origin> {
        let own = self.own.then(|| self.own(cluster)).flatten();
        own.or_else(|| {
            let applies =
                |clusters: &Option<&ClusterSet>| clusters.is_none_or(|c| c.contains(cluster));
            let mut strongest = self.listed.iter().rev();
            strongest.find(|(_, clusters)| applies(clusters)).map(|(origin, _)| origin.clone())
        })
    }

    fn own(&self, cluster: ClusterId) -> Option<Origin> {
        let document = &self.fleet.clusters[cluster.index()].document;
        let entries = of_cluster(document, &self.fleet.tables().document.delivery);
        let entry = entries.into_iter().find(|entry| entry.key == self.key.key)?;
        let setter = Setter::Cluster(match entry.by {
            By::Field => "field",
            By::Label => "label",
            By::Value => "value",
        });
        Some(Origin { setter, text: entry.scalar.text.to_string(), span: entry.span })
    }

    /// Whether a document other than a cluster's sets the key.
    fn set_by(&self, setter: &Setter) -> Option<&Origin> {
        let mut origins = self.listed.iter().map(|(origin, _)| origin);
        origins.find(|origin| origin.setter == *setter)
    }
}

fn edited(key: &str, old: Option<&Origin>, new: Option<&Origin>) -> Found {
    let setter = new.or(old).map(|origin| &origin.setter);
    let (kind, subject) = match setter {
        Some(Setter::Cluster("label")) => {
            (EditKind::Label, format!("label `{key}` of the cluster"))
        }
        Some(Setter::Cluster("field")) => (EditKind::Field, format!("`{key}` of the cluster")),
        Some(Setter::Cluster(_)) => (EditKind::Value, format!("value `{key}` of the cluster")),
        Some(Setter::Fleet) => (EditKind::Value, format!("value `{key}` of the fleet")),
        Some(Setter::Group(path)) => (EditKind::Value, format!("value `{key}` of group {path}")),
        Some(Setter::Document(what)) => (EditKind::Value, format!("`{key}` of {what}")),
        Some(Setter::Override(text)) => {
            (EditKind::Value, format!("value `{key}` of the override for `{text}`"))
        }
        None => (EditKind::Value, format!("`{key}`")),
    };
    let place: Option<At> = match (new, old) {
        (Some(new), _) => in_head(new.span),
        (None, Some(old)) => in_base(old.span),
        (None, None) => None,
    };
    let text = |origin: Option<&Origin>| origin.map(|origin| origin.text.clone());
    Found { kind, subject, place, before: text(old), after: text(new) }
}
