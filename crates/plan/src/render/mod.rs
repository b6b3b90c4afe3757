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
mod dirty;
mod draft;
mod faults;
mod fill;
mod findings;
mod folder;
mod grid;
mod grouping;
mod headers;
mod identity;
mod kept;
mod key;
mod merge;
mod numbers;
mod objects;
mod parsed;
mod pass;
mod prepare;
mod rules;
mod tree;
mod unit;
mod unmoved;

use std::sync::Arc;

use model::{
    Diagnostic, ExpansionRequest, Expansions, Layout, NamespaceName, ObjectId, Rendered,
    RenderedCluster, Sink, Source,
};

use context::Context;
use pass::Pass;
use prepare::Prepared;

pub(crate) use kept::{Kept, Previous};
pub(crate) use unmoved::{Unmoved, unmoved};

pub use folder::folder;
pub use prepare::{LARGEST_FILE, MOST_FILES};

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
    let mut numbers = 0;
    render_after(None, fleet, source, expansions, &mut numbers, sink).0
}

/// Renders a fleet with what was kept of an earlier render: the result is that of [`render`], and
/// only what differs goes to the sink. Bases have the numbers from `next_number` on, which is
/// moved past them.
pub(crate) fn render_after(
    previous: Option<Previous<'_>>,
    fleet: &Fleet,
    source: &Source,
    expansions: &Expansions,
    next_number: &mut u32,
    sink: &dyn Sink,
) -> (Rendered, Kept) {
    let previous = previous.filter(|previous| previous.fits(fleet, source));
    let folders = previous.map(|previous| Arc::clone(&previous.kept.folders));
    let context = Context::new(fleet, source, sink, *next_number, folders);
    let parsed = previous.map(|previous| &previous.kept.parsed);
    let prepared = Prepared::new(&context, source, expansions, parsed);
    let mut pass = Pass::new(&context, &prepared, previous);
    pass.draft.findings.extend(prepared.warnings().cloned());
    pass.draft.findings.extend(absent_dependencies(&context));
    pass.applications();
    let duplicates = pass.duplicates();
    let bootstrap = pass.bootstrap(source);
    let Pass { draft, kept: applications, .. } = pass;
    let (clusters, diagnostics) = draft.finish(previous.map(|previous| previous.rendered));
    let rendered = whole(&context, source, clusters, diagnostics);
    *next_number = context.numbers.next();
    let kept = Kept {
        folders: context.folders,
        live: context.live,
        parsed: prepared.into_parsed(),
        applications,
        duplicates,
        bootstrap,
    };
    (rendered, kept)
}

fn whole(
    context: &Context<'_>,
    source: &Source,
    clusters: Vec<Arc<RenderedCluster>>,
    diagnostics: Vec<Diagnostic>,
) -> Rendered {
    let fleet = context.fleet;
    Rendered {
        fleet: fleet.uid,
        engine: fleet.engine,
        source: source.digest,
        origin: source.origin.clone(),
        layout: if context.flux.is_some() { Layout::Flux } else { Layout::Manifests },
        delivery: fleet.delivery.clone(),
        deletion_budget_ppm: fleet.deletion_budget_ppm,
        applications: applications(fleet),
        namespaces: namespaces(context),
        clusters,
        empty_expressions: fleet.empty_expressions.clone(),
        diagnostics,
    }
}

fn applications(fleet: &Fleet) -> Vec<(model::ApplicationName, Option<model::ApplicationName>)> {
    let former = |application: &crate::Application| {
        application.document.metadata.former.as_ref().map(|former| former.value.clone())
    };
    fleet.applications.iter().map(|app| (app.name.clone(), former(app))).collect()
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
    for application in context.fleet.applications.iter() {
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
