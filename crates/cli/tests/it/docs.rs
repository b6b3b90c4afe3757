//! Every command in the documentation is run, and prints what the page says.
//!
//! A `console` block holds lines `$ command` and, below each, the output that is expected of it:
//! standard output and standard error together. A line `...` stands for any lines, `...` within
//! a line for any text. A command with no output below it is only run. A block is one scene of
//! its page: the commands of a page run in order in one folder that holds a copy of `examples/`.
//!
//! Two comments before a block, which readers do not see, say more:
//! `<!-- exit: 1 -->` the last command of the block ends with that code instead of 0;
//! `<!-- file: path -->` the block is written to that file.
//!
//! `UPDATE_DOCS=1` writes what was printed into the pages where it does not match; read the
//! difference before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block of a page.
struct Block {
    /// The word after the fence.
    language: String,
    /// The comment before it, as in `exit: 1`.
    comment: Option<String>,
    /// The lines between the fences; their numbers start at `first_line`.
    lines: Vec<String>,
    first_line: usize,
}

/// A command of a `console` block with the lines below it.
struct Step {
    command: String,
    expected: Vec<String>,
    /// The first line of the output in the page, counted from 0.
    line: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut comment = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            if let Some(block) = open.take() {
                blocks.push(block);
            } else {
                let language = language.to_owned();
                let comment = comment.take();
                open = Some(Block { language, comment, lines: Vec::new(), first_line: number + 1 });
            }
        } else if let Some(block) = &mut open {
            block.lines.push(line.to_owned());
        } else if let Some(text) = line.strip_prefix("<!-- ") {
            comment = text.strip_suffix(" -->").map(str::to_owned);
        } else if !line.is_empty() {
            comment = None;
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (index, line) in block.lines.iter().enumerate() {
        let number = block.first_line + index;
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.to_owned();
            steps.push(Step { command, expected: Vec::new(), line: number + 1 });
        } else if let Some(step) = steps.last_mut() {
            step.expected.push(line.clone());
        } else {
            panic!("line {}: output before the first command", number + 1);
        }
    }
    steps
}

/// Whether a text fits a pattern in which `...` stands for anything.
fn line_fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("...");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn fits(patterns: &[String], lines: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((pattern, rest)) if pattern.trim() == "..." => {
            (0..=lines.len()).any(|skipped| fits(rest, &lines[skipped..]))
        }
        Some((pattern, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| line_fits(pattern, line) && fits(rest, others)),
    }
}

/// What a page says whose commands run kustomize; without it they are not run.
const NEEDS_PROGRAMS: &str = "<!-- needs: kustomize -->";

/// The folder of one page, and where the next command runs.
struct Scene {
    root: tempfile::TempDir,
    folder: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        copy(&project().join("examples"), &root.path().join("examples"));
        let folder = root.path().canonicalize().unwrap();
        Self { root, folder }
    }

    /// Runs a command and answers what it printed and its exit code. A `cd` stays.
    #[expect(clippy::disallowed_methods, reason = "a reader types these commands into a shell")]
    fn run(&mut self, command: &str) -> (String, i32) {
        let binary = Path::new(env!("CARGO_BIN_EXE_res-edge")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let place = self.root.path().join(".folder");
        let script = format!("{command}\nstatus=$?\npwd >'{}'\nexit $status", place.display());
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(&self.folder)
            .env_clear()
            .envs([("PATH", path.as_str()), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")])
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .envs([("GIT_AUTHOR_NAME", "Anna"), ("GIT_AUTHOR_EMAIL", "anna@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Anna"), ("GIT_COMMITTER_EMAIL", "anna@example.com")])
            .env("HOME", self.root.path())
            .envs(testkit::kustomize().map(|path| ("RES_EDGE_KUSTOMIZE", path)))
            .envs(testkit::helm().map(|path| ("RES_EDGE_HELM", path)))
            .output()
            .unwrap();
        self.folder = std::fs::read_to_string(place).unwrap().trim_end().into();
        let printed = String::from_utf8(output.stdout).unwrap();
        (printed, output.status.code().unwrap_or(-1))
    }

    fn write(&self, path: &str, lines: &[String]) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// `README.md` and every page below `docs/`, in order.
fn pages() -> Vec<PathBuf> {
    fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, pages);
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    let mut pages = vec![project().join("README.md")];
    collect(&project().join("docs"), &mut pages);
    pages.sort();
    pages
}

/// Runs a page. Answers what did not fit, and the page with the output put in.
fn check(text: &str) -> (String, String) {
    let mut scene = Scene::new();
    let mut report = String::new();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Outputs are put in from the end, so that the numbers of earlier lines stay right.
    let mut replacements: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for block in blocks(text) {
        let comment = block.comment.as_deref();
        if let Some(path) = comment.and_then(|comment| comment.strip_prefix("file: ")) {
            scene.write(path, &block.lines);
        }
        if block.language != "console" {
            continue;
        }
        let code = comment.and_then(|comment| comment.strip_prefix("exit: "));
        let code: i32 = code.map_or(0, |code| code.parse().unwrap());
        let steps = steps(&block);
        for (index, step) in steps.iter().enumerate() {
            let (printed, found) = scene.run(&step.command);
            let wanted = if index + 1 == steps.len() { code } else { 0 };
            let output: Vec<&str> = printed.lines().map(str::trim_end).collect();
            if found != wanted || !(step.expected.is_empty() || fits(&step.expected, &output)) {
                let place = format!("line {}: `{}`", step.line, step.command);
                writeln!(report, "{place} ended with {found} and printed:\n{printed}").unwrap();
                replacements.push((step.line..step.line + step.expected.len(), printed));
            }
        }
    }
    for (range, printed) in replacements.into_iter().rev() {
        lines.splice(range, printed.lines().map(|line| line.trim_end().to_owned()));
    }
    (report, lines.join("\n") + "\n")
}

#[test]
fn every_command_prints_what_its_page_says() {
    let mut report = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        if text.contains(NEEDS_PROGRAMS) && testkit::kustomize().is_none() {
            continue;
        }
        let (failures, updated) = check(&text);
        if !failures.is_empty() && std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&page, updated).unwrap();
        }
        if !failures.is_empty() {
            writeln!(report, "{}:\n{failures}", page.display()).unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut report = String::new();
    let more =
        ["ARCHITECTURE.md", "GLOSSARY.md", "CONTRIBUTING.md"].map(|name| project().join(name));
    for page in pages().into_iter().chain(more) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let is_file = !path.is_empty() && !path.contains("://");
            if is_file && !page.parent().unwrap().join(path).exists() {
                writeln!(report, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// A name in the map with two underscores or more is that of a test.
#[test]
fn the_map_names_tests_that_exist() {
    fn collect(folder: &Path, code: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, code);
            } else if path.extension().is_some_and(|end| end == "rs") {
                code.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let map = std::fs::read_to_string(project().join("ARCHITECTURE.md")).unwrap();
    let mut code = String::new();
    collect(&project().join("crates"), &mut code);
    let is_test = |word: &&str| {
        word.matches('_').count() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let named: Vec<&str> = map.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 10, "the map names its tests");
    let stands =
        |name: &str| ["(", "<"].iter().any(|end| code.contains(&format!("fn {name}{end}")));
    let missing: Vec<_> = named.iter().filter(|name| !stands(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names tests that do not exist: {missing:?}");
}

#[test]
fn dots_stand_for_anything() {
    let fits = |patterns: &[&str], lines: &[&str]| {
        fits(&patterns.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), lines)
    };
    assert!(fits(&["a", "...", "d"], &["a", "b", "c", "d"]), "lines");
    assert!(fits(&["...", "d"], &["d"]), "no lines");
    assert!(fits(&["commit ... by ..."], &["commit 12 by anna"]), "within a line");
    assert!(!fits(&["a"], &["a", "b"]), "a line too many");
    assert!(!fits(&["a ... c"], &["a b"]), "the end is missing");
}
