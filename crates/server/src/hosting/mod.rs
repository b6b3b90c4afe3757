//! What a push may do to the source.
//!
//! ```text
//! Push (in quarantine), Caller ─▶ for each ref: Target ─▶ accepted, or refused with a reason
//!                                          └─ `main`: compiled and compared with what is in use
//! ```
//!
//! In: a push whose objects are checked and not yet part of the repository. Out: a verdict, with
//! the words that the person reads in the terminal. `main` is what is released, so it only takes
//! what adds no errors, what the Roles of its present commit allow, and what follows it.
//! `refs/for/main` opens a change. Other branches are free for whoever may propose anything.

mod proposal;
mod source;
mod target;

use std::sync::{Arc, MutexGuard};

use git::serve::{Push, RefUpdate, RefVerdict, UpdateKind, Verdict};
use git::{Keep, RefMove, Repository};
use model::Verb;
use tokio::sync::{Mutex, Semaphore};

use crate::Controller;
use crate::authorize::may_anywhere;
use crate::changes::{Register, Reviews};
use crate::events::Events;
use crate::identity::Caller;
use target::{Target, target};

pub(crate) use proposal::words;

/// Decides on pushes to the source, and has its changes.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) controller: Controller,
    /// The repository of the source.
    pub(crate) source: Repository,
    /// Its changes.
    pub(crate) register: Arc<Register>,
    /// What they would do.
    pub(crate) reviews: Arc<Reviews>,
    /// Whoever edits documents waits for who does so already.
    pub(crate) editing: Arc<Mutex<()>>,
    /// How many edits may be tried at once that change nothing.
    pub(crate) trying: Arc<Semaphore>,
}

/// How many edits may be tried at once: each compiles a whole source.
const MOST_TRIED: usize = 2;

/// Who pushes, and where to.
pub(crate) struct Pusher {
    /// Who.
    pub(crate) caller: Caller,
    /// The server, as they call it: `https://fleet.example`.
    pub(crate) url: String,
}

/// What is held until the refs of a push have moved.
pub(crate) struct Held<'a> {
    /// Other pushes to changes wait.
    _writing: MutexGuard<'a, ()>,
    /// The commit that records this one stays.
    _keep: Keep,
}

/// What was decided on one ref, and what the person is told about it.
struct Decided {
    verdict: RefVerdict,
    text: String,
    /// What moves with it.
    also: Vec<RefMove>,
}

impl Decided {
    fn accepted(text: impl Into<String>) -> Self {
        Self { verdict: RefVerdict::Accepted, text: text.into(), also: Vec::new() }
    }

    /// Refused, for a reason of one line that stands beside the ref.
    fn refused(reason: impl Into<String>, text: impl Into<String>) -> Self {
        Self { verdict: RefVerdict::Refused(reason.into()), text: text.into(), also: Vec::new() }
    }
}

impl Host {
    /// The host of a repository, which tells what happens to its changes; `elsewhere` is where it
    /// is a copy of.
    pub(crate) fn new(
        controller: &Controller,
        source: &Repository,
        elsewhere: Option<Arc<str>>,
        events: &Arc<Events>,
    ) -> Self {
        Self {
            controller: controller.clone(),
            source: source.clone(),
            register: Arc::new(Register::new(source, elsewhere, events)),
            reviews: Arc::new(Reviews::new(controller.clone(), source)),
            editing: Arc::default(),
            trying: Arc::new(Semaphore::new(MOST_TRIED)),
        }
    }

    /// Decides on a push. It blocks. What is held must be so until the refs have moved.
    pub(crate) fn decide<'a>(
        &'a self,
        push: &Push<'_>,
        pusher: &Pusher,
        held: &mut Vec<Held<'a>>,
    ) -> Verdict {
        if !may_anywhere(&self.controller.snapshot(), &pusher.caller, &[Verb::Propose]) {
            let text = "hint: a Role with the verb `propose` lets you push\n";
            return Verdict::refused(push, "you may not propose anything", text.to_owned());
        }
        let mut verdict = Verdict::default();
        for update in push.updates {
            let decided = self.decide_on(update, push, pusher, held);
            verdict.refs.push(decided.verdict);
            verdict.text.push_str(&decided.text);
            verdict.also.extend(decided.also);
        }
        verdict
    }

    fn decide_on<'a>(
        &'a self,
        update: &RefUpdate,
        push: &Push<'_>,
        pusher: &Pusher,
        held: &mut Vec<Held<'a>>,
    ) -> Decided {
        match (target(&update.name), update.kind) {
            (Target::Source, UpdateKind::Delete) => Decided::refused(
                "it is what is released, and cannot be removed",
                "hint: to undo commits, push a `git revert` of them\n",
            ),
            (Target::Source, UpdateKind::Forced) => Decided::refused(
                "its history is never rewritten",
                "hint: fetch and rebase on `main`; to undo commits, push a `git revert` of them\n",
            ),
            (Target::Source, UpdateKind::Create | UpdateKind::FastForward) => {
                source::decide(self, update, push, &pusher.caller)
            }
            (Target::Change(topic), _) => proposal::decide(self, update, topic, push, pusher, held),
            (Target::Branch, _) | (Target::Tag, UpdateKind::Create) => Decided::accepted(""),
            (Target::Tag, _) if pusher.caller.is_administrator => Decided::accepted(""),
            (Target::Tag, _) => Decided::refused("a tag is never moved", ""),
            (Target::Closed(reason), _) => Decided::refused(reason, ""),
        }
    }
}
