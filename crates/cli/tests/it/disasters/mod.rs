//! Changes that would destroy much, each a thing that happens: all are held or refused, with
//! nothing lost. And ordinary changes, of which none is held.
//!
//! A row starts with `= <title>` and says what is done to a fleet that was released:
//!
//! ```text
//! sed PATH | OLD | NEW       replace once; `\n` is a new line, `~` is nothing
//! sedall PATH | OLD | NEW    replace everywhere
//! write PATH | TEXT          write a file
//! cut PATH LENGTH            keep only the start of a file
//! rm PATH | mv PATH PATH     files and folders
//! copy PATH PATH
//! utf16 PATH                 save in another encoding
//! link PATH TARGET           a symbolic link
//! lose PATH                  damage the repository: the object of a committed file is gone
//! git WORDS                  any command; {HEAD} is the commit
//! commit                     commit everything
//! publish                    release what is committed
//! finally WORDS              the command in place of `publish`, on what is there, uncommitted too
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::sandbox::Sandbox;

const FLEET: &str = include_str!("fleet.txt");

const LOST: &str = include_str!("lost.txt");
const SELECTORS: &str = include_str!("selectors.txt");
const NAMES: &str = include_str!("names.txt");
const OBJECTS: &str = include_str!("objects.txt");
const HISTORY: &str = include_str!("history.txt");
const ORDINARY: &str = include_str!("ordinary.txt");

/// A file that a cluster reads: the branch, and the path there.
type Files = BTreeSet<(String, String)>;

fn rows(table: &str) -> Vec<(&str, &str)> {
    let rows = table.split("= ").filter(|row| !row.trim().is_empty());
    rows.map(|row| row.split_once('\n').unwrap()).collect()
}

/// The fleet, released.
fn released() -> Sandbox {
    let sandbox = Sandbox::committed(FLEET);
    let output = sandbox.run("publish");
    assert!(output.status.success(), "{}", sandbox.text(&output));
    sandbox
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        std::fs::copy(from, to).unwrap();
        return;
    }
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// One row, done to a copy of the released fleet.
struct Case {
    sandbox: Sandbox,
    command: Option<String>,
}

impl Case {
    fn new(released: &Sandbox, script: &str) -> Self {
        let sandbox = Sandbox::empty();
        copy(released.path(), sandbox.path());
        let mut case = Self { sandbox, command: None };
        script.lines().filter(|line| !line.is_empty()).for_each(|line| case.follow(line));
        if case.command.is_none() {
            case.sandbox.commit();
        }
        case
    }

    fn follow(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split(' ').collect();
        let place = |path: &str| self.sandbox.path().join(path);
        match (word, &words[..]) {
            ("sed" | "sedall" | "write", _) => self.edit(word, rest),
            ("cut", [path, length]) => {
                let bytes = std::fs::read(place(path)).unwrap();
                self.sandbox.write_bytes(path, &bytes[..length.parse().unwrap()]);
            }
            ("rm", [path]) if place(path).is_dir() => {
                std::fs::remove_dir_all(place(path)).unwrap();
            }
            ("rm", [path]) => std::fs::remove_file(place(path)).unwrap(),
            ("mv", [from, to]) => std::fs::rename(place(from), place(to)).unwrap(),
            ("copy", [from, to]) => copy(&place(from), &place(to)),
            ("utf16", [path]) => {
                let text = std::fs::read_to_string(place(path)).unwrap();
                let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                self.sandbox.write_bytes(path, &[&[0xff, 0xfe], &bytes[..]].concat());
            }
            ("link", [path, target]) => std::os::unix::fs::symlink(target, place(path)).unwrap(),
            ("lose", [path]) => {
                let id = self.sandbox.git(&format!("rev-parse HEAD:{path}"));
                let (folder, name) = id.trim().split_at(2);
                std::fs::remove_file(place(&format!(".git/objects/{folder}/{name}"))).unwrap();
            }
            ("git", _) => {
                let head = self.sandbox.git("rev-parse HEAD");
                self.sandbox.git(&rest.replace("{HEAD}", head.trim()));
            }
            ("commit", _) => self.sandbox.commit(),
            ("publish", _) => assert!(self.sandbox.run("publish").status.success(), "{line}"),
            ("finally", _) => self.command = Some(rest.to_owned()),
            _ => panic!("`{line}` is no line of a row"),
        }
    }

    fn edit(&self, word: &str, rest: &str) {
        let parts: Vec<String> =
            rest.split(" | ").map(|part| part.replace("\\n", "\n").replace('~', "")).collect();
        let text = match (word, &parts[..]) {
            ("write", [_, text]) => text.clone(),
            (_, [path, old, new]) => {
                let text = std::fs::read_to_string(self.sandbox.path().join(path)).unwrap();
                assert!(text.contains(old), "no `{old}` in {path}");
                let most = if word == "sedall" { usize::MAX } else { 1 };
                text.replacen(old, new, most)
            }
            _ => panic!("`{word} {rest}`"),
        };
        self.sandbox.write_bytes(&parts[0], text.as_bytes());
    }

    /// What clusters read.
    fn files(&self) -> Files {
        let moved = self.sandbox.path().join("moved.git").exists();
        let git = |words: &str| {
            let place = if moved { "--git-dir=moved.git " } else { "" };
            self.sandbox.git(&format!("{place}{words}"))
        };
        let branches = git("for-each-ref --format=%(refname) refs/heads/clusters");
        let mut files = Files::new();
        for branch in branches.lines() {
            let paths = git(&format!("ls-tree -r --name-only {branch}"));
            files.extend(paths.lines().map(|path| (branch.to_owned(), path.to_owned())));
        }
        files
    }

    /// Releases, and answers the exit code with what was said, in short.
    fn publish(&self) -> (i32, String) {
        let output = self.sandbox.run(self.command.as_deref().unwrap_or("publish"));
        let code = output.status.code().unwrap();
        let shown = self.sandbox.text(&output);
        let mut said: Vec<String> = Vec::new();
        for line in shown.lines().filter(|line| is_verdict(line)) {
            let line = without_ids(line);
            if !said.contains(&line) {
                said.push(line);
            }
        }
        let n_more = said.len().saturating_sub(MOST_LINES);
        said.truncate(MOST_LINES);
        if n_more > 0 {
            said.push(format!("and {n_more} more lines"));
        }
        (code, said.join("\n"))
    }
}

/// So many lines of what a publish says are told.
const MOST_LINES: usize = 6;

fn is_verdict(line: &str) -> bool {
    ["error", "held", "stale", "released", "nothing", "hint", "left"]
        .iter()
        .any(|word| line.starts_with(word))
}

/// The line with ids of commits and trees replaced.
fn without_ids(line: &str) -> String {
    let is_id = |word: &&str| word.len() >= 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(is_id).fold(line.to_owned(), |line, id| line.replace(id, "[ID]"))
}

/// What only a person may let go: applications on clusters, namespaces, and protected objects.
fn kept(files: &Files) -> BTreeSet<(String, String)> {
    let protected = ["persistentvolumeclaim", "customresourcedefinition", "db-keys", "namespace-"];
    let is_protected = |path: &str| protected.iter().any(|word| path.contains(word));
    let part = |(branch, path): &(String, String)| match is_protected(path) {
        true => (branch.clone(), path.clone()),
        false => (branch.clone(), path.split('/').next().unwrap_or_default().to_owned()),
    };
    files.iter().map(part).collect()
}

/// Does every row, and answers what was said. Nothing may be lost.
#[track_caller]
fn disasters(table: &str) -> String {
    let released = released();
    let mut shown = String::new();
    for (title, script) in rows(table) {
        let case = Case::new(&released, script);
        let before = kept(&case.files());
        let (code, said) = case.publish();
        let after = kept(&case.files());
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(lost.is_empty(), "{title}: lost {lost:?}\n{said}");
        assert!(!before.is_empty(), "{title}: there was nothing to lose");
        assert_ne!(code, 0, "{title} is neither held nor refused:\n{said}");
        writeln!(shown, "= {title}: exit {code}\n{said}\n").unwrap();
    }
    shown
}

macro_rules! shows {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

#[test]
fn files_and_folders_are_lost() {
    shows!(disasters(LOST));
}

#[test]
fn selectors_select_something_else() {
    shows!(disasters(SELECTORS));
}

#[test]
fn names_change() {
    shows!(disasters(NAMES));
}

#[test]
fn objects_and_templates_break() {
    shows!(disasters(OBJECTS));
}

#[test]
fn history_is_not_what_it_was() {
    shows!(disasters(HISTORY));
}

#[test]
fn there_are_more_than_fifty_rows_and_no_two_are_the_same() {
    let tables = [LOST, SELECTORS, NAMES, OBJECTS, HISTORY];
    let all: Vec<(&str, &str)> = tables.into_iter().flat_map(rows).collect();
    let titles: BTreeSet<&str> = all.iter().map(|(title, _)| *title).collect();
    let scripts: BTreeSet<&str> = all.iter().map(|(_, script)| *script).collect();
    assert!(all.len() > 50, "{} rows", all.len());
    assert_eq!((titles.len(), scripts.len()), (all.len(), all.len()));
    assert!(rows(ORDINARY).len() > 20, "{} ordinary changes", rows(ORDINARY).len());
}

#[test]
fn ordinary_changes_are_not_held() {
    let released = released();
    for (title, script) in rows(ORDINARY) {
        let case = Case::new(&released, script);
        let (code, said) = case.publish();
        assert_eq!(code, 0, "{title} is held:\n{said}");
        assert!(said.contains("released"), "{title} releases nothing:\n{said}");
    }
}
