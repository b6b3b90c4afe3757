//! Templates and a fleet to the tree of every cluster.
//!
//! ```text
//! template files ─prepare─▶ parsed once ─┐
//!                                        ├─application─▶ cells ─rules─▶ Rendered
//! fleet: clusters, values ───────────────┘
//! ```
//!
//! In: a [`Fleet`], the [`Source`] it was assembled from, what programs made of its templates, and
//! a sink. Out: a [`Rendered`], in
//! which every mistake of a template or a value breaks its own cells only. Rendering cannot
//! fail, and gives the same on any number of threads and in any order of documents. What is
//! released of it is not decided here.
//!
//! A file is filled once per distinct tuple of the values that its placeholders take, a folder
//! is written once per distinct content; nothing but the cells is kept per application and
//! cluster.

mod application;
mod bootstrap;
pub mod codes;
mod context;
mod faults;
mod fill;
mod findings;
mod folder;
mod grid;
mod grouping;
mod identity;
mod key;
mod objects;
mod parsed;
mod prepare;
mod rules;
mod tree;
mod unit;

use std::sync::Arc;

use model::{
    ApplicationId, Cell, ClusterId, Diagnostic, ExpansionRequest, Expansions, Layout, NamespaceId,
    NamespaceName, ObjectId, Rendered, RenderedCluster, Sink, Source,
};
use rayon::prelude::*;

use application::{ApplicationRender, LocalCell, render_application};
use context::Context;
use objects::ObjectTable;
use prepare::Prepared;

pub use folder::folder;

use crate::Fleet;
use crate::layout::{flux, manifests};

/// What programs must build before a render, each once: nothing in the layout `flux`, and of the
/// templates that some cluster gets only those that are no plain list of files.
///
/// The files that the requests name are those of `source`.
#[must_use]
pub fn expansions(fleet: &Fleet, source: &Source) -> Vec<ExpansionRequest> {
    prepare::requests(fleet, source)
}

/// Renders every cluster of a fleet.
///
/// `source` is the one that the fleet was assembled from, with the texts of `expansions` added to
/// its files; content goes to the sink. Mistakes are in [`Rendered::diagnostics`], which holds
/// only what rendering found, and what building found before it.
#[must_use]
pub fn render(
    fleet: &Fleet,
    source: &Source,
    expansions: &Expansions,
    sink: &dyn Sink,
) -> Rendered {
    let context = Context::new(fleet, source, sink);
    let prepared = Prepared::new(fleet, source, expansions, &context.live);
    let mut draft = Draft { findings: Vec::new(), clusters: clusters(&context) };
    draft.findings.extend(prepared.warnings().cloned());
    draft.findings.extend(absent_dependencies(&context));
    let tables = draft.applications(&context, &prepared);
    draft.duplicates(&context, &tables);
    drop(tables);
    draft.bootstrap(&context, source);
    let namespaces = namespaces(&context);
    let (diagnostics, translation) = findings::arrange(draft.findings);
    let arranged = |mut cluster: RenderedCluster| {
        translate(&mut cluster, &translation);
        Arc::new(cluster)
    };
    let clusters = draft.clusters.into_par_iter().map(arranged).collect();
    Rendered {
        fleet: fleet.uid,
        engine: fleet.engine,
        source: source.digest,
        origin: source.origin.clone(),
        layout: if context.flux.is_some() { Layout::Flux } else { Layout::Manifests },
        delivery: fleet.delivery.clone(),
        deletion_budget_ppm: fleet.deletion_budget_ppm,
        applications: applications(fleet),
        namespaces,
        clusters,
        empty_expressions: fleet.empty_expressions.clone(),
        diagnostics,
    }
}

/// A render in which findings are not yet arranged.
struct Draft {
    findings: Vec<Diagnostic>,
    clusters: Vec<RenderedCluster>,
}

impl Draft {
    /// Renders the applications, a few at a time so that what is not yet spread over the
    /// clusters stays small, and answers which objects they put where.
    fn applications(&mut self, context: &Context<'_>, prepared: &Prepared<'_>) -> Vec<ObjectTable> {
        let mut numbers = Vec::with_capacity(prepared.plans.len());
        // The first number is that of the Kustomization of namespaces.
        let mut number = context.next_number.saturating_add(1);
        for plan in &prepared.plans {
            numbers.push(number);
            number = number.saturating_add(plan.as_ref().map_or(0, Vec::len) as u32);
        }
        let ids: Vec<(u32, u32)> = (0..).zip(numbers).collect();
        let mut tables = Vec::with_capacity(ids.len());
        for some in ids.chunks(2 * rayon::current_num_threads()) {
            let rendered = some.par_iter().map(|(id, number)| {
                render_application(context, prepared, ApplicationId(*id), *number)
            });
            let rendered: Vec<ApplicationRender> = rendered.collect();
            for (application, (id, _)) in rendered.into_iter().zip(some) {
                tables.push(self.take(application, ApplicationId(*id)));
            }
        }
        tables
    }

    fn take(&mut self, application: ApplicationRender, id: ApplicationId) -> ObjectTable {
        let first = self.findings.len() as u32;
        self.findings.extend(application.findings);
        for (cluster, cell) in application.cells {
            let cell = match cell {
                LocalCell::Tree(fragment) => Cell::Tree(fragment),
                LocalCell::Broken(finding) => Cell::Broken(first + finding),
            };
            self.clusters[cluster.index()].cells.push((id, cell));
        }
        application.objects
    }

    fn duplicates(&mut self, context: &Context<'_>, tables: &[ObjectTable]) {
        for duplicate in rules::duplicates(context, tables) {
            let breaks = duplicate.finding.is_error();
            let finding = self.findings.len() as u32;
            self.findings.push(duplicate.finding);
            for (application, clusters) in duplicate.cells.iter().filter(|_| breaks) {
                for cluster in clusters.iter() {
                    self.break_cell(cluster, ApplicationId(*application as u32), finding);
                }
            }
        }
    }

    fn break_cell(&mut self, cluster: ClusterId, application: ApplicationId, finding: u32) {
        let cells = &mut self.clusters[cluster.index()].cells;
        let position = cells.binary_search_by_key(&application, |(id, _)| *id);
        if let Ok(position) = position
            && matches!(cells[position].1, Cell::Tree(_))
        {
            cells[position].1 = Cell::Broken(finding);
        }
    }

    fn bootstrap(&mut self, context: &Context<'_>, source: &Source) {
        let first = self.findings.len() as u32;
        let rendered = bootstrap::render_bootstrap(context, source);
        self.findings.extend(rendered.findings);
        for (cluster, entries) in rendered.clusters {
            let entries = entries.map_err(|finding| first + finding);
            self.clusters[cluster.index()].bootstrap = entries;
        }
    }
}

fn translate(cluster: &mut RenderedCluster, translation: &[u32]) {
    for (_, cell) in &mut cluster.cells {
        if let Cell::Broken(finding) = cell {
            *finding = translation[*finding as usize];
        }
    }
    if let Err(finding) = &mut cluster.bootstrap {
        *finding = translation[*finding as usize];
    }
}

fn applications(fleet: &Fleet) -> Vec<(model::ApplicationName, Option<model::ApplicationName>)> {
    let former = |application: &crate::Application| {
        application.document.metadata.former.as_ref().map(|former| former.value.clone())
    };
    fleet.applications.iter().map(|app| (app.name.clone(), former(app))).collect()
}

/// The clusters with their namespaces and no cells yet. One that is being emptied stays so.
fn clusters(context: &Context<'_>) -> Vec<RenderedCluster> {
    let fleet = context.fleet;
    let listener = context.flux.map(|layout| {
        flux::Listener::new(layout, "namespaces", "namespaces", &[], context.next_number)
    });
    let cluster = |(position, cluster): (usize, &crate::Cluster)| {
        let id = ClusterId(position as u32);
        let selects = |entry: &(usize, &crate::Namespace)| {
            context.live.contains(id) && entry.1.clusters.contains(id)
        };
        let namespaces: Vec<NamespaceId> = fleet
            .namespaces
            .iter()
            .enumerate()
            .filter(selects)
            .map(|(namespace, _)| NamespaceId(namespace as u32))
            .collect();
        let former = cluster.document.metadata.former.as_ref();
        let listener = listener.as_ref().filter(|_| !namespaces.is_empty());
        RenderedCluster {
            name: cluster.name.clone(),
            former_name: former.map(|former| former.value.clone()),
            cells: Vec::new(),
            namespaces_listener: listener
                .map(|listener| listener.write(&context.folders[position], context.sink)),
            namespaces,
            bootstrap: Ok(Vec::new()),
        }
    };
    fleet.clusters.par_iter().enumerate().map(cluster).collect()
}

fn namespaces(context: &Context<'_>) -> Vec<(NamespaceName, ObjectId)> {
    let document = |namespace: &crate::Namespace| {
        let name = namespace.name.as_str();
        let text = match context.flux {
            Some(layout) => flux::namespace_document(layout, name),
            None => manifests::namespace_document(name),
        };
        (namespace.name.clone(), context.sink.blob(text.as_bytes()))
    };
    context.fleet.namespaces.iter().map(document).collect()
}

/// Applications that depend on one that does not run on all of their clusters.
fn absent_dependencies(context: &Context<'_>) -> Vec<Diagnostic> {
    if context.flux.is_none_or(|flux| flux.compatibility_0_20) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for application in &context.fleet.applications {
        let listed = application.depends_on.iter().zip(&application.document.depends_on);
        for (id, written) in listed {
            let mut without = application.clusters.clone();
            without.subtract(&context.fleet.applications[id.0 as usize].clusters);
            if !without.is_empty() {
                let message = format!(
                    "`{}` depends on `{}`, which does not run on all of its clusters",
                    application.name, written.value
                );
                let code = &codes::DEPENDENCY_ABSENT;
                let warning = Diagnostic::warning(code, written.span, message).clusters(without);
                found.push(warning.hint("place both on the same clusters"));
            }
        }
    }
    found
}
