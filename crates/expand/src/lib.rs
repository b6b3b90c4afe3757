//! Runs kustomize and Helm on templates, in a sandbox, and keeps what they made by its content.
//!
//! ```text
//! ExpansionRequest ─cache─▶ kept texts
//!        └─scratch─▶ a folder ─sandbox─▶ output ─┬─documents─▶ texts
//!        └─marks───▶ a folder ─sandbox─▶ output ─┘ compare: placeholders alone may differ
//! ```
//!
//! In: requests of `plan`, with every byte that a program may read. Out: for each the texts that
//! it became, or diagnostics; and an `Err` where this machine fails. A program is run twice for
//! one result, with placeholders spelled differently: what else differs does not follow the
//! placeholders' values, so it is an error.
//!
//! The only room that runs kustomize and Helm. It knows no fleet, no cluster and no value, and
//! decides nothing about objects.

mod build;
mod cache;
pub mod codes;
mod compare;
mod documents;
mod fault;
mod helm;
mod limits;
mod marks;
mod programs;
mod proof;
mod sandbox;
mod scratch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::{Digest, Expanded, ExpansionRequest, Expansions, Files, Program};
use rayon::prelude::*;

pub use limits::Limits;
pub use programs::{HELM_VERSION, KUSTOMIZE_VERSION, ProgramState};
pub use sandbox::{NetworkState, SANDBOX_WORD, enter_sandbox};

use build::Builder;
use cache::{Cache, Kept};
use fault::Fault;
use programs::Programs;
use sandbox::Sandbox;

/// Where things are on this machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// kustomize, or a kubectl that carries it; else it is looked for on `path`.
    pub kustomize: Option<PathBuf>,
    /// Helm; else it is looked for on `path`.
    pub helm: Option<PathBuf>,
    /// The folders that programs are looked for in, as `PATH` lists them.
    pub path: std::ffi::OsString,
    /// The folder in which results are kept; nothing keeps them in memory only.
    pub cache: Option<PathBuf>,
    /// The program that calls [`enter_sandbox`] when its first word is [`SANDBOX_WORD`]: usually
    /// the one that is running.
    pub launcher: PathBuf,
    /// What one run may cost.
    pub limits: Limits,
}

/// A failure of this machine.
#[derive(Debug, thiserror::Error)]
pub enum ExpandError {
    /// No folder for the input can be made.
    #[error("cannot write the input of {program} for `{template}` into `{}`: {source}", path.display())]
    Scratch {
        /// The program.
        program: &'static str,
        /// The template.
        template: String,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program cannot be started or watched.
    #[error("cannot run `{}`: {source}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many requests were built.
    pub n_built: usize,
    /// How many were answered by what was kept.
    pub n_kept: usize,
    /// How many times a program ran for that; a build takes two runs.
    pub n_runs: usize,
    /// Why results are not kept on disk, if that failed.
    pub cache_failure: Option<String>,
}

/// Builds templates, and remembers what it built.
pub struct Expander {
    sandbox: Sandbox,
    programs: Programs,
    cache: Cache,
}

impl Expander {
    /// Looks at nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            sandbox: Sandbox::new(settings.launcher, settings.limits),
            programs: Programs::new(settings.kustomize, settings.helm, settings.path),
            cache: Cache::new(settings.cache),
        }
    }

    /// The results of some requests, in their order. Requests with the same content are built
    /// once, in this call and in later ones.
    ///
    /// # Errors
    /// If this machine fails. What is wrong with a template, or with a program, is a diagnostic.
    pub fn expand(&self, requests: &[ExpansionRequest]) -> Result<Vec<Expanded>, ExpandError> {
        let keys: Vec<Option<Digest>> = requests.iter().map(|one| self.key(one)).collect();
        let mut distinct: BTreeMap<Digest, &ExpansionRequest> = BTreeMap::new();
        for (key, request) in keys.iter().zip(requests) {
            key.map(|key| distinct.entry(key).or_insert(request));
        }
        let build = |(key, request)| self.result(key, request).map(|kept| (key, kept));
        let kept: Result<BTreeMap<Digest, Kept>, ExpandError> =
            distinct.into_par_iter().map(build).collect();
        let kept = kept?;
        let answer = |(key, request): (&Option<Digest>, &ExpansionRequest)| {
            let Some(key) = key else { return Err(vec![self.no_program(request)]) };
            match &kept[key] {
                Ok(texts) => Ok(texts.clone()),
                Err(fault) => Err(vec![fault.diagnostic(request)]),
            }
        };
        Ok(keys.iter().zip(requests).map(answer).collect())
    }

    /// Builds some requests, and adds the texts to the files that the requests are from.
    ///
    /// # Errors
    /// As those of [`Expander::expand`].
    pub fn expand_into(
        &self,
        files: &mut Files,
        requests: &[ExpansionRequest],
    ) -> Result<Expansions, ExpandError> {
        let mut expansions = Expansions::default();
        for (request, result) in requests.iter().zip(self.expand(requests)?) {
            expansions.add(files, request, result);
        }
        Ok(expansions)
    }

    /// What was done so far.
    #[must_use]
    pub fn report(&self) -> Report {
        Report { n_runs: self.sandbox.n_runs(), ..self.cache.report() }
    }

    /// Whether a program is there in the version that is needed.
    pub fn program(&self, program: Program) -> &ProgramState {
        self.programs.state(program, &self.sandbox)
    }

    /// Whether the network is closed for programs on this machine.
    ///
    /// # Errors
    /// If the sandbox cannot be started.
    pub fn network(&self) -> Result<NetworkState, ExpandError> {
        self.sandbox.network()
    }

    /// What identifies a result; nothing where the program is not there. Nothing kept is looked
    /// at then, so that a result never depends on what was kept.
    fn key(&self, request: &ExpansionRequest) -> Option<Digest> {
        match self.program(request.program) {
            ProgramState::Ready(ready) => {
                Some(cache::key(request, &ready.version, &build::settings(request.program)))
            }
            _ => None,
        }
    }

    fn no_program(&self, request: &ExpansionRequest) -> model::Diagnostic {
        Fault::of_program(request.program, self.program(request.program)).diagnostic(request)
    }

    fn result(&self, key: Digest, request: &ExpansionRequest) -> Result<Kept, ExpandError> {
        if let Some(kept) = self.cache.get(key) {
            return Ok(kept);
        }
        let ProgramState::Ready(ready) = self.program(request.program) else {
            return Ok(Err(Fault::of_program(request.program, self.program(request.program))));
        };
        let builder = Builder { sandbox: &self.sandbox, ready, request };
        let result = proof::build(&builder)?;
        self.cache.put(key, &result);
        Ok(result)
    }
}
