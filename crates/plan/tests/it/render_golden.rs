//! The former system's own output, byte for byte.
//!
//! The data is other people's, so it stands outside of the project: `RES_EDGE_GOLDEN` names its
//! folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use model::{Digest, Files, Origin, Source, SourceFile, hash_blob};

use super::rendering::render_source;

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_folder(root, &path, files);
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        let name = path.strip_prefix(root).expect("below the root");
        let metadata = fs::metadata(&path).expect("a file");
        files.push(SourceFile {
            path: name.to_str().expect("a name in UTF-8").into(),
            id: hash_blob(&[&bytes]),
            bytes: bytes.into(),
            executable: metadata.permissions().mode() & 0o100 != 0,
        });
    }
}

fn read_source(root: &Path) -> Source {
    let mut files = Vec::new();
    read_folder(root, root, &mut files);
    let files = Files::new(files);
    Source { files, digest: Digest([0; 32]), origin: Origin::Folder, faults: Vec::new() }
}

fn check(case: &str) {
    let Some(golden) = std::env::var_os("RES_EDGE_GOLDEN").map(PathBuf::from) else {
        let told = b"skipped: RES_EDGE_GOLDEN names no folder\n";
        return std::io::stderr().write_all(told).expect("the terminal takes a line");
    };
    let case = golden.join(case);
    let outcome = render_source(read_source(&case.join("source")));
    assert_eq!(outcome.broken(), [""; 0], "{}", outcome.diagnostics());
    let listed = fs::read_to_string(case.join("expected.ls")).expect("a listing");
    for (ours, theirs) in outcome.ls().lines().zip(listed.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(outcome.ls().lines().count(), listed.lines().count());
    let tree = fs::read_to_string(case.join("expected.tree")).expect("an id");
    assert_eq!(outcome.folder.to_string(), tree.trim());
}

#[test]
fn everywhere_is_byte_for_byte_what_the_former_system_wrote() {
    check("everywhere");
}

#[test]
fn beta_group_is_byte_for_byte_what_the_former_system_wrote() {
    check("beta-group");
}
