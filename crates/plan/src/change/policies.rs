//! The Roles of a fleet with the places that they name, as the room that decides reads them.

use model::{Approvals, Cover, GroupPath, Policies, Role, RoleRule};
use schema::document::{RoleDocument, Rule, Spanned};

use crate::Fleet;

/// The Roles of a fleet, and its clusters and groups.
///
/// A group that a rule names by its former path is there by its present one.
#[must_use]
pub fn policies(fleet: &Fleet) -> Policies {
    Policies {
        roles: fleet.roles.iter().map(|document| role(fleet, document)).collect(),
        clusters: fleet.clusters.iter().map(|cluster| cluster.name.clone()).collect(),
        groups: fleet.groups.iter().map(|g| (g.path.clone(), g.clusters.clone())).collect(),
    }
}

/// A Role of a fleet.
pub(super) fn role(fleet: &Fleet, document: &RoleDocument) -> Role {
    Role {
        name: document.metadata.name.value.clone(),
        subjects: document.subjects.iter().map(|subject| subject.value.clone()).collect(),
        rules: document.rules.iter().map(|one| rule(fleet, one)).collect(),
        approvals: Approvals { count: document.approvals, not_author: document.not_author },
    }
}

fn rule(fleet: &Fleet, rule: &Rule) -> RoleRule {
    let present = |path: &Spanned<GroupPath>| {
        let group = fleet.group_id(path.value.as_str());
        group.map_or_else(|| path.value.clone(), |id| fleet.groups[id.0 as usize].path.clone())
    };
    RoleRule {
        verbs: rule.verbs.clone(),
        kinds: rule.kinds.clone(),
        groups: match &rule.groups {
            Cover::All => Cover::All,
            Cover::Only(paths) => Cover::Only(paths.iter().map(present).collect()),
        },
        namespaces: match &rule.namespaces {
            Cover::All => Cover::All,
            Cover::Only(names) => {
                Cover::Only(names.iter().map(|name| name.value.clone()).collect())
            }
        },
    }
}
