//! What a program must make of a template before placeholders are filled, and what it made.
//!
//! `plan` says what is needed as an [`ExpansionRequest`], `expand` runs the program, and `plan`
//! takes what came out as [`Expansions`]. Neither knows the other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::{Diagnostic, Digest, FileId, Files, ObjectId, Span, sha256};

/// A program that builds templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// <https://kubectl.docs.kubernetes.io/references/kustomize/>
    Kustomize,
    /// <https://helm.sh/docs/>
    Helm,
}

impl Program {
    /// Its name as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Helm => "Helm",
        }
    }
}

/// A file that a program reads.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// The path below the template's folder.
    pub path: Box<str>,
    /// The file in the source.
    pub file: FileId,
    /// The id of its content.
    pub id: ObjectId,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

/// One place in the input where a placeholder is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPlaceholder {
    /// The position of the file in [`ExpansionRequest::files`].
    pub input: usize,
    /// Its bytes in the file.
    pub range: Range<usize>,
    /// Its text, such as `rea.cluster.city`.
    pub name: Box<str>,
    /// Places of one group are told apart from those of others, and not from each other.
    pub group: u32,
    /// Whether it must come out: nothing else can have a reason to leave it out.
    pub required: bool,
}

/// What Helm calls a release: the inputs that no file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmRelease {
    /// The release's name.
    pub name: Box<str>,
    /// The Kubernetes Namespace it is for.
    pub namespace: Box<str>,
    /// Files of values in the order in which they win, by their paths below the template.
    pub values: Vec<Box<str>>,
}

/// One run that a render needs: of one overlay of one template, for any number of clusters.
#[derive(Clone, Debug)]
pub struct ExpansionRequest {
    /// The program.
    pub program: Program,
    /// The folder of the template in the source.
    pub template: Box<str>,
    /// The folder below it that the program is pointed at; empty for the template itself.
    pub entry: Box<str>,
    /// What Helm is told besides.
    pub release: Option<HelmRelease>,
    /// Everything that the program may read, in the order of paths.
    pub files: Vec<InputFile>,
    /// The placeholders in the files.
    pub placeholders: Vec<InputPlaceholder>,
    /// What to point at where nothing more exact is known.
    pub place: Span,
}

impl ExpansionRequest {
    /// The identity of what goes in, the program's version aside: equal digests give equal
    /// results.
    #[must_use]
    pub fn content(&self) -> Digest {
        sha256(self.describe().as_bytes())
    }

    /// The identity in one source. Unlike [`Self::content`] it knows which template it is, so
    /// that what was found wrong points at the right one.
    #[must_use]
    pub fn identity(&self) -> Digest {
        sha256(format!("{}\0{}", self.template, self.describe()).as_bytes())
    }

    /// Paths hold no NUL, and ids have one length, so that no two inputs share a description.
    fn describe(&self) -> String {
        let mut text = format!("{}\0{}\0", self.program.name(), self.entry);
        if let Some(release) = &self.release {
            text.push_str(&format!("{}\0{}\0", release.name, release.namespace));
            text.push_str(&release.values.join("\0"));
        }
        for file in &self.files {
            text.push_str(&format!("\0\0{} {}", file.id, file.path));
        }
        text
    }
}

/// One document that a program wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandedText {
    /// Where it comes from, below the template's folder, as exactly as the program says.
    pub from: Box<str>,
    /// The object that it holds, as `Deployment web`, where that can be told.
    pub object: Option<Box<str>>,
    /// The text.
    pub text: Arc<str>,
}

/// What was made of one request, or why nothing was.
pub type Expanded = Result<Vec<ExpandedText>, Vec<Diagnostic>>;

/// What was made of all requests of a source, as texts among its files.
#[derive(Clone, Debug, Default)]
pub struct Expansions {
    results: HashMap<Digest, Result<Vec<FileId>, Vec<Diagnostic>>>,
}

impl Expansions {
    /// Takes the result of a request. Its texts are added to the files that the request is about,
    /// labelled by what they come from, so that diagnostics can show them.
    pub fn add(&mut self, files: &mut Files, request: &ExpansionRequest, result: Expanded) {
        let label = |text: &ExpandedText| {
            let parts = [&*request.template, &*text.from];
            let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let object = text.object.as_ref().map(|object| format!(", {object}"));
            let object = object.unwrap_or_default();
            format!("{} (built by {}{object})", path.join("/"), request.program.name())
        };
        let add = |texts: Vec<ExpandedText>| {
            texts.iter().map(|text| files.add_text(&label(text), &text.text)).collect()
        };
        self.results.insert(request.identity(), result.map(add));
    }

    /// The texts that a request became; nothing if it was never asked for.
    #[must_use]
    pub fn get(&self, request: &ExpansionRequest) -> Option<Result<&[FileId], &[Diagnostic]>> {
        let result = self.results.get(&request.identity())?;
        Some(result.as_deref().map_err(Vec::as_slice))
    }
}
