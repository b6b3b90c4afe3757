//! One run of one program on one spelling of its input.

use std::ffi::OsString;

use model::{ExpansionRequest, Program};

use crate::ExpandError;
use crate::codes;
use crate::documents::{Document, documents};
use crate::fault::{Fault, shorten};
use crate::marks::{Marked, mark, unmark};
use crate::programs::ReadyProgram;
use crate::sandbox::{Ended, Sandbox};
use crate::scratch::Scratch;

/// The Kubernetes version that charts are told; with engine 1 it is this one on every machine.
const KUBE_VERSION: &str = "1.34.0";

/// What a program is told besides its input, for the identity of a result.
pub(crate) fn settings(program: Program) -> String {
    words_of(program).join(" ")
}

fn words_of(program: Program) -> Vec<&'static str> {
    match program {
        Program::Kustomize => vec!["--load-restrictor=LoadRestrictionsRootOnly"],
        Program::Helm => vec!["--include-crds", "--skip-tests", "--kube-version", KUBE_VERSION],
    }
}

/// How many lines of a complaint are shown: a crash writes hundreds.
const MOST_LINES: usize = 8;

/// What builds one request.
pub(crate) struct Builder<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) ready: &'a ReadyProgram,
    pub(crate) request: &'a ExpansionRequest,
}

/// What a program printed.
pub(crate) struct Output {
    /// The text as it was printed.
    pub(crate) raw: String,
    /// Its documents, marks taken off.
    pub(crate) documents: Vec<Document>,
}

impl Builder<'_> {
    /// Runs the program once.
    pub(crate) fn run(&self, marked: Marked<'_>) -> Result<Result<Output, Fault>, ExpandError> {
        let scratch = Scratch::new(self.request, &mark(self.request, marked))?;
        let source = scratch.source();
        let ended = self.sandbox.run(&self.ready.path, &self.words(), &source, &scratch.home())?;
        let folder = format!("{}/", source.display());
        Ok(match ended {
            Ended::Well(printed) => self.read(printed),
            Ended::Badly(complaint) => Err(self.refused(&complaint.replace(&folder, ""))),
            Ended::Limit(limit) => Err(self.over_limit(&limit)),
        })
    }

    fn words(&self) -> Vec<OsString> {
        let mut words: Vec<String> = self.ready.words.iter().map(ToString::to_string).collect();
        let entry = match &*self.request.entry {
            "" => ".".to_owned(),
            entry => format!("./{entry}"),
        };
        if let Some(release) = &self.request.release {
            words.push(release.name.to_string());
            words.push(entry);
            words.push(format!("--namespace={}", release.namespace));
            words.extend(release.values.iter().map(|path| format!("--values=./{path}")));
        } else {
            words.push(entry);
        }
        words.extend(words_of(self.request.program).iter().map(ToString::to_string));
        words.into_iter().map(OsString::from).collect()
    }

    fn read(&self, printed: Vec<u8>) -> Result<Output, Fault> {
        let raw = String::from_utf8(printed)
            .map_err(|_| Fault::new(&codes::BUILD_FAILED, "what was built is not UTF-8"))?;
        let documents = documents(&unmark(self.request, &raw))?;
        Ok(Output { raw, documents })
    }

    fn refused(&self, complaint: &str) -> Fault {
        let complaint = complaint_of(complaint);
        let message = format!("{} refuses the template: {}", self.name(), shorten(&complaint));
        let fault = Fault::new(&codes::BUILD_FAILED, message).at(self.place_in(&complaint));
        match hint_for(&complaint) {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }

    fn over_limit(&self, limit: &str) -> Fault {
        let message = format!("{} {limit} and was ended", self.name());
        Fault::new(&codes::BUILD_LIMIT, message)
            .hint("make several templates of it, or look for a loop")
    }

    pub(crate) fn name(&self) -> &'static str {
        self.request.program.name()
    }

    /// The file that a complaint names, with the line behind it. Of several the longest path is
    /// the most exact; Helm writes the chart's name in front of paths.
    fn place_in(&self, complaint: &str) -> Option<(usize, std::ops::Range<usize>)> {
        let folder = format!("{}/", self.request.entry);
        let below = |path: &str| path.strip_prefix(&folder).unwrap_or(path).to_owned();
        let named = self.request.files.iter().enumerate().filter_map(|(input, file)| {
            let path = below(&file.path);
            let at = complaint.find(&path)?;
            Some((path.len(), input, complaint[at + path.len()..].to_owned()))
        });
        let (_, input, rest) = named.max_by_key(|(length, ..)| *length)?;
        let digits: String =
            rest.strip_prefix(':')?.chars().take_while(char::is_ascii_digit).collect();
        let line: usize = digits.parse().unwrap_or(1);
        let bytes = &self.request.files[input].bytes;
        let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let start = starts.map(|(at, _)| at + 1).nth(line.checked_sub(2).unwrap_or(usize::MAX));
        let start = start.unwrap_or(0);
        Some((input, start..start))
    }
}

/// What a program complains of, in one line and without what it says to those at a terminal.
fn complaint_of(text: &str) -> String {
    let is_advice = |line: &&str| {
        !line.is_empty() && !line.starts_with("# Warning") && !line.starts_with("Use --debug flag")
    };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(is_advice).collect();
    let said = lines[..lines.len().min(MOST_LINES)].join("; ").replace(char::is_control, "");
    let said = said.strip_prefix("Error: ").or(said.strip_prefix("error: ")).unwrap_or(&said);
    if said.is_empty() { "it gave no reason".to_owned() } else { said.to_owned() }
}

fn hint_for(complaint: &str) -> Option<&'static str> {
    if complaint.contains("missing in charts/ directory") {
        return Some("run `helm dependency build` and commit `charts/`: a build has no network");
    }
    if complaint.contains("don't meet the specifications of the schema") {
        return Some(
            "a placeholder is a text until it is filled; a schema that wants a number or a short \
             text there refuses it",
        );
    }
    if complaint.contains("plugin") {
        return Some("a build runs no plugins; only what kustomize has built in can be used");
    }
    None
}
