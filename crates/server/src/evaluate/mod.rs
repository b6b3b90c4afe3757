//! What a commit of the source would do, beside the one that it shall follow.
//!
//! ```text
//! base, head ─Desk::compile_pair─▶ Pair ─▶ mistakes that are new, what it means, its effect
//! ```
//!
//! In: two commits, of which the newer may stand in the quarantine of a push. Out: values, nothing
//! of which is kept: whoever asks again gets the same. Only compiling happens in the loop's thread.

mod mistakes;

use std::sync::Arc;

use git::{Objects, Repository, RepositoryError, TreeEntry};
use model::{CommitId, Diagnostic, Meaning, Policies};
use plan::{Accepted, Changes, Compiled, Side};
use release::access::{Person, Verdict, authorize};
use release::{Effect, effect};

use crate::controller::CompileError;
use crate::{Controller, ControllerGone, Desk};

pub(crate) use mistakes::Mistakes;

/// Why a commit could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluateError {
    /// It is no source, or cannot be read.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The server is stopping.
    #[error(transparent)]
    Gone(#[from] ControllerGone),
}

/// Two commits of the source, compiled.
pub(crate) struct Pair {
    /// What is in use; nothing before the first source.
    pub(crate) base: Option<Arc<Compiled>>,
    /// What would take its place.
    pub(crate) head: Arc<Compiled>,
    /// What was rendered of both.
    pub(crate) objects: Arc<Objects>,
    /// Whether files differ that the repository holds besides the source.
    others_differ: bool,
}

/// What of a repository is its source. Whatever else stands there is read by people's other tools.
const SOURCE: [&[u8]; 4] = [b"fleet.yaml", b"inventory", b"policies", b"apps"];

/// What a change means, where both sides are accepted.
pub(crate) struct Judged {
    /// The Roles of the base.
    pub(crate) policies: Arc<Policies>,
    /// What differs.
    pub(crate) meaning: Meaning,
    /// What it does to what clusters run.
    pub(crate) effect: Effect,
}

impl Pair {
    /// Compiles both. `view` shows the objects of the newer one.
    ///
    /// # Errors
    /// One cannot be read, or the server stops.
    pub(crate) async fn compile(
        controller: &Controller,
        base: Option<CommitId>,
        view: Repository,
        head: CommitId,
    ) -> Result<Self, EvaluateError> {
        let pair = controller.act(move |desk| desk.compile_pair(base, &view, head)).await?;
        Ok(pair?)
    }

    /// What is wrong with the newer one.
    pub(crate) fn mistakes(&self) -> Mistakes<'_> {
        Mistakes::new(self.base.as_deref(), &self.head)
    }

    /// The older one, if it was accepted.
    pub(crate) fn base_accepted(&self) -> Option<(&Compiled, &Accepted)> {
        let base = self.base.as_deref()?;
        Some((base, base.accepted.as_ref()?))
    }

    /// What the newer one does to what clusters run; nothing if it is not accepted.
    pub(crate) fn effect(&self) -> Option<Effect> {
        let head = self.head.accepted.as_ref()?;
        let before = self.base_accepted().map(|(_, accepted)| &accepted.rendered);
        Some(effect(before, &head.rendered))
    }

    /// The two side by side; nothing if one is not accepted.
    pub(crate) fn changes(&self) -> Option<Changes<'_>> {
        let (base, before) = self.base_accepted()?;
        let after = self.head.accepted.as_ref()?;
        Some(Changes::new(
            Side { fleet: &before.fleet, source: &base.source },
            Side { fleet: &after.fleet, source: &self.head.source },
        ))
    }

    /// What the change means; nothing if one side is not accepted.
    pub(crate) fn judge(&self) -> Option<Judged> {
        let (_, before) = self.base_accepted()?;
        let after = self.head.accepted.as_ref()?;
        let mut meaning = self.changes()?.meaning(&before.rendered, &after.rendered);
        meaning.files.others = self.others_differ;
        Some(Judged {
            policies: Arc::new(plan::policies(&before.fleet)),
            meaning,
            effect: self.effect()?,
        })
    }
}

impl Judged {
    /// What a person may do with it.
    pub(crate) fn verdict(&self, person: &Person) -> Verdict {
        authorize(&self.policies, &self.meaning, person)
    }
}

impl Desk {
    /// Compiles two commits of the source, the newer one from another view of its repository.
    ///
    /// # Errors
    /// One cannot be read, or a program that templates need cannot be run.
    fn compile_pair(
        &mut self,
        base: Option<CommitId>,
        view: &Repository,
        head: CommitId,
    ) -> Result<Pair, CompileError> {
        let others_differ = match base {
            Some(base) => outside(view, base)? != outside(view, head)?,
            None => false,
        };
        let base = base.map(|base| self.compile_known(base)).transpose()?;
        let head = self.compile_from(view, head)?;
        Ok(Pair { base, head, objects: self.publisher.objects(), others_differ })
    }

    /// Compiles a commit of the source, which may be the one in use.
    ///
    /// # Errors
    /// As those of [`Desk::compile`].
    pub(crate) fn compile_known(
        &mut self,
        commit: CommitId,
    ) -> Result<Arc<Compiled>, CompileError> {
        let snapshot = self.snapshot();
        match snapshot.source.as_ref().filter(|source| source.commit == commit) {
            Some(known) => Ok(Arc::clone(known.compiled())),
            None => self.compile(commit),
        }
    }
}

/// What stands in a commit besides its source.
fn outside(view: &Repository, commit: CommitId) -> Result<Vec<TreeEntry>, RepositoryError> {
    let mut entries = view.tree(view.commit(commit)?.tree)?;
    entries.retain(|entry| !SOURCE.contains(&&*entry.name));
    Ok(entries)
}

/// The names of the clusters of a source, for messages; none where it is not accepted.
pub(crate) fn cluster_names(compiled: &Compiled) -> Vec<String> {
    let accepted = compiled.accepted.iter();
    accepted.flat_map(|one| one.fleet.clusters.iter().map(|one| one.name.to_string())).collect()
}

/// Everything that was found in a source.
pub(crate) fn diagnostics(compiled: &Compiled) -> impl Iterator<Item = &Diagnostic> {
    let rendered = compiled.accepted.iter().flat_map(|accepted| &accepted.rendered.diagnostics);
    compiled.diagnostics.iter().chain(rendered)
}
