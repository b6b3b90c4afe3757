//! A compile that remembers gives what a compile from nothing gives.

use std::sync::Arc;

use model::{Cell, CommitId, Expansions, MemoryObjects, ObjectId, Origin};
use plan::{Compiled, Compiler, KeySpace};
use proptest::prelude::*;

use super::edits::{World, edits};

fn compile(compiler: &mut Compiler, text: &str, sink: &MemoryObjects) -> Arc<Compiled> {
    let source = testkit::source(text);
    compiler.compile(source, &mut |_, _| Expansions::default(), sink)
}

/// Everything that can be told apart from outside.
fn facts(compiled: &Compiled, sink: &MemoryObjects) -> String {
    let files = &compiled.source.files;
    let mut text = testkit::render_diagnostics(files, &compiled.diagnostics);
    let Some(accepted) = &compiled.accepted else { return text };
    let (fleet, rendered) = (&accepted.fleet, &accepted.rendered);
    text.push_str(&testkit::render_diagnostics(files, &rendered.diagnostics));
    let folder = plan::folder(rendered, sink);
    for (path, mode, id) in sink.list(folder) {
        let blob = sink.get_blob(id).expect("every file was put to the sink");
        text.push_str(&format!("{path} {mode:?} {id} {}\n", blob.len()));
    }
    for cluster in &fleet.clusters {
        text.push_str(&format!("{cluster:?}\n"));
    }
    for group in fleet.groups.iter() {
        text.push_str(&format!("{group:?}\n"));
    }
    text.push_str(&format!("{:?}\n{:?}\n", fleet.namespaces, fleet.applications));
    text.push_str(&format!("{:?}{:?}\n", fleet.roles, fleet.decommissioned));
    text + &values(fleet)
}

/// Every value of every key on every cluster.
fn values(fleet: &plan::Fleet) -> String {
    let mut text = String::new();
    for id in (0..fleet.applications.len() as u32).map(model::ApplicationId) {
        for space in [KeySpace::Cluster, KeySpace::Namespace, KeySpace::Application] {
            for key in fleet.keys(id, space) {
                let column = fleet.column(id, space, &key);
                for cluster in (0..fleet.clusters.len() as u32).map(model::ClusterId) {
                    let value = column.get(cluster).map(|id| fleet.scalar(id));
                    text.push_str(&format!("{id:?} {space:?} {key} {cluster:?} {value:?}\n"));
                }
            }
        }
    }
    text
}

fn same(remembering: &Compiled, sink: &MemoryObjects, text: &str) {
    let fresh = MemoryObjects::default();
    let nothing = compile(&mut Compiler::new(), text, &fresh);
    pretty(&facts(remembering, sink), &facts(&nothing, &fresh));
    assert_eq!(remembering.diagnostics, nothing.diagnostics);
    let rendered = |compiled: &Compiled| compiled.accepted.as_ref().map(|a| a.rendered.clone());
    assert_eq!(rendered(remembering), rendered(&nothing));
}

/// Shows the first lines that differ.
fn pretty(one: &str, other: &str) {
    let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert!(differs.is_none(), "{differs:#?}");
    assert_eq!(one.len(), other.len(), "one ends before the other");
}

#[test]
fn a_commit_that_is_known_is_not_compiled_again_unless_something_is_wrong_with_it() {
    let (mut compiler, sink) = (Compiler::new(), MemoryObjects::default());
    let commit = |text: &str, number: u8| {
        let origin = Origin::Commit(CommitId([number; 20]));
        model::Source { origin, ..testkit::source(text) }
    };
    let good = World::new().text();
    let broken = good.replace("kind: ConfigMap", "kind: [ConfigMap");
    assert_ne!(good, broken);
    let known = |compiler: &Compiler, text, number| compiler.known(&commit(text, number));
    for (number, text) in [(1, &good), (2, &broken)] {
        assert!(known(&compiler, text, number).is_none());
        compiler.compile(commit(text, number), &mut |_, _| Expansions::default(), &sink);
    }
    assert!(known(&compiler, &good, 1).is_some());
    assert!(known(&compiler, &good, 2).is_none(), "the same files in another commit");
    assert!(known(&compiler, &broken, 2).is_none(), "what was missing may be there by now");
}

/// The trees of the bindings that two renders have, where they are not the same.
fn moves(before: &Compiled, after: &Compiled) -> Vec<(ObjectId, ObjectId)> {
    let mut found = Vec::new();
    let (Some(before), Some(after)) = (&before.accepted, &after.accepted) else { return found };
    for (old, new) in before.rendered.clusters.iter().zip(&after.rendered.clusters) {
        for ((old_id, old), (new_id, new)) in old.cells.iter().zip(&new.cells) {
            if let (Cell::Tree(old), Cell::Tree(new)) = (old, new)
                && (old_id, &old.tree) != (new_id, &new.tree)
            {
                found.push((old.tree, new.tree));
            }
        }
    }
    found
}

/// What is said to hold the same objects has the same paths; how many pairs that were.
fn check_unmoved(before: &Compiled, after: &Compiled, sink: &MemoryObjects) -> usize {
    let Some(accepted) = &after.accepted else { return 0 };
    let paths = |tree| sink.list(tree).into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
    let mut pairs = moves(before, after);
    pairs.retain(|(old, new)| accepted.holds_same_objects(*old, *new));
    pairs.iter().for_each(|(old, new)| assert_eq!(paths(*old), paths(*new)));
    pairs.len()
}

const HEAD: &str = "
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: small}
-- inventory/all.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: a}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: b}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: till}
spec: {namespace: shop, template: apps/till}
-- apps/till/base/object.yaml --
";

fn object(name: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\n\
         data: {{text: {text}, cluster: rea.cluster.name}}\n"
    )
}

#[test]
fn trees_whose_texts_alone_differ_are_known_to_hold_the_same_objects() {
    let (mut compiler, sink) = (Compiler::new(), MemoryObjects::default());
    let text = format!("{HEAD}{}", object("a", "one"));
    let mut last = compile(&mut compiler, &text, &sink);
    let steps = [("another line", object("a", "two"), 2), ("another name", object("b", "two"), 0)];
    for (what, object, n_known) in steps {
        let text = format!("{HEAD}{object}");
        let next = compile(&mut compiler, &text, &sink);
        assert_eq!(moves(&last, &next).len(), 2, "{what}");
        assert_eq!(check_unmoved(&last, &next, &sink), n_known, "{what}");
        last = next;
    }
}

proptest! {
    #![proptest_config(testkit::cases(200))]

    #[test]
    fn a_compile_that_remembers_is_a_compile_from_nothing(edits in edits(24)) {
        let (mut world, mut compiler, sink) = (World::new(), Compiler::new(), MemoryObjects::default());
        let mut earlier = vec![world.clone()];
        let mut last: Option<Arc<Compiled>> = None;
        for edit in edits {
            if edit.0 >= 240 {
                world = earlier[usize::from(edit.1) % earlier.len()].clone();
            } else {
                world.apply(edit);
            }
            let text = world.text();
            let compiled = compile(&mut compiler, &text, &sink);
            same(&compiled, &sink, &text);
            if let Some(last) = last.replace(Arc::clone(&compiled)) {
                check_unmoved(&last, &compiled, &sink);
            }
            earlier.push(world.clone());
        }
    }
}
