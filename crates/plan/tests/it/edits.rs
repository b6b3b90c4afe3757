//! Small fleets that are edited at random: labels, groups, expressions, templates, overlays,
//! values, additions, removals, renames, mistakes and their repair.
//!
//! An edit is three numbers, so that a failing sequence shrinks to the few edits that matter.
//! What a number means depends on the fleet that it is applied to, and each is possible at any
//! time. Names and values come from short lists: most edits meet something that is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

/// What happens to a fleet.
pub(crate) type Edit = (u8, u16, u16);

/// Edits, at most so many.
pub(crate) fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec(any::<Edit>(), 1..most)
}

#[derive(Clone, Debug, Default)]
struct Cluster {
    former: Option<String>,
    labels: BTreeMap<&'static str, &'static str>,
    values: BTreeMap<&'static str, &'static str>,
    groups: Vec<&'static str>,
    decommission: bool,
    file: u16,
}

#[derive(Clone, Debug, Default)]
struct Selected {
    clusters: Option<&'static str>,
    values: BTreeMap<&'static str, &'static str>,
    overrides: Vec<(&'static str, &'static str, &'static str)>,
    allow: bool,
}

#[derive(Clone, Debug, Default)]
struct Application {
    namespace: &'static str,
    template: u16,
    version: Option<&'static str>,
    depends_on: Option<String>,
    former: Option<String>,
    body: Selected,
}

#[derive(Clone, Debug, Default)]
struct Template {
    objects: BTreeMap<u16, &'static str>,
    overlays: BTreeMap<&'static str, (&'static str, &'static str)>,
    kustomization: bool,
}

/// A fleet that is edited.
#[derive(Clone, Debug)]
pub(crate) struct World {
    flux: u16,
    bootstrap: &'static str,
    vocabulary: bool,
    values: BTreeMap<&'static str, &'static str>,
    clusters: BTreeMap<String, Cluster>,
    groups: BTreeMap<&'static str, Selected>,
    namespaces: BTreeMap<&'static str, Selected>,
    applications: BTreeMap<String, Application>,
    templates: BTreeMap<u16, Template>,
    comment: u16,
    other_file: bool,
    broken_file: bool,
}

const KEYS: [&str; 5] = ["color", "size", "city", "ring", "tax"];
const VALUES: [&str; 8] = ["red", "blue", "3", "'3'", "yes", "\"a: b\"", "beta", "prod"];
const GROUPS: [&str; 4] = ["/stores", "/stores/east", "/stores/west", "/plants"];
const NAMESPACES: [&str; 3] = ["shop", "ops", "lab"];
const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "2.0.0"];
const EXPRESSIONS: [&str; 16] = [
    "all",
    "none",
    "/g/stores",
    "/g/stores/east",
    "/g/plants or /m/ring/beta",
    "/m/ring/beta",
    "not /m/ring/beta",
    "/m/color/red",
    "/m/color/*",
    "/c/c-1",
    "/c/c-*",
    "/n/shop",
    "/g/stores and not /n/ops",
    "/m/size/3 or /c/c-2",
    "/g/nowhere",
    "all and",
];
const TEXTS: [&str; 14] = [
    "kind: ConfigMap\nmetadata: {name: a, namespace: rea.namespace.name}\ndata: {k: x}\n",
    "kind: ConfigMap\nmetadata: {name: a, namespace: rea.namespace.name}\ndata: {k: \"rea.cluster.color\"}\n",
    "kind: ConfigMap\nmetadata: {name: rea.application.name, namespace: rea.namespace.name}\ndata: {k: rea.cluster.name}\n",
    "kind: ConfigMap\nmetadata: {name: \"x-rea.cluster.size\", namespace: rea.namespace.name}\n",
    "kind: ConfigMap\nmetadata: {name: \"x-rea.cluster.color\", namespace: rea.namespace.name}\ndata: {v: \"rea.application.tax\"}\n",
    "kind: ConfigMap\nmetadata: {name: b, namespace: rea.namespace.name}\ndata: {k: \"rea.namespace.city rea.cluster.tax\"}\n",
    "kind: ConfigMap\nmetadata: {name: shared, namespace: shop}\ndata: {k: \"rea.cluster.city\"}\n",
    "kind: ConfigMap\nmetadata: {name: b, namespace: rea.namespace.name}\nn: rea.cluster.size\n",
    "kind: Namespace\nmetadata: {name: shop}\n",
    "kind: ClusterRole\napiVersion2: x\nmetadata: {name: wide}\n",
    "kind: Secret\nmetadata: {name: s, namespace: rea.namespace.name}\nstringData: {a: b}\n",
    "kind: ConfigMap\nmetadata: {name: a}\n",
    "kind: [\n",
    "kind: ConfigMap\nmetadata: {name: path, namespace: rea.namespace.name}\ndata: {k: \"rea.cluster.path\", r: \"rea.application.owner\"}\n",
];
const BOOTSTRAPS: [&str; 4] =
    ["", "a: rea.cluster.name\n", "a: \"rea.cluster.color\"\n", "a: rea.application.name\n"];

fn pick<T: Copy>(list: &[T], number: u16) -> T {
    list[usize::from(number) % list.len()]
}

/// The key at a number, if there is any.
fn at<K: Clone, V>(map: &BTreeMap<K, V>, number: u16) -> Option<K> {
    (!map.is_empty()).then(|| map.keys().nth(usize::from(number) % map.len()).cloned()).flatten()
}

fn toggle<K: Ord, V: PartialEq>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.get(&key) == Some(&value) {
        map.remove(&key);
    } else {
        map.insert(key, value);
    }
}

impl World {
    /// A fleet of four clusters with two applications.
    pub(crate) fn new() -> Self {
        let cluster = |number: u16| {
            let labels = [("ring", pick(&["beta", "prod"], number))].into_iter().collect();
            let values = [("color", pick(&VALUES, number))].into_iter().collect();
            let groups = vec![pick(&GROUPS[1..], number)];
            (format!("c-{number}"), Cluster { labels, values, groups, ..Cluster::default() })
        };
        let selected = |clusters| Selected { clusters: Some(clusters), ..Selected::default() };
        let application =
            |template| Application { namespace: "shop", template, ..Application::default() };
        let template =
            |text| Template { objects: [(0, text)].into_iter().collect(), ..Template::default() };
        Self {
            flux: 0,
            bootstrap: "",
            vocabulary: false,
            values: BTreeMap::new(),
            clusters: (0..4).map(cluster).collect(),
            groups: GROUPS.iter().map(|path| (*path, Selected::default())).collect(),
            namespaces: [("shop", selected("all")), ("ops", selected("/g/stores"))].into(),
            applications: [("web".to_owned(), application(0)), ("api".to_owned(), application(1))]
                .into(),
            templates: [(0, template(TEXTS[1])), (1, template(TEXTS[2]))].into(),
            comment: 0,
            other_file: false,
            broken_file: false,
        }
    }

    /// Applies an edit.
    pub(crate) fn apply(&mut self, (what, a, b): Edit) {
        match what % 40 {
            0..=7 => self.edit_cluster(what, a, b),
            8..=11 => self.edit_clusters(what, a, b),
            12..=15 => self.edit_group(what, a, b),
            16..=20 => self.edit_namespace(what, a, b),
            21..=27 => self.edit_application(what, a, b),
            28..=35 => self.edit_template(what, a, b),
            _ => self.edit_settings(what, a, b),
        }
    }

    fn edit_cluster(&mut self, what: u8, a: u16, b: u16) {
        let Some(cluster) = at(&self.clusters, a).and_then(|name| self.clusters.get_mut(&name))
        else {
            return;
        };
        let (key, value) = (pick(&KEYS, b), pick(&VALUES, b / 5));
        match what % 40 {
            0..=3 => toggle(&mut cluster.values, key, value),
            4 => toggle(
                &mut cluster.labels,
                pick(&["ring", "type"], b),
                pick(&["beta", "prod"], b / 2),
            ),
            5 => cluster.groups = vec![pick(&GROUPS, b)],
            6 => cluster.groups = [pick(&GROUPS, b), pick(&GROUPS, b / 4)].into(),
            _ => cluster.decommission = !cluster.decommission,
        }
        cluster.groups.dedup();
    }

    fn edit_clusters(&mut self, what: u8, a: u16, b: u16) {
        let name = format!("c-{}", b % 9);
        match (what % 40, at(&self.clusters, a)) {
            (8, _) => _ = self.clusters.entry(name).or_default(),
            (9, Some(old)) => _ = self.clusters.remove(&old),
            (10, Some(old)) if !self.clusters.contains_key(&name) => {
                let mut cluster = self.clusters.remove(&old).unwrap_or_default();
                cluster.former = Some(old);
                self.clusters.insert(name, cluster);
            }
            (_, Some(old)) => {
                let cluster = self.clusters.entry(old).or_default();
                cluster.file = b % 3;
                cluster.former = cluster.former.take().filter(|_| b.is_multiple_of(2));
            }
            _ => {}
        }
    }

    fn edit_group(&mut self, what: u8, a: u16, b: u16) {
        let path = pick(&GROUPS, a);
        match what % 40 {
            12 => {
                let group = self.groups.entry(path).or_default();
                group.clusters = (!b.is_multiple_of(3)).then(|| pick(&EXPRESSIONS, b));
            }
            13 => _ = self.groups.remove(path),
            _ => {
                let group = self.groups.entry(path).or_default();
                toggle(&mut group.values, pick(&KEYS, b), pick(&VALUES, b / 5));
            }
        }
    }

    fn edit_namespace(&mut self, what: u8, a: u16, b: u16) {
        let name = pick(&NAMESPACES, a);
        if what % 40 == 16 && b.is_multiple_of(4) {
            self.namespaces.remove(name);
            return;
        }
        let namespace = self.namespaces.entry(name).or_default();
        edit_selected(namespace, what, b);
    }

    fn edit_application(&mut self, what: u8, a: u16, b: u16) {
        let name = pick(&["web", "api", "job", "db"], b).to_owned();
        let mut known = at(&self.applications, a);
        match what % 40 {
            21 => {
                let application = self.applications.entry(name).or_default();
                application.namespace = pick(&NAMESPACES, a);
                application.template = a % 4;
            }
            22 => _ = known.take().map(|known| self.applications.remove(&known)),
            23 => {
                if let Some(old) = known.filter(|_| !self.applications.contains_key(&name)) {
                    let mut application = self.applications.remove(&old).unwrap_or_default();
                    application.former = Some(old);
                    self.applications.insert(name, application);
                }
            }
            number => {
                let Some(application) = known.and_then(|known| self.applications.get_mut(&known))
                else {
                    return;
                };
                match number {
                    24 => application.version = (!b.is_multiple_of(3)).then(|| pick(&VERSIONS, b)),
                    25 => application.depends_on = (b.is_multiple_of(2)).then_some(name),
                    26 if b.is_multiple_of(2) => application.template = b % 5,
                    _ => edit_selected(&mut application.body, what, b),
                }
            }
        }
    }

    fn edit_template(&mut self, what: u8, a: u16, b: u16) {
        let number = a % 4;
        let template = self.templates.entry(number).or_default();
        match what % 40 {
            28..=30 => _ = template.objects.insert(b % 3, pick(&TEXTS, b / 3)),
            31 => _ = template.objects.remove(&(b % 3)),
            32 | 33 => {
                let overlay = (pick(&EXPRESSIONS, b / 3), pick(&TEXTS, b / 7));
                template.overlays.insert(pick(&VERSIONS, b), overlay);
            }
            34 => _ = template.overlays.remove(pick(&VERSIONS, b)),
            _ if b.is_multiple_of(3) => _ = self.templates.remove(&number),
            _ => template.kustomization = !template.kustomization,
        }
    }

    fn edit_settings(&mut self, what: u8, a: u16, b: u16) {
        match (what % 40, a % 8) {
            (36, 0) => self.flux = b % 3,
            (36, _) => toggle(&mut self.values, pick(&KEYS, b), pick(&VALUES, b / 5)),
            (37, 0..=3) => self.bootstrap = pick(&BOOTSTRAPS, b),
            (37, 4) => self.vocabulary = !self.vocabulary,
            (37, _) => self.comment = b % 3,
            (38, 0..=2) => self.other_file = !self.other_file,
            (38, 3) => self.broken_file = true,
            _ => self.broken_file = false,
        }
    }

    /// The fleet as a text of files.
    pub(crate) fn text(&self) -> String {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        files.insert("fleet.yaml".to_owned(), self.settings());
        for (name, cluster) in &self.clusters {
            let file =
                files.entry(format!("inventory/clusters-{}.yaml", cluster.file)).or_default();
            file.push_str(&cluster.document(name));
        }
        let mut rest = "# comment\n".repeat(usize::from(self.comment));
        for (path, group) in &self.groups {
            rest.push_str(&group_document(path, group));
        }
        for (name, namespace) in &self.namespaces {
            let allow = "allow: [ClusterRole, shop/ConfigMap]";
            let spec = namespace.spec(if namespace.allow { allow } else { "" });
            rest.push_str(&document("Namespace", &format!("name: {name}"), &spec));
        }
        for (name, application) in &self.applications {
            rest.push_str(&application.document(name));
        }
        files.insert("inventory/rest.yaml".to_owned(), rest);
        for (number, template) in &self.templates {
            template.write(*number, &mut files);
        }
        if !self.bootstrap.is_empty() {
            files.insert("apps/boot/a.yaml".to_owned(), self.bootstrap.to_owned());
        }
        if self.other_file {
            files.insert("apps/aaa/readme.yaml".to_owned(), "x: 1\n".to_owned());
        }
        if self.broken_file {
            files.insert("inventory/z.yaml".to_owned(), "kind: Clutser\n".to_owned());
        }
        files.iter().map(|(path, text)| format!("-- {path} --\n{text}")).collect()
    }

    fn settings(&self) -> String {
        let mut spec = format!("values: {}, ", pairs(&self.values));
        if self.flux > 0 {
            let compatibility = if self.flux == 2 { ", compatibility: \"0.20\"" } else { "" };
            let boot = if self.bootstrap.is_empty() { "" } else { ", bootstrap: apps/boot" };
            write!(spec, "layout: {{flux: {{source: gitops{boot}{compatibility}}}}}, ")
                .expect("a string takes all");
            spec.push_str("delivery: {directory: {branch: main, path: clusters}}, ");
        }
        if self.vocabulary {
            spec.push_str("labels: {ring: [beta, prod]}, ");
        }
        document("Fleet", "name: f", &spec)
    }
}

fn edit_selected(selected: &mut Selected, what: u8, b: u16) {
    let (key, value) = (pick(&KEYS, b), pick(&VALUES, b / 5));
    match what % 5 {
        0 | 1 => selected.clusters = Some(pick(&EXPRESSIONS, b)),
        2 => toggle(&mut selected.values, key, value),
        3 if b.is_multiple_of(3) => selected.overrides.clear(),
        3 => selected.overrides.push((pick(&EXPRESSIONS, b / 11), key, value)),
        _ => selected.allow = !selected.allow,
    }
}

fn pairs(pairs: &BTreeMap<&str, &str>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn document(kind: &str, metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: res-edge.dev/v1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {{{spec}}}\n"
    )
}

fn group_document(path: &str, group: &Selected) -> String {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = if parent.is_empty() { String::new() } else { format!("parent: {parent}, ") };
    let clusters = group.clusters.map(|text| format!("clusters: \"{text}\", ")).unwrap_or_default();
    let spec = format!("{parent}{clusters}values: {}", pairs(&group.values));
    document("Group", &format!("name: {name}"), &spec)
}

impl Cluster {
    fn document(&self, name: &str) -> String {
        let former = self.former.as_ref().map(|f| format!(", formerName: {f}")).unwrap_or_default();
        let metadata = format!("name: {name}{former}, labels: {}", pairs(&self.labels));
        let decommission = if self.decommission { ", decommission: true" } else { "" };
        let groups = self.groups.join(", ");
        let spec = format!("groups: [{groups}], values: {}{decommission}", pairs(&self.values));
        document("Cluster", &metadata, &spec)
    }
}

impl Selected {
    fn spec(&self, more: &str) -> String {
        let mut spec = format!("values: {}, ", pairs(&self.values));
        if let Some(text) = self.clusters {
            write!(spec, "clusters: \"{text}\", ").expect("a string takes all");
        }
        let item = |(text, key, value): &(&str, &str, &str)| {
            format!("{{clusters: \"{text}\", values: {{{key}: {value}}}}}")
        };
        let overrides: Vec<String> = self.overrides.iter().map(item).collect();
        write!(spec, "overrides: [{}], {more}", overrides.join(", ")).expect("a string takes all");
        spec
    }
}

impl Application {
    fn document(&self, name: &str) -> String {
        let former = self.former.as_ref().map(|f| format!(", formerName: {f}")).unwrap_or_default();
        let mut more = format!("namespace: {}, template: apps/t{}", self.namespace, self.template);
        if let Some(version) = self.version {
            write!(more, ", version: {version}").expect("a string takes all");
        }
        if let Some(other) = &self.depends_on {
            write!(more, ", dependsOn: [{other}]").expect("a string takes all");
        }
        document("Application", &format!("name: {name}{former}"), &self.body.spec(&more))
    }
}

impl Template {
    fn write(&self, number: u16, files: &mut BTreeMap<String, String>) {
        let base = if self.overlays.is_empty() { "" } else { "base/" };
        let folder = format!("apps/t{number}/{base}");
        for (object, text) in &self.objects {
            files.insert(format!("{folder}{object}.yaml"), format!("apiVersion: v1\n{text}"));
        }
        if self.kustomization {
            let names = self.objects.keys().map(|object| format!("{object}.yaml"));
            let list = names.collect::<Vec<_>>().join(", ");
            let text = format!("resources: [{list}]\n");
            files.insert(format!("{folder}kustomization.yaml"), text);
        }
        for (version, (expression, text)) in &self.overlays {
            let folder = format!("apps/t{number}/overlays/{version}");
            let kustomization = format!(
                "metadata:\n  annotations:\n    res-edge.dev/clusters: \"{expression}\"\n\
                 resources: [../../base, own.yaml]\n"
            );
            files.insert(format!("{folder}/kustomization.yaml"), kustomization);
            let own = text.replace("name: ", "name: own-");
            files.insert(format!("{folder}/own.yaml"), format!("apiVersion: v1\n{own}"));
        }
    }
}
