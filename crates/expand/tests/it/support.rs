//! Templates in a string, built by the real programs.
//!
//! `scripts/test` installs them. A test that needs one that is not there says that it was skipped.

use std::fmt::Write as _;
use std::ops::Range;

use expand::{Expander, Limits, ProgramState, Settings};
use model::{
    Expanded, ExpansionRequest, FileId, Files, HelmRelease, InputFile, InputPlaceholder, Program,
    Source, Span,
};

/// Compares what the caller's `build` makes of a text with a snapshot; nothing is made where the
/// program is not there.
macro_rules! shows {
    ($text:expr) => {
        let shown = build($text);
        if !shown.is_empty() {
            insta::assert_snapshot!(shown);
        }
    };
}

/// A template `apps/web` in the form of [`testkit::source`], and what is asked for.
pub(crate) struct Template {
    source: Source,
    entry: &'static str,
    program: Program,
    values: Vec<&'static str>,
}

/// A kustomization at a folder of a template.
pub(crate) fn kustomization(entry: &'static str, text: &str) -> Template {
    let text = below_web(text);
    Template { source: testkit::source(&text), entry, program: Program::Kustomize, values: vec![] }
}

/// A chart that is the template, with further files of values.
pub(crate) fn chart(text: &str, values: &[&'static str]) -> Template {
    let source = testkit::source(&below_web(text));
    Template { source, entry: "", program: Program::Helm, values: values.to_vec() }
}

fn below_web(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("-- ") {
        Some(path) => format!("-- apps/web/{path}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

impl Template {
    /// The request. Placeholders in `kustomization.yaml` of the entry and in files of values must
    /// come out, the latter each for itself, as `plan` says it.
    pub(crate) fn request(&self) -> ExpansionRequest {
        let helm = self.program == Program::Helm;
        let release = helm.then(|| HelmRelease {
            name: "web".into(),
            namespace: "shop".into(),
            values: self.values.iter().map(|path| (*path).into()).collect(),
        });
        let mut files = Vec::new();
        let mut placeholders: Vec<InputPlaceholder> = Vec::new();
        for (input, (id, file)) in self.source.files.iter().enumerate() {
            let path = file.path.strip_prefix("apps/web/").unwrap();
            let own = if self.entry.is_empty() { "" } else { "/" };
            let said = path == format!("{}{own}kustomization.yaml", self.entry);
            let required = if helm { path.ends_with("values.yaml") } else { said };
            for range in find(std::str::from_utf8(&file.bytes).unwrap()) {
                let name: Box<str> =
                    std::str::from_utf8(&file.bytes[range.clone()]).unwrap().into();
                let known = placeholders.iter().find(|one| one.name == name && !(helm && required));
                let group = known.map_or(placeholders.len() as u32, |one| one.group);
                placeholders.push(InputPlaceholder { input, range, name, group, required });
            }
            let bytes = file.bytes.clone();
            files.push(InputFile { path: path.into(), file: id, id: file.id, bytes });
        }
        let place = Span::new(FileId(0), 0, 0);
        let (program, entry) = (self.program, self.entry.into());
        let template = "apps/web".into();
        ExpansionRequest { program, template, entry, release, files, placeholders, place }
    }

    /// The files.
    pub(crate) fn files(&self) -> &Files {
        &self.source.files
    }

    /// What the programs of this machine make of it, as text.
    pub(crate) fn build(&self) -> String {
        let Some(expander) = ready(self.program, settings()) else { return String::new() };
        self.build_with(&expander)
    }

    pub(crate) fn build_with(&self, expander: &Expander) -> String {
        let mut results = expander.expand(&[self.request()]).unwrap();
        self.show(&results.remove(0))
    }

    /// A result as text.
    pub(crate) fn show(&self, result: &Expanded) -> String {
        match result {
            Err(diagnostics) => testkit::render_diagnostics(self.files(), diagnostics),
            Ok(texts) => {
                let mut shown = String::new();
                for text in texts {
                    let object = text.object.as_deref().unwrap_or("no object");
                    writeln!(shown, "-- {} ({object}) --\n{}", text.from, text.text.trim_end())
                        .unwrap();
                }
                shown
            }
        }
    }
}

/// The texts `rea.cluster.x` and the like.
fn find(text: &str) -> Vec<Range<usize>> {
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let end = |at: usize| text[at..].find(|c| !is_key(c)).map_or(text.len(), |length| at + length);
    text.match_indices("rea.").map(|(at, _)| at..end(at)).collect()
}

/// Where things are on this machine; nothing is kept on disk.
pub(crate) fn settings() -> Settings {
    Settings {
        kustomize: testkit::kustomize(),
        helm: testkit::helm(),
        path: "".into(),
        cache: None,
        launcher: env!("CARGO_BIN_EXE_expand-sandbox").into(),
        limits: Limits::default(),
    }
}

/// What builds with a program; nothing, after saying so, where the program is not installed.
pub(crate) fn ready(program: Program, settings: Settings) -> Option<Expander> {
    let installed = match program {
        Program::Kustomize => testkit::kustomize(),
        Program::Helm => testkit::helm(),
    };
    installed.as_ref()?;
    let expander = Expander::new(settings);
    let state = expander.program(program);
    assert!(matches!(state, ProgramState::Ready(_)), "{} is {state:?}", program.name());
    Some(expander)
}
