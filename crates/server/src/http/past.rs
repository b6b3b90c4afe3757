//! What was served after an earlier step: the lists of then, with the Roles of now.
//!
//! In: a step or a time. Out: a catalogue of the source that the step released and of the ledger
//! after it, so that lists of the past are asked for as those of the present are. Whoever may see
//! something by the Roles of the present sees it in the past, at the places of then. A source that
//! is no longer in the repository cannot be asked about.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use git::read_ledger_of;
use model::{CommitId, Generation, Policies};

use super::AppState;
use super::problem::Failure;
use crate::authorize::policies;
use crate::catalogue::Catalogue;
use crate::snapshot::{Released, Snapshot, Sourced};

/// How many catalogues of the past are kept.
const KEPT: usize = 4;

/// A step, and the source whose Roles decide who sees it.
type Key = (Generation, Option<CommitId>);

/// Catalogues of the past that were asked for, the last one last.
#[derive(Default)]
pub(crate) struct Pasts {
    kept: Mutex<Vec<(Key, Arc<Catalogue>)>>,
}

impl Pasts {
    fn find(&self, key: Key) -> Option<Arc<Catalogue>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| *known == key).map(|(_, catalogue)| Arc::clone(catalogue))
    }

    fn keep(&self, key: Key, catalogue: &Arc<Catalogue>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != key);
        kept.push((key, Arc::clone(catalogue)));
        let n_too_many = kept.len().saturating_sub(KEPT);
        kept.drain(..n_too_many);
    }
}

impl AppState {
    /// What is served now, or was after the step that `asOf` means; nothing before there is a
    /// source.
    ///
    /// # Errors
    /// There is no such step, or it cannot be told any more.
    pub(crate) async fn catalogue_at(
        &self,
        as_of: Option<&str>,
    ) -> Result<Option<Arc<Catalogue>>, Failure> {
        let Some(as_of) = as_of else { return Ok(self.catalogue()) };
        let snapshot = self.snapshot();
        if snapshot.catalogue.is_none() {
            return Ok(None);
        }
        let (state, as_of) = (self.clone(), as_of.to_owned());
        let step = tokio::task::spawn_blocking(move || {
            let steps = state.steps()?;
            super::routes::step_of(&state, &steps, &as_of)
        });
        let step = step.await.map_err(|error| Failure::unavailable(&error))??;
        let key = (step, snapshot.source.as_ref().map(|source| source.commit));
        if let Some(known) = self.pasts.find(key) {
            return Ok(Some(known));
        }
        let permit = Arc::clone(&self.host.trying).acquire_owned().await;
        let _permit = permit.map_err(|_| Failure::from(crate::ControllerGone))?;
        let made = self.past(step, &snapshot).await?;
        self.pasts.keep(key, &made);
        Ok(Some(made))
    }

    async fn past(&self, step: Generation, snapshot: &Snapshot) -> Result<Arc<Catalogue>, Failure> {
        let state = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let record = state.steps()?.record(&state.data.clusters, step)?;
            Ok::<_, Failure>((record, read_ledger_of(&state.data.clusters, step)?))
        });
        let (record, ledger) = read.await.map_err(|error| Failure::unavailable(&error))??;
        let (record, ledger) = record.zip(ledger).ok_or_else(|| gone(step, "is not there"))?;
        let commit = record.source_commit.ok_or_else(|| gone(step, "released no commit"))?;
        let compiled = self.controller.act(move |desk| desk.compile_known(commit)).await?;
        let compiled = compiled.map_err(|error| {
            tracing::warn!(%error, "a source of the past cannot be read");
            gone(step, "released a source that cannot be read any more")
        })?;
        let sourced = Sourced::new(commit, compiled);
        let sourced = sourced
            .ok_or_else(|| gone(step, "released a source that this version does not accept"))?;
        let released = Released { commit: record.commit, ledger: Arc::new(ledger) };
        let policies: Arc<Policies> = policies(snapshot);
        let roles = policies.roles.clone();
        let present = snapshot.source.as_ref().map(|source| source.commit.to_string());
        let made = tokio::task::spawn_blocking(move || {
            Catalogue::past(sourced, released, roles, &present.unwrap_or_default())
        });
        made.await.map_err(|error| Failure::unavailable(&error))
    }
}

fn gone(step: Generation, why: &str) -> Failure {
    Failure::new(StatusCode::GONE, "past-unknown", format!("step {step} {why}"))
        .hint("`GET /api/v1/clusters/{name}/released` tells a cluster's past from the ledger alone")
}
