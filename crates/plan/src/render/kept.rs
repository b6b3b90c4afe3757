//! What a later render can use of an earlier one.
//!
//! Everything here can be made again from the source alone, and nothing of it changes a byte of a
//! render: it only says which parts need not be rendered again.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ApplicationId, ClusterSet, Diagnostic, FileId, Files, ObjectId, Rendered, Source};

use super::context::Context;
use super::objects::ObjectTable;
use super::prepare::{ParsedFiles, Prepared};
use super::rules::Duplicate;
use crate::Fleet;
use crate::fleet::KeySpace;
use crate::overlay::Choice;

/// The keys that placeholders name, sorted.
pub(crate) type Keys = Arc<[(KeySpace, Box<str>)]>;

/// Some files with what stands in each and whether it may be executed.
pub(crate) type FileList = Vec<(FileId, ObjectId, bool)>;

/// What is kept of a render besides the render itself.
pub(crate) struct Kept {
    /// The folder of each cluster in its delivery.
    pub(crate) folders: Arc<[Box<str>]>,
    /// The clusters that are not being emptied.
    pub(crate) live: ClusterSet,
    /// The files of templates that are used.
    pub(crate) parsed: ParsedFiles,
    /// Each application.
    pub(crate) applications: Vec<Arc<KeptApplication>>,
    /// The objects that several applications render.
    pub(crate) duplicates: Vec<Duplicate>,
    /// The bootstrap folder.
    pub(crate) bootstrap: Arc<KeptBootstrap>,
}

/// What is kept of an application; its cells are in the render.
#[derive(Default)]
pub(crate) struct KeptApplication {
    /// Which clusters got what.
    pub(crate) choices: Vec<KeptChoice>,
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
    /// What objects it puts where.
    pub(crate) objects: Arc<ObjectTable>,
}

/// What some clusters got of a template.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeptChoice {
    /// The choice.
    pub(crate) choice: Choice,
    /// The folder that it is applied from.
    pub(crate) entry: Box<str>,
    /// The clusters.
    pub(crate) clusters: ClusterSet,
    /// The files that were rendered, in order.
    pub(crate) files: FileList,
    /// Those whose objects Flux applies.
    pub(crate) applied: BTreeSet<FileId>,
    /// The keys that its placeholders name.
    pub(crate) keys: Keys,
}

/// What is kept of the bootstrap folder.
#[derive(Default)]
pub(crate) struct KeptBootstrap {
    /// Its files.
    pub(crate) files: FileList,
    /// The keys that its placeholders name.
    pub(crate) keys: Keys,
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
}

/// A render, with what it was made of.
#[derive(Clone, Copy)]
pub(crate) struct Previous<'a> {
    /// The fleet.
    pub(crate) fleet: &'a Fleet,
    /// The source.
    pub(crate) source: &'a Source,
    /// What was kept.
    pub(crate) kept: &'a Kept,
    /// The result.
    pub(crate) rendered: &'a Rendered,
}

impl Previous<'_> {
    /// Whether positions mean the same in both: of files, clusters, namespaces and applications;
    /// and whether the settings are those that were.
    pub(crate) fn fits(&self, fleet: &Fleet, source: &Source) -> bool {
        let old = self.fleet;
        let settings = old.layout == fleet.layout
            && old.delivery == fleet.delivery
            && old.engine == fleet.engine
            && self.source.faults.is_empty()
            && source.faults.is_empty();
        settings && same_paths(&self.source.files, &source.files) && same_names(old, fleet)
    }
}

fn same_paths(old: &Files, new: &Files) -> bool {
    let paths = |files: &Files| {
        let all = files.iter().chain(files.added());
        all.map(|(id, file)| (id, Arc::clone(&file.path))).collect::<Vec<_>>()
    };
    paths(old) == paths(new)
}

fn same_names(old: &Fleet, new: &Fleet) -> bool {
    std::ptr::eq(old, new)
        || old.same_clusters(new)
            && names(&old.namespaces, |n| n.name.as_str())
                .eq(names(&new.namespaces, |n| n.name.as_str()))
            && names(&old.applications, |a| a.name.as_str())
                .eq(names(&new.applications, |a| a.name.as_str()))
}

fn names<T>(list: &[T], name: impl Fn(&T) -> &str) -> impl Iterator<Item = &str> {
    list.iter().map(name)
}

/// What each choice of an application is rendered from; nothing where its template is broken.
pub(crate) fn choices(
    context: &Context<'_>,
    prepared: &Prepared<'_>,
    id: ApplicationId,
    before: Option<&KeptApplication>,
) -> Option<Vec<KeptChoice>> {
    let application = &context.fleet.applications[id.0 as usize];
    let template = &*application.document.template.value;
    let plan = prepared.plans[id.0 as usize].as_ref().ok()?;
    let choice = |plan: &super::prepare::ChoicePlan| {
        let selected = prepared.selected(id, template, plan.choice)?.as_ref().ok()?;
        let file = |file: &crate::overlay::folder::TemplateFile<'_>| {
            (file.id, file.file.id, file.file.executable)
        };
        let files: FileList = selected.files.iter().map(file).collect();
        let known = before.into_iter().flat_map(|before| &before.choices);
        let mut known = known.filter(|old| old.files == files && old.applied == selected.applied);
        let keys = known.next().map(|old| Arc::clone(&old.keys));
        Some(KeptChoice {
            choice: plan.choice,
            entry: prepared.overlays(template)?.entry(plan.choice).into(),
            clusters: plan.clusters.clone(),
            applied: selected.applied.clone(),
            keys: keys.unwrap_or_else(|| keys_of(prepared, &files)),
            files,
        })
    };
    plan.iter().map(choice).collect()
}

fn keys_of(prepared: &Prepared<'_>, files: &FileList) -> Keys {
    let mut keys = BTreeSet::new();
    for file in files.iter().filter_map(|(id, ..)| prepared.parsed(*id)) {
        for used in file.units().iter().flat_map(super::unit::Unit::keys) {
            keys.insert((used.space, used.key.clone()));
        }
        for (space, key) in file.identities.iter().flat_map(|identity| identity.keys()) {
            keys.insert((space, key.into()));
        }
    }
    keys.into_iter().collect()
}
