//! The laws that fuzzing looks for breaches of hold for its seeds.
//!
//! The laws stand in `fuzz/laws/`, so that the fuzzing targets and this test share them.

use std::path::Path;

#[path = "../../../../fuzz/laws/document.rs"]
mod document;
#[path = "../../../../fuzz/laws/edit.rs"]
mod edit;
#[path = "../../../../fuzz/laws/expression.rs"]
mod expression;
#[path = "../../../../fuzz/laws/placeholder.rs"]
mod placeholder;

fn replay(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut n_seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        law(&std::fs::read(entry.unwrap().path()).unwrap());
        n_seeds += 1;
    }
    assert!(n_seeds > 0, "`{}` has no seeds", folder.display());
}

#[test]
fn documents_are_read_with_places_inside_their_file() {
    replay("document", document::check);
}

#[test]
fn edits_say_what_was_meant() {
    replay("edit", edit::check);
}

#[test]
fn expressions_are_printed_as_they_are_parsed() {
    replay("expression", expression::check);
}

#[test]
fn values_change_no_structure() {
    replay("placeholder", placeholder::check);
}
