//! Fleets in one string, rendered, for the other modules.

use std::fmt::Write as _;

use model::{
    Cell, Counter, Entry, Expansions, MemoryObjects, Mode, ObjectId, Rendered, Sink, Source,
};
use plan::Fleet;

/// A source with everything that came of it.
pub(crate) struct Outcome {
    pub(crate) source: Source,
    pub(crate) fleet: Fleet,
    pub(crate) rendered: Rendered,
    pub(crate) objects: MemoryObjects,
    pub(crate) folder: ObjectId,
}

/// Assembles a fleet from a source whose documents are all right.
#[track_caller]
pub(crate) fn assemble(source: &Source) -> Fleet {
    let (documents, problems) = schema::read_source(source);
    let shown = testkit::render_diagnostics(&source.files, &problems);
    assert!(!problems.iter().any(model::Diagnostic::is_error), "{shown}");
    match plan::assemble(source, documents) {
        Ok((fleet, _)) => fleet,
        Err(problems) => panic!("{}", testkit::render_diagnostics(&source.files, &problems)),
    }
}

#[track_caller]
pub(crate) fn render_source(source: Source) -> Outcome {
    let fleet = assemble(&source);
    let objects = MemoryObjects::default();
    let rendered = plan::render(&fleet, &source, &Expansions::default(), &objects);
    let folder = plan::folder(&rendered, &objects);
    Outcome { source, fleet, rendered, objects, folder }
}

/// A sink of memory that counts.
#[derive(Default)]
struct Counting(MemoryObjects, Counter);

impl Sink for Counting {
    fn blob(&self, bytes: &[u8]) -> ObjectId {
        self.0.blob(bytes)
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        self.0.tree(entries)
    }

    fn counter(&self) -> Option<&Counter> {
        Some(&self.1)
    }
}

#[test]
fn every_binding_that_is_rendered_is_counted() {
    let source = testkit::source(&shop(
        "-- apps/web/map.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n",
    ));
    let (fleet, sink) = (assemble(&source), Counting::default());
    let rendered = plan::render(&fleet, &source, &Expansions::default(), &sink);
    let n = rendered.n_bindings();
    assert!(n > 1);
    assert_eq!(sink.1.read(), Some((n, n)));
}

#[track_caller]
pub(crate) fn render(text: &str) -> Outcome {
    render_source(testkit::source(text))
}

impl Outcome {
    /// Every file of every cluster with its mode and id, as `git ls-tree -r` prints it.
    pub(crate) fn ls(&self) -> String {
        let mut text = String::new();
        for (path, mode, id) in self.objects.list(self.folder) {
            writeln!(text, "{} blob {id}\t{path}", mode.octal()).expect("a string");
        }
        text
    }

    /// The paths of every file, executable ones marked.
    pub(crate) fn paths(&self) -> String {
        let path = |(path, mode, _): (String, Mode, ObjectId)| match mode {
            Mode::Executable => format!("{path} (x)\n"),
            _ => format!("{path}\n"),
        };
        self.objects.list(self.folder).into_iter().map(path).collect()
    }

    /// Every file with its text.
    pub(crate) fn texts(&self) -> String {
        let mut text = String::new();
        for (path, _, id) in self.objects.list(self.folder) {
            writeln!(text, "-- {path} --\n{}", self.text_of(id)).expect("a string");
        }
        text
    }

    /// The text of the file at a path.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> String {
        let files = self.objects.list(self.folder);
        let file = files.iter().find(|(other, ..)| other == path);
        let (_, _, id) = file.unwrap_or_else(|| panic!("no `{path}` in\n{}", self.paths()));
        self.text_of(*id)
    }

    fn text_of(&self, id: ObjectId) -> String {
        String::from_utf8_lossy(&self.objects.get_blob(id).expect("listed")).into_owned()
    }

    /// What rendering found.
    pub(crate) fn diagnostics(&self) -> String {
        testkit::render_diagnostics(&self.source.files, &self.rendered.diagnostics)
    }

    /// The broken cells, as `<cluster>/<application>`.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for cluster in &self.rendered.clusters {
            for (id, cell) in &cluster.cells {
                if let Cell::Broken(finding) = cell {
                    let finding = &self.rendered.diagnostics[*finding as usize];
                    assert!(finding.is_error(), "a cell is broken by an error");
                    broken.push(format!("{}/{}", cluster.name, self.rendered.application(*id)));
                }
            }
            if let Err(finding) = &cluster.bootstrap {
                assert!(self.rendered.diagnostics[*finding as usize].is_error());
                broken.push(format!("{}/flux-system", cluster.name));
            }
        }
        broken
    }
}

/// A fleet of three clusters in the layout `manifests` with one application `web` in the
/// namespace `shop` on all of them, and what else the text says.
pub(crate) fn shop(rest: &str) -> String {
    format!("{FLEET}{INVENTORY}{rest}")
}

/// The same in the layout `flux`, in a folder `clusters`.
pub(crate) fn flux_shop(rest: &str) -> String {
    format!("{FLUX_FLEET}{INVENTORY}{rest}")
}

pub(crate) const FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: shops}
spec:
  values: {registry: registry.example}
";

pub(crate) const FLUX_FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: shops}
spec:
  layout: {flux: {source: gitops}}
  delivery: {directory: {branch: main, path: clusters}}
";

pub(crate) const INVENTORY: &str = "\
-- inventory/clusters.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-1, labels: {region: east}}
spec: {groups: [/stores/east], values: {city: oslo}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-2, labels: {region: east}}
spec: {groups: [/stores/east], values: {city: rome}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: west-1, labels: {region: west}}
spec: {groups: [/stores/west]}
-- inventory/groups.yaml --
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: stores}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: east}
spec: {parent: /stores}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: west}
spec: {parent: /stores}
-- inventory/shop.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: /g/stores}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: shop, template: apps/web}
";

/// A Service of the shop.
pub(crate) const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: rea.namespace.name
spec:
  ports: [{port: 80}]
";
