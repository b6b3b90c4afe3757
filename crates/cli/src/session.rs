//! What every command is given: the global flags and the terminal.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use expand::Expander;

use crate::terminal::Terminal;

/// The global flags that concern the source.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// The folder or repository that holds the source.
    pub(crate) source: PathBuf,
    /// The revision to read, instead of the work tree.
    pub(crate) revision: Option<String>,
}

/// One run of one command.
pub(crate) struct Session<'a> {
    /// Where the source is.
    pub(crate) location: Location,
    /// Where kustomize and Helm are.
    pub(crate) expansion: expand::Settings,
    /// What builds templates with kustomize and Helm.
    pub(crate) expander: Rc<Expander>,
    /// The streams.
    pub(crate) terminal: &'a mut Terminal,
}

impl Session<'_> {
    /// The folder or repository that holds the source.
    pub(crate) fn source(&self) -> &Path {
        &self.location.source
    }

    /// Where copies and results are kept, if anywhere.
    pub(crate) fn cache(&self) -> Option<&Path> {
        self.expansion.cache.as_deref()?.parent()
    }

    /// The revision that was asked for.
    pub(crate) fn revision(&self) -> Option<&str> {
        self.location.revision.as_deref()
    }
}
