//! The commands as a person runs them: words in, whole output out.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod access;
mod arrival;
mod bad_input;
mod completion;
mod corpora;
mod crash;
mod demo;
mod diff;
mod disasters;
mod docs;
mod elsewhere;
mod expansion;
mod explain;
mod fleets;
mod follow;
mod full_disk;
mod get;
mod golden;
mod help;
mod history;
mod hold;
mod init;
mod joining;
mod logs;
mod overlay;
mod publish;
mod publishers;
mod reference;
mod remote_edits;
mod remote_lists;
mod remote_orders;
mod render;
mod review;
mod sandbox;
mod schema;
mod search;
mod select;
mod serve_crash;
mod serving;
mod several_servers;
mod sign_in;
mod simulate;
mod terminal;
mod validate;

#[test]
fn no_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else {
            continue;
        };
        assert!(include_str!("main.rs").contains(&format!("mod {module};")), "{name} is not run");
    }
}
