//! Whether two documents say the same, wherever they stand.
//!
//! Documents carry the places of their values, so that they are only equal if they stand at the
//! same place. Here a document that was moved to another file, or has more comments around it,
//! is the same. Each kind is taken apart whole, so that a new field cannot be forgotten.

use crate::document::{
    ApplicationDocument, ClusterDocument, Cover, FleetDocument, FluxLayout, GroupDocument,
    LayoutDocument, Metadata, NamespaceDocument, Override, RoleDocument, Rule, Spanned,
};

/// What may say the same at another place.
pub trait Same {
    /// Whether both say the same.
    fn same(&self, other: &Self) -> bool;
}

impl<T: PartialEq> Same for Spanned<T> {
    fn same(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Same> Same for Option<T> {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.same(other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Same> Same for Vec<T> {
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| one.same(other))
    }
}

impl<A: Same, B: Same> Same for (A, B) {
    fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0) && self.1.same(&other.1)
    }
}

impl<T: PartialEq> Same for Cover<Spanned<T>> {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Only(one), Self::Only(other)) => one.same(other),
            _ => false,
        }
    }
}

impl<N: PartialEq> Same for Metadata<N> {
    fn same(&self, other: &Self) -> bool {
        let Self { name, former, labels, span: _ } = self;
        name.same(&other.name) && former.same(&other.former) && labels.same(&other.labels)
    }
}

impl Same for FleetDocument {
    fn same(&self, other: &Self) -> bool {
        let Self {
            name,
            uid,
            engine,
            vocabulary,
            values,
            layout,
            delivery,
            deletion_budget_ppm,
            max_hold,
        } = self;
        name.same(&other.name)
            && uid.same(&other.uid)
            && *engine == other.engine
            && vocabulary.same(&other.vocabulary)
            && values.same(&other.values)
            && layout.same(&other.layout)
            && delivery.same(&other.delivery)
            && *deletion_budget_ppm == other.deletion_budget_ppm
            && *max_hold == other.max_hold
    }
}

impl Same for LayoutDocument {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Manifests, Self::Manifests) => true,
            (Self::Flux(one), Self::Flux(other)) => {
                let FluxLayout { bootstrap, source, compatibility_0_20, lint } = one;
                bootstrap.same(&other.bootstrap)
                    && *source == other.source
                    && *compatibility_0_20 == other.compatibility_0_20
                    && *lint == other.lint
            }
            _ => false,
        }
    }
}

impl Same for ClusterDocument {
    fn same(&self, other: &Self) -> bool {
        let Self {
            metadata,
            description,
            groups,
            time_zone,
            values,
            capacity,
            agent_keys,
            decommission,
        } = self;
        metadata.same(&other.metadata)
            && description.same(&other.description)
            && groups.same(&other.groups)
            && time_zone.same(&other.time_zone)
            && values.same(&other.values)
            && capacity.same(&other.capacity)
            && agent_keys.same(&other.agent_keys)
            && *decommission == other.decommission
    }
}

impl Same for GroupDocument {
    fn same(&self, other: &Self) -> bool {
        let Self { metadata, description, parent, clusters, values } = self;
        metadata.same(&other.metadata)
            && description.same(&other.description)
            && parent.same(&other.parent)
            && clusters.same(&other.clusters)
            && values.same(&other.values)
    }
}

impl Same for Override {
    fn same(&self, other: &Self) -> bool {
        let Self { clusters, values } = self;
        clusters.same(&other.clusters) && values.same(&other.values)
    }
}

impl Same for NamespaceDocument {
    fn same(&self, other: &Self) -> bool {
        let Self { metadata, description, clusters, values, overrides, capacity, allow } = self;
        metadata.same(&other.metadata)
            && description.same(&other.description)
            && clusters.same(&other.clusters)
            && values.same(&other.values)
            && overrides.same(&other.overrides)
            && capacity.same(&other.capacity)
            && allow.same(&other.allow)
    }
}

impl Same for ApplicationDocument {
    fn same(&self, other: &Self) -> bool {
        let Self {
            metadata,
            description,
            namespace,
            template,
            version,
            owner,
            clusters,
            values,
            overrides,
            depends_on,
        } = self;
        metadata.same(&other.metadata)
            && description.same(&other.description)
            && namespace.same(&other.namespace)
            && template.same(&other.template)
            && version.same(&other.version)
            && owner.same(&other.owner)
            && clusters.same(&other.clusters)
            && values.same(&other.values)
            && overrides.same(&other.overrides)
            && depends_on.same(&other.depends_on)
    }
}

impl Same for RoleDocument {
    fn same(&self, other: &Self) -> bool {
        let Self { metadata, subjects, rules, approvals, not_author } = self;
        metadata.same(&other.metadata)
            && subjects.same(&other.subjects)
            && rules.same(&other.rules)
            && *approvals == other.approvals
            && *not_author == other.not_author
    }
}

impl Same for Rule {
    fn same(&self, other: &Self) -> bool {
        let Self { verbs, kinds, groups, namespaces } = self;
        *verbs == other.verbs
            && *kinds == other.kinds
            && groups.same(&other.groups)
            && namespaces.same(&other.namespaces)
    }
}
