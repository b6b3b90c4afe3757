//! A render in a few lines of text.
//!
//! ```text
//! fleet shop                           another fleet
//! engine 2
//! layout flux
//! budget 1%
//! commit 3 | folder | dirty apps/a     where the source came from
//! application shop was web             a document, and its former name
//! empty application web                an expression that became empty
//! cluster a was b: web=1 api=! ns/imdb=1 boot=1
//! ```
//!
//! `web=1` is the application `web` with the tree `1`, `web=!` a broken cell;
//! `web=1{Deployment/x,ConfigMap/y!}` names the tree's objects, with `!` for one that is marked to
//! wait for a person.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{
    ApplicationId, ApplicationName, Cell, ClusterName, CommitId, Delivery, Digest, Entry, FleetUid,
    Fragment, Layout, MemoryObjects, Mode, NamespaceId, NamespaceName, ObjectChange, ObjectId,
    ObjectKey, Origin, Rendered, RenderedCluster, Sink as _, hash_blob, sha256,
};
use testkit::TestFile;

/// The objects of trees, and what the ids of a text were called.
#[derive(Default)]
pub(crate) struct Trees {
    names: HashMap<ObjectId, String>,
    objects: HashMap<ObjectId, Vec<(ObjectKey, bool)>>,
    files: Vec<TestFile>,
    pub(crate) store: MemoryObjects,
}

impl Trees {
    /// Trees with files: `-- 1/a.yaml --` stands in every tree that a text calls `1`, `-- n --` is
    /// the file `n`.
    pub(crate) fn with_files(text: &str) -> Self {
        Self { files: testkit::files(text), ..Self::default() }
    }

    /// The id of a tree that a text calls `1` or `1{Deployment/x}`.
    pub(crate) fn tree(&mut self, text: &str) -> ObjectId {
        let (name, objects) = text.split_once('{').unwrap_or((text, ""));
        let id = self.written(name).unwrap_or_else(|| hash_blob(&[text.as_bytes()]));
        self.names.insert(id, name.to_owned());
        let objects = objects.trim_end_matches('}').split(',').filter(|key| !key.is_empty());
        self.objects.insert(id, objects.map(object).collect());
        id
    }

    /// The tree or file of that name, if there are files for it.
    fn written(&self, name: &str) -> Option<ObjectId> {
        if let Some(file) = self.files.iter().find(|file| file.path == name) {
            return Some(self.store.blob(file.text.as_bytes()));
        }
        let below = |path: &str| path.strip_prefix(name)?.strip_prefix('/').map(str::to_owned);
        let files = self.files.iter().filter_map(|file| Some((below(&file.path)?, file)));
        let files: Vec<(String, &TestFile)> = files.collect();
        (!files.is_empty()).then(|| self.folder(&files))
    }

    fn folder(&self, files: &[(String, &TestFile)]) -> ObjectId {
        let mut entries = Vec::new();
        let mut folders: BTreeMap<&str, Vec<(String, &TestFile)>> = BTreeMap::new();
        for (path, file) in files {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().push((rest.to_owned(), file));
                }
                None => {
                    let mode = if file.executable { Mode::Executable } else { Mode::File };
                    entries.push(Entry::new(path, mode, self.store.blob(file.text.as_bytes())));
                }
            }
        }
        for (name, files) in folders {
            entries.push(Entry::new(name, Mode::Tree, self.folder(&files)));
        }
        self.store.tree(&entries)
    }

    pub(crate) fn name(&self, id: ObjectId) -> &str {
        self.names.get(&id).map_or("?", String::as_str)
    }

    pub(crate) fn change(&self, old: Option<ObjectId>, new: Option<ObjectId>) -> ObjectChange {
        let of = |id: Option<ObjectId>| {
            id.and_then(|id| self.objects.get(&id)).cloned().unwrap_or_default()
        };
        let (old, new) = (of(old), of(new));
        let lacks =
            |list: &[(ObjectKey, bool)], key: &ObjectKey| list.iter().all(|(k, _)| k != key);
        ObjectChange {
            appeared: new.iter().map(|(k, _)| k.clone()).filter(|k| lacks(&old, k)).collect(),
            vanished: old.iter().filter(|(k, _)| lacks(&new, k)).cloned().collect(),
        }
    }
}

/// `Deployment/x`, or `ConfigMap/y!` for one that waits for a person.
fn object(text: &str) -> (ObjectKey, bool) {
    let (kind, name) = text.trim_end_matches('!').split_once('/').expect("<Kind>/<name>");
    let of_cluster = matches!(kind, "Namespace" | "PersistentVolume" | "CustomResourceDefinition");
    let group = if kind == "CustomResourceDefinition" { "apiextensions.k8s.io" } else { "" };
    let key = ObjectKey {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: (!of_cluster).then(|| "shop".to_owned()),
        name: name.to_owned(),
    };
    let waits = text.ends_with('!') || key.is_protected();
    (key, waits)
}

/// The commit that a text calls `3`.
pub(crate) fn commit(number: u8) -> CommitId {
    CommitId([number; 20])
}

/// `web=1` as a pair, each.
type Cells<'a> = Vec<(&'a str, &'a str)>;

/// What the lines of a text say, before ids are given.
#[derive(Default)]
struct Lines<'a> {
    /// By name: the former name, and the cells.
    clusters: BTreeMap<&'a str, (Option<&'a str>, Cells<'a>)>,
    applications: BTreeMap<&'a str, Option<&'a str>>,
    namespaces: BTreeMap<&'a str, &'a str>,
    empty: Vec<String>,
    fleet: &'a str,
    engine: u32,
    flux: bool,
    budget: u32,
    origin: Option<Origin>,
}

/// Renders a text; lines that it does not know are left out.
pub(crate) fn rendered(text: &str, trees: &mut Trees) -> Rendered {
    let mut lines = Lines { fleet: "shop", engine: 1, budget: 10_000, ..Lines::default() };
    for line in text.lines().map(str::trim) {
        lines.read(line);
    }
    lines.render(trees, sha256(text.as_bytes()))
}

impl<'a> Lines<'a> {
    fn read(&mut self, line: &'a str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "fleet" => self.fleet = rest,
            "engine" => self.engine = rest.parse().unwrap(),
            "layout" => self.flux = rest == "flux",
            "budget" => {
                self.budget = rest.trim_end_matches('%').parse::<u32>().unwrap() * 10_000;
            }
            "commit" => self.origin = Some(Origin::Commit(commit(rest.parse().unwrap()))),
            "folder" => self.origin = Some(Origin::Folder),
            "dirty" => {
                let changed = rest.split(' ').map(str::to_owned).collect();
                self.origin = Some(Origin::WorkTree { head: None, changed });
            }
            "empty" => self.empty.push(rest.to_owned()),
            "application" => {
                let (name, former) = named(rest);
                self.applications.insert(name, former);
            }
            "cluster" => self.read_cluster(rest),
            _ => {}
        }
    }

    fn read_cluster(&mut self, rest: &'a str) {
        let (head, cells) = rest.split_once(':').expect("cluster <name>: <cells>");
        let (name, former) = named(head);
        let cells: Vec<_> = cells
            .split_whitespace()
            .map(|cell| cell.split_once('=').expect("<application>=<tree>"))
            .collect();
        for (part, tree) in &cells {
            match part.strip_prefix("ns/") {
                Some(namespace) => {
                    self.namespaces.insert(namespace, tree);
                }
                None if *part == "boot" => {}
                None => {
                    self.applications.entry(part).or_insert(None);
                }
            }
        }
        self.clusters.insert(name, (former, cells));
    }

    fn render(self, trees: &mut Trees, source: Digest) -> Rendered {
        let name = |text: &str| ApplicationName::parse(text).unwrap();
        let clusters = self.clusters.iter();
        let clusters = clusters.map(|(name, (former, cells))| {
            self.cluster(ClusterName::parse(name).unwrap(), *former, cells, trees)
        });
        Rendered {
            fleet: FleetUid::derived(self.fleet),
            engine: self.engine,
            source,
            origin: self.origin.clone().unwrap_or(Origin::Folder),
            layout: if self.flux { Layout::Flux } else { Layout::Manifests },
            delivery: Delivery::Branches,
            deletion_budget_ppm: self.budget,
            clusters: clusters.map(Arc::new).collect(),
            applications: self.applications.iter().map(|(n, f)| (name(n), f.map(name))).collect(),
            namespaces: self
                .namespaces
                .iter()
                .map(|(n, id)| (NamespaceName::parse(n).unwrap(), trees.tree(id)))
                .collect(),
            empty_expressions: self.empty.clone(),
            diagnostics: Vec::new(),
        }
    }

    fn cluster(
        &self,
        name: ClusterName,
        former: Option<&str>,
        cells: &[(&str, &str)],
        trees: &mut Trees,
    ) -> RenderedCluster {
        let mut cluster = RenderedCluster {
            name,
            former_name: former.map(|former| ClusterName::parse(former).unwrap()),
            cells: Vec::new(),
            namespaces: Vec::new(),
            bootstrap: Ok(Vec::new()),
            namespaces_listener: None,
        };
        let listener = self.flux.then(|| hash_blob(&[b"listener"]));
        for (part, text) in cells {
            if let Some(namespace) = part.strip_prefix("ns/") {
                let index = self.namespaces.keys().position(|n| n == &namespace).unwrap();
                cluster.namespaces.push(NamespaceId(index as u32));
                cluster.namespaces_listener = listener;
            } else if *part == "boot" {
                let file = |id| vec![Entry::new("gotk.yaml", Mode::File, id)];
                cluster.bootstrap = if *text == "!" { Err(0) } else { Ok(file(trees.tree(text))) };
            } else {
                let index = self.applications.keys().position(|n| n == part).unwrap();
                let cell = match *text {
                    "!" => Cell::Broken(0),
                    tree => Cell::Tree(Fragment { tree: trees.tree(tree), listener }),
                };
                cluster.cells.push((ApplicationId(index as u32), cell));
            }
        }
        cluster.cells.sort_by_key(|(id, _)| *id);
        cluster.namespaces.sort();
        cluster
    }
}

/// `name` or `name was former`.
fn named(text: &str) -> (&str, Option<&str>) {
    match text.trim().split_once(" was ") {
        Some((name, former)) => (name, Some(former)),
        None => (text.trim(), None),
    }
}
