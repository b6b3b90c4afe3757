//! A compile that remembers gives what a compile from nothing gives.

use std::sync::Arc;

use model::{CommitId, Expansions, MemoryObjects, Origin};
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

proptest! {
    #![proptest_config(testkit::cases(200))]

    #[test]
    fn a_compile_that_remembers_is_a_compile_from_nothing(edits in edits(24)) {
        let (mut world, mut compiler, sink) = (World::new(), Compiler::new(), MemoryObjects::default());
        let mut earlier = vec![world.clone()];
        for edit in edits {
            if edit.0 >= 240 {
                world = earlier[usize::from(edit.1) % earlier.len()].clone();
            } else {
                world.apply(edit);
            }
            let text = world.text();
            let compiled = compile(&mut compiler, &text, &sink);
            same(&compiled, &sink, &text);
            earlier.push(world.clone());
        }
    }
}
