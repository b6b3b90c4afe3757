//! Which files are read, and which parts of them again.

use std::path::Path;

use proptest::prelude::*;
use schema::ReadSource;

#[test]
fn only_files_of_documents_are_read_in_the_order_of_paths() {
    let cluster = |name: &str| {
        format!("apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\n")
    };
    let (b, a, x) = (cluster("b"), cluster("a"), cluster("x"));
    let source = crate::source_of(&[
        ("inventory/z/b.yaml", b.as_bytes()),
        ("inventory/a.yaml", a.as_bytes()),
        ("inventory/README.md", b"# not: yaml: at all"),
        ("apps/x/base/cluster.yaml", x.as_bytes()),
        ("inventory/c.yml", x.as_bytes()),
        ("inventory/d.YAML", x.as_bytes()),
        ("policies/e.json", b"{}"),
    ]);
    let (documents, diagnostics) = schema::read_source(&source);
    let names: Vec<String> = documents
        .iter()
        .map(|document| match document {
            schema::Document::Cluster(cluster) => cluster.metadata.name.value.to_string(),
            _ => panic!(),
        })
        .collect();
    assert_eq!(names, ["a", "b"]);
    insta::assert_snapshot!(crate::render(&source.files, &diagnostics), @"
    inventory/c.yml:1:1 unread-file error: `inventory/c.yml` would not be read: documents stand in `.yaml` files
      hint: rename it to `inventory/c.yaml`, or move it out of this folder
    inventory/d.YAML:1:1 unread-file error: `inventory/d.YAML` would not be read: documents stand in `.yaml` files
      hint: rename it to `inventory/d.yaml`, or move it out of this folder
    policies/e.json:1:1 unread-file error: `policies/e.json` would not be read: documents stand in `.yaml` files
      hint: rename it to `policies/e.yaml`, or move it out of this folder
    ");
}

#[test]
fn faults_of_the_inventory_refuse_the_source_and_those_of_templates_do_not() {
    let mut source =
        crate::source_of(&[("apps/web/deploy.yaml", b"a: b"), ("inventory/a.yaml", b"")]);
    for path in ["apps/web/deploy.yaml", "inventory/a.yaml"] {
        let file = source.files.find(path).expect("the file is there");
        let span = model::Span::new(file, 0, 0);
        source.faults.push(model::Diagnostic::error(&schema::codes::LIMIT_PASSED, span, path));
    }
    let (_, diagnostics) = schema::read_source(&source);
    let messages: Vec<&str> = diagnostics.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages, ["inventory/a.yaml"]);
}

/// Everything below a folder, with paths from there.
fn below(root: &Path, folder: &str, parts: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
        let entry = entry.expect("the folder can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        match entry.path().is_dir() {
            true => below(root, &path, parts),
            false => parts.push((path, std::fs::read(entry.path()).expect("a file"))),
        }
    }
}

/// A source on disk is read without a word.
fn check_folder(root: &Path) -> usize {
    let mut parts = Vec::new();
    below(root, "", &mut parts);
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let source = crate::source_of(&parts);
    let (documents, diagnostics) = schema::read_source(&source);
    assert_eq!(crate::render(&source.files, &diagnostics), "", "{}", root.display());
    documents.len()
}

#[test]
fn examples_of_the_project_are_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for entry in std::fs::read_dir(examples).expect("the examples are there") {
        let root = entry.expect("the folder can be listed").path();
        if root.join("fleet.yaml").exists() {
            assert!(check_folder(&root) > 3, "{}", root.display());
        }
    }
}

/// The inventories of the former system's fleets are read without a word. They are not part of
/// the project: without the variable there is nothing to read.
#[test]
fn golden_inventories_are_valid() {
    let Ok(golden) = std::env::var("RES_EDGE_GOLDEN") else {
        println!("skipped: RES_EDGE_GOLDEN names no folder");
        return;
    };
    for case in ["everywhere", "beta-group"] {
        assert!(check_folder(&Path::new(&golden).join(case).join("source")) > 30, "{case}");
    }
}

/// Texts that stand between the lines `---` of a file of clusters, some of them odd.
const PARTS: &[&str] = &[
    "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: a, labels: {ring: prod}}\n",
    "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata:\n  name: b\nspec:\n  description: |\n    x\n",
    "# a comment\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {groups: [/x], \
     timeZone: UTC, values: {tax: 0.1}, capacity: {cpu: 2}}\n",
    "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata:\n  name: \"d",
    "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: e}\nspec: {values: {tax: 0.2}}\n",
    "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: 1}\nwrong: [\n",
    "apiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {name: g}\n",
    "# only a comment\n",
    "",
    "  \n",
    "...\n",
    "...\n%YAML 1.2\n",
    "\r...\r",
    "--- x\n",
    "---x\n",
    "<<<<<<< x\n",
    "\"\n",
];

fn file_of_clusters() -> impl Strategy<Value = String> {
    let part = prop_oneof![8 => 0..5_usize, 1 => 5..PARTS.len()];
    let mark = prop_oneof![8 => Just("---\n"), 1 => Just("--- # c\n"), 1 => Just("---\r\n")];
    prop::collection::vec((mark, part), 0..8).prop_map(|parts| {
        parts.iter().map(|(mark, part)| format!("{mark}{}", PARTS[*part])).collect()
    })
}

/// A text with a part of it replaced.
fn edited(text: &str, at: prop::sample::Index, n_chars: usize, by: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let start = at.index(chars.len() + 1);
    let end = (start + n_chars).min(chars.len());
    let (start, end) = (chars[..start].iter(), chars[end..].iter());
    start.copied().chain(by.chars()).chain(end.copied()).collect()
}

fn read_of(
    source: &model::Source,
    before: &[&ReadSource],
) -> (Vec<schema::Document>, Vec<model::Diagnostic>) {
    let read = ReadSource::new(source, before);
    (read.documents().cloned().collect(), read.diagnostics())
}

proptest! {
    #![proptest_config(testkit::cases(1_000))]

    /// Only the documents around an edit are parsed, and nobody can tell.
    #[test]
    fn reading_an_edited_file_is_reading_it_anew(
        text in file_of_clusters(),
        at in any::<prop::sample::Index>(),
        n_chars in prop_oneof![2 => Just(0), 3 => 0..6_usize, 1 => 0..200_usize],
        by in prop_oneof![
            3 => "[a-z0-9 :]{0,5}",
            1 => prop::sample::select(PARTS).prop_map(str::to_owned),
            1 => Just("---\n".to_owned()),
        ],
    ) {
        let source = |text: &str| crate::source_of(&[("inventory/a.yaml", text.as_bytes())]);
        let new = source(&edited(&text, at, n_chars, &by));
        let before = ReadSource::new(&source(&text), &[]);
        prop_assert_eq!(read_of(&new, &[&before]), read_of(&new, &[]));
    }
}
