//! One ledger's publisher, and what it keeps between two releases.

mod cluster;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use git::remote::{Mirror, RemoteError};
use git::{AppendError, Objects, Projected, Projection, Repository};
use jiff::Timestamp;
use model::{
    Cause, ClusterUid, CommitId, Counter, Delivery, Digest, ExpansionRequest, Expansions, Files,
    Generation, Ledger, ObjectChange, ObjectId, Observed, Rendered, Source, Step, Trailer,
};
use plan::{Accepted, Compiled, Compiler};
use rayon::prelude::*;
use release::{Comparison, Decided, Decision, Difference, Orders, Transition, World};

use crate::PublishError;
use crate::orders::{self, Ordered};
use crate::upstream::{Branches, Upstream};

pub use cluster::{ClusterAct, ClusterOrder};

/// How often a step is decided anew when someone else appended one in between.
const ATTEMPTS: usize = 5;

/// From how many unreleased objects on they are given up, and the next source is compiled from
/// nothing: a source that is refused leaves its objects with the publisher.
const MOST_UNRELEASED: usize = 4_000_000;

/// A cluster, and a tree that the ledger never gave it.
type Foreign = (ClusterUid, ObjectId);

/// The ledger, and the commit that it was read from.
type Tip = (CommitId, Arc<Ledger>);

/// How a source is to be released.
pub struct Request<'a> {
    /// Who releases, as `Name <mail>`.
    pub author: &'a str,
    /// The plan that this person confirmed.
    pub confirm: Option<Digest>,
    /// Whether one broken cell refuses everything.
    pub all_or_nothing: bool,
    /// Whether a commit of the source follows another one.
    pub descends: &'a dyn Fn(CommitId, CommitId) -> Observed<bool>,
    /// What this person orders about holds.
    pub orders: Orders,
    /// The step whose trees the scope of the placed hold goes back to.
    pub roll_back: Option<Generation>,
    /// What the step's message says besides.
    pub trailers: &'a [Trailer],
    /// The time of the step.
    pub now: Timestamp,
    /// Told what begins, for a person who waits.
    pub begins: &'a dyn Fn(Phase),
}

/// The parts of a release that may take a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The ledger is read and compared with the render.
    Compare,
    /// The step is written.
    Append,
    /// What clusters read is written.
    Project,
}

/// What a release did.
pub struct Published {
    /// The decision.
    pub decided: Decided,
    /// The ledger that was decided against.
    pub before: Option<Arc<Ledger>>,
    /// The ledger after it: the same, where nothing was appended.
    pub after: Option<Arc<Ledger>>,
    /// What was written for clusters to read; nothing in a dry run.
    pub projected: Option<Projected>,
}

/// The publisher of one ledger.
///
/// It keeps the last sources with all that was made of them, the ledger, the last comparison and
/// the last projection. Each of them is checked against Git by id before it is used, and changes
/// nothing but the time that a release takes.
pub struct Publisher {
    repository: Repository,
    upstream: Option<Upstream>,
    objects: Arc<Objects>,
    compiler: Compiler,
    comparison: Comparison,
    projection: Projection,
    ledger: Option<Tip>,
    has_projected: bool,
    counter: Arc<Counter>,
}

impl Publisher {
    /// A publisher to the ledger of a repository, which knows nothing yet.
    #[must_use]
    pub fn new(repository: &Repository) -> Self {
        let counter = Arc::default();
        Self {
            repository: repository.clone(),
            upstream: None,
            objects: Arc::new(Objects::new(repository).counted(&counter)),
            compiler: Compiler::new(),
            comparison: Comparison::default(),
            projection: Projection::counted(&counter),
            ledger: None,
            has_projected: false,
            counter,
        }
    }

    /// A publisher to a ledger that is elsewhere, which knows nothing yet.
    #[must_use]
    pub fn elsewhere(mirror: Mirror, branches: Branches) -> Self {
        let repository = mirror.repository().clone();
        let mut publisher = Self::new(&repository);
        publisher.upstream = Some(Upstream::new(mirror, branches, &publisher.counter));
        publisher
    }

    /// How far a compile or a release has come that runs now: bindings that are rendered, clusters
    /// that are written, refs that are pushed.
    #[must_use]
    pub fn counter(&self) -> Arc<Counter> {
        Arc::clone(&self.counter)
    }

    /// The repository of the ledger, or the copy of it on this machine.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// What was rendered here, for as long as nothing was given up: ids of a [`Compiled`] that was
    /// compiled before this was asked for are found in it.
    #[must_use]
    pub fn objects(&self) -> Arc<Objects> {
        Arc::clone(&self.objects)
    }

    /// Compiles a source, for [`Publisher::publish`] or to show what is wrong with it. `expand` is
    /// asked for what programs must build of its templates.
    ///
    /// # Errors
    /// Those of `expand`.
    pub fn compile<E>(
        &mut self,
        source: Source,
        mut expand: impl FnMut(&mut Files, &[ExpansionRequest]) -> Result<Expansions, E>,
    ) -> Result<Arc<Compiled>, E> {
        if let Some(known) = self.compiler.known(&source) {
            return Ok(known);
        }
        if self.objects.n_new() > MOST_UNRELEASED {
            self.forget();
        }
        let mut failure = None;
        let mut build = |files: &mut Files, requests: &[ExpansionRequest]| {
            expand(files, requests).unwrap_or_else(|error| {
                failure = Some(error);
                Expansions::default()
            })
        };
        let compiled = self.compiler.compile(source, &mut build, &*self.objects);
        match failure {
            // What was compiled without is not true, and must not be remembered.
            Some(error) => {
                self.forget();
                Err(error)
            }
            None => Ok(compiled),
        }
    }

    /// Gives up what was compiled and not released, and all that is known of sources.
    fn forget(&mut self) {
        self.objects = Arc::new(Objects::new(&self.repository).counted(&self.counter));
        self.compiler.forget();
    }

    /// Releases what a source says to the fleet: decides against the ledger as it is now, appends
    /// the step if there is one, and makes what clusters read equal to the ledger.
    ///
    /// `accepted` must have been compiled here.
    ///
    /// # Errors
    /// [`PublishError::Refused`] by decision; all else is a failure of a repository. After any
    /// error it can be tried again.
    pub fn publish(
        &mut self,
        accepted: &Accepted,
        request: &Request<'_>,
    ) -> Result<Published, PublishError> {
        for _ in 0..ATTEMPTS {
            let (before, mut decided) = self.decide(accepted, request)?;
            let after = match &mut decided.step {
                Some(step) => {
                    step.trailers.extend(request.trailers.iter().cloned());
                    (request.begins)(Phase::Append);
                    match self.append(before.as_ref(), step.clone(), request.author)? {
                        Some(after) => Some(after),
                        None => continue,
                    }
                }
                None => before.as_ref().map(|(_, ledger)| Arc::clone(ledger)),
            };
            let before = before.map(|(_, ledger)| ledger);
            (request.begins)(Phase::Project);
            let projected = match &after {
                Some(_) => match self.deliver(&accepted.rendered.delivery, &[]) {
                    Err(PublishError::Remote(RemoteError::Moved { .. })) => continue,
                    projected => {
                        let projected = projected?;
                        self.has_projected = true;
                        // The compiler now only puts what differs from what was put before.
                        self.objects.assume_new();
                        Some(projected)
                    }
                },
                None => None,
            };
            return Ok(Published { decided, before, after, projected });
        }
        Err(PublishError::Moved { attempts: ATTEMPTS })
    }

    /// What [`Publisher::publish`] would decide now. Nothing is written.
    ///
    /// # Errors
    /// As those of [`Publisher::publish`].
    pub fn preview(
        &mut self,
        accepted: &Accepted,
        request: &Request<'_>,
    ) -> Result<Published, PublishError> {
        let (before, decided) = self.decide(accepted, request)?;
        let before = before.map(|(_, ledger)| ledger);
        let next = decided.step.as_ref().map(|step| Arc::new(step.ledger.clone()));
        let after = next.or_else(|| before.clone());
        Ok(Published { decided, before, after, projected: None })
    }

    fn decide(
        &mut self,
        accepted: &Accepted,
        request: &Request<'_>,
    ) -> Result<(Option<Tip>, Decided), PublishError> {
        (request.begins)(Phase::Compare);
        self.fetch(&accepted.rendered.delivery)?;
        let before = self.read_ledger()?;
        let ledger = before.as_ref().map(|(_, ledger)| &**ledger);
        let Ordered { placed, rolled_back } =
            orders::follow(&self.repository, accepted, ledger, request)?;
        let rendered = rolled_back.as_ref().unwrap_or(&accepted.rendered);
        self.comparison.update(ledger, rendered);
        let difference = self.comparison.difference();
        let world = World {
            object_changes: object_changes(&self.objects, accepted, difference),
            foreign: self.foreign(ledger, rendered, difference)?,
            descends: descends(ledger, rendered, request),
            confirm: request.confirm,
            by: request.author.to_owned(),
            all_or_nothing: request.all_or_nothing,
            placed,
        };
        match release::decide(ledger, rendered, difference, &world, request.now) {
            Decision::Decided(decided) => Ok((before, *decided)),
            Decision::Refused(refusal) => Err(PublishError::Refused(refusal)),
        }
    }

    /// Reads a ledger that is elsewhere, and says whether it moved; one of this machine is read
    /// whenever it is asked for.
    ///
    /// # Errors
    /// It cannot be asked. What is known of it stays.
    pub fn refresh(&mut self) -> Result<bool, PublishError> {
        match &mut self.upstream {
            Some(upstream) => Ok(upstream.fetch(None)?),
            None => Ok(false),
        }
    }

    /// The ledger as it was read last, and its commit; nothing before the first step.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn ledger(&mut self) -> Result<Option<(CommitId, Arc<Ledger>)>, PublishError> {
        self.read_ledger()
    }

    /// The ledger as it is now: the one that is remembered, if its branch has not moved.
    fn read_ledger(&mut self) -> Result<Option<Tip>, PublishError> {
        let tip = self.repository.reference(git::LEDGER_REF)?;
        if self.ledger.as_ref().map(|(known, _)| *known) != tip {
            let read = git::read_ledger(&self.repository)?;
            self.ledger = read.map(|(commit, ledger)| (commit, Arc::new(ledger)));
        }
        Ok(self.ledger.clone())
    }

    /// The first time every cluster's branch or folder is looked at, then those that may be
    /// written.
    fn foreign(
        &self,
        ledger: Option<&Ledger>,
        rendered: &Rendered,
        difference: &Difference,
    ) -> Result<Vec<(ClusterUid, ObjectId)>, PublishError> {
        let Some(ledger) = ledger else { return Ok(Vec::new()) };
        let concerned: HashSet<ClusterUid> = difference
            .clusters
            .iter()
            .filter_map(|cluster| Some(ledger.clusters[cluster.ledger?].uid))
            .collect();
        let is_concerned = |uid| !self.has_projected || concerned.contains(&uid);
        self.projection
            .foreign(&self.repository, ledger, &rendered.delivery, is_concerned)
            .map_err(PublishError::Look)
    }

    /// Appends a step; answers nothing when someone else was faster.
    fn append(
        &mut self,
        before: Option<&Tip>,
        step: Step,
        author: &str,
    ) -> Result<Option<Arc<Ledger>>, PublishError> {
        let before = before.map(|(commit, ledger)| (*commit, &**ledger));
        match git::append(&self.objects, before, step, author) {
            Ok((commit, ledger)) => {
                let ledger = Arc::new(ledger);
                self.ledger = Some((commit, Arc::clone(&ledger)));
                Ok(Some(ledger))
            }
            Err(AppendError::Moved) => Ok(None),
            Err(error) => {
                // What was put and never released may be gone: `git gc` takes it after a while.
                self.forget();
                Err(PublishError::Append(error))
            }
        }
    }

    /// Writes what clusters read, over these foreign trees that a person discarded, and moves the
    /// ledger elsewhere, if it is: before clusters of this machine's repository read of it, and
    /// together with what is read there.
    fn deliver(
        &mut self,
        delivery: &Delivery,
        over: &[Foreign],
    ) -> Result<Projected, PublishError> {
        if self.upstream.as_ref().is_some_and(|upstream| upstream.carries(delivery)) {
            let projected = self.project(delivery, over);
            // A step that cannot be projected is recorded all the same.
            self.push(projected.is_ok())?;
            return projected;
        }
        self.push(false)?;
        self.project(delivery, over)
    }

    fn push(&mut self, is_projected: bool) -> Result<(), PublishError> {
        match &mut self.upstream {
            Some(upstream) => Ok(upstream.push(is_projected)?),
            None => Ok(()),
        }
    }

    fn project(
        &mut self,
        delivery: &Delivery,
        over: &[Foreign],
    ) -> Result<Projected, PublishError> {
        let projected = self.projection.project(&self.repository, delivery, over);
        let projected = projected.map_err(PublishError::Project)?;
        if projected.n_written() > 0 {
            // That packs are many is slow and not wrong: the next step tries again.
            let _ = git::compact(&self.repository);
        }
        Ok(projected)
    }

    /// Reads a ledger that is elsewhere before something is decided about it.
    fn fetch(&mut self, delivery: &Delivery) -> Result<(), PublishError> {
        if let Some(upstream) = &mut self.upstream {
            upstream.fetch(Some(delivery))?;
        }
        Ok(())
    }
}

/// What objects come and go; the trees are read where the compiler does not know it already.
fn object_changes(
    objects: &Objects,
    accepted: &Accepted,
    difference: &Difference,
) -> HashMap<Transition, Observed<ObjectChange>> {
    let layout = accepted.rendered.layout;
    let change = |one: Transition| {
        let both = one.old.zip(one.new);
        let same = both.is_some_and(|(old, new)| accepted.holds_same_objects(old, new));
        let change = match same {
            true => Observed::Known(ObjectChange::default()),
            false => git::object_change(objects, layout, one.old, one.new),
        };
        (one, change)
    };
    let transitions: Vec<Transition> = difference.transitions().into_iter().collect();
    transitions.into_par_iter().map(change).collect()
}

/// Whether the source follows that of the ledger, where both are commits.
fn descends(ledger: Option<&Ledger>, rendered: &Rendered, request: &Request<'_>) -> Observed<bool> {
    let ancestor = ledger.and_then(|ledger| ledger.source_commit);
    match (rendered.origin.commit(), ancestor) {
        (Some(commit), Some(ancestor)) => (request.descends)(commit, ancestor),
        _ => Observed::Unknown(Cause("one of the two is no commit".to_owned())),
    }
}
