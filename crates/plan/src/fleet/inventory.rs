//! The documents of a source by kind, in the order of their names, each name once.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Diagnostic, GroupPath, Severity, Source, Span};
use schema::document::{
    ApplicationDocument, ClusterDocument, Document, FleetDocument, GroupDocument, Metadata,
    NamespaceDocument, RoleDocument,
};

use super::codes::{DUPLICATE_DOCUMENT, FORMER_NAME, MISSING_FLEET};
use super::hierarchy;
use crate::expression::{Findings, GroupNames};

/// The documents, sorted and distinct.
pub(crate) struct Inventory {
    pub(crate) fleet: FleetDocument,
    pub(crate) clusters: Vec<Arc<ClusterDocument>>,
    /// The groups by their present paths.
    pub(crate) groups: Vec<(GroupPath, GroupDocument)>,
    pub(crate) group_names: GroupNames,
    pub(crate) namespaces: Vec<NamespaceDocument>,
    pub(crate) applications: Vec<ApplicationDocument>,
    pub(crate) roles: Vec<RoleDocument>,
}

#[derive(Default)]
struct Sorted {
    fleets: Vec<FleetDocument>,
    clusters: Vec<Arc<ClusterDocument>>,
    groups: Vec<GroupDocument>,
    namespaces: Vec<NamespaceDocument>,
    applications: Vec<ApplicationDocument>,
    roles: Vec<RoleDocument>,
}

impl Inventory {
    /// Sorts documents. There is no inventory without a Fleet document.
    pub(crate) fn new(
        source: &Source,
        documents: Vec<Document>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut sorted = by_kind(documents);
        let groups = std::mem::take(&mut sorted.groups);
        let (groups, group_names) = hierarchy::arrange(groups, findings);
        let fleet = the_fleet(source, sorted.fleets, findings);
        let inventory = Self {
            clusters: distinct(sorted.clusters, "clusters", |d| named(&d.metadata), findings),
            groups,
            group_names,
            namespaces: distinct(sorted.namespaces, "namespaces", |d| named(&d.metadata), findings),
            applications: distinct(
                sorted.applications,
                "applications",
                |d| named(&d.metadata),
                findings,
            ),
            roles: distinct(sorted.roles, "roles", |d| named(&d.metadata), findings),
            fleet: fleet?,
        };
        Some(inventory)
    }
}

fn by_kind(documents: Vec<Document>) -> Sorted {
    let mut sorted = Sorted::default();
    for document in documents {
        match document {
            Document::Fleet(document) => sorted.fleets.push(document),
            Document::Cluster(document) => sorted.clusters.push(document),
            Document::Group(document) => sorted.groups.push(document),
            Document::Namespace(document) => sorted.namespaces.push(document),
            Document::Application(document) => sorted.applications.push(document),
            Document::Role(document) => sorted.roles.push(document),
        }
    }
    sorted
}

fn named<N: AsRef<str>>(metadata: &Metadata<N>) -> (&str, Span) {
    (metadata.name.value.as_ref(), metadata.name.span)
}

fn the_fleet(
    source: &Source,
    mut fleets: Vec<FleetDocument>,
    findings: &mut Findings,
) -> Option<FleetDocument> {
    fleets.sort_by_key(|fleet| fleet.name.span);
    if let [first, others @ ..] = fleets.as_slice() {
        for other in others {
            let error = Diagnostic::error(
                &DUPLICATE_DOCUMENT,
                other.name.span,
                format!("a second Fleet document, `{}`", other.name.value),
            );
            findings.push(
                error.label(first.name.span, "the first is here").hint("a source has one fleet"),
            );
        }
    } else {
        let mut error = Diagnostic::new(
            &MISSING_FLEET,
            Severity::Error,
            "there is no Fleet document in `fleet.yaml`",
        );
        if let Some(file) = source.files.find("fleet.yaml") {
            error = error.label(Span::new(file, 0, 0), "");
        }
        findings.push(error.hint("`res-edge init` writes one"));
    }
    fleets.into_iter().next()
}

/// The documents in the order of names; of two with one name the first by place is kept, and the
/// other is an error.
pub(crate) fn distinct<D>(
    documents: Vec<D>,
    kind: &str,
    name: impl Fn(&D) -> (&str, Span),
    findings: &mut Findings,
) -> Vec<D> {
    // Documents are large: their positions are sorted, and each is moved once.
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by(|a, b| name(&documents[*a]).cmp(&name(&documents[*b])));
    let mut documents: Vec<Option<D>> = documents.into_iter().map(Some).collect();
    let mut kept: Vec<D> = Vec::with_capacity(documents.len());
    for document in order.into_iter().filter_map(|index| documents[index].take()) {
        let (text, span) = name(&document);
        match kept.last().map(&name).filter(|(last, _)| *last == text) {
            None => kept.push(document),
            Some((_, first)) => findings.push(
                Diagnostic::error(
                    &DUPLICATE_DOCUMENT,
                    span,
                    format!("two {kind} are called `{text}`"),
                )
                .label(first, "the first is here")
                .hint("rename one of them, or remove it"),
            ),
        }
    }
    kept
}

/// A name that a document has, and the one it says it had.
pub(crate) struct Renamed<'a> {
    /// The present name.
    pub(crate) name: &'a str,
    /// Where it is written.
    pub(crate) at: Span,
    /// The former name and where it is written.
    pub(crate) former: Option<(&'a str, Span)>,
}

impl<'a> Renamed<'a> {
    /// What a document's metadata says.
    pub(crate) fn new<N: AsRef<str>>(metadata: &'a Metadata<N>) -> Self {
        Self {
            name: metadata.name.value.as_ref(),
            at: metadata.name.span,
            former: metadata.former.as_ref().map(|f| (f.value.as_ref(), f.span)),
        }
    }
}

/// Checks that each former name says clearly what was renamed.
pub(crate) fn check_renames(kind: &str, documents: &[Renamed<'_>], findings: &mut Findings) {
    if documents.iter().all(|document| document.former.is_none()) {
        return;
    }
    let present: HashMap<&str, Span> = documents.iter().map(|d| (d.name, d.at)).collect();
    let mut claimed: HashMap<&str, Span> = HashMap::new();
    for document in documents {
        let Some((former, span)) = document.former else { continue };
        let error = |message: String| Diagnostic::error(&FORMER_NAME, span, message);
        if former == document.name {
            let message =
                format!("`{former}` is the present name of this {kind}, not a former one");
            findings.push(error(message).hint("remove the former name"));
        } else if let Some(at) = present.get(former) {
            let message = format!("the {kind} `{former}` exists besides `{}`", document.name);
            let mut found = error(message).label(*at, "it is here");
            // A present path always wins over a former one, and a group has no identity to lose.
            if kind == "group" {
                found.severity = Severity::Warning;
            }
            findings.push(found.hint("remove the former name once the rename is released"));
        } else if let Some(first) = claimed.insert(former, span) {
            let message = format!("two {kind}s say that they were `{former}`");
            let error = error(message).label(first, "the first says so here");
            findings.push(error.hint("keep it where the rename was"));
        }
    }
}
