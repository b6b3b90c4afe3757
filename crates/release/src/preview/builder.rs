//! Two renders made into one preview.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use model::{
    ApplicationName, Cause, Cell, ClusterName, ClusterUid, Entry, Fragment, Generation, Layout,
    Ledger, LedgerCell, LedgerCluster, Mode, Move, NamespaceName, ObjectChange, ObjectId,
    ObjectKey, Observed, Parts, Rendered, RenderedCluster, Why, hash_tree,
};
use rayon::prelude::*;

use super::groups::{self, Groups};
use super::requests::{Placed, Total};
use super::walk::{Comparison, FileSides, Walked, walk_all};
use super::{
    BindingChange, Clusters, Contents, CreatedObject, DeletedObject, Fetch, FileChange, Group,
    Hidden, NamespaceCount, Preview, Reasons, brakes,
};
use crate::comparison::compare;
use crate::difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Difference, NamespaceChange,
    Transition,
};
use crate::held::Part;
use crate::step::empty_ledger;

/// An application, and the name that it had before.
type Binding = (ApplicationName, Option<ApplicationName>);

/// Clusters by their positions in the newer render.
type Members = Vec<u32>;

/// A file of some cluster that differs, before it is known how.
struct Differing {
    part: u32,
    path: Arc<str>,
    sides: FileSides,
    /// The position of the cluster in the newer render.
    cluster: u32,
}

/// Collects what the clusters say.
struct Builder<'a> {
    base: &'a Rendered,
    head: &'a Rendered,
    difference: &'a Difference,
    walked: HashMap<Transition, Walked>,
    /// The paths of files in the trees of clusters, by part and by path below the part.
    paths: HashMap<(u32, Arc<str>), Arc<str>>,
    groups: Groups,
    differing: Vec<Differing>,
    preview: Preview,
    added: BTreeMap<Binding, Members>,
    removed: BTreeMap<Binding, Members>,
    renamed: BTreeMap<Binding, Members>,
    broken: BTreeMap<Binding, Members>,
    mended: BTreeMap<Binding, Members>,
    /// What breaks each application that breaks.
    faults: BTreeMap<ApplicationName, BTreeSet<String>>,
    namespaces_added: BTreeMap<NamespaceName, Members>,
    namespaces_removed: BTreeMap<NamespaceName, Members>,
    created: BTreeMap<(ObjectKey, Part), Clusters>,
    deleted: BTreeMap<(ObjectKey, Part, bool), Clusters>,
    unread: BTreeMap<String, Clusters>,
    unread_folders: BTreeMap<(u32, Arc<str>), Clusters>,
}

pub(super) fn build(
    base: &Rendered,
    head: &Rendered,
    contents: &dyn Contents,
    reasons: &dyn Reasons,
) -> Preview {
    let before = as_ledger(base);
    let difference = compare(Some(&before), head);
    let transitions = transitions(&difference);
    let walked = walk_all(contents, head.layout, &transitions);
    let mut builder = Builder {
        base,
        head,
        difference: &difference,
        walked: transitions.into_iter().zip(walked).collect(),
        paths: HashMap::new(),
        groups: Groups::default(),
        differing: Vec::new(),
        preview: Preview::default(),
        added: BTreeMap::new(),
        removed: BTreeMap::new(),
        renamed: BTreeMap::new(),
        broken: BTreeMap::new(),
        mended: BTreeMap::new(),
        faults: BTreeMap::new(),
        namespaces_added: BTreeMap::new(),
        namespaces_removed: BTreeMap::new(),
        created: BTreeMap::new(),
        deleted: BTreeMap::new(),
        unread: BTreeMap::new(),
        unread_folders: BTreeMap::new(),
    };
    builder.clusters(&before);
    builder.preview.brakes =
        brakes::against_base(&before, head, &difference, builder.object_changes(contents));
    builder.finish(contents, reasons)
}

/// Leaves out what stood somewhere and stands there now.
fn conceal(why: &mut Why) {
    for edit in &mut why.edits {
        (edit.before, edit.after) = (None, None);
    }
}

/// The distinct trees that give way to each other.
fn transitions(difference: &Difference) -> Vec<Transition> {
    let mut distinct = BTreeSet::new();
    for cluster in &difference.clusters {
        distinct.extend(cluster.cells.iter().filter(|cell| moves(cell)).filter_map(|cell| {
            let transition = cell.transition();
            transition.filter(|transition| transition.old != transition.new)
        }));
    }
    distinct.into_iter().collect()
}

/// A broken cell keeps its objects.
fn moves(cell: &CellDifference) -> bool {
    !matches!(cell.change, CellChange::Broken { .. })
}

/// A render as if it had been released whole: clusters stand where they stand in the render.
fn as_ledger(base: &Rendered) -> Ledger {
    let clusters = base.clusters.par_iter().enumerate();
    let clusters = clusters.map(|(index, cluster)| Arc::new(as_released(base, index, cluster)));
    Ledger {
        clusters: clusters.collect(),
        applications: base.applications.iter().map(|(name, _)| name.clone()).collect(),
        ..empty_ledger(base)
    }
}

/// A cluster as if it had been released, with an identity that holds for this comparison alone.
fn as_released(base: &Rendered, index: usize, cluster: &RenderedCluster) -> LedgerCluster {
    let cell = |(application, cell): &(model::ApplicationId, Cell)| match cell {
        Cell::Tree(fragment) => Some(LedgerCell {
            application: *application,
            fragment: *fragment,
            released: Generation(0),
            stale: None,
        }),
        Cell::Broken(_) => None,
    };
    LedgerCluster {
        uid: ClusterUid((index as u128).to_be_bytes()),
        name: cluster.name.clone(),
        first_name: cluster.name.clone(),
        since: Generation(0),
        changed: Generation(0),
        tree: hash_tree(&[]),
        parts: Parts { applications: Vec::new(), ..base.parts(cluster) },
        cells: cluster.cells.iter().filter_map(cell).collect(),
    }
}

impl Builder<'_> {
    fn clusters(&mut self, before: &Ledger) {
        let difference = self.difference;
        for cluster in &difference.clusters {
            match cluster.ledger {
                Some(position) => self.cluster(&before.clusters[position], cluster, position),
                None => {
                    self.preview.clusters_added.add(&self.head.clusters[cluster.rendered].name);
                }
            }
        }
        for position in &difference.waiting {
            self.preview.clusters_added.add(&self.head.clusters[*position].name);
        }
        for position in &difference.orphaned {
            self.preview.clusters_removed.add(&self.base.clusters[*position].name);
        }
    }

    /// What the brakes ask, most of which is known.
    fn object_changes(
        &self,
        contents: &dyn Contents,
    ) -> HashMap<Transition, Observed<ObjectChange>> {
        let change = |transition: Transition| {
            let known = self.walked.get(&transition);
            let change = match known.map(|walked| &walked.objects) {
                Some(Some(change)) => change.clone(),
                // Every object of the one is in the other.
                Some(None) => Observed::Known(ObjectChange::default()),
                None => contents.objects(transition),
            };
            (transition, change)
        };
        self.difference.transitions().into_iter().map(change).collect()
    }

    fn cluster(&mut self, before: &LedgerCluster, cluster: &ClusterDifference, position: usize) {
        let after = &self.head.clusters[cluster.rendered];
        if cluster.renamed {
            let names = (before.name.clone(), after.name.clone());
            self.preview.clusters_renamed.push(names);
        }
        let mut changes = false;
        for cell in &cluster.cells {
            changes |= self.cell(cell, cluster.rendered, position);
        }
        changes |= self.namespaces(cluster);
        if let (BootstrapChange::Changed, Ok(entries)) = (cluster.bootstrap, &after.bootstrap) {
            self.bootstrap(&before.parts.bootstrap, entries, cluster.rendered);
            changes = true;
        }
        if cluster.namespaces_listener {
            let sides = (before.parts.namespaces_listener, after.namespaces_listener);
            self.listener(&Part::Bootstrap, "namespaces", sides, cluster.rendered);
            changes = true;
        }
        self.objects(cluster, &after.name);
        self.preview.n_clusters_changed += usize::from(changes);
    }

    /// Counts what happens to one cell; whether the cluster's tree changes.
    fn cell(&mut self, cell: &CellDifference, position: usize, base: usize) -> bool {
        let cluster = position as u32;
        let name = self.difference.application(cell.application).clone();
        let former = cell.former.map(|former| self.difference.application(former).clone());
        let binding = (name, former);
        match cell.change {
            CellChange::Added(_) => {
                let was_broken = self.is_broken(base, &binding.0);
                let counts = if was_broken { &mut self.mended } else { &mut self.added };
                counts.entry(binding).or_default().push(cluster);
            }
            CellChange::Removed { .. } => {
                self.removed.entry(binding).or_default().push(cluster);
            }
            CellChange::Changed { old, new } => {
                self.fragment(&binding.0, old, new, position);
                if binding.1.is_some() {
                    self.renamed.entry(binding).or_default().push(cluster);
                }
            }
            CellChange::Broken { kept: None, .. } if self.is_broken(base, &binding.0) => {
                return false;
            }
            CellChange::Broken { diagnostic, .. } => {
                let fault = self.head.diagnostics.get(diagnostic as usize);
                let faults = self.faults.entry(binding.0.clone()).or_default();
                faults.extend(fault.map(|fault| fault.message.clone()));
                self.broken.entry((binding.0, None)).or_default().push(cluster);
                return false;
            }
            CellChange::Recovered => return false,
        }
        true
    }

    fn is_broken(&self, base: usize, name: &ApplicationName) -> bool {
        let cells = &self.base.clusters[base].cells;
        let is_broken = |(id, cell): &(_, Cell)| {
            matches!(cell, Cell::Broken(_)) && self.base.application(*id) == name
        };
        cells.iter().any(is_broken)
    }

    fn fragment(&mut self, name: &ApplicationName, old: Fragment, new: Fragment, cluster: usize) {
        let part = Part::Application(name.clone());
        let number = self.groups.part(&part);
        let transition = Transition { old: Some(old.tree), new: Some(new.tree) };
        if let Some(walked) = self.walked.get(&transition) {
            for path in &walked.unread {
                let clusters = self.unread_folders.entry((number, Arc::clone(path))).or_default();
                clusters.add(&self.head.clusters[cluster].name);
            }
            for (path, sides) in &walked.files {
                let whole = self.paths.entry((number, Arc::clone(path)));
                let path = Arc::clone(whole.or_insert_with(|| format!("{name}/{path}").into()));
                let (sides, cluster) = (*sides, cluster as u32);
                self.differing.push(Differing { part: number, path, sides, cluster });
            }
        }
        self.listener(&part, name.as_str(), (old.listener, new.listener), cluster);
    }

    fn listener(
        &mut self,
        part: &Part,
        name: &str,
        sides: (Option<ObjectId>, Option<ObjectId>),
        cluster: usize,
    ) {
        if sides.0 != sides.1 {
            let path = format!("flux-system/listeners/kustomization-{name}.yaml");
            self.file(part, path, sides, cluster);
        }
    }

    fn file(
        &mut self,
        part: &Part,
        path: String,
        sides: (Option<ObjectId>, Option<ObjectId>),
        cluster: usize,
    ) {
        let file = |id: Option<ObjectId>| id.map(|id| (Mode::File, id));
        let (part, sides) = (self.groups.part(part), (file(sides.0), file(sides.1)));
        self.differing.push(Differing { part, path: path.into(), sides, cluster: cluster as u32 });
    }

    fn namespaces(&mut self, difference: &ClusterDifference) -> bool {
        let cluster = difference.rendered as u32;
        for namespace in &difference.namespaces {
            let name = namespace.name.clone();
            match namespace.change {
                NamespaceChange::Added(_) => {
                    self.namespaces_added.entry(name).or_default().push(cluster);
                }
                NamespaceChange::Removed(_) => {
                    self.namespaces_removed.entry(name).or_default().push(cluster);
                }
                NamespaceChange::Changed { old, new } => {
                    let path = match self.head.layout {
                        Layout::Flux => format!("namespaces/{name}.yaml"),
                        Layout::Manifests => format!("namespaces/_cluster/namespace-{name}.yaml"),
                    };
                    let sides = (Some(old), Some(new));
                    self.file(&Part::Namespace(name), path, sides, difference.rendered);
                }
            }
        }
        !difference.namespaces.is_empty()
    }

    fn bootstrap(&mut self, old: &[Entry], new: &[Entry], cluster: usize) {
        let by_name = |entries: &[Entry]| -> BTreeMap<String, ObjectId> {
            entries.iter().map(|entry| (entry.name.to_string(), entry.id)).collect()
        };
        let (old, new) = (by_name(old), by_name(new));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let sides = (old.get(name).copied(), new.get(name).copied());
            if sides.0 != sides.1 {
                self.file(&Part::Bootstrap, format!("flux-system/{name}"), sides, cluster);
            }
        }
    }

    /// Objects that come to the cluster or leave it: given up by one part and taken by no other.
    fn objects(&mut self, difference: &ClusterDifference, cluster: &ClusterName) {
        let mut taken: Vec<(Part, &ObjectKey)> = Vec::new();
        let mut given: Vec<(Part, &(ObjectKey, bool))> = Vec::new();
        let mut causes: BTreeSet<&str> = BTreeSet::new();
        for cell in difference.cells.iter().filter(|cell| moves(cell)) {
            let walked = cell.transition().and_then(|transition| self.walked.get(&transition));
            let part = || Part::Application(self.difference.application(cell.application).clone());
            match walked.and_then(|walked| walked.objects.as_ref()) {
                Some(Observed::Known(change)) => {
                    taken.extend(change.appeared.iter().map(|object| (part(), object)));
                    given.extend(change.vanished.iter().map(|object| (part(), object)));
                }
                Some(Observed::Unknown(Cause(cause))) => _ = causes.insert(cause),
                None => {}
            }
        }
        let come: HashSet<&ObjectKey> = taken.iter().map(|(_, object)| *object).collect();
        let go: HashSet<&ObjectKey> = given.iter().map(|(_, (object, _))| object).collect();
        for (part, object) in taken.iter().filter(|(_, object)| !go.contains(object)) {
            let key = ((*object).clone(), part.clone());
            self.created.entry(key).or_default().add(cluster);
        }
        for (part, (object, waits)) in given.iter().filter(|(_, (o, _))| !come.contains(o)) {
            let key = (object.clone(), part.clone(), *waits);
            self.deleted.entry(key).or_default().add(cluster);
        }
        for cause in causes {
            self.unread.entry(cause.to_owned()).or_default().add(cluster);
        }
    }

    fn finish(mut self, contents: &dyn Contents, reasons: &dyn Reasons) -> Preview {
        let differing = std::mem::take(&mut self.differing);
        let mut total = self.placed_requests(contents);
        let comparison = Comparison::new(contents, differing.iter().map(|file| file.sides));
        for file in &differing {
            let compared = comparison.get(&file.sides);
            total.add(&compared.requests, self.groups.named(file.part), file.cluster);
            self.groups.add(file.part, &file.path, file.sides, compared, file.cluster);
        }
        self.preview.requests = total.named(&|clusters| self.named(clusters));
        let trees =
            self.walked.values().flat_map(|walked| walked.folders.iter().chain(&walked.added));
        let fetch = groups::fetch(self.groups.contents().chain(trees.copied()));
        let unread = self.unread_groups();
        let found = std::mem::take(&mut self.groups).found(&comparison);
        let name = |positions: &[u32]| self.named(positions);
        let (mut groups, effects) = groups::present(contents, &comparison, &found, &name);
        groups.par_iter_mut().zip(&found).for_each(|(group, found)| {
            group.why = reasons.of_file(&group.part, &group.path, &found.clusters);
            if let FileChange::Hidden(Hidden::Secret) = group.change {
                conceal(&mut group.why);
            }
        });
        groups.extend(unread);
        groups.sort_by_key(|group| usize::MAX - group.clusters.n);
        self.preview.fetch = fetch;
        self.preview.effects = effects;
        self.preview.groups = groups;
        self.counted(reasons)
    }

    /// What applications request that come to clusters or leave them.
    fn placed_requests(&self, contents: &dyn Contents) -> Total {
        let (placed, mut total) = (Placed::read(contents, &self.walked), Total::default());
        let difference = self.difference;
        for cluster in difference.clusters.iter().filter(|cluster| cluster.ledger.is_some()) {
            for cell in cluster.cells.iter().filter(|cell| moves(cell)) {
                let walked = cell.transition().and_then(|one| self.walked.get(&one));
                let part = || Part::Application(difference.application(cell.application).clone());
                for change in walked.into_iter().flat_map(|walked| placed.of(walked)) {
                    total.add(change, &part(), cluster.rendered as u32);
                }
            }
        }
        total
    }

    fn unread_groups(&mut self) -> Vec<Group> {
        let folders = std::mem::take(&mut self.unread_folders);
        let group = |((part, path), clusters)| {
            let part = self.groups.named(part).clone();
            let root = match &part {
                Part::Application(name) => format!("{name}/"),
                _ => String::new(),
            };
            let (change, fetch) = (FileChange::Hidden(Hidden::Unread), Fetch::default());
            let (path, why) = (format!("{root}{path}"), Why::default());
            let requests = None;
            Group { part, path, clusters, change, n_variants: 1, requests, fetch, why }
        };
        folders.into_iter().map(group).collect()
    }

    fn named(&self, positions: &[u32]) -> Clusters {
        let mut clusters = Clusters::default();
        positions.iter().for_each(|at| clusters.add(&self.head.clusters[*at as usize].name));
        clusters
    }

    fn bindings(&self, counts: &BTreeMap<Binding, Members>) -> Vec<BindingChange> {
        let change = |((application, former), members): (&Binding, &Members)| BindingChange {
            application: application.clone(),
            former: former.clone(),
            clusters: self.named(members),
            faults: Vec::new(),
            why: Why::default(),
        };
        counts.iter().map(change).collect()
    }

    fn broken(&self) -> Vec<BindingChange> {
        let mut changes = self.bindings(&self.broken);
        for change in &mut changes {
            let faults = self.faults.get(&change.application);
            change.faults = faults.into_iter().flatten().cloned().collect();
        }
        changes
    }

    /// Bindings that come or leave, with why.
    fn placed(
        &self,
        counts: &BTreeMap<Binding, Members>,
        reasons: &dyn Reasons,
    ) -> Vec<BindingChange> {
        let mut changes = self.bindings(counts);
        for (change, members) in changes.iter_mut().zip(counts.values()) {
            let part = Part::Application(change.application.clone());
            change.why = reasons.of_part(&part, members);
        }
        changes
    }

    fn moves(&self, reasons: &dyn Reasons) -> Vec<Move<Clusters>> {
        let named = |one: Move<Vec<u32>>| Move {
            application: one.application,
            from: one.from,
            to: one.to,
            clusters: self.named(&one.clusters),
            why: one.why,
        };
        reasons.moves().into_iter().map(named).collect()
    }

    fn namespaces_that(
        &self,
        counts: &BTreeMap<NamespaceName, Members>,
        reasons: &dyn Reasons,
    ) -> Vec<NamespaceCount> {
        let count = |(namespace, members): (&NamespaceName, &Members)| NamespaceCount {
            namespace: namespace.clone(),
            clusters: self.named(members),
            why: reasons.of_part(&Part::Namespace(namespace.clone()), members),
        };
        counts.iter().map(count).collect()
    }

    fn counted(mut self, reasons: &dyn Reasons) -> Preview {
        self.preview.bindings_added = self.placed(&self.added, reasons);
        self.preview.bindings_removed = self.placed(&self.removed, reasons);
        self.preview.bindings_renamed = self.bindings(&self.renamed);
        self.preview.bindings_broken = self.broken();
        self.preview.bindings_mended = self.bindings(&self.mended);
        self.preview.namespaces_added = self.namespaces_that(&self.namespaces_added, reasons);
        self.preview.namespaces_removed = self.namespaces_that(&self.namespaces_removed, reasons);
        let moves = self.moves(reasons);
        let deleted = self.deleted.into_iter().map(|((object, part, waits), clusters)| {
            DeletedObject { object, part, waits, clusters }
        });
        let created = self.created.into_iter();
        let created =
            created.map(|((object, part), clusters)| CreatedObject { object, part, clusters });
        let preview = Preview {
            created: created.collect(),
            deleted: deleted.collect(),
            unread: self.unread.into_iter().map(|(cause, n)| (Cause(cause), n)).collect(),
            ..self.preview
        };
        // A version that gives the same files as another changes nothing.
        if preview.is_empty() {
            return preview;
        }
        Preview { moves, likely_renames: reasons.likely_renames(), ..preview }
    }
}
