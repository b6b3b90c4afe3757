//! Has kustomize and Helm build what a render needs.
//!
//! In: a fleet and its source. Out: the source with what was built among its files, for the
//! render and for diagnostics. Which templates need it is decided in `plan`, and how they are
//! built in `expand`.

use expand::{ExpandError, Expander};
use model::{ExpansionRequest, Expansions, Files, Source};
use plan::Fleet;

use crate::error::{CommandError, ErrorKind};
use crate::terminal::Terminal;
use api::text::count;

/// A source after everything that it needs was built.
pub(crate) struct Built {
    /// The source, with the built texts among its files.
    pub(crate) source: Source,
    /// Which texts belong to what.
    pub(crate) expansions: Expansions,
}

/// Builds what a render of a source needs.
///
/// # Errors
/// This machine fails; what is wrong with a template is told by the render.
pub(crate) fn build(
    fleet: &Fleet,
    source: &Source,
    expander: &Expander,
    terminal: &mut Terminal,
) -> Result<Built, CommandError> {
    let requests = plan::expansions(fleet, source);
    let mut source = source.clone();
    let expansions = expand(&mut source.files, &requests, expander, terminal)?;
    Ok(Built { source, expansions })
}

/// Builds what was asked for, and adds the texts to the files.
///
/// # Errors
/// As those of [`build`].
pub(crate) fn expand(
    files: &mut Files,
    requests: &[ExpansionRequest],
    expander: &Expander,
    terminal: &mut Terminal,
) -> Result<Expansions, CommandError> {
    if requests.is_empty() {
        return Ok(Expansions::default());
    }
    let before = expander.report();
    let expansions = {
        let _progress = terminal.progress("building templates");
        expander.expand_into(files, requests).map_err(|error| failure(&error))?
    };
    let after = expander.report();
    let built_now = count(after.n_built - before.n_built, "template");
    let runs = count(after.n_runs - before.n_runs, "run");
    let n_kept = after.n_kept - before.n_kept;
    terminal.detail(&format!("built {built_now} in {runs}, and took {n_kept} from before"));
    if let Some(why) = &after.cache_failure {
        terminal.message(&format!("what was built is not kept: {why}"));
    }
    Ok(expansions)
}

fn failure(error: &ExpandError) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error)
}
