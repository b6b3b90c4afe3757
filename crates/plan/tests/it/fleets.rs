//! Fleets in a few lines, for tests.
//!
//! One line is one document: `<Kind> <name> | <more metadata> | <spec>`, both in YAML's flow
//! style without the outer braces. Lines of kind Fleet go to `fleet.yaml`, of kind Role to
//! `policies/roles.yaml`, a line `-- path --` starts another file of the inventory, and all
//! others go to `inventory/fleet.yaml`. Without a line of kind Fleet there is a plain one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Diagnostic, Source};
use plan::Fleet;
use testkit::render_diagnostics;

/// A text of lines as a source.
pub(crate) fn source(lines: &str) -> Source {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut inventory = "inventory/fleet.yaml";
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(path) = line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
            inventory = path;
            continue;
        }
        let path = match line.split(' ').next() {
            Some("Fleet") => "fleet.yaml",
            Some("Role") => "policies/roles.yaml",
            _ => inventory,
        };
        let text = files.entry(path).or_default();
        writeln!(text, "---\n{}", document(line)).expect("a string takes all");
    }
    if !lines.contains("Fleet ") {
        files.insert("fleet.yaml", document("Fleet contoso"));
    }
    let text: String = files.iter().map(|(path, text)| format!("-- {path} --\n{text}\n")).collect();
    testkit::source(&text)
}

fn document(line: &str) -> String {
    let mut parts = line.split('|');
    let mut head = parts.next().unwrap_or_default().split_whitespace();
    let (kind, name) = (head.next().unwrap_or_default(), head.next().unwrap_or_default());
    let metadata = parts.next().unwrap_or_default().trim();
    let spec = parts.next().unwrap_or_default().trim();
    format!(
        "apiVersion: res-edge.dev/v1\nkind: {kind}\nmetadata: {{name: {name}, {metadata}}}\nspec: {{{spec}}}"
    )
}

/// The fleet of a source and what was found on the way.
pub(crate) fn assemble(source: &Source) -> Result<(Fleet, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (documents, diagnostics) = schema::read_source(source);
    let shown = render_diagnostics(&source.files, &diagnostics);
    assert!(diagnostics.is_empty(), "the test's documents are wrong:\n{shown}");
    plan::assemble(source, documents)
}

/// The fleet of lines in which nothing is wrong.
pub(crate) fn fleet(lines: &str) -> Fleet {
    let source = source(lines);
    match assemble(&source) {
        Ok((fleet, warnings)) if warnings.is_empty() => fleet,
        Ok((_, found)) | Err(found) => {
            panic!("{}", render_diagnostics(&source.files, &found))
        }
    }
}

/// What is found in each of the titled texts, one after the other.
pub(crate) fn findings(cases: &[(&str, &str)]) -> String {
    let mut shown = String::new();
    for (title, lines) in cases {
        let source = source(lines);
        let (verdict, found) = match assemble(&source) {
            Ok((_, found)) => ("accepted", found),
            Err(found) => ("refused", found),
        };
        let text = render_diagnostics(&source.files, &found);
        writeln!(shown, "# {title}: {verdict}\n{text}").expect("a string takes all");
    }
    shown
}

/// The names of the clusters of a set.
pub(crate) fn names(fleet: &Fleet, clusters: &model::ClusterSet) -> String {
    let names: Vec<&str> =
        clusters.iter().map(|cluster| fleet.clusters[cluster.index()].name.as_str()).collect();
    names.join(" ")
}
