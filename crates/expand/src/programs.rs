//! Which programs this machine has, and whether in the version that the engine pins.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use model::Program;
use serde_json::Value;

use crate::sandbox::{Ended, Sandbox};

/// The version of kustomize that engine 1 pins.
pub const KUSTOMIZE_VERSION: &str = "5.8.1";

/// The version of Helm that engine 1 pins; any patch of it is accepted.
pub const HELM_VERSION: &str = "3.22";

/// A program that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramState {
    /// It is there.
    Ready(ReadyProgram),
    /// There is none.
    Missing,
    /// It has another version.
    Wrong {
        /// The program.
        path: PathBuf,
        /// The version that it says.
        found: String,
    },
    /// It says no version.
    Broken {
        /// The program.
        path: PathBuf,
        /// What it says instead.
        why: String,
    },
}

/// A program in the right version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyProgram {
    /// Where it is.
    pub path: PathBuf,
    /// Its whole version.
    pub version: String,
    /// The words before its own: kustomize may be a command of kubectl.
    pub words: &'static [&'static str],
}

/// The programs, each looked for when it is needed first.
pub(crate) struct Programs {
    named: [Option<PathBuf>; 2],
    path: OsString,
    states: [OnceLock<ProgramState>; 2],
}

impl Programs {
    pub(crate) fn new(kustomize: Option<PathBuf>, helm: Option<PathBuf>, path: OsString) -> Self {
        Self { named: [kustomize, helm], path, states: [OnceLock::new(), OnceLock::new()] }
    }

    pub(crate) fn state(&self, program: Program, sandbox: &Sandbox) -> &ProgramState {
        let position = program as usize;
        self.states[position].get_or_init(|| {
            let candidates = match &self.named[position] {
                Some(path) => vec![std::path::absolute(path).unwrap_or_else(|_| path.clone())],
                None => self.on_path(program),
            };
            let states = candidates.into_iter().map(|path| look_at(program, path, sandbox));
            best(states)
        })
    }

    /// The first file of each name that the program goes by.
    fn on_path(&self, program: Program) -> Vec<PathBuf> {
        let names: &[&str] = match program {
            Program::Kustomize => &["kustomize", "kubectl"],
            Program::Helm => &["helm"],
        };
        let folders: Vec<PathBuf> =
            std::env::split_paths(&self.path).filter(|folder| folder.is_absolute()).collect();
        let find = |name: &&str| folders.iter().map(|f| f.join(name)).find(|path| path.is_file());
        names.iter().filter_map(find).collect()
    }
}

/// The first program that can be used, else the first that was found.
fn best(states: impl Iterator<Item = ProgramState>) -> ProgramState {
    let mut first = None;
    for state in states {
        if matches!(state, ProgramState::Ready(_)) {
            return state;
        }
        first = first.or(Some(state));
    }
    first.unwrap_or(ProgramState::Missing)
}

fn look_at(program: Program, path: PathBuf, sandbox: &Sandbox) -> ProgramState {
    if !path.is_file() {
        return ProgramState::Missing;
    }
    let is_kubectl =
        path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("kubectl"));
    let words: &[&str] = match program {
        Program::Kustomize if is_kubectl => &["version", "--client", "--output=json"],
        Program::Kustomize => &["version"],
        Program::Helm => &["version", "--template={{.Version}}"],
    };
    let printed = match ask(&path, words, sandbox) {
        Ok(printed) => printed,
        Err(why) => return ProgramState::Broken { path, why },
    };
    let version = match program {
        Program::Kustomize if is_kubectl => version_of_kubectl(&printed),
        Program::Kustomize | Program::Helm => first_version(&printed),
    };
    let Some(version) = version else {
        return ProgramState::Broken { path, why: printed.lines().take(1).collect() };
    };
    if !is_wanted(program, &version) {
        return ProgramState::Wrong { path, found: version };
    }
    let words: &[&str] = match program {
        Program::Kustomize if is_kubectl => &["kustomize"],
        Program::Kustomize => &["build"],
        Program::Helm => &["template"],
    };
    ProgramState::Ready(ReadyProgram { path, version, words })
}

fn ask(path: &Path, words: &[&str], sandbox: &Sandbox) -> Result<String, String> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    match sandbox.ask(path, &words) {
        Ok(Ended::Well(printed)) => Ok(String::from_utf8_lossy(&printed).trim().to_owned()),
        Ok(Ended::Badly(complaint)) => Err(complaint.trim().lines().take(1).collect()),
        Ok(Ended::Limit(limit)) => Err(limit),
        Err(error) => Err(error.to_string()),
    }
}

fn is_wanted(program: Program, version: &str) -> bool {
    match program {
        Program::Kustomize => version == KUSTOMIZE_VERSION,
        // Built from its source, Helm says no patch number.
        Program::Helm => version
            .strip_prefix(HELM_VERSION)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
    }
}

fn version_of_kubectl(printed: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(printed).ok()?;
    let version = answer.get("kustomizeVersion")?.as_str()?;
    Some(version.trim_start_matches('v').to_owned())
}

/// The first thing like `v5.8.1` in a text.
fn first_version(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !".-+".contains(c));
    let mut versions = words.filter_map(|word| {
        let number = word.strip_prefix('v').unwrap_or(word);
        number.starts_with(|c: char| c.is_ascii_digit()).then(|| number.to_owned())
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        assert_eq!(first_version("v5.8.1\n").as_deref(), Some("5.8.1"));
        assert_eq!(
            first_version("{Version:kustomize/v5.8.1 GitCommit:x}").as_deref(),
            Some("5.8.1")
        );
        assert_eq!(first_version("v3.22.1+g1f2e").as_deref(), Some("3.22.1+g1f2e"));
        assert_eq!(first_version("nothing"), None);
        let answer = r#"{"clientVersion": {}, "kustomizeVersion": "v5.8.1"}"#;
        assert_eq!(version_of_kubectl(answer).as_deref(), Some("5.8.1"));
    }

    #[test]
    fn only_the_pinned_versions_are_wanted() {
        assert!(is_wanted(Program::Kustomize, "5.8.1") && !is_wanted(Program::Kustomize, "5.8.10"));
        assert!(is_wanted(Program::Helm, "3.22") && is_wanted(Program::Helm, "3.22.4"));
        assert!(!is_wanted(Program::Helm, "3.2") && !is_wanted(Program::Helm, "3.221.0"));
    }
}
