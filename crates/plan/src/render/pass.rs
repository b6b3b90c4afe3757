//! The way through a render: each application, then what several of them do together.
//!
//! In: what is prepared, and perhaps an earlier render. Out: the draft of the clusters and what
//! the next render can use. A render from nothing is one in which every task is whole.

use std::sync::Arc;

use model::{ApplicationId, Cell, ClusterId, ClusterSet, Source};
use rayon::prelude::*;

use super::application::{ApplicationRender, LocalCell, render_application};
use super::bootstrap;
use super::context::Context;
use super::dirty::{Changes, Task};
use super::draft::Draft;
use super::headers::Headers;
use super::kept::{KeptApplication, KeptBootstrap, KeptChoice, Previous, choices};
use super::merge::merge;
use super::prepare::{ApplicationPlan, Prepared};
use super::rules::{self, Duplicate};

/// A render on its way.
pub(crate) struct Pass<'a> {
    context: &'a Context<'a>,
    prepared: &'a Prepared<'a>,
    previous: Option<Previous<'a>>,
    changes: Option<Changes<'a>>,
    /// The clusters.
    pub(crate) draft: Draft,
    /// The applications so far.
    pub(crate) kept: Vec<Arc<KeptApplication>>,
    /// The applications whose cells are not those of the earlier render with their breaks.
    whole: Vec<bool>,
}

/// An application that is rendered.
struct Job {
    id: ApplicationId,
    number: u32,
    task: Task,
    choices: Option<Vec<KeptChoice>>,
}

/// What became of a job.
enum Done {
    Kept,
    Part(Vec<(ClusterId, LocalCell)>, ClusterSet, KeptApplication),
    Whole(ApplicationRender),
}

impl<'a> Pass<'a> {
    /// Starts with the clusters of the earlier render, their heads made new where they differ.
    pub(crate) fn new(
        context: &'a Context<'a>,
        prepared: &'a Prepared<'a>,
        previous: Option<Previous<'a>>,
    ) -> Self {
        let headers = Headers::new(context);
        let changes = previous.map(|previous| Changes::new(previous, context.fleet));
        let draft = match (previous, &changes) {
            (Some(previous), Some(changes)) => renew_heads(context, &headers, previous, changes),
            _ => {
                let ids = 0..context.fleet.clusters.len() as u32;
                Draft::new(ids.into_par_iter().map(|id| headers.cluster(ClusterId(id))).collect())
            }
        };
        let whole = vec![false; context.fleet.applications.len()];
        Self { context, prepared, previous, changes, draft, kept: Vec::new(), whole }
    }

    /// Renders the applications, a few at a time so that what is not yet spread over the
    /// clusters stays small.
    pub(crate) fn applications(&mut self) {
        let n_applications = self.prepared.plans.len() as u32;
        let jobs: Vec<Job> = (0..n_applications).map(|id| self.job(ApplicationId(id))).collect();
        let applications = &self.context.fleet.applications;
        let n_bindings = |id: ApplicationId| applications[id.0 as usize].clusters.len();
        let counter = self.context.sink.counter();
        if let Some(counter) = counter {
            counter.begin(jobs.iter().map(|job| n_bindings(job.id)).sum());
        }
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            let some: Vec<Job> = jobs.by_ref().take(2 * rayon::current_num_threads()).collect();
            let done: Vec<Done> = some
                .par_iter()
                .map(|job| {
                    let done = self.render(job);
                    counter.iter().for_each(|counter| counter.add(n_bindings(job.id)));
                    done
                })
                .collect();
            for (job, done) in some.into_iter().zip(done) {
                self.take(job, done);
            }
        }
    }

    fn job(&mut self, id: ApplicationId) -> Job {
        let (context, prepared) = (self.context, self.prepared);
        let (task, choices) = match &mut self.changes {
            Some(changes) => changes.task(context, prepared, id),
            None => (Task::Whole, choices(context, prepared, id, None)),
        };
        let task = match task {
            Task::Part(..) if self.is_duplicated(id) => Task::Whole,
            task => task,
        };
        let n_choices = match task {
            Task::Keep => 0,
            _ => prepared.plans[id.0 as usize].as_ref().map_or(0, Vec::len),
        };
        Job { id, number: context.numbers.take(n_choices), task, choices }
    }

    /// Whether cells of an application were broken by what others render.
    fn is_duplicated(&self, id: ApplicationId) -> bool {
        let duplicates = self.previous.iter().flat_map(|previous| &previous.kept.duplicates);
        let mut cells = duplicates.flat_map(|duplicate| &duplicate.cells);
        cells.any(|(application, _)| *application == id.0 as usize)
    }

    fn render(&self, job: &Job) -> Done {
        match &job.task {
            Task::Keep => Done::Kept,
            Task::Part(plan, dirty) => self
                .render_part(job, plan, dirty)
                .unwrap_or_else(|| Done::Whole(self.render_whole(job.id, job.number))),
            Task::Whole => Done::Whole(self.render_whole(job.id, job.number)),
        }
    }

    fn render_whole(&self, id: ApplicationId, number: u32) -> ApplicationRender {
        let plan = &self.prepared.plans[id.0 as usize];
        render_application(self.context, self.prepared, id, plan, number)
    }

    /// Renders some clusters; nothing where something was found, because a finding may be about
    /// others too.
    fn render_part(&self, job: &Job, plan: &ApplicationPlan, dirty: &ClusterSet) -> Option<Done> {
        let old = &self.previous?.kept.applications[job.id.0 as usize];
        let part = render_application(self.context, self.prepared, job.id, plan, job.number);
        let objects =
            merge(&old.objects, &part.objects, dirty).filter(|_| part.findings.is_empty())?;
        let choices = job.choices.clone().unwrap_or_default();
        let kept = KeptApplication { choices, findings: Vec::new(), objects };
        Some(Done::Part(part.cells, dirty.clone(), kept))
    }

    fn take(&mut self, job: Job, done: Done) {
        match done {
            Done::Kept => {
                if let Some(previous) = self.previous {
                    let kept = &previous.kept.applications[job.id.0 as usize];
                    self.draft.findings.extend(kept.findings.iter().cloned());
                    self.kept.push(Arc::clone(kept));
                }
            }
            Done::Part(cells, dirty, kept) => {
                self.put(job.id, cells, &dirty, 0);
                self.kept.push(Arc::new(kept));
            }
            Done::Whole(render) => {
                let kept = self.take_whole(job.id, render, job.choices.unwrap_or_default());
                self.kept.push(Arc::new(kept));
            }
        }
    }

    fn take_whole(
        &mut self,
        id: ApplicationId,
        render: ApplicationRender,
        choices: Vec<KeptChoice>,
    ) -> KeptApplication {
        let first = self.draft.findings.len() as u32;
        self.draft.findings.extend(render.findings.iter().cloned());
        let mut had = ClusterSet::default();
        if let Some(previous) = self.previous {
            had.unite(&placed(previous.fleet, &previous.kept.live, id));
        }
        self.put(id, render.cells, &had, first);
        self.whole[id.0 as usize] = true;
        KeptApplication { choices, findings: render.findings, objects: Arc::new(render.objects) }
    }

    /// Puts cells, and removes those of the other clusters of a set.
    fn put(
        &mut self,
        id: ApplicationId,
        cells: Vec<(ClusterId, LocalCell)>,
        others: &ClusterSet,
        first: u32,
    ) {
        let mut gone = others.clone();
        for (cluster, cell) in cells {
            let cell = match cell {
                LocalCell::Tree(fragment) => Cell::Tree(fragment),
                LocalCell::Broken(finding) => Cell::Broken(first + finding),
            };
            gone.remove(cluster);
            self.draft.put(cluster, id, Some(cell));
        }
        gone.iter().for_each(|cluster| self.draft.put(cluster, id, None));
    }

    /// Finds the objects that several applications render, and breaks their cells.
    pub(crate) fn duplicates(&mut self) -> Vec<Duplicate> {
        let old = self.previous.map(|previous| previous.kept);
        let is_kept = old.is_some_and(|old| {
            let pairs = old.applications.iter().zip(&self.kept);
            pairs.into_iter().all(|(old, new)| Arc::ptr_eq(&old.objects, &new.objects))
        });
        let tables: Vec<_> = self.kept.iter().map(|kept| &*kept.objects).collect();
        let duplicates = match old.filter(|_| is_kept) {
            Some(old) => old.duplicates.clone(),
            None => rules::duplicates(self.context, &tables),
        };
        if let Some(old) = old.filter(|old| old.duplicates != duplicates) {
            self.restore(&old.duplicates);
        }
        for duplicate in &duplicates {
            let finding = self.draft.findings.len() as u32;
            self.draft.findings.push(duplicate.finding.clone());
            let breaks = duplicate.finding.is_error();
            for (application, clusters) in duplicate.cells.iter().filter(|_| breaks) {
                for cluster in clusters.iter() {
                    self.draft.break_cell(cluster, ApplicationId(*application as u32), finding);
                }
            }
        }
        duplicates
    }

    /// Renders again what was broken by duplicates that are no longer the same.
    fn restore(&mut self, duplicates: &[Duplicate]) {
        let cells = duplicates.iter().flat_map(|duplicate| &duplicate.cells);
        let mut applications: Vec<usize> = cells.map(|(application, _)| *application).collect();
        applications.sort_unstable();
        applications.dedup();
        for application in applications {
            if self.whole[application] {
                continue;
            }
            let id = ApplicationId(application as u32);
            let plan = &self.prepared.plans[application];
            let number = self.context.numbers.take(plan.as_ref().map_or(0, Vec::len));
            let render = self.render_whole(id, number);
            let choices = self.kept[application].choices.clone();
            let kept = self.take_whole(id, render, choices);
            self.kept[application] = Arc::new(kept);
        }
    }

    /// Renders the bootstrap folder where it may differ.
    pub(crate) fn bootstrap(&mut self, source: &Source) -> Arc<KeptBootstrap> {
        let inputs = bootstrap::inputs(self.context, source);
        if let (Some(previous), Some(changes)) = (self.previous, &mut self.changes) {
            let old = &previous.kept.bootstrap;
            let holds = old.files == inputs
                && previous.kept.live == self.context.live
                && (old.findings.is_empty() || changes.is_same_fleet())
                && (changes.is_same_fleet()
                    || changes.of_keys(ApplicationId(0), &old.keys).is_empty());
            if holds {
                self.draft.findings.extend(old.findings.iter().cloned());
                return Arc::clone(old);
            }
        }
        self.render_bootstrap(source, inputs)
    }

    fn render_bootstrap(
        &mut self,
        source: &Source,
        files: super::kept::FileList,
    ) -> Arc<KeptBootstrap> {
        let first = self.draft.findings.len() as u32;
        let rendered = bootstrap::render_bootstrap(self.context, source);
        self.draft.findings.extend(rendered.findings.iter().cloned());
        let mut without = ClusterSet::all(self.context.fleet.clusters.len());
        for (cluster, entries) in rendered.clusters {
            without.remove(cluster);
            let entries = entries.map_err(|finding| first + finding);
            if entries.is_err() || self.draft.get(cluster).bootstrap != entries {
                self.draft.own(cluster).bootstrap = entries;
            }
        }
        for cluster in without.iter() {
            if self.draft.get(cluster).bootstrap != Ok(Vec::new()) {
                self.draft.own(cluster).bootstrap = Ok(Vec::new());
            }
        }
        Arc::new(KeptBootstrap { files, keys: rendered.keys, findings: rendered.findings })
    }
}

/// The clusters that an application had cells on.
fn placed(fleet: &crate::Fleet, live: &ClusterSet, id: ApplicationId) -> ClusterSet {
    let mut clusters = fleet.applications[id.0 as usize].clusters.clone();
    clusters.intersect(live);
    clusters
}

/// The clusters of an earlier render with the heads of this one.
fn renew_heads(
    context: &Context<'_>,
    headers: &Headers<'_>,
    previous: Previous<'_>,
    changes: &Changes<'_>,
) -> Draft {
    let mut draft = Draft::after(previous.rendered);
    let mut changed = changes.of_namespaces(&context.live);
    changed.unite(&previous.fleet.renamed(context.fleet));
    for cluster in changed.iter() {
        let head = headers.cluster(cluster);
        let own = draft.own(cluster);
        own.former_name = head.former_name;
        own.namespaces = head.namespaces;
        own.namespaces_listener = head.namespaces_listener;
    }
    draft
}
