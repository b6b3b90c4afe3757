//! One application on all its clusters.
//!
//! In: which clusters get which choice of the template, and the parsed files. Out: a cell for
//! each cluster, the objects that the clusters get, and findings. A broken cell breaks no other.

use std::sync::Arc;

use model::{
    ApplicationId, ClusterId, ClusterSet, Diagnostic, Fragment, Mode, ObjectId, ObjectKey,
    Severity, Sink,
};
use rayon::prelude::*;
use schema::objects::object_path;

use super::codes;
use super::context::Context;
use super::findings::Findings;
use super::grid::{FilledObject, FilledUnit, Grid};
use super::objects::{NOTHING, ObjectTable, Placed, Signatures};
use super::parsed::ParsedFile;
use super::prepare::{ApplicationPlan, ChoicePlan, Prepared, Selected};
use super::rules;
use super::tree::{ABSENT, Content, FolderPlan, Folders, among};
use super::unit::Unit;
use crate::Application;
use crate::layout::flux::Listener;
use crate::overlay::Choice;

/// The longest file name that common file systems hold.
const LONGEST_FILE_NAME: usize = 255;

/// A cell whose finding is a position in [`ApplicationRender::findings`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum LocalCell {
    /// Rendered.
    Tree(Fragment),
    /// Broken by that finding.
    Broken(u32),
}

/// One application, rendered.
pub(crate) struct ApplicationRender {
    /// Its cells in the order of clusters.
    pub(crate) cells: Vec<(ClusterId, LocalCell)>,
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
    /// What objects it puts where.
    pub(crate) objects: ObjectTable,
}

/// Renders an application on the clusters of a plan, its whole one or a part of it; `number` is
/// the first of its own bases.
pub(crate) fn render_application(
    context: &Context<'_>,
    prepared: &Prepared<'_>,
    id: ApplicationId,
    plan: &ApplicationPlan,
    number: u32,
) -> ApplicationRender {
    let application = &context.fleet.applications[id.0 as usize];
    let (findings, objects) = (Findings::default(), ObjectTable::default());
    let cells = Vec::new();
    let mut pass = Pass { context, prepared, id, application, findings, objects, cells };
    match plan {
        Ok(choices) => {
            for (choice, number) in choices.iter().zip(number..) {
                pass.choice(choice, number);
            }
        }
        Err(problems) => pass.broken(problems),
    }
    pass.finish()
}

struct Pass<'a, 'p> {
    context: &'a Context<'a>,
    prepared: &'a Prepared<'p>,
    id: ApplicationId,
    application: &'a Application,
    findings: Findings,
    objects: ObjectTable,
    cells: Vec<(ClusterId, LocalCell)>,
}

impl<'a, 'p> Pass<'a, 'p> {
    /// Nothing of the template can be used.
    fn broken(&mut self, problems: &[Diagnostic]) {
        let mut clusters = self.application.clusters.clone();
        clusters.intersect(&self.context.live);
        if let Some(finding) = self.findings.add_all(problems.iter().cloned(), &clusters) {
            let cells = clusters.iter().map(|cluster| (cluster, LocalCell::Broken(finding)));
            self.cells.extend(cells);
        }
    }

    fn choice(&mut self, plan: &ChoicePlan, number: u32) {
        let clusters: Vec<ClusterId> = plan.clusters.iter().collect();
        let mut grid = Grid::new(self.context.fleet, self.id, &clusters);
        let prepared = self.prepared;
        let template = &*self.application.document.template.value;
        let selected = match prepared.selected(self.id, template, plan.choice) {
            Some(Ok(selected)) => selected,
            Some(Err(problems)) => {
                return self.break_all(&mut grid, plan, problems.iter().cloned());
            }
            None => return,
        };
        let files: Vec<&'a ParsedFile> =
            selected.files.iter().filter_map(|file| prepared.parsed(file.id)).collect();
        let errors: Vec<Diagnostic> =
            files.iter().flat_map(|file| file.errors.iter().cloned()).collect();
        if !errors.is_empty() {
            return self.break_all(&mut grid, plan, errors);
        }
        let warnings = files.iter().flat_map(|file| file.warnings.iter().cloned());
        self.findings.add_all(warnings, &plan.clusters);
        if self.context.flux.is_some() {
            self.flux(&mut grid, plan, selected, &files, number);
        } else {
            self.manifests(&mut grid, plan, &files);
        }
    }

    fn break_all(
        &mut self,
        grid: &mut Grid<'_>,
        plan: &ChoicePlan,
        problems: impl IntoIterator<Item = Diagnostic>,
    ) {
        if let Some(finding) = self.findings.add_all(problems, &plan.clusters) {
            grid.break_clusters(&plan.clusters, finding);
        }
        self.keep(grid, Vec::new(), None);
    }

    fn write(&mut self, grid: &mut Grid<'_>, unit: &Unit<'_>) -> (Content, Placed) {
        let FilledUnit { content, object } = grid.fill(unit, &mut self.findings, self.context.sink);
        let placed = match object {
            Some(object) => self.place(&content, &object),
            None => {
                let grouping = Arc::clone(&content.grouping);
                Placed { rows: vec![NOTHING; grouping.n_groups()], grouping, span: None }
            }
        };
        (content, placed)
    }

    /// Which object a unit is where; only objects that could be filled count.
    fn place(&mut self, content: &Content, object: &FilledObject) -> Placed {
        let span = object.span;
        let mut row = |key: &Option<ObjectKey>| {
            key.as_ref().map_or(NOTHING, |key| self.objects.row(self.context.fleet, key, span))
        };
        if !content.ids.contains(&ABSENT) {
            let rows = object.keys.entries.iter().map(row).collect();
            let span = (!content.ids.is_empty()).then_some(span);
            return Placed { grouping: Arc::clone(&object.keys.grouping), rows, span };
        }
        let groups = content.ids.iter().zip(content.grouping.firsts());
        let row = |(id, first): (&ObjectId, &u32)| match *id {
            ABSENT => NOTHING,
            _ => row(object.keys.at(*first as usize)),
        };
        let rows = groups.map(row).collect();
        let span = content.ids.iter().any(|id| *id != ABSENT).then_some(span);
        Placed { grouping: Arc::clone(&content.grouping), rows, span }
    }

    fn flux(
        &mut self,
        grid: &mut Grid<'_>,
        plan: &ChoicePlan,
        selected: &Selected<'_>,
        files: &[&'a ParsedFile],
        number: u32,
    ) {
        let units: Vec<Unit<'_>> = files.iter().flat_map(|file| file.units()).collect();
        let paths = selected.files.iter().zip(&units).enumerate();
        let paths: Vec<(usize, &str, Mode)> =
            paths.map(|(index, (file, unit))| (index, file.path, unit.mode)).collect();
        let contents: Vec<Content> = units.iter().map(|unit| self.write(grid, unit).0).collect();
        // Paths of one folder are distinct, so the plan always holds.
        let Some(folder) = FolderPlan::new(&paths).ok().filter(|_| !paths.is_empty()) else {
            return self.empty(grid, plan);
        };
        let listener = self.listener(plan.choice, number);
        self.flux_objects(grid, selected);
        let members = [grid.unbroken().collect()];
        let trees = Trees { units: &contents, plans: &[Some(folder)], members: &members };
        let trees = trees.write(self.context, grid);
        self.keep(grid, trees, listener.as_ref());
    }

    fn listener(&self, choice: Choice, number: u32) -> Option<Listener> {
        let application = self.application;
        let overlays = self.prepared.overlays(&application.document.template.value)?;
        let entry =
            crate::overlay::folder::join(application.name.as_str(), &overlays.entry(choice));
        let folder = entry.trim_end_matches('/');
        let names: Vec<&str> = application
            .depends_on
            .iter()
            .map(|id| self.context.fleet.applications[id.0 as usize].name.as_str())
            .collect();
        let name = application.name.as_str();
        Some(Listener::new(self.context.flux?, name, folder, &names, number))
    }

    /// The objects that Flux applies, as far as that can be told without kustomize.
    fn flux_objects(&mut self, grid: &mut Grid<'_>, selected: &Selected<'_>) {
        let prepared = self.prepared;
        let parsed = selected.applied.iter().filter_map(|file| prepared.parsed(*file));
        let mut placed = Vec::new();
        for identity in parsed.flat_map(|file| &file.identities) {
            let keys = identity.keys();
            let grouping = grid.grouping(&keys);
            let rows = (0..grouping.n_groups()).map(|group| {
                let values = grid.values_of(&keys, &grouping, group);
                values.map_or(NOTHING, |values| {
                    let key = identity.fill(&values);
                    self.objects.row(self.context.fleet, &key, identity.span)
                })
            });
            let rows = rows.collect();
            placed.push(Placed { grouping, rows, span: Some(identity.span) });
        }
        let lists = Signatures::new(&placed, grid.clusters.len(), |_, _| false, |_| false);
        let members = self.members(grid, &lists);
        for (list, members) in lists.lists.iter().zip(members) {
            let clusters = grid.at(&members);
            self.report_twice(list, &placed, &clusters, Severity::Warning);
            self.remember(list, clusters);
        }
    }

    fn manifests(&mut self, grid: &mut Grid<'_>, plan: &ChoicePlan, files: &[&'a ParsedFile]) {
        let units = files.iter().flat_map(|file| file.units());
        let (contents, placed): (Vec<Content>, Vec<Placed>) =
            units.map(|unit| self.write(grid, &unit)).unzip();
        if contents.is_empty() {
            return self.empty(grid, plan);
        }
        let lists = self.without_namespaces(grid, &placed);
        let members = self.members(grid, &lists);
        let plans = self.plan_lists(grid, plan, (&lists, &members), &placed);
        let trees = Trees { units: &contents, plans: &plans, members: &members };
        let trees = trees.write(self.context, grid);
        self.keep(grid, trees, None);
    }

    /// The lists of objects, without the Namespaces that a Namespace document writes there.
    fn without_namespaces(&mut self, grid: &Grid<'_>, placed: &[Placed]) -> Signatures {
        let (rows, fleet) = (&self.objects.rows, self.context.fleet);
        let document = |row: u32| rows.get(row as usize).and_then(|row| row.document);
        let dropped = |row: u32, position: usize| {
            document(row).is_some_and(|id| {
                fleet.namespaces[id.0 as usize].clusters.contains(grid.clusters[position])
            })
        };
        let may_drop = |row| document(row).is_some();
        let lists = Signatures::new(placed, grid.clusters.len(), dropped, may_drop);
        let with_document = (0..rows.len() as u32).filter(|row| may_drop(*row));
        for row in with_document.collect::<Vec<_>>() {
            let units: Vec<&Placed> =
                placed.iter().filter(|unit| unit.rows.contains(&row)).collect();
            let is_dropped = |position: &usize| {
                let here =
                    |unit: &&Placed| unit.rows[unit.grouping.group(*position) as usize] == row;
                dropped(row, *position) && units.iter().any(here)
            };
            let positions = (0..grid.clusters.len()).filter(is_dropped);
            let clusters: ClusterSet = positions.map(|position| grid.clusters[position]).collect();
            if !clusters.is_empty() {
                let note = rules::namespace_wins(fleet, &rows[row as usize]);
                self.findings.add(note.clusters(clusters));
            }
        }
        lists
    }

    /// A plan of folders for each list that some cluster gets.
    fn plan_lists(
        &mut self,
        grid: &mut Grid<'_>,
        plan: &ChoicePlan,
        (lists, members): (&Signatures, &[Vec<u32>]),
        placed: &[Placed],
    ) -> Vec<Option<FolderPlan>> {
        let mut plans = Vec::with_capacity(lists.lists.len());
        for (list, members) in lists.lists.iter().zip(members) {
            if members.is_empty() {
                plans.push(None);
                continue;
            }
            let clusters = grid.at(members);
            let set: ClusterSet = clusters.iter().copied().collect();
            match self.plan_list(plan, list, &set, &clusters, placed) {
                Ok(folder) => plans.push(Some(folder)),
                Err(finding) => {
                    grid.break_clusters(&set, finding);
                    plans.push(None);
                }
            }
            self.remember(list, clusters);
        }
        plans
    }

    fn plan_list(
        &mut self,
        plan: &ChoicePlan,
        list: &[u32],
        set: &ClusterSet,
        clusters: &[ClusterId],
        placed: &[Placed],
    ) -> Result<FolderPlan, u32> {
        if let Some(finding) = self.report_twice(list, placed, clusters, Severity::Error) {
            return Err(finding);
        }
        let present = list.iter().enumerate().filter(|(_, row)| **row != NOTHING);
        let paths: Vec<(usize, u32, String)> = present
            .map(|(unit, row)| (unit, *row, object_path(&self.objects.rows[*row as usize].key)))
            .collect();
        if paths.is_empty() {
            return Err(self.findings.add(self.nothing(plan).clusters(set.clone())));
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).len();
        if let Some((_, row, path)) = paths.iter().find(|path| name(&path.2) > LONGEST_FILE_NAME) {
            let row = &self.objects.rows[*row as usize];
            let message = format!("the file name of `{}` has {} bytes", row.key, name(path));
            let error = Diagnostic::error(&codes::FILE_NAME_LENGTH, row.span, message);
            return Err(self.findings.add(error.hint("shorten the name").clusters(set.clone())));
        }
        let units: Vec<(usize, &str, Mode)> =
            paths.iter().map(|(unit, _, path)| (*unit, path.as_str(), Mode::File)).collect();
        FolderPlan::new(&units).map_err(|(one, other)| {
            let row = |unit: usize| &self.objects.rows[list[unit] as usize];
            let error = rules::same_file(row(one), row(other));
            self.findings.add(error.clusters(set.clone()))
        })
    }

    /// Reports the objects that stand more than once in a list.
    fn report_twice(
        &mut self,
        list: &[u32],
        placed: &[Placed],
        clusters: &[ClusterId],
        severity: Severity,
    ) -> Option<u32> {
        let mut sorted: Vec<u32> = list.iter().copied().filter(|row| *row != NOTHING).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let mut twice: Vec<u32> = twice.collect();
        twice.dedup();
        let set: ClusterSet = clusters.iter().copied().collect();
        let mut first = None;
        for row in twice {
            let units = list.iter().zip(placed).filter(|(other, _)| **other == row);
            let spans: Vec<_> = units.filter_map(|(_, unit)| unit.span).collect();
            let key = &self.objects.rows[row as usize].key;
            let name = self.application.name.as_str();
            let found = rules::twice_in_one(key, &spans, name, severity);
            first = first.or(Some(self.findings.add(found.clusters(set.clone()))));
        }
        first
    }

    /// The positions of each list that are not broken.
    fn members(&self, grid: &Grid<'_>, lists: &Signatures) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); lists.lists.len()];
        for position in grid.unbroken() {
            members[lists.at(position as usize)].push(position);
        }
        members
    }

    fn remember(&mut self, list: &[u32], clusters: Vec<ClusterId>) {
        let mut rows: Vec<u32> = list.iter().copied().filter(|row| *row != NOTHING).collect();
        rows.sort_unstable();
        rows.dedup();
        self.objects.lists.push((rows, clusters));
    }

    fn nothing(&self, plan: &ChoicePlan) -> Diagnostic {
        let template = &self.application.document.template;
        let entry = self.prepared.overlays(&template.value).map(|o| o.entry(plan.choice));
        let folder = crate::overlay::folder::join(&template.value, &entry.unwrap_or_default());
        let folder = folder.trim_end_matches('/');
        let message = format!("the template `{folder}` renders nothing");
        Diagnostic::error(&codes::TEMPLATE_EMPTY, template.span, message)
            .hint("to remove an application, remove its document or select `none`")
    }

    fn empty(&mut self, grid: &mut Grid<'_>, plan: &ChoicePlan) {
        let problem = self.nothing(plan);
        self.break_all(grid, plan, [problem]);
    }

    /// Takes the cells of a choice: trees where there are any, else what broke them.
    fn keep(&mut self, grid: &Grid<'_>, trees: Vec<Option<ObjectId>>, listener: Option<&Listener>) {
        let context = self.context;
        let fragment = |cluster: ClusterId, tree: ObjectId| {
            let folder = &context.folders[cluster.index()];
            let listener = listener.map(|listener| listener.write(folder, context.sink));
            LocalCell::Tree(Fragment { tree, listener })
        };
        let trees = trees.into_iter().chain(std::iter::repeat(None));
        for ((cluster, broken), tree) in grid.clusters.iter().zip(&grid.broken).zip(trees) {
            match (broken, tree) {
                (Some(finding), _) => self.cells.push((*cluster, LocalCell::Broken(*finding))),
                (None, Some(tree)) => self.cells.push((*cluster, fragment(*cluster, tree))),
                (None, None) => {}
            }
        }
    }

    fn finish(mut self) -> ApplicationRender {
        self.cells.sort_by_key(|(cluster, _)| *cluster);
        let found = rules::own_objects(self.context, self.application, &self.objects);
        for (diagnostic, clusters) in found {
            let breaks = diagnostic.is_error();
            let finding = self.findings.add(diagnostic.clusters(clusters.clone()));
            if breaks {
                break_cells(&mut self.cells, &clusters, finding);
            }
        }
        let explain = |space, key: &str| self.context.explain_missing(self.id, space, key);
        let findings = self.findings.finish(explain);
        ApplicationRender { cells: self.cells, findings, objects: self.objects }
    }
}

fn break_cells(cells: &mut [(ClusterId, LocalCell)], clusters: &ClusterSet, finding: u32) {
    for (cluster, cell) in cells {
        if clusters.contains(*cluster) && matches!(cell, LocalCell::Tree(_)) {
            *cell = LocalCell::Broken(finding);
        }
    }
}

/// What is needed to write the trees of one choice.
struct Trees<'w> {
    units: &'w [Content],
    plans: &'w [Option<FolderPlan>],
    /// The positions that each plan is for.
    members: &'w [Vec<u32>],
}

impl Trees<'_> {
    /// Writes the tree of every position that is not broken.
    fn write(&self, context: &Context<'_>, grid: &Grid<'_>) -> Vec<Option<ObjectId>> {
        let mut trees = vec![None; grid.clusters.len()];
        let plans = self.plans.par_iter().zip(self.members);
        let written = plans.filter_map(|(plan, members)| {
            let content = self.of_plan(plan.as_ref()?, members, grid.clusters.len(), context.sink);
            Some((members, content))
        });
        for (members, content) in written.collect::<Vec<_>>() {
            for (number, position) in members.iter().enumerate() {
                trees[*position as usize] = Some(content.id(number));
            }
        }
        trees
    }

    fn of_plan(&self, plan: &FolderPlan, members: &[u32], n: usize, sink: &dyn Sink) -> Content {
        if members.len() == n {
            return Folders::write(plan, self.units, n, sink).root();
        }
        Folders::write(plan, &among(self.units, members), members.len(), sink).root()
    }
}
