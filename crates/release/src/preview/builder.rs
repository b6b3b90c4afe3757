//! Two renders made into one preview.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{
    ApplicationName, Cause, Cell, ClusterName, ClusterUid, Entry, Fragment, Generation, Layout,
    Ledger, LedgerCell, LedgerCluster, Mode, NamespaceName, ObjectChange, ObjectId, ObjectKey,
    Observed, Parts, Rendered, RenderedCluster, hash_tree,
};

use super::files::Comparer;
use super::{BindingChange, Clusters, Contents, DeletedObject, Group, NamespaceCount, Preview};
use crate::compare::compare;
use crate::difference::{
    BootstrapChange, CellChange, CellDifference, ClusterDifference, Difference, NamespaceChange,
    Transition,
};
use crate::held::Part;
use crate::step::empty_ledger;

type Objects<'a> = &'a dyn Fn(Transition) -> Observed<ObjectChange>;

/// An application, and the name that it had before.
type Binding = (ApplicationName, Option<ApplicationName>);

/// Collects what the clusters say.
struct Builder<'a> {
    base: &'a Rendered,
    head: &'a Rendered,
    difference: &'a Difference,
    comparer: Comparer<'a>,
    objects: HashMap<Transition, Observed<ObjectChange>>,
    preview: Preview,
    added: BTreeMap<Binding, Clusters>,
    removed: BTreeMap<Binding, Clusters>,
    renamed: BTreeMap<Binding, Clusters>,
    broken: BTreeMap<Binding, Clusters>,
    mended: BTreeMap<Binding, Clusters>,
    namespaces_added: BTreeMap<NamespaceName, Clusters>,
    namespaces_removed: BTreeMap<NamespaceName, Clusters>,
    deleted: BTreeMap<(ObjectKey, Part, bool), Clusters>,
    unread: BTreeMap<String, Clusters>,
    groups: HashMap<(Part, String, usize), Clusters>,
}

pub(super) fn build(
    base: &Rendered,
    head: &Rendered,
    contents: &dyn Contents,
    objects: Objects<'_>,
) -> Preview {
    let before = as_ledger(base);
    let difference = compare(Some(&before), head);
    let transitions = difference.transitions().into_iter();
    let mut builder = Builder {
        base,
        head,
        difference: &difference,
        comparer: Comparer::new(contents),
        objects: transitions.map(|transition| (transition, objects(transition))).collect(),
        preview: Preview::default(),
        added: BTreeMap::new(),
        removed: BTreeMap::new(),
        renamed: BTreeMap::new(),
        broken: BTreeMap::new(),
        mended: BTreeMap::new(),
        namespaces_added: BTreeMap::new(),
        namespaces_removed: BTreeMap::new(),
        deleted: BTreeMap::new(),
        unread: BTreeMap::new(),
        groups: HashMap::new(),
    };
    for cluster in &difference.clusters {
        match cluster.ledger {
            Some(position) => builder.cluster(&before.clusters[position], cluster, position),
            None => builder.preview.clusters_added.add(&head.clusters[cluster.rendered].name),
        }
    }
    for position in &difference.waiting {
        builder.preview.clusters_added.add(&head.clusters[*position].name);
    }
    for position in &difference.orphaned {
        builder.preview.clusters_removed.add(&base.clusters[*position].name);
    }
    builder.finish()
}

/// A render as if it had been released whole: clusters stand where they stand in the render.
fn as_ledger(base: &Rendered) -> Ledger {
    let clusters = base.clusters.iter().map(|cluster| as_released(base, cluster));
    Ledger {
        clusters: clusters.collect(),
        applications: base.applications.iter().map(|(name, _)| name.clone()).collect(),
        ..empty_ledger(base)
    }
}

fn as_released(base: &Rendered, cluster: &RenderedCluster) -> LedgerCluster {
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
        uid: ClusterUid::derived(base.fleet, cluster.name.as_str(), Generation(0)),
        name: cluster.name.clone(),
        first_name: cluster.name.clone(),
        since: Generation(0),
        tree: hash_tree(&[]),
        parts: Parts { applications: Vec::new(), ..base.parts(cluster) },
        cells: cluster.cells.iter().filter_map(cell).collect(),
    }
}

impl Builder<'_> {
    fn cluster(&mut self, before: &LedgerCluster, cluster: &ClusterDifference, position: usize) {
        let after = &self.head.clusters[cluster.rendered];
        if cluster.renamed {
            let names = (before.name.clone(), after.name.clone());
            self.preview.clusters_renamed.push(names);
        }
        let mut changes = false;
        for cell in &cluster.cells {
            changes |= self.cell(cell, &after.name, position);
        }
        changes |= self.namespaces(cluster, &after.name);
        if let (BootstrapChange::Changed, Ok(entries)) = (cluster.bootstrap, &after.bootstrap) {
            self.bootstrap(&before.parts.bootstrap, entries, &after.name);
            changes = true;
        }
        if cluster.namespaces_listener {
            let sides = (before.parts.namespaces_listener, after.namespaces_listener);
            self.listener(&Part::Bootstrap, "namespaces", sides, &after.name);
            changes = true;
        }
        self.deletions(cluster, &after.name);
        self.preview.n_clusters_changed += usize::from(changes);
    }

    /// Counts what happens to one cell; whether the cluster's tree changes.
    fn cell(&mut self, cell: &CellDifference, cluster: &ClusterName, base: usize) -> bool {
        let name = self.difference.application(cell.application).clone();
        let former = cell.former.map(|former| self.difference.application(former).clone());
        let binding = (name, former);
        match cell.change {
            CellChange::Added(_) => {
                let was_broken = self.is_broken(base, &binding.0);
                let counts = if was_broken { &mut self.mended } else { &mut self.added };
                counts.entry(binding).or_default().add(cluster);
            }
            CellChange::Removed { .. } => {
                self.removed.entry(binding).or_default().add(cluster);
            }
            CellChange::Changed { old, new } => {
                self.fragment(&binding.0, old, new, cluster);
                if binding.1.is_some() {
                    self.renamed.entry(binding).or_default().add(cluster);
                }
            }
            CellChange::Broken { kept: None, .. } if self.is_broken(base, &binding.0) => {
                return false;
            }
            CellChange::Broken { .. } => {
                self.broken.entry((binding.0, None)).or_default().add(cluster);
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

    fn fragment(
        &mut self,
        name: &ApplicationName,
        old: Fragment,
        new: Fragment,
        cluster: &ClusterName,
    ) {
        let part = Part::Application(name.clone());
        if old.tree != new.tree {
            let pairs = self.comparer.trees(Some(old.tree), Some(new.tree));
            for pair in pairs.iter() {
                self.group(&part, format!("{name}/{}", pair.path), pair.change, cluster);
            }
        }
        self.listener(&part, name.as_str(), (old.listener, new.listener), cluster);
    }

    fn listener(
        &mut self,
        part: &Part,
        name: &str,
        sides: (Option<ObjectId>, Option<ObjectId>),
        cluster: &ClusterName,
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
        cluster: &ClusterName,
    ) {
        let file = |id: Option<ObjectId>| id.map(|id| (Mode::File, id));
        let change = self.comparer.files(file(sides.0), file(sides.1));
        self.group(part, path, change, cluster);
    }

    fn group(&mut self, part: &Part, path: String, change: usize, cluster: &ClusterName) {
        self.groups.entry((part.clone(), path, change)).or_default().add(cluster);
    }

    fn namespaces(&mut self, difference: &ClusterDifference, cluster: &ClusterName) -> bool {
        for namespace in &difference.namespaces {
            let name = namespace.name.clone();
            match namespace.change {
                NamespaceChange::Added(_) => {
                    self.namespaces_added.entry(name).or_default().add(cluster);
                }
                NamespaceChange::Removed(_) => {
                    self.namespaces_removed.entry(name).or_default().add(cluster);
                }
                NamespaceChange::Changed { old, new } => {
                    let path = match self.head.layout {
                        Layout::Flux => format!("namespaces/{name}.yaml"),
                        Layout::Manifests => format!("namespaces/_cluster/namespace-{name}.yaml"),
                    };
                    self.file(&Part::Namespace(name), path, (Some(old), Some(new)), cluster);
                }
            }
        }
        !difference.namespaces.is_empty()
    }

    fn bootstrap(&mut self, old: &[Entry], new: &[Entry], cluster: &ClusterName) {
        let by_name = |entries: &[Entry]| -> BTreeMap<String, ObjectId> {
            entries.iter().map(|entry| (entry.name.to_string(), entry.id)).collect()
        };
        let (old, new) = (by_name(old), by_name(new));
        let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let sides = (old.get(name).copied(), new.get(name).copied());
            if sides.0 != sides.1 {
                self.file(&Part::Bootstrap, format!("flux-system/{name}"), sides, cluster);
            }
        }
    }

    /// Objects that leave the cluster: given up by one part and taken by no other.
    fn deletions(&mut self, difference: &ClusterDifference, cluster: &ClusterName) {
        let mut taken: HashSet<&ObjectKey> = HashSet::new();
        let mut given: Vec<(Part, &(ObjectKey, bool))> = Vec::new();
        let mut causes: Vec<&Cause> = Vec::new();
        let is_moving = |cell: &&CellDifference| !matches!(cell.change, CellChange::Broken { .. });
        for cell in difference.cells.iter().filter(is_moving) {
            let Some(change) = cell.transition().and_then(|t| self.objects.get(&t)) else {
                continue;
            };
            let part = Part::Application(self.difference.application(cell.application).clone());
            match change {
                Observed::Known(change) => {
                    taken.extend(&change.appeared);
                    given.extend(change.vanished.iter().map(|object| (part.clone(), object)));
                }
                Observed::Unknown(cause) => causes.push(cause),
            }
        }
        for (part, (object, waits)) in given.into_iter().filter(|(_, (o, _))| !taken.contains(o)) {
            self.deleted.entry((object.clone(), part, *waits)).or_default().add(cluster);
        }
        causes.dedup();
        for Cause(cause) in causes {
            self.unread.entry(cause.clone()).or_default().add(cluster);
        }
    }

    fn finish(self) -> Preview {
        let bindings = |counts: BTreeMap<Binding, Clusters>| -> Vec<BindingChange> {
            let change =
                |((application, former), clusters)| BindingChange { application, former, clusters };
            counts.into_iter().map(change).collect()
        };
        let namespaces = |counts: BTreeMap<NamespaceName, Clusters>| -> Vec<NamespaceCount> {
            let count = |(namespace, clusters)| NamespaceCount { namespace, clusters };
            counts.into_iter().map(count).collect()
        };
        let comparer = self.comparer;
        let groups = self.groups.into_iter().map(|((part, path, change), clusters)| {
            (change, Group { part, path, clusters, change: comparer.change(change).clone() })
        });
        let mut groups: Vec<(usize, Group)> = groups.collect();
        groups.sort_by(|(a_change, a), (b_change, b)| {
            let order = b.clusters.n.cmp(&a.clusters.n).then_with(|| a.path.cmp(&b.path));
            order.then_with(|| a_change.cmp(b_change))
        });
        let deleted = self.deleted.into_iter().map(|((object, part, waits), clusters)| {
            DeletedObject { object, part, waits, clusters }
        });
        Preview {
            bindings_added: bindings(self.added),
            bindings_removed: bindings(self.removed),
            bindings_renamed: bindings(self.renamed),
            bindings_broken: bindings(self.broken),
            bindings_mended: bindings(self.mended),
            namespaces_added: namespaces(self.namespaces_added),
            namespaces_removed: namespaces(self.namespaces_removed),
            deleted: deleted.collect(),
            unread: self.unread.into_iter().map(|(cause, n)| (Cause(cause), n)).collect(),
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            ..self.preview
        }
    }
}
