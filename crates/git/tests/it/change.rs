//! Which Kubernetes objects come and go.

use git::{Objects, object_change};
use model::{Entry, Layout, MemoryObjects, Mode, ObjectId, Observed, Sink};

use crate::support::Temporary;

/// A tree of files, each a line `<path>` or `<path>: <content>`; no line is no tree.
fn tree(sink: &dyn Sink, text: &str) -> Option<ObjectId> {
    let line = |line: &str| {
        let (path, content) = line.split_once(": ").unwrap_or((line, "x"));
        (path.to_owned(), content.replace("\\n", "\n"))
    };
    let files: Vec<(String, String)> = text.lines().map(str::trim).map(line).collect();
    (!files.is_empty()).then(|| folder(sink, "", &files))
}

fn folder(sink: &dyn Sink, prefix: &str, files: &[(String, String)]) -> ObjectId {
    let mut entries: Vec<Entry> = Vec::new();
    for (path, content) in files {
        let Some(rest) = path.strip_prefix(prefix) else { continue };
        let (name, entry) = match rest.split_once('/') {
            Some((name, _)) => (
                name,
                Entry::new(name, Mode::Tree, folder(sink, &format!("{prefix}{name}/"), files)),
            ),
            None => (rest, Entry::new(rest, Mode::File, sink.blob(content.as_bytes()))),
        };
        if !entries.iter().any(|entry| &*entry.name == name) {
            entries.push(entry);
        }
    }
    sink.tree(&entries)
}

/// One line for each object: `+` appears, `-` vanishes, `!` vanishes and waits for a person.
fn show(change: &Observed<model::ObjectChange>) -> String {
    match change {
        Observed::Unknown(cause) => format!("? {cause}"),
        Observed::Known(change) => {
            let appeared = change.appeared.iter().map(|key| format!("+ {key}"));
            let vanished = change.vanished.iter();
            let vanished =
                vanished.map(|(key, waits)| format!("{} {key}", if *waits { '!' } else { '-' }));
            appeared.chain(vanished).collect::<Vec<_>>().join("\n")
        }
    }
}

#[track_caller]
fn check(layout: Layout, old: &str, new: &str, expected: &str) {
    let memory = MemoryObjects::default();
    let (before, after) = (tree(&memory, old), tree(&memory, new));
    assert_eq!(show(&object_change(&memory, layout, before, after)), expected);

    let temporary = Temporary::bare();
    let objects = Objects::new(&temporary.open());
    let (before, after) = (tree(&objects, old), tree(&objects, new));
    assert_eq!(show(&object_change(&objects, layout, before, after)), expected, "of a repository");
}

#[test]
fn in_manifests_a_path_is_an_identity() {
    check(
        Layout::Manifests,
        "web/deployment-web.yaml: 1\nweb/service-web.yaml: 1\n_cluster/clusterrole-web.yaml",
        "web/deployment-web.yaml: 2\nweb/configmap-web.yaml\nother/service-web.yaml",
        "+ ConfigMap web/web\n+ Service other/web\n- Service web/web\n- ClusterRole.rbac.authorization.k8s.io web",
    );
    check(Layout::Manifests, "web/service-web.yaml", "", "- Service web/web");
    check(Layout::Manifests, "", "web/service-web.yaml", "+ Service web/web");
    check(Layout::Manifests, "web/service-web.yaml", "web/service-web.yaml", "");
}

#[test]
fn protected_and_marked_objects_wait() {
    let marked = "kind: Service\\napiVersion: v1\\nmetadata:\\n  name: web\\n  annotations:\\n    res-edge.dev/prune: confirm";
    check(
        Layout::Manifests,
        &format!(
            "web/service-web.yaml: {marked}\nweb/persistentvolumeclaim-data.yaml\nweb/service-api.yaml"
        ),
        "",
        "! PersistentVolumeClaim web/data\n- Service web/api\n! Service web/web",
    );
}

#[test]
fn what_is_no_object_is_unknown() {
    let unknown = "? `web/README` is no file of a Kubernetes object";
    check(Layout::Manifests, "web/README", "", unknown);
    check(Layout::Manifests, "", "web/README", unknown);
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let memory = MemoryObjects::default();
    let missing = ObjectId([7; 20]);
    for layout in [Layout::Manifests, Layout::Flux] {
        let change = object_change(&memory, layout, Some(missing), None);
        assert_eq!(show(&change), format!("? the tree {missing} is missing"));
        let entry = Entry::new("service-web.yaml", Mode::File, missing);
        let folder = memory.tree(&[entry]);
        let tree = memory.tree(&[Entry::new("web", Mode::Tree, folder)]);
        let change = object_change(&memory, layout, Some(tree), None);
        assert_eq!(show(&change), format!("? the file {missing} is missing"));
    }
}

#[test]
fn in_flux_the_overlay_leads() {
    let service = "apiVersion: v1\\nkind: Service\\nmetadata:\\n  name: web\\n  namespace: web";
    let volume = "apiVersion: v1\\nkind: PersistentVolume\\nmetadata:\\n  name: data";
    let base = format!(
        "base/kustomization.yaml: resources: [service.yaml]\nbase/service.yaml: {service}\nbase/volume.yaml: {volume}"
    );
    let overlay = format!(
        "{base}\noverlays/1.0.0/kustomization.yaml: resources: [../../base, ../../base/volume.yaml]"
    );
    check(Layout::Flux, &base, "", "- Service web/web");
    check(Layout::Flux, &base, &overlay, "+ PersistentVolume data");
    check(Layout::Flux, &overlay, &base, "! PersistentVolume data");
    check(Layout::Flux, &format!("flat.yaml: {service}"), "", "- Service web/web");
}
