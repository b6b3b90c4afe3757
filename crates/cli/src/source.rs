//! Opens the source for every command: location to documents to fleet, and to a render.
//!
//! In: where the source is. Out: a [`Checked`] source whose fleet is valid, or an error after the
//! diagnostics were presented. No command repeats this pipeline.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use git::Loader;
use model::{ApplicationId, ClusterId, ClusterSet, Diagnostic, Rendered, Sink, Source, Span};
use plan::{Accepted, Compiled, Fleet};
use schema::document::Document;

use crate::error::{CommandError, ErrorKind};
use crate::expansion::{Built, build};
use crate::session::Session;
use crate::sinks::Counted;
use crate::terminal::Terminal;
use api::text::{Report, Tally};

/// A source that was read whole, and the fleet that it describes.
pub(crate) struct Checked {
    /// The files.
    pub(crate) source: Source,
    /// The fleet.
    pub(crate) fleet: Fleet,
    /// What is worth knowing about the source; none is an error that refuses it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The names of the clusters, in order.
    pub(crate) clusters: Vec<String>,
    /// The source with what programs built of it, once that was needed.
    built: OnceCell<Built>,
}

/// A source that was read, and maybe is no fleet.
pub(crate) enum Read {
    /// It is one.
    Valid(Box<Checked>),
    /// It is none, and why.
    Refused(Refused),
}

/// A source that is no fleet, with its mistakes.
pub(crate) struct Refused {
    source: Source,
    diagnostics: Vec<Diagnostic>,
    clusters: Vec<String>,
}

/// Reads the source of the session and checks its inventory and policies.
///
/// # Errors
/// It cannot be read, or it has errors, which were then presented.
pub(crate) fn check(session: &mut Session) -> Result<Checked, CommandError> {
    let location = session.location.clone();
    let read = read(&location.source, location.revision.as_deref(), session.terminal)?;
    let checked = read.or_refuse(session.terminal)?;
    let n_warnings = Tally::of(&checked.diagnostics).n_warnings;
    if n_warnings > 0 {
        let count = api::text::count(n_warnings, "warning");
        session.terminal.detail(&format!("{count}; see `res-edge validate`"));
    }
    Ok(checked)
}

/// Reads a source at a revision, or its work tree.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(
    location: &Path,
    revision: Option<&str>,
    terminal: &Terminal,
) -> Result<Read, CommandError> {
    let _progress = terminal.progress("reading the source");
    let source = load(location, revision)?;
    let (documents, mut diagnostics) = schema::read_source(&source);
    let clusters = cluster_names(&documents);
    if Tally::of(&diagnostics).n_errors > 0 {
        return Ok(Read::Refused(Refused { source, diagnostics, clusters }));
    }
    match plan::assemble(&source, documents) {
        Ok((fleet, more)) => {
            diagnostics.extend(more);
            let clusters = fleet.clusters.iter().map(|c| c.name.to_string()).collect();
            Ok(Read::Valid(Box::new(Checked {
                source,
                fleet,
                diagnostics,
                clusters,
                built: OnceCell::new(),
            })))
        }
        Err(more) => {
            diagnostics.extend(more);
            Ok(Read::Refused(Refused { source, diagnostics, clusters }))
        }
    }
}

/// Reads the files of a source.
///
/// # Errors
/// They cannot be read.
pub(crate) fn load(location: &Path, revision: Option<&str>) -> Result<Source, CommandError> {
    git::load(location, revision).map_err(|error| load_error(&error))
}

/// What reads a source again and again.
///
/// # Errors
/// Nothing stands there that could be read.
pub(crate) fn open(location: &Path) -> Result<Loader, CommandError> {
    Loader::open(location).map_err(|error| load_error(&error))
}

/// Reads the files of a source at a revision, or as they are on disk.
///
/// # Errors
/// They cannot be read.
pub(crate) fn read_with(
    loader: &mut Loader,
    revision: Option<&str>,
) -> Result<Source, CommandError> {
    loader.load(revision).map_err(|error| load_error(&error))
}

/// A failure to read a source, with what to do next.
pub(crate) fn load_error(error: &git::LoadError) -> CommandError {
    let shown = CommandError::of(ErrorKind::Unavailable, error);
    match hint(error) {
        Some(hint) => shown.hint(hint),
        None => shown,
    }
}

fn hint(error: &git::LoadError) -> Option<String> {
    let hint = match error {
        git::LoadError::Missing(path) if path.to_string_lossy().contains("://") => {
            "`--source` takes a path on this machine: clone the repository first"
        }
        git::LoadError::Missing(_)
        | git::LoadError::NotAFolder(_)
        | git::LoadError::NotASource(_) => {
            "name the folder or repository with `--source`, or make one with `res-edge init DIR`"
        }
        git::LoadError::TooMany(_) => "keep other files in another repository",
        git::LoadError::NoRepository(_) => "leave out `--rev`, or put the folder under Git first",
        git::LoadError::Io { .. } => return None,
        git::LoadError::Repository(error) => return error.hint(),
    };
    Some(hint.to_owned())
}

/// The names that cluster sets count when there is no fleet: those of the documents, in order.
fn cluster_names(documents: &[Document]) -> Vec<String> {
    let mut names: Vec<String> = documents
        .iter()
        .filter_map(|document| match document {
            Document::Cluster(cluster) => Some(cluster.metadata.name.value.to_string()),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

impl Read {
    /// The fleet; or, after presenting why there is none, an error.
    ///
    /// # Errors
    /// The source has errors.
    pub(crate) fn or_refuse(self, terminal: &mut Terminal) -> Result<Checked, CommandError> {
        match self {
            Self::Valid(checked) => Ok(*checked),
            Self::Refused(refused) => Err(refused.present(usize::MAX, terminal)),
        }
    }
}

impl Refused {
    /// What presents the mistakes.
    pub(crate) fn report(&self) -> Report<'_> {
        Report { files: &self.source.files, clusters: &self.clusters }
    }

    /// The mistakes.
    pub(crate) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Writes the first mistakes to standard error.
    pub(crate) fn present(&self, limit: usize, terminal: &mut Terminal) -> CommandError {
        present_first(limit, &self.report(), &self.diagnostics, terminal);
        refused(&self.diagnostics)
    }
}

/// The error that ends a command whose source is not accepted.
fn refused(diagnostics: &[Diagnostic]) -> CommandError {
    let tally = Tally::of(diagnostics);
    CommandError::new(ErrorKind::Source, format!("the source is not accepted: {tally}"))
}

/// Writes diagnostics to standard error; only the errors among them when quiet.
pub(crate) fn present(report: &Report<'_>, diagnostics: &[Diagnostic], terminal: &mut Terminal) {
    present_first(usize::MAX, report, diagnostics, terminal);
}

/// How many errors a command shows that only passes on what `validate` finds.
const SHOWN_ERRORS: usize = 10;

/// Writes the first of each kind of warning and the first errors, with how many more there are:
/// for commands that are run again and again over the same source. All of them when verbose, and
/// no warning when quiet.
fn present_summary(report: &Report<'_>, diagnostics: &[Diagnostic], terminal: &mut Terminal) {
    if terminal.is_verbose() {
        return present(report, diagnostics, terminal);
    }
    let sorted = report.sorted(diagnostics);
    let (errors, others): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|one| one.is_error());
    let mut kinds: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in others.into_iter().filter(|_| !terminal.is_quiet()) {
        kinds.entry(diagnostic.code.name).or_default().push(diagnostic);
    }
    let firsts = kinds.values().filter_map(|kind| kind.first());
    for diagnostic in firsts.chain(errors.iter().take(SHOWN_ERRORS)) {
        let text = report.text(diagnostic, terminal.colours_messages());
        terminal.report(&format!("{text}\n"));
    }
    let more = |(name, kind): (&&str, &Vec<_>)| match kind.len() {
        1 => None,
        n => Some(format!("{} more of `{name}`", n - 1)),
    };
    let mut more: Vec<String> = kinds.iter().filter_map(more).collect();
    if errors.len() > SHOWN_ERRORS {
        more.push(api::text::count(errors.len() - SHOWN_ERRORS, "more error"));
    }
    if !more.is_empty() {
        let more = more.join(", ");
        terminal.report(&format!("not shown: {more}; `res-edge validate` shows all\n"));
    }
}

/// Writes the first diagnostics to standard error, and how many more there are.
fn present_first(
    limit: usize,
    report: &Report<'_>,
    diagnostics: &[Diagnostic],
    terminal: &mut Terminal,
) {
    let colour = terminal.colours_messages();
    let mut sorted = report.sorted(diagnostics);
    sorted.retain(|diagnostic| diagnostic.is_error() || !terminal.is_quiet());
    for diagnostic in sorted.iter().take(limit) {
        terminal.report(&format!("{}\n", report.text(diagnostic, colour)));
    }
    if sorted.len() > limit {
        terminal.report(&format!("and {} more, not shown\n", sorted.len() - limit));
    }
}

/// A source that was compiled.
pub(crate) struct Understood {
    compiled: Arc<Compiled>,
    /// The names of the clusters, once something is to be presented.
    clusters: OnceCell<Vec<String>>,
}

impl Understood {
    /// A source that was compiled.
    pub(crate) fn new(compiled: Arc<Compiled>) -> Self {
        Self { compiled, clusters: OnceCell::new() }
    }

    /// The same, if it is accepted; or, after presenting why not, an error.
    ///
    /// # Errors
    /// The source has errors.
    pub(crate) fn or_refuse(self, terminal: &mut Terminal) -> Result<Self, CommandError> {
        if self.compiled.accepted.is_some() {
            return Ok(self);
        }
        present(&self.report(), &self.compiled.diagnostics, terminal);
        Err(refused(&self.compiled.diagnostics))
    }

    /// What the source says.
    ///
    /// # Panics
    /// If it was not accepted: only [`Understood::or_refuse`] gives one out.
    pub(crate) fn accepted(&self) -> &Accepted {
        self.compiled.accepted.as_ref().expect("a source that is not accepted is refused first")
    }

    /// The files.
    pub(crate) fn source(&self) -> &Source {
        &self.compiled.source
    }

    /// What presents diagnostics of this source.
    pub(crate) fn report(&self) -> Report<'_> {
        let names = || {
            let (documents, _) = schema::read_source(&self.compiled.source);
            cluster_names(&documents)
        };
        let of_fleet = |accepted: &Accepted| {
            accepted.fleet.clusters.iter().map(|cluster| cluster.name.to_string()).collect()
        };
        let accepted = self.compiled.accepted.as_ref();
        let clusters = self.clusters.get_or_init(|| accepted.map_or_else(names, of_fleet));
        Report { files: &self.compiled.source.files, clusters }
    }

    /// Writes the first of what was found in the source and in its render.
    pub(crate) fn present(&self, terminal: &mut Terminal) {
        let rendered = &self.accepted().rendered.diagnostics;
        if self.compiled.diagnostics.is_empty() && rendered.is_empty() {
            return;
        }
        let all: Vec<Diagnostic> =
            self.compiled.diagnostics.iter().chain(rendered).cloned().collect();
        present_summary(&self.report(), &all, terminal);
    }
}

impl Checked {
    /// What presents diagnostics of this source.
    pub(crate) fn report(&self) -> Report<'_> {
        let source = self.built.get().map_or(&self.source, |built| &built.source);
        Report { files: &source.files, clusters: &self.clusters }
    }

    /// Renders every cluster into a sink, after what programs must build was built.
    ///
    /// # Errors
    /// This machine fails to run a program.
    pub(crate) fn render(
        &self,
        sink: &dyn Sink,
        session: &mut Session,
    ) -> Result<Rendered, CommandError> {
        let built = match self.built.get() {
            Some(built) => built,
            None => {
                let expander = &session.expander;
                let built = build(&self.fleet, &self.source, expander, session.terminal)?;
                self.built.get_or_init(|| built)
            }
        };
        let counter = Arc::default();
        let _progress = session.terminal.progress_of("rendering", &counter);
        let sink = Counted { sink, counter: &counter };
        Ok(plan::render(&self.fleet, &built.source, &built.expansions, &sink))
    }

    /// Writes the first of what was found in the source and in a render of it.
    pub(crate) fn present(
        &self,
        rendered: &Rendered,
        limit: usize,
        terminal: &mut Terminal,
    ) -> Tally {
        let mut all = self.diagnostics.clone();
        all.extend(rendered.diagnostics.iter().cloned());
        present_first(limit, &self.report(), &all, terminal);
        Tally::of(&all)
    }

    /// The clusters that an expression of the command line selects.
    ///
    /// # Errors
    /// The expression has mistakes, which were presented.
    pub(crate) fn select(
        &mut self,
        text: &str,
        session: &mut Session,
    ) -> Result<ClusterSet, CommandError> {
        let file = self.source.files.add_text("command line", text);
        let (set, found) = self.fleet.select(text, Span::new(file, 0, text.len()));
        present(&self.report(), &found, session.terminal);
        set.filter(|_| !found.iter().any(Diagnostic::is_error)).ok_or_else(|| {
            let error = CommandError::user("the expression cannot be evaluated");
            // What was found says better what to do, where it says something.
            match found.iter().any(|one| one.is_error() && one.hint.is_some()) {
                true => error,
                false => error.hint(
                    "an expression looks like `/g/stores and not /m/ring/prod`; quote it for the \
                     shell",
                ),
            }
        })
    }

    /// The clusters of an expression, or the one of that name.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn select_or_name(
        &mut self,
        text: &str,
        session: &mut Session,
    ) -> Result<ClusterSet, CommandError> {
        match self.fleet.cluster_id(text) {
            Some(cluster) if !is_keyword(text) => Ok([cluster].into_iter().collect()),
            _ if is_bare_name(text) => Err(unknown("cluster", text, &self.clusters)),
            _ => self.select(text, session),
        }
    }

    /// The application of a name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn application(&self, name: &str) -> Result<ApplicationId, CommandError> {
        self.fleet.application_id(name).ok_or_else(|| {
            let known: Vec<&str> =
                self.fleet.applications.iter().map(|a| a.name.as_str()).collect();
            unknown("application", name, &known)
        })
    }

    /// The cluster of a name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn cluster(&self, name: &str) -> Result<ClusterId, CommandError> {
        self.fleet.cluster_id(name).ok_or_else(|| unknown("cluster", name, &self.clusters))
    }
}

fn is_keyword(text: &str) -> bool {
    matches!(text, "all" | "none" | "and" | "or" | "not")
}

/// A word that can be no expression by itself.
pub(crate) fn is_bare_name(text: &str) -> bool {
    !is_keyword(text) && model::check_dns_label(text).is_ok()
}

/// A name that nothing has.
pub(crate) fn unknown<S: AsRef<str>>(kind: &str, name: &str, known: &[S]) -> CommandError {
    let error = CommandError::user(format!("there is no {kind} `{name}`"));
    match schema::nearest(name, known.iter().map(AsRef::as_ref)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("`res-edge get {kind}s` lists them")),
    }
}
