//! A released tree becomes objects.

use model::{Generation, ObjectId};
use sync::{Dependencies, Prune, TreeFile, read_tree, read_tree_after};

use crate::scene::{bytes, key};

fn read(files: &[(&str, &str)]) -> sync::Desired {
    let file = |(path, text): &(&str, &str)| TreeFile { path: (*path).into(), bytes: bytes(text) };
    let files: Vec<TreeFile> = files.iter().map(file).collect();
    read_tree(Generation(1), ObjectId([0; 20]), &files, Dependencies::new())
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n";

#[test]
fn objects_know_their_application_and_marks() {
    let text = format!("{CONFIG}  annotations:\n    res-edge.dev/prune: confirm\n");
    let desired = read(&[("web/shop/configmap-a.yaml", &text)]);
    let object = &desired.objects[&key("ConfigMap shop/a")];
    assert_eq!((object.application.as_str(), object.marks.prune), ("web", Prune::Confirm));
    assert_eq!(desired.applications["web"], 1);
}

#[test]
fn a_file_that_holds_another_object_than_its_path_says_stops_its_application() {
    let desired = read(&[
        ("web/shop/configmap-b.yaml", CONFIG),
        ("other/shop/configmap-a.yaml", CONFIG),
        ("stray.yaml", CONFIG),
    ]);
    assert_eq!(desired.applications.keys().collect::<Vec<_>>(), ["other"]);
    assert_eq!(
        desired.unreadable["web"][0].cause,
        "it holds ConfigMap shop/a, which belongs at shop/configmap-a.yaml"
    );
    assert!(desired.unreadable.contains_key("stray.yaml"));
}

type Files = &'static [(&'static str, &'static str)];

const OTHER: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop, labels: {x: y}}\n";

/// Trees of one or two files, some of which cannot be read whole.
const TREES: [Files; 5] = [
    &[("web/shop/configmap-a.yaml", CONFIG)],
    &[("web/shop/configmap-a.yaml", OTHER)],
    &[("pay/shop/configmap-a.yaml", CONFIG)],
    &[("pay/shop/configmap-a.yaml", CONFIG), ("web/shop/configmap-a.yaml", CONFIG)],
    &[("web/shop/configmap-a.yaml", CONFIG), ("web/shop/configmap-b.yaml", "[")],
];

#[test]
fn a_tree_that_is_read_after_another_one_is_the_tree_read_alone() {
    for before in TREES {
        let known = read(before);
        for after in TREES {
            let alone = read(after);
            let files: Vec<TreeFile> = after
                .iter()
                .map(|(path, text)| TreeFile { path: (*path).into(), bytes: bytes(text) })
                .collect();
            let step = (Generation(1), ObjectId([0; 20]));
            let found = read_tree_after(Some(&known), step, &files, Dependencies::new());
            assert_eq!(found.objects, alone.objects, "{before:?} {after:?}");
            assert_eq!(found.applications, alone.applications, "{before:?} {after:?}");
            assert_eq!(found.unreadable, alone.unreadable, "{before:?} {after:?}");
            assert_eq!(found.unknown_paths, alone.unknown_paths, "{before:?} {after:?}");
        }
    }
}
