//! A whole source in one string.
//!
//! ```text
//! -- fleet.yaml --
//! apiVersion: res-edge.dev/v1
//! -- apps/web/run.sh (x) --
//! echo hello
//! ```

use model::{Digest, Files, Origin, Source, SourceFile, hash_blob, sha256};

/// One file of a text with `-- path --` header lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFile {
    /// The path, with `/` between parts.
    pub path: String,
    /// The text, without the header line.
    pub text: String,
    /// Whether the header said `(x)`.
    pub executable: bool,
}

/// The files of a text in which each starts with a line `-- path --`, or `-- path (x) --` for an
/// executable file.
///
/// # Panics
/// If something but blank lines stands before the first header, or a path occurs twice.
#[must_use]
pub fn files(text: &str) -> Vec<TestFile> {
    let mut files: Vec<TestFile> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some((path, executable)) = header(line) {
            let twice = files.iter().any(|file| file.path == path);
            assert!(!twice, "`{path}` stands twice in the test's source");
            files.push(TestFile { path: path.to_owned(), text: String::new(), executable });
        } else if let Some(file) = files.last_mut() {
            file.text.push_str(line);
        } else {
            assert!(line.trim().is_empty(), "`{}` stands before `-- path --`", line.trim_end());
        }
    }
    files
}

/// The path and the executable bit of a header line.
fn header(line: &str) -> Option<(&str, bool)> {
    let inner = line.trim_end().strip_prefix("-- ")?.strip_suffix(" --")?.trim();
    match inner.strip_suffix(" (x)") {
        Some(path) => Some((path, true)),
        None => Some((inner, false)),
    }
}

/// A source as the loader would read it, of a folder in no repository.
///
/// # Panics
/// As [`files`] does.
#[must_use]
pub fn source(text: &str) -> Source {
    let read = files(text).into_iter().map(|file| SourceFile {
        path: file.path.as_str().into(),
        id: hash_blob(&[file.text.as_bytes()]),
        bytes: file.text.as_bytes().into(),
        executable: file.executable,
    });
    let files = Files::new(read.collect());
    Source { digest: digest(&files), files, origin: Origin::Folder, faults: Vec::new() }
}

/// SHA-256 over a line `<mode> <id>\t<path>` for every file in the order of paths.
fn digest(files: &Files) -> Digest {
    let mut lines = String::new();
    for (_, file) in files.iter() {
        let mode = if file.executable { "100755" } else { "100644" };
        lines.push_str(&format!("{mode} {}\t{}\n", file.id, file.path));
    }
    sha256(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_split_the_text_into_files_in_the_order_of_paths() {
        let source = source("\n-- b.yaml --\nb: 1\n\n-- a/run.sh (x) --\necho\n-- c --\n");
        let read: Vec<_> = source
            .files
            .iter()
            .map(|(_, f)| (f.path.to_string(), f.bytes.to_vec(), f.executable))
            .collect();
        let file = |path: &str, text: &str, x| (path.to_owned(), text.as_bytes().to_vec(), x);
        let expected = [
            file("a/run.sh", "echo\n", true),
            file("b.yaml", "b: 1\n\n", false),
            file("c", "", false),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn the_digest_knows_paths_modes_and_bytes_but_not_the_order() {
        let first = source("-- a --\n1\n-- b --\n2\n").digest;
        assert_eq!(first, source("-- b --\n2\n-- a --\n1\n").digest);
        assert_ne!(first, source("-- a --\n1\n-- c --\n2\n").digest);
        assert_ne!(first, source("-- a (x) --\n1\n-- b --\n2\n").digest);
        assert_ne!(first, source("-- a --\n1\n-- b --\n3\n").digest);
    }

    #[test]
    #[should_panic(expected = "stands before")]
    fn text_before_the_first_header_is_a_mistake_of_the_test() {
        let _ = source("kind: Fleet\n-- a --\n");
    }
}
