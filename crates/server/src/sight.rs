//! What a caller sees of a fleet, made once for each caller and source.
//!
//! In: a caller, and the Roles of the source in use. Out: whether a document or a cell is seen.
//! What is not seen is not listed, not counted and not found.

use std::sync::OnceLock;

use model::{ApplicationId, ClusterId, ClusterSet, Kind, Policies, Verb};
use plan::Fleet;
use plan::documents::DocumentId;
use release::access::visible;

use crate::authorize::person;
use crate::catalogue::{Survey, short_digest};
use crate::identity::Caller;

/// What a caller sees of a fleet.
pub(crate) struct Sight {
    /// Nothing where no Role could name the caller.
    seen: Option<release::access::Sight>,
    /// For each namespace, on which clusters its cells are seen.
    cells: Vec<ClusterSet>,
    is_everything: bool,
    tag: String,
    survey: OnceLock<Survey>,
}

impl Sight {
    /// What a caller sees of a fleet.
    pub(crate) fn new(caller: &Caller, fleet: &Fleet, policies: &Policies) -> Self {
        Self::of_verb(caller, fleet, policies, Verb::Read)
    }

    /// Where a caller has a verb.
    pub(crate) fn of_verb(caller: &Caller, fleet: &Fleet, policies: &Policies, verb: Verb) -> Self {
        let seen = person(caller).map(|person| visible(policies, &person, verb));
        let cells = |seen: &release::access::Sight| {
            fleet.namespaces.iter().map(|one| seen.cells(Some(&one.name))).collect()
        };
        let is_whole =
            |seen: &release::access::Sight| Kind::ALL.into_iter().all(|kind| seen.is_whole(kind));
        let is_everything = seen.as_ref().is_some_and(is_whole);
        let tag = match is_everything {
            true => "everything".to_owned(),
            false => short_digest(caller.rights_key().as_bytes()),
        };
        Self {
            cells: seen.as_ref().map_or_else(Vec::new, cells),
            seen,
            is_everything,
            tag,
            survey: OnceLock::new(),
        }
    }

    /// Whether everything is seen.
    pub(crate) fn is_everything(&self) -> bool {
        self.is_everything
    }

    /// Whether nothing is seen.
    pub(crate) fn is_nothing(&self) -> bool {
        let no_rule = |seen: &release::access::Sight| {
            seen.clusters().is_empty()
                && self.cells.iter().all(ClusterSet::is_empty)
                && !Kind::ALL.into_iter().any(|kind| seen.policies(kind))
        };
        self.seen.as_ref().is_none_or(no_rule)
    }

    /// A word that differs wherever what is seen differs: an answer for one caller is not fresh
    /// for another.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// What one walk over the cells that are seen found, walked at the first time.
    pub(crate) fn survey(&self, walk: impl FnOnce() -> Survey) -> &Survey {
        self.survey.get_or_init(walk)
    }

    /// Whether a document is seen.
    pub(crate) fn document(&self, fleet: &Fleet, id: DocumentId) -> bool {
        if self.is_everything {
            return true;
        }
        let Some(seen) = &self.seen else { return false };
        let index = id.index as usize;
        match id.kind {
            Kind::Fleet | Kind::Role => seen.policies(id.kind),
            Kind::Cluster => seen.clusters().contains(ClusterId(id.index)),
            Kind::Group => seen.group(&fleet.groups[index].path),
            Kind::Namespace => seen.document(id.kind, &fleet.namespaces[index].name),
            Kind::Application => {
                let namespace = fleet.applications[index].namespace;
                seen.document(id.kind, &fleet.namespaces[namespace.0 as usize].name)
            }
        }
    }

    /// Whether a cell is seen.
    pub(crate) fn cell(
        &self,
        fleet: &Fleet,
        application: ApplicationId,
        cluster: ClusterId,
    ) -> bool {
        self.is_everything || {
            let namespace = fleet.applications[application.0 as usize].namespace;
            self.on(namespace.0 as usize).is_some_and(|clusters| clusters.contains(cluster))
        }
    }

    /// Whether the cell of an application of this name is seen. Of one that the fleet does not have,
    /// only who sees everything is told.
    pub(crate) fn cell_of(&self, fleet: &Fleet, application: &str, cluster: ClusterId) -> bool {
        let known = fleet.application_id(application);
        self.is_everything || known.is_some_and(|one| self.cell(fleet, one, cluster))
    }

    /// On which clusters the cells of a namespace are seen.
    pub(crate) fn on(&self, namespace: usize) -> Option<&ClusterSet> {
        self.cells.get(namespace)
    }

    /// The clusters that are seen as such.
    pub(crate) fn clusters(&self) -> Option<&ClusterSet> {
        self.seen.as_ref().map(release::access::Sight::clusters)
    }
}
