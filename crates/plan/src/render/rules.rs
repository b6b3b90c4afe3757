//! The rules that look across objects: which ones an application may render, and that each is
//! rendered once per cluster.
//!
//! They are errors in the layout `manifests`, where every object is known, and warnings in
//! `flux`, where kustomize could still change them.

use std::collections::{BTreeMap, HashMap};

use model::{ClusterSet, Diagnostic, ObjectKey, Severity, Span};
use schema::objects::{Scope, built_in_scope, short_group};

use super::codes;
use super::context::Context;
use super::objects::{ObjectRow, ObjectTable};
use crate::{Application, Fleet, Namespace};

/// How many places one finding points at.
const MOST_LABELS: usize = 8;

/// What an application's objects break by themselves, each with the clusters.
pub(crate) fn own_objects(
    context: &Context<'_>,
    application: &Application,
    objects: &ObjectTable,
) -> Vec<(Diagnostic, ClusterSet)> {
    let namespace = &context.fleet.namespaces[application.namespace.0 as usize];
    let mut classes: BTreeMap<Class, Vec<u32>> = BTreeMap::new();
    for (row, object) in objects.rows.iter().enumerate() {
        if let Some(class) = classify(context, namespace, object) {
            classes.entry(class).or_default().push(row as u32);
        }
    }
    if classes.is_empty() {
        return Vec::new();
    }
    let mut class_of = vec![None; objects.rows.len()];
    for (class, rows) in classes.values().enumerate() {
        rows.iter().for_each(|row| class_of[*row as usize] = Some(class));
    }
    let sets = objects.clusters_of(classes.len(), |row| class_of[row as usize]);
    let strict = context.flux.is_none();
    let found = classes.iter().zip(sets).map(|((class, rows), clusters)| {
        let rows: Vec<&ObjectRow> = rows.iter().map(|row| &objects.rows[*row as usize]).collect();
        (class.report(context.fleet, application, namespace, &rows, strict), clusters)
    });
    found.filter(|(_, clusters)| !clusters.is_empty()).collect()
}

/// What is wrong with an object, so that equal mistakes are one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// `allow` would have to list this.
    NotAllowed(String),
    /// A namespaced kind without a namespace.
    NoNamespace,
    /// A cluster-wide kind with a namespace.
    NeedlessNamespace,
    /// In `flux`, a Namespace that a Namespace document writes too.
    NamespaceTwice,
}

fn classify(context: &Context<'_>, namespace: &Namespace, object: &ObjectRow) -> Option<Class> {
    let key = &object.key;
    let strict = context.flux.is_none();
    if object.document.is_some() && !strict {
        return Some(Class::NamespaceTwice);
    }
    match (built_in_scope(&key.group, &key.kind), &key.namespace) {
        // In `flux`, the kustomization may set the namespace.
        (Some(Scope::Namespaced), None) => return strict.then_some(Class::NoNamespace),
        (Some(Scope::Cluster), Some(_)) => return Some(Class::NeedlessNamespace),
        _ => {}
    }
    if key.namespace.as_deref() == Some(namespace.name.as_str()) {
        return None;
    }
    let allowed = namespace.allow.iter().any(|allow| {
        allow.namespace.as_deref() == key.namespace.as_deref()
            && *allow.kind == *key.kind
            && (*allow.group == *short_group(&key.group) || *allow.group == *key.group)
    });
    let place = key.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    let group = short_group(&key.group);
    let dot = if group.is_empty() { "" } else { "." };
    (!allowed).then(|| Class::NotAllowed(format!("{place}{}{dot}{group}", key.kind)))
}

impl Class {
    fn report(
        &self,
        fleet: &Fleet,
        application: &Application,
        namespace: &Namespace,
        rows: &[&ObjectRow],
        strict: bool,
    ) -> Diagnostic {
        let (name, own) = (&application.name, &namespace.name);
        let example = rows.first().map(|row| row.key.to_string()).unwrap_or_default();
        let (code, message, hint) = match self {
            Self::NotAllowed(entry) => (
                &codes::OBJECT_NOT_ALLOWED,
                format!("`{name}` renders `{entry}`, which its namespace `{own}` does not allow"),
                format!("add `{entry}` to `allow` of the namespace `{own}`, or remove the object"),
            ),
            Self::NoNamespace => (
                &codes::OBJECT_NAMESPACE,
                format!("`{example}` has no namespace, and would go to `default`"),
                "write `namespace: rea.namespace.name` into its metadata".to_owned(),
            ),
            Self::NeedlessNamespace => (
                &codes::OBJECT_NAMESPACE,
                format!("`{example}` has a namespace, but its kind belongs to the whole cluster"),
                "remove `namespace` from its metadata".to_owned(),
            ),
            Self::NamespaceTwice => (
                &codes::NAMESPACE_TWICE,
                format!("`{example}` is also written by its Namespace document"),
                "remove the object from the template".to_owned(),
            ),
        };
        let severity = if strict { Severity::Error } else { Severity::Warning };
        let mut found = Diagnostic::new(code, severity, message).hint(hint);
        for row in rows.iter().take(MOST_LABELS) {
            found = found.label(row.span, "");
        }
        let document = rows.first().and_then(|row| row.document);
        match document.filter(|_| *self == Self::NamespaceTwice) {
            Some(id) => {
                let document = &fleet.namespaces[id.0 as usize].document;
                found.label(document.metadata.name.span, "the Namespace document")
            }
            None => found,
        }
    }
}

/// The note that a Namespace document is used in place of a template's object.
pub(crate) fn namespace_wins(fleet: &Fleet, row: &ObjectRow) -> Diagnostic {
    let message = format!("`{}` is left out: its Namespace document is used", row.key);
    let note = Diagnostic::new(&codes::NAMESPACE_DOCUMENT_WINS, Severity::Note, message)
        .label(row.span, "")
        .hint("remove the object from the template");
    match row.document {
        Some(id) => {
            let document = &fleet.namespaces[id.0 as usize].document;
            note.label(document.metadata.name.span, "the Namespace document")
        }
        None => note,
    }
}

/// One application renders an object more than once.
pub(crate) fn twice_in_one(
    key: &ObjectKey,
    spans: &[Span],
    application: &str,
    severity: Severity,
) -> Diagnostic {
    let message = format!("`{application}` renders `{key}` twice");
    let found = Diagnostic::new(&codes::DUPLICATE_OBJECT, severity, message)
        .hint("rename or remove one of the two");
    spans.iter().take(MOST_LABELS).fold(found, |found, span| found.label(*span, ""))
}

/// Two objects would have the same file.
pub(crate) fn same_file(one: &ObjectRow, other: &ObjectRow) -> Diagnostic {
    let message = format!("`{}` and `{}` would have the same file", one.key, other.key);
    Diagnostic::error(&codes::FILE_COLLISION, other.span, message)
        .label(one.span, "the other object")
        .hint("rename one of the two")
}

/// An object that several applications put on the same clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// What to say, with the clusters.
    pub(crate) finding: Diagnostic,
    /// The applications by position, each with the clusters on which it is not alone.
    pub(crate) cells: Vec<(usize, ClusterSet)>,
}

/// The objects that several applications render on the same cluster, in the order of objects.
///
/// Only objects that more than one application knows at all are looked at, and each costs a few
/// operations on sets of clusters.
pub(crate) fn duplicates(context: &Context<'_>, applications: &[&ObjectTable]) -> Vec<Duplicate> {
    let mut holders: HashMap<&ObjectKey, Vec<(usize, u32)>> = HashMap::new();
    for (application, objects) in applications.iter().enumerate() {
        for (row, object) in objects.rows.iter().enumerate() {
            holders.entry(&object.key).or_default().push((application, row as u32));
        }
    }
    let mut shared: Vec<_> = holders.into_iter().filter(|(_, rows)| rows.len() > 1).collect();
    shared.sort_unstable();
    let mut classes: Vec<HashMap<u32, usize>> = vec![HashMap::new(); applications.len()];
    for (class, (_, rows)) in shared.iter().enumerate() {
        rows.iter().for_each(|(application, row)| {
            classes[*application].insert(*row, class);
        });
    }
    let mut sets: Vec<Vec<(usize, ClusterSet)>> = vec![Vec::new(); shared.len()];
    for (application, classes) in classes.iter().enumerate().filter(|entry| !entry.1.is_empty()) {
        let class_of = |row: u32| classes.get(&row).copied();
        let found = applications[application].clusters_of(shared.len(), class_of);
        for (class, clusters) in found.into_iter().enumerate().filter(|f| !f.1.is_empty()) {
            sets[class].push((application, clusters));
        }
    }
    let found = shared.iter().zip(sets);
    found
        .filter_map(|((key, rows), sets)| duplicate(context, applications, (key, rows), sets))
        .collect()
}

fn duplicate(
    context: &Context<'_>,
    applications: &[&ObjectTable],
    (key, rows): (&ObjectKey, &[(usize, u32)]),
    sets: Vec<(usize, ClusterSet)>,
) -> Option<Duplicate> {
    let (mut seen, mut twice) = (ClusterSet::default(), ClusterSet::default());
    for (_, clusters) in &sets {
        let mut both = clusters.clone();
        both.intersect(&seen);
        twice.unite(&both);
        seen.unite(clusters);
    }
    if twice.is_empty() {
        return None;
    }
    let mut cells = sets;
    cells.iter_mut().for_each(|(_, clusters)| clusters.intersect(&twice));
    cells.retain(|(_, clusters)| !clusters.is_empty());
    let name = |application: usize| context.fleet.applications[application].name.as_str();
    let listed: Vec<String> =
        cells.iter().take(4).map(|(application, _)| format!("`{}`", name(*application))).collect();
    let more = match cells.len() - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("`{key}` is rendered by {}{more}", listed.join(", "));
    let strict = context.flux.is_none();
    let severity = if strict { Severity::Error } else { Severity::Warning };
    let mut finding = Diagnostic::new(&codes::DUPLICATE_OBJECT, severity, message)
        .hint("rename one of the objects, or keep the applications on different clusters");
    let involved = rows.iter().filter(|row| cells.iter().any(|cell| cell.0 == row.0));
    for (application, row) in involved.take(MOST_LABELS) {
        let span = applications[*application].rows[*row as usize].span;
        finding = finding.label(span, format!("in `{}`", name(*application)));
    }
    Some(Duplicate { finding: finding.clusters(twice), cells })
}
