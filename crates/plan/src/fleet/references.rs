//! Names that documents mention outside of expressions.

use model::{ApplicationId, Delivery, Diagnostic, FanOut, NamespaceId, Span};
use schema::document::{Cover, RoleDocument};
use schema::nearest::nearest;

use super::codes::{TOO_MANY_FOLDERS, UNKNOWN_APPLICATION};
use super::inventory::{Inventory, Renamed, check_renames};
use crate::expression::codes::{UNKNOWN_GROUP, UNKNOWN_NAMESPACE};
use crate::expression::{Findings, Names, Texts, former_path};

/// Above so many entries in one folder, a warning.
const MANY_FOLDERS: usize = 3_000;
/// Above so many, an error.
const TOO_MANY: usize = 10_000;

/// Each application's namespace.
pub(super) fn namespaces(
    inventory: &Inventory,
    names: &Names,
    findings: &mut Findings,
) -> Vec<Option<NamespaceId>> {
    let mut find = |name: &str, span| namespace(name, span, names, findings);
    let documents = inventory.applications.iter();
    documents.map(|d| find(d.namespace.value.as_str(), d.namespace.span)).collect()
}

fn namespace(
    name: &str,
    span: Span,
    names: &Names,
    findings: &mut Findings,
) -> Option<NamespaceId> {
    if let Some(index) = names.namespaces.find(name) {
        return Some(NamespaceId(index as u32));
    }
    let message = format!("there is no namespace `{name}`");
    let error = Diagnostic::error(&UNKNOWN_NAMESPACE, span, message);
    let look = || nearest(name, names.namespaces.iter());
    findings.unknown(error, look, "add the Namespace document");
    None
}

/// Each application's dependencies, with their places.
pub(super) fn dependencies(
    inventory: &Inventory,
    findings: &mut Findings,
) -> Vec<Vec<(ApplicationId, Span)>> {
    let names =
        Texts::from_sorted(inventory.applications.iter().map(|d| d.metadata.name.value.as_str()));
    let mut all = Vec::with_capacity(inventory.applications.len());
    for document in &inventory.applications {
        let mut found = Vec::with_capacity(document.depends_on.len());
        for name in &document.depends_on {
            let text = name.value.as_str();
            if let Some(index) = names.find(text) {
                found.push((ApplicationId(index as u32), name.span));
                continue;
            }
            let message = format!("there is no application `{text}`");
            let error = Diagnostic::error(&UNKNOWN_APPLICATION, name.span, message);
            let look = || nearest(text, names.iter());
            findings.unknown(error, look, "add the Application document");
        }
        all.push(found);
    }
    all
}

/// Checks that what roles cover exists.
pub(super) fn check_roles(roles: &[RoleDocument], names: &Names, findings: &mut Findings) {
    for rule in roles.iter().flat_map(|role| &role.rules) {
        if let Cover::Only(groups) = &rule.groups {
            for path in groups {
                check_group(path.value.as_str(), path.span, names, findings);
            }
        }
        if let Cover::Only(namespaces) = &rule.namespaces {
            for name in namespaces {
                namespace(name.value.as_str(), name.span, names, findings);
            }
        }
    }
}

fn check_group(path: &str, span: Span, names: &Names, findings: &mut Findings) {
    match names.groups.find(path) {
        Some((_, false)) => {}
        Some((group, true)) => {
            let present = names.groups.paths.get(group.0 as usize);
            findings.push(former_path(path, present, span));
        }
        None => {
            let message = format!("there is no group `{path}`");
            let error = Diagnostic::error(&UNKNOWN_GROUP, span, message);
            findings.unknown(error, || names.groups.nearest(path), "add the Group document");
        }
    }
}

/// Checks that former names of clusters and applications say clearly what was renamed.
pub(super) fn check_former_names(inventory: &Inventory, findings: &mut Findings) {
    let clusters: Vec<_> = inventory.clusters.iter().map(|d| Renamed::new(&d.metadata)).collect();
    check_renames("cluster", &clusters, findings);
    let applications: Vec<_> =
        inventory.applications.iter().map(|d| Renamed::new(&d.metadata)).collect();
    check_renames("application", &applications, findings);
}

/// Checks that one folder does not hold too many clusters.
pub(super) fn check_delivery(inventory: &Inventory, findings: &mut Findings) {
    let delivery = &inventory.fleet.delivery;
    let n_clusters = inventory.clusters.len();
    if !matches!(delivery.value, Delivery::Directory { fan_out: FanOut::None, .. })
        || n_clusters <= MANY_FOLDERS
    {
        return;
    }
    let message = format!("one folder would hold those of {n_clusters} clusters");
    let found = if n_clusters > TOO_MANY {
        Diagnostic::error(&TOO_MANY_FOLDERS, delivery.span, message)
    } else {
        Diagnostic::warning(&TOO_MANY_FOLDERS, delivery.span, message)
    };
    findings.push(found.hint("set `fanOut: hex2`, which spreads them over 256 folders"));
}
