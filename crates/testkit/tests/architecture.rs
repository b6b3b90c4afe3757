//! The rules of the map in ARCHITECTURE.md, held by tests.
//!
//! Arrows come from `cargo metadata`; the rest is read from the sources. Each message says what
//! to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The rooms that a room may depend on. Siblings (`expand git store sync api`) are in no one
/// else's list but those of doors.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("schema", &["model"]),
    ("plan", &["model", "schema"]),
    ("release", &["model"]),
    ("expand", &["model", "schema"]),
    ("git", &["model", "schema"]),
    ("store", &["model", "schema"]),
    ("sync", &["model", "schema"]),
    ("api", &["model", "schema"]),
    ("server", &["model", "schema", "plan", "release", "expand", "git", "store", "api"]),
    ("agent", &["model", "schema", "sync", "api", "git"]),
    (
        "cli",
        &[
            "model", "schema", "plan", "release", "expand", "git", "store", "sync", "api",
            "server", "agent",
        ],
    ),
    ("testkit", &["model"]),
];

/// Rooms that compute and do nothing else.
const PURE: &[&str] = &["model", "schema", "plan", "release"];

/// Crates that bring IO, a clock, the environment, randomness or an async runtime.
const IMPURE_CRATES: &[&str] = &[
    "async-std",
    "chrono",
    "command-group",
    "dirs",
    "duct",
    "fs-err",
    "getrandom",
    "git2",
    "gix",
    "globwalk",
    "hyper",
    "ignore",
    "kube",
    "libc",
    "memmap2",
    "mio",
    "nix",
    "notify",
    "oci-client",
    "rand",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "time",
    "tokio",
    "tracing-subscriber",
    "ureq",
    "uuid",
    "walkdir",
];

/// What a pure room's sources must not say.
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::os::",
    "std::time::SystemTime",
    "SystemTime::now",
    "Instant::now",
    "std::time::Instant",
    "Timestamp::now",
    "Zoned::now",
    "thread::sleep",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "File::open",
    "async fn",
];

/// Names that say nothing about what stands inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "core", "helper", "helpers", "misc", "shared"];

/// Endings of type names that say nothing about what the type is.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Service", "Helper", "Helpers", "Util", "Utils"];

const MAX_LINES: usize = 800;

/// One crate of the workspace.
struct Room {
    name: String,
    folder: PathBuf,
    /// Rooms it depends on, outside its tests.
    rooms: BTreeSet<String>,
    /// Other crates it depends on, outside its tests.
    crates: BTreeSet<String>,
}

/// A source file of a room, read.
struct Text {
    /// `crates/model/src/id.rs`.
    path: String,
    text: String,
}

fn rooms() -> Vec<Room> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("`cargo metadata --no-deps` runs in the workspace");
    let room_name = |manifest: &Path| {
        let folder = manifest.parent().expect("a manifest stands in a folder");
        folder.file_name().expect("the folder has a name").to_string_lossy().into_owned()
    };
    let mut rooms: Vec<Room> = Vec::new();
    for package in &metadata.packages {
        let manifest = package.manifest_path.as_std_path();
        let mut room = Room {
            name: room_name(manifest),
            folder: manifest.parent().expect("a manifest stands in a folder").to_owned(),
            rooms: BTreeSet::new(),
            crates: BTreeSet::new(),
        };
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development {
                continue;
            }
            match &dependency.path {
                Some(path) => room.rooms.insert(room_name(path.join("Cargo.toml").as_std_path())),
                None => room.crates.insert(dependency.name.clone()),
            };
        }
        rooms.push(room);
    }
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    rooms
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "rs") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let start = parts.iter().rposition(|part| part == "crates").unwrap_or(0);
    parts[start..].join("/")
}

/// Every Rust file of a room below `src`, `tests`, `benches` and `examples`.
fn texts(room: &Room, folders: &[&str]) -> Vec<Text> {
    let paths = folders.iter().flat_map(|folder| rust_files(&room.folder.join(folder)));
    paths.map(|path| Text { path: shown(&path), text: read(&path) }).collect()
}

const EVERYWHERE: &[&str] = &["src", "tests", "benches", "examples"];

/// The code of a text: without comments and without the tests at its end.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines =
        text[..end].lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

fn fail_if_any(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn arrows_between_rooms_are_those_of_the_design() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut problems = Vec::new();
    for room in rooms() {
        let Some(targets) = allowed.get(room.name.as_str()) else {
            problems.push(format!("`{}` is a new room: give it a line in ARROWS", room.name));
            continue;
        };
        for target in room.rooms.iter().filter(|target| !targets.contains(&target.as_str())) {
            problems.push(match target.as_str() {
                "testkit" => format!("`{}`: make testkit a dev-dependency", room.name),
                "server" | "agent" | "cli" => {
                    format!("`{}` depends on the door `{target}`: only cli may", room.name)
                }
                _ => format!(
                    "`{}` must not depend on `{target}`: move what both need to `model`, or let \
                     a door pass it in",
                    room.name
                ),
            });
        }
    }
    fail_if_any(&problems);
}

#[test]
fn pure_rooms_have_no_impure_crate() {
    let mut problems = Vec::new();
    for room in rooms().iter().filter(|room| PURE.contains(&room.name.as_str())) {
        for name in room.crates.iter().filter(|name| IMPURE_CRATES.contains(&name.as_str())) {
            problems.push(format!(
                "`{}` depends on `{name}`: a pure room takes what it needs as an argument; let a \
                 door or `git` do the IO",
                room.name
            ));
        }
    }
    fail_if_any(&problems);
}

#[test]
fn pure_rooms_touch_no_file_clock_or_environment() {
    let mut problems = Vec::new();
    for room in rooms().iter().filter(|room| PURE.contains(&room.name.as_str())) {
        for Text { path, text } in texts(room, &["src"]) {
            for word in impure_words(&code(&text)) {
                problems.push(format!(
                    "{path}: `{word}` in a pure room: take the value as an argument"
                ));
            }
        }
    }
    fail_if_any(&problems);
}

fn impure_words(code: &str) -> Vec<String> {
    let said = IMPURE_WORDS.iter().filter(|word| code.contains(*word));
    let mut found: Vec<String> = said.map(|word| (*word).to_owned()).collect();
    // `use std::{fs, io}` says the same in other letters.
    for group in code.split("use std::{").skip(1) {
        let group = group.split(';').next().unwrap_or_default();
        let words = group.split(|c: char| !c.is_alphanumeric() && c != '_');
        let impure = words.filter(|word| ["fs", "net", "env", "process", "os"].contains(word));
        found.extend(impure.map(|word| format!("use std::{{{word}}}")));
    }
    found
}

#[test]
fn names_say_what_stands_inside() {
    let mut problems = Vec::new();
    for room in rooms() {
        for Text { path, text } in texts(&room, EVERYWHERE) {
            let parts = path.trim_end_matches(".rs").split('/');
            let empty = parts.filter(|part| EMPTY_NAMES.contains(part));
            problems.extend(empty.map(|part| {
                format!("{path}: `{part}` says nothing: name the module after what it makes")
            }));
            for module in declared(&text, &["mod"]).filter(|name| EMPTY_NAMES.contains(name)) {
                problems.push(format!("{path}: rename the module `{module}` after what it makes"));
            }
            for name in declared(&text, &["struct", "enum", "trait", "type"])
                .filter(|name| EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending)))
            {
                problems.push(format!("{path}: rename the type `{name}` after what it is"));
            }
        }
    }
    fail_if_any(&problems);
}

/// The names that follow one of these keywords at the start of a line. Types in the body of an
/// `impl` are named by the trait.
fn declared<'a>(text: &'a str, keywords: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let lines = text.lines().filter(|line| !line.starts_with("    type "));
    lines.filter_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
        keywords.contains(&words.next()?).then_some(())?;
        words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    })
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    for room in rooms() {
        for Text { path, text } in texts(&room, &["src"]) {
            let n_lines = text.lines().count();
            if n_lines > MAX_LINES {
                problems.push(format!(
                    "{path} has {n_lines} lines, {MAX_LINES} are allowed: split it by what changes \
                     together"
                ));
            }
        }
    }
    fail_if_any(&problems);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut problems = Vec::new();
    for room in rooms() {
        let silent =
            texts(&room, &["src"]).into_iter().filter(|file| !file.text.starts_with("//!"));
        problems.extend(silent.map(|file| {
            format!("{}: open it with `//!`: what it is for, and what it does not do", file.path)
        }));
    }
    fail_if_any(&problems);
}

#[test]
fn no_file_is_forgotten() {
    let mut problems = Vec::new();
    for room in rooms() {
        for (folder, roots) in
            [("src", &["lib.rs", "main.rs"] as &[&str]), ("tests/it", &["main.rs"])]
        {
            let folder = room.folder.join(folder);
            let mut reached = BTreeSet::new();
            for root in roots {
                reach(&folder.join(root), &folder, &mut reached);
            }
            let binaries = folder.join("bin");
            let files = rust_files(&folder);
            for file in files.iter().filter(|file| !file.starts_with(&binaries)) {
                if !reached.contains(file) {
                    problems.push(format!(
                        "{}: no `mod` leads to it, so nothing in it is compiled: declare it or \
                         remove it",
                        shown(file)
                    ));
                }
            }
        }
    }
    fail_if_any(&problems);
}

/// Follows the `mod x;` lines of a file whose submodules stand in `folder`.
fn reach(file: &Path, folder: &Path, reached: &mut BTreeSet<PathBuf>) {
    if !file.is_file() || !reached.insert(file.to_owned()) {
        return;
    }
    let text = read(file);
    for line in text.lines().filter(|line| line.trim_end().ends_with(';')) {
        for module in declared(line, &["mod"]) {
            let below = folder.join(module);
            reach(&folder.join(format!("{module}.rs")), &below, reached);
            reach(&below.join("mod.rs"), &below, reached);
        }
    }
}

#[test]
fn a_room_has_one_binary_of_integration_tests() {
    let mut problems = Vec::new();
    for room in rooms() {
        for entry in fs::read_dir(room.folder.join("tests")).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            let is_test = path.extension().is_some_and(|end| end == "rs");
            if is_test && !path.ends_with("testkit/tests/architecture.rs") {
                problems.push(format!(
                    "{}: move it to tests/it/ and declare it in main.rs: every binary costs a link",
                    shown(&path)
                ));
            }
        }
    }
    fail_if_any(&problems);
}

#[test]
fn properties_take_their_number_of_cases_from_testkit() {
    let mut problems = Vec::new();
    for room in rooms().iter().filter(|room| room.name != "testkit") {
        for Text { path, text } in texts(room, &["src", "tests"]) {
            let fixed = ["with_cases(", "ProptestConfig {", "Config { cases"];
            if fixed.iter().any(|word| code(&text).contains(word)) {
                problems.push(format!(
                    "{path}: write `testkit::cases(n)`, so that `make soak` can try more cases"
                ));
            }
        }
    }
    fail_if_any(&problems);
}

#[test]
fn every_snapshot_is_used() {
    let mut problems = Vec::new();
    for room in rooms() {
        let sources: String =
            texts(&room, &["src", "tests"]).into_iter().map(|file| file.text).collect();
        for snapshot in snapshots(&room.folder) {
            let stem = snapshot.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let name = stem.rsplit("__").next().unwrap_or(&stem);
            if !names_of(name).any(|name| mentions(&sources, name)) {
                problems.push(format!(
                    "{}: no test is called `{name}` and none names it: remove the snapshot",
                    shown(&snapshot)
                ));
            }
        }
    }
    fail_if_any(&problems);
}

/// A snapshot of `glob!` ends in `@<input>`, the second of one test in `-2`.
fn names_of(name: &str) -> impl Iterator<Item = &str> {
    let plain = name.split('@').next().unwrap_or(name);
    let numbered = plain.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()));
    [Some(plain), numbered.map(|(name, _)| name)].into_iter().flatten()
}

fn mentions(sources: &str, name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    let function = format!("fn {name}(");
    let test_function = format!("fn test_{name}(");
    [quoted, function, test_function].iter().any(|text| sources.contains(text))
        || patterns(sources).any(|(start, end)| name.starts_with(start) && name.ends_with(end))
}

/// What stands around the parameters of texts such as `"help_{command}"`. One that starts with a
/// parameter, or with next to nothing, would match every name.
fn patterns(sources: &str) -> impl Iterator<Item = (&str, &str)> {
    let texts = sources.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    let around = texts.filter_map(|text| {
        let (start, rest) = text.split_once('{')?;
        Some((start, rest.rsplit_once('}')?.1))
    });
    around.filter(|(start, _)| start.len() > 2 && !start.contains(' '))
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "snap") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The rules themselves must be able to fail.
mod rules {
    use super::*;

    #[test]
    fn impure_words_are_found_in_every_spelling() {
        assert_eq!(impure_words("use std::fs;"), ["std::fs"]);
        assert_eq!(impure_words("use std::{fmt, env};"), ["use std::{env}"]);
        assert_eq!(impure_words(&code("// std::fs\nuse std::{fmt};")), [""; 0]);
        assert_eq!(impure_words("let now = Timestamp::now();"), ["Timestamp::now"]);
    }

    #[test]
    fn tests_at_the_end_of_a_file_may_do_io() {
        assert_eq!(code("a\n#[cfg(test)]\nmod tests {\n use std::fs;\n}\n"), "a");
    }

    #[test]
    fn declared_names_are_found() {
        let text = "pub mod util;\npub(crate) struct LedgerManager<T>(T);\nstruct Fine {\n    type Service = S;";
        assert_eq!(declared(text, &["mod"]).collect::<Vec<_>>(), ["util"]);
        assert_eq!(declared(text, &["struct"]).collect::<Vec<_>>(), ["LedgerManager", "Fine"]);
        assert_eq!(declared(text, &["type"]).count(), 0);
    }

    #[test]
    fn snapshot_names_follow_insta() {
        assert_eq!(names_of("plan-2").collect::<Vec<_>>(), ["plan-2", "plan"]);
        assert_eq!(names_of("case@a.txt").collect::<Vec<_>>(), ["case"]);
        assert!(mentions("fn case() {", "case") && !mentions("fn other() {", "case"));
        let pattern = r#"let name = format!("help_{command}_wide");"#;
        assert!(mentions(pattern, "help_get_wide") && !mentions(pattern, "help_get"));
    }
}
