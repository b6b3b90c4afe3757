//! Which clusters of which applications must be rendered again.
//!
//! In: the fleet and the templates of an earlier render and of this one. Out: for each application
//! the clusters on which something differs that its cells are made of: the choice of the template,
//! its files, or the value of a key that they use. What differs is found by comparing, and not
//! concluded from an edit, so that nothing can be forgotten by whoever describes the edit.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ApplicationId, ClusterId, ClusterSet};

use super::context::Context;
use super::kept::{KeptApplication, KeptChoice, Keys, Previous, choices};
use super::prepare::{ApplicationPlan, ChoicePlan, Prepared};
use crate::Fleet;
use crate::fleet::{Column, KeySpace};

/// What is to be done with an application.
pub(crate) enum Task {
    /// Nothing differs.
    Keep,
    /// It is rendered on these clusters.
    Part(ApplicationPlan, ClusterSet),
    /// It is rendered whole.
    Whole,
}

/// What differs between two fleets.
pub(crate) struct Changes<'a> {
    previous: Previous<'a>,
    fleet: &'a Fleet,
    is_same_fleet: bool,
    namespaces_differ: bool,
    columns: HashMap<(KeySpace, u32, Box<str>), Arc<ClusterSet>>,
}

impl<'a> Changes<'a> {
    /// The changes from an earlier render to a fleet with the same names.
    pub(crate) fn new(previous: Previous<'a>, fleet: &'a Fleet) -> Self {
        let mut namespaces = previous.fleet.namespaces.iter().zip(fleet.namespaces.iter());
        Self {
            previous,
            fleet,
            is_same_fleet: std::ptr::eq(previous.fleet, fleet),
            namespaces_differ: namespaces.any(|(old, new)| old.clusters != new.clusters),
            columns: HashMap::new(),
        }
    }

    /// What is to be done with an application, and what it is rendered from.
    pub(crate) fn task(
        &mut self,
        context: &Context<'_>,
        prepared: &Prepared<'_>,
        id: ApplicationId,
    ) -> (Task, Option<Vec<KeptChoice>>) {
        let old = &*self.previous.kept.applications[id.0 as usize];
        let new = choices(context, prepared, id, Some(old));
        let task = match &new {
            Some(new) if self.is_comparable(id, old, new) => self.compare(prepared, id, old, new),
            _ => Task::Whole,
        };
        (task, new)
    }

    /// Whether cells can differ for no other reason than placement and values.
    fn is_comparable(&self, id: ApplicationId, old: &KeptApplication, new: &[KeptChoice]) -> bool {
        let files = |choice: &KeptChoice| {
            let before = old.choices.iter().find(|before| before.choice == choice.choice);
            before.is_none_or(|before| {
                before.files == choice.files
                    && before.applied == choice.applied
                    && before.entry == choice.entry
            })
        };
        let documents = || old.objects.rows.iter().any(|row| row.document.is_some());
        new.iter().all(files)
            && self.says_the_same(id)
            && self.findings_hold(old)
            && !old.objects.ambiguous
            && !(self.namespaces_differ && documents())
    }

    /// Whether the documents of an application say the same, its values and expressions aside.
    fn says_the_same(&self, id: ApplicationId) -> bool {
        let index = id.0 as usize;
        let (old, new) =
            (&self.previous.fleet.applications[index], &self.fleet.applications[index]);
        let allow = |fleet: &'a Fleet, namespace: model::NamespaceId| {
            &fleet.namespaces[namespace.0 as usize].allow
        };
        self.is_same_fleet
            || (old.namespace == new.namespace
                && old.depends_on == new.depends_on
                && old.document.template.value == new.document.template.value
                && allow(self.previous.fleet, old.namespace) == allow(self.fleet, new.namespace))
    }

    /// Findings quote documents and values, so that they hold in the very same fleet only; the
    /// files that they quote are the application's own, which were compared.
    fn findings_hold(&self, old: &KeptApplication) -> bool {
        old.findings.is_empty() || self.is_same_fleet
    }

    fn compare(
        &mut self,
        prepared: &Prepared<'_>,
        id: ApplicationId,
        old: &KeptApplication,
        new: &[KeptChoice],
    ) -> Task {
        let mut dirty = moved(&old.choices, new);
        for choice in new {
            if self.is_same_fleet {
                break;
            }
            let mut changed = self.of_keys(id, &choice.keys);
            changed.intersect(&choice.clusters);
            dirty.unite(&changed);
        }
        if dirty.is_empty() {
            return Task::Keep;
        }
        let n_clusters: usize = new.iter().map(|choice| choice.clusters.len()).sum();
        match &prepared.plans[id.0 as usize] {
            Ok(plan) if old.findings.is_empty() && dirty.len() * 2 <= n_clusters => {
                Task::Part(Ok(restrict(plan, &dirty)), dirty)
            }
            _ => Task::Whole,
        }
    }

    /// The clusters on which one of these keys has another value.
    pub(crate) fn of_keys(&mut self, id: ApplicationId, keys: &Keys) -> ClusterSet {
        let mut changed = ClusterSet::default();
        for (space, key) in keys.iter() {
            changed.unite(&self.of_key(id, *space, key));
        }
        changed
    }

    fn of_key(&mut self, id: ApplicationId, space: KeySpace, key: &str) -> Arc<ClusterSet> {
        let (old, new) = (self.previous.fleet, self.fleet);
        let owner = match space {
            KeySpace::Cluster => 0,
            KeySpace::Namespace => new.applications[id.0 as usize].namespace.0,
            KeySpace::Application => id.0,
        };
        let entry = self.columns.entry((space, owner, key.into()));
        let changed = entry.or_insert_with(|| {
            let (before, after) = (old.column(id, space, key), new.column(id, space, key));
            Arc::new(differing(old, &before, new, &after))
        });
        Arc::clone(changed)
    }

    /// The clusters whose namespaces are others, or that are emptied or no longer so.
    pub(crate) fn of_namespaces(&self, live: &ClusterSet) -> ClusterSet {
        let before = &self.previous.kept.live;
        let mut changed = ClusterSet::default();
        if self.is_same_fleet {
            return changed;
        }
        for (old, new) in self.previous.fleet.namespaces.iter().zip(self.fleet.namespaces.iter()) {
            let (mut old, mut new) = (old.clusters.clone(), new.clusters.clone());
            old.intersect(before);
            new.intersect(live);
            changed.unite(&either(&old, &new));
        }
        changed
    }

    /// Whether the fleet is the very one that was rendered.
    pub(crate) fn is_same_fleet(&self) -> bool {
        self.is_same_fleet
    }
}

/// The clusters that get another choice than before, or one that they did not get.
fn moved(old: &[KeptChoice], new: &[KeptChoice]) -> ClusterSet {
    let none = ClusterSet::default();
    let of = |list: &'_ [KeptChoice], choice| {
        list.iter()
            .find(|other| other.choice == choice)
            .map_or(&none, |other| &other.clusters)
            .clone()
    };
    let mut moved = ClusterSet::default();
    for choice in old.iter().chain(new).map(|choice| choice.choice) {
        moved.unite(&either(&of(old, choice), &of(new, choice)));
    }
    moved
}

/// What is in one of two sets and not in both.
fn either(one: &ClusterSet, other: &ClusterSet) -> ClusterSet {
    let (mut left, mut right) = (one.clone(), other.clone());
    left.subtract(other);
    right.subtract(one);
    left.unite(&right);
    left
}

fn restrict(plan: &[ChoicePlan], dirty: &ClusterSet) -> Vec<ChoicePlan> {
    let mut parts = plan.to_vec();
    parts.iter_mut().for_each(|part| part.clusters.intersect(dirty));
    parts.retain(|part| !part.clusters.is_empty());
    parts
}

/// The clusters on which a column has another value than in the earlier fleet.
fn differing(old: &Fleet, before: &Column, new: &Fleet, after: &Column) -> ClusterSet {
    let n_clusters = new.clusters.len();
    let same_ids = old.shares_values(new);
    if same_ids
        && let (Column::Each(before), Column::Each(after)) = (before, after)
        && Arc::ptr_eq(before, after)
    {
        return ClusterSet::default();
    }
    let differs = |cluster: ClusterId| {
        let (before, after) = (before.get(cluster), after.get(cluster));
        match same_ids {
            true => before != after,
            false => before.map(|id| old.scalar(id)) != after.map(|id| new.scalar(id)),
        }
    };
    if let (Column::Same(_), Column::Same(_)) = (before, after) {
        return match differs(ClusterId(0)) {
            true => ClusterSet::all(n_clusters),
            false => ClusterSet::default(),
        };
    }
    (0..n_clusters as u32).map(ClusterId).filter(|cluster| differs(*cluster)).collect()
}
