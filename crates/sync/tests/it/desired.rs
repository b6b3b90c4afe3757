//! A released tree becomes objects.

use model::{Generation, ObjectId};
use sync::{Dependencies, Prune, TreeFile, read_tree};

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
