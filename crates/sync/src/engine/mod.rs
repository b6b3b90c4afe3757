//! Makes a cluster equal a tree, pass by pass.
//!
//! ```text
//! look ─▶ difference ─▶ validate ─▶ apply stage by stage ─▶ delete ─▶ statuses
//!            (pure)      (dry run)    └─ the applied set is kept before and after each batch ─┘
//! ```
//!
//! In: a tree, the applied set, the rules, a cluster. Out: the applied set as it is now, how every
//! application is, what waits, and when to look again. A pass that is dropped or killed anywhere
//! is taken up by the next one. What fails stops its application and no other.

mod admissions;
mod body;
mod fights;
mod kinds;
mod look;
mod pass;
mod report;
mod sight;
mod trouble;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{Generation, ObjectKey, Observed};
use schema::objects::split_api_version;

use admissions::{Admissions, namespace_name};
use fights::{Fighting, Fights};
use kinds::{Kinds, arriving};
use look::{Sights, View, look, targets};
use report::Findings;
use sight::Since;
use trouble::{Failures, Troubles};
use work::{Halt, Work};

pub use pass::{Acts, Alarm, Outcome, Pass};

use crate::drift::autoscaled;
use crate::{
    Action, ApplicationStatus, AppliedObject, AppliedSet, ApplyPlan, Desired, Fault, Notes,
    Refusal, Rules, Scope, Watching, World, difference,
};

/// Whether a pass acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It makes the cluster equal the tree.
    #[default]
    Act,
    /// It looks and tells, and changes nothing: someone else acts, such as Flux or Argo CD.
    Observe,
}

/// What a pass is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What the cluster must hold.
    pub desired: &'a Desired,
    /// What is allowed on it.
    pub rules: &'a Rules,
    /// Whether to act.
    pub mode: Mode,
}

/// What an engine may be told.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How many requests run side by side.
    pub parallel: usize,
    /// After how long everything is looked at again, whatever was noted.
    pub resync: Duration,
    /// How long a pass waits for a CustomResourceDefinition to be established.
    pub definition_wait: Duration,
    /// Whether each namespace is watched apart, because no account may see all of them.
    pub watch_namespaces_apart: bool,
}

impl Default for EngineOptions {
    /// 8 requests; 10 minutes; 30 seconds; one watch for each kind.
    fn default() -> Self {
        let [resync, definition_wait] = [600, 30].map(Duration::from_secs);
        Self { parallel: 8, resync, definition_wait, watch_namespaces_apart: false }
    }
}

/// Makes one cluster equal its tree, and remembers what helps from pass to pass. Losing an engine
/// loses nothing but time.
#[derive(Debug)]
pub struct Engine<W> {
    world: W,
    options: EngineOptions,
    notes: Notes,
    watched: BTreeMap<Scope, Watching>,
    kinds: Kinds,
    sights: Sights,
    /// When everything was looked at.
    looked: Option<Timestamp>,
    statuses: BTreeMap<String, ApplicationStatus>,
    since: BTreeMap<ObjectKey, Since>,
    fights: Fights,
    failures: Failures,
    admissions: Admissions,
}

/// Changes that follow each other within this time are one.
const GATHER: Duration = Duration::from_millis(50);
/// How soon a pass follows one that could not ask the cluster.
const UNAVAILABLE_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// How soon what is on the way is looked at again at first, and at most.
const PROGRESS_WAITS: [SignedDuration; 2] =
    [SignedDuration::from_secs(1), SignedDuration::from_secs(30)];

impl<W: World> Engine<W> {
    /// An engine for a cluster.
    #[must_use]
    pub fn new(world: W, options: EngineOptions) -> Self {
        Self {
            world,
            options,
            notes: Notes::default(),
            watched: BTreeMap::new(),
            kinds: Kinds::default(),
            sights: Sights::new(),
            looked: None,
            statuses: BTreeMap::new(),
            since: BTreeMap::new(),
            fights: Fights::default(),
            failures: Failures::default(),
            admissions: Admissions::default(),
        }
    }

    /// The cluster.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.world
    }

    /// Waits until something of ours changed on the cluster since the last pass; never returns
    /// before the first. May be dropped and called again.
    pub async fn changed(&self) {
        self.notes.wait().await;
        self.world.pause(GATHER).await;
    }

    /// Runs one pass.
    ///
    /// `set` is what we hold: read from where `keep` wrote it, or unknown. `keep` makes a state of
    /// it durable before it returns; where it fails, nothing more is done on the cluster. A pass
    /// may be dropped at any await: `set` is then what the last `keep` got, or newer.
    pub async fn reconcile(
        &mut self,
        order: Order<'_>,
        set: &mut Observed<AppliedSet>,
        keep: &mut (dyn FnMut(&AppliedSet) -> io::Result<()> + Send),
    ) -> Pass {
        let now = self.world.now();
        let held = set.known().map_or(Generation(0), |set| set.generation);
        if order.desired.generation < held {
            let refusal = Refusal::Older { offered: order.desired.generation, held };
            return Pass::without_act(Outcome::Refused(refusal), held, self.after(now));
        }
        if let Err(cause) = self.look(order, set.known(), now).await {
            return Pass::unavailable(held, cause, add(now, UNAVAILABLE_WAIT));
        }
        let plan = match difference(order.desired, set, &self.sights, order.rules) {
            Ok(plan) => plan,
            Err(refusal) => {
                return Pass::without_act(Outcome::Refused(refusal), held, self.after(now));
            }
        };
        let done = match order.mode {
            Mode::Act => self.act(order, plan, set, keep, now).await,
            Mode::Observe => Done::nothing(plan),
        };
        self.watch(order.desired, set.known());
        self.tell(order, &done, set.known())
    }

    /// Looks at what may have changed, or at everything where that is not known.
    async fn look(
        &mut self,
        order: Order<'_>,
        set: Option<&AppliedSet>,
        now: Timestamp,
    ) -> Result<(), String> {
        let desired = order.desired;
        let targets = targets(desired, set);
        let changed = self.notes.take();
        let is_recent = self.looked.is_some_and(|at| {
            let age = now.duration_since(at);
            age >= SignedDuration::ZERO && age.unsigned_abs() < self.options.resync
        });
        let full = !is_recent || changed.is_none();
        if !is_recent {
            self.kinds.clear();
            self.admissions.clear();
        }
        let needed = targets.iter().map(|(key, version)| (*version, key.kind.as_str()));
        self.kinds.forget_doubtful(needed);
        let groups = targets.values().map(|version| split_api_version(version).to_owned());
        self.kinds.load(&self.world, groups.collect(), self.options.parallel).await;
        if let Some(error) = self.kinds.outage() {
            return Err(error.message.clone());
        }
        if order.mode == Mode::Act {
            let namespaces = targets.keys().copied().filter_map(namespace_name).map(str::to_owned);
            let namespaces = namespaces.collect();
            self.admissions.admit(&self.world, namespaces, self.options.parallel).await;
        }
        let changed = changed.unwrap_or_default();
        let view = View::new(desired, order.mode);
        let wanted = targets.keys().copied().filter(|key| {
            let seen = self.sights.get(key);
            full || changed.contains(key) || !seen.is_some_and(|seen| view.is_settled(key, seen))
        });
        let seen =
            look(&self.world, &self.kinds, &view, &targets, wanted, self.options.parallel).await;
        if seen.values().any(sight::Sight::is_unknown) {
            // Perhaps somebody took a right away: it is given again in the next pass.
            self.admissions.clear();
        }
        self.sights.extend(seen);
        self.sights.retain(|key, _| targets.contains_key(key));
        let first = self.sights.values().next();
        if first.is_some() && self.sights.values().all(sight::Sight::is_unknown) {
            let cause = first.map(|sight| sight.health.message.clone()).unwrap_or_default();
            return Err(cause);
        }
        if full {
            self.looked = Some(now);
        }
        Ok(())
    }

    async fn act(
        &mut self,
        order: Order<'_>,
        mut plan: ApplyPlan,
        set: &mut Observed<AppliedSet>,
        keep: work::Keep<'_>,
        now: Timestamp,
    ) -> Done {
        let fighting = self.fights.give_way(&mut plan.stages, now);
        let resting = self.failures.resting(order.desired.generation, now);
        if !matches!(set, Observed::Known(_)) {
            *set = Observed::Known(AppliedSet::default());
        }
        let Observed::Known(set) = set else { return Done::nothing(plan) };
        let is_new = prepare(order.desired, &plan, set);
        let held = plan.held.iter().map(|held| held.application.clone());
        let stopped = plan.stopped.iter().map(|stopped| stopped.application.clone());
        let mut work = Work {
            world: &self.world,
            options: &self.options,
            kinds: &mut self.kinds,
            admissions: &mut self.admissions,
            desired: order.desired,
            set,
            keep,
            sights: &mut self.sights,
            arriving: arriving(order.desired),
            scaled: autoscaled(order.desired),
            held: held.chain(stopped).collect(),
            troubles: resting.clone(),
            validated: BTreeSet::new(),
            unanswered: 0,
            has_answers: false,
            corrected: Vec::new(),
            acts: Acts::default(),
        };
        let halt = run(&mut work, &plan, is_new).await.err();
        let (troubles, corrected, acts) = (work.troubles, work.corrected, work.acts);
        self.fights.corrected(corrected, now);
        self.fights.retain(|key| self.sights.contains_key(key));
        self.failures.remember(&troubles, &resting, order.desired.generation, now);
        if troubles.values().any(|trouble| trouble.reason == Fault::Forbidden.reason()) {
            self.admissions.clear();
        }
        Done { plan, troubles, fighting, acts, halt }
    }

    /// Watches what the tree and the applied set hold, and nothing else.
    fn watch(&mut self, desired: &Desired, set: Option<&AppliedSet>) {
        let targets = targets(desired, set);
        let scopes: BTreeSet<Scope> = targets
            .iter()
            .filter_map(|(key, api_version)| {
                let kind = self.kinds.resolve(api_version, &key.kind).any()?;
                let apart = self.options.watch_namespaces_apart;
                Some(Scope { kind, namespace: key.namespace.clone().filter(|_| apart) })
            })
            .collect();
        let versions = self.sights.iter();
        self.notes
            .set_interest(versions.map(|(key, sight)| (key, sight.resource_version.as_str())));
        self.watched.retain(|scope, _| scopes.contains(scope));
        for scope in scopes {
            if !self.watched.contains_key(&scope) {
                let watching = self.world.watch(scope.clone(), self.notes.clone());
                self.watched.insert(scope, watching);
            }
        }
    }

    fn tell(&mut self, order: Order<'_>, done: &Done, set: Option<&AppliedSet>) -> Pass {
        let now = self.world.now();
        let cause = match &done.halt {
            Some(Halt::Unavailable(cause) | Halt::NotKept(cause)) => Some(cause.as_str()),
            None => None,
        };
        let findings = Findings {
            desired: order.desired,
            set,
            sights: &self.sights,
            mode: order.mode,
            held: if order.mode == Mode::Act { &done.plan.held } else { &[] },
            stopped: &done.plan.stopped,
            troubles: &done.troubles,
            fighting: &done.fighting,
            halted: cause,
            now,
        };
        let applications = findings.statuses(&self.statuses, &mut self.since);
        let alarms = findings.alarms(&self.since);
        let generation = findings.generation();
        let by_name =
            applications.iter().map(|status| (status.application.clone(), status.clone()));
        self.statuses = by_name.collect();
        Pass {
            outcome: match &done.halt {
                None => Outcome::Done,
                Some(Halt::Unavailable(cause)) => Outcome::Unavailable(cause.clone()),
                Some(Halt::NotKept(cause)) => Outcome::NotKept(cause.clone()),
            },
            generation,
            applications,
            held: if order.mode == Mode::Act { done.plan.held.clone() } else { Vec::new() },
            stopped: done.plan.stopped.clone(),
            alarms,
            acts: done.acts,
            next: self.next(done, now),
        }
    }

    /// When to run again at the latest.
    fn next(&self, done: &Done, now: Timestamp) -> Timestamp {
        let resync = self.after(now);
        let halted = done.halt.as_ref().map(|_| add(now, UNAVAILABLE_WAIT));
        let waits = self.since.values().map(|since| {
            let [least, most] = PROGRESS_WAITS;
            add(now, (now.duration_since(since.at) / 4).clamp(least, most))
        });
        let fights = done.fighting.iter().map(|fight| fight.until);
        let dependency = done.troubles.values().any(|trouble| trouble.is_passing);
        let unread = self.sights.values().any(sight::Sight::is_unknown);
        let soon = (dependency || unread).then(|| add(now, PROGRESS_WAITS[0] * 2));
        let times = waits.chain(fights).chain(halted).chain(self.failures.next()).chain(soon);
        times.chain([resync]).min().unwrap_or(resync).max(now)
    }

    fn after(&self, now: Timestamp) -> Timestamp {
        let resync = SignedDuration::try_from(self.options.resync).unwrap_or(SignedDuration::MAX);
        add(now, resync)
    }
}

/// What a pass did.
struct Done {
    plan: ApplyPlan,
    troubles: Troubles,
    fighting: Vec<Fighting>,
    acts: Acts,
    halt: Option<Halt>,
}

impl Done {
    fn nothing(plan: ApplyPlan) -> Self {
        let (troubles, fighting) = (Troubles::new(), Vec::new());
        Self { plan, troubles, fighting, acts: Acts::default(), halt: None }
    }
}

async fn run<W: World>(work: &mut Work<'_, W>, plan: &ApplyPlan, is_new: bool) -> Result<(), Halt> {
    if is_new {
        work.checkpoint()?;
    }
    work.validate_early(&plan.stages).await?;
    let applied = work.apply(&plan.stages).await;
    // However that ended, what was applied is known.
    work.keep_answers()?;
    applied?;
    work.delete(&plan.deletions).await
}

/// Puts what was decided without a request into the applied set; says whether it changed.
fn prepare(desired: &Desired, plan: &ApplyPlan, set: &mut AppliedSet) -> bool {
    let before = (set.generation, set.objects.len());
    set.generation = desired.generation;
    plan.left.iter().for_each(|left| _ = set.objects.remove(&left.key));
    let mut added = false;
    for step in plan.stages.iter().flat_map(|stage| &stage.steps) {
        // What is left to others whole is ours all the same.
        if step.action == Action::Keep && !set.objects.contains_key(&step.desired.key) {
            set.objects.insert(step.desired.key.clone(), kept(step));
            added = true;
        }
    }
    added || before != (set.generation, set.objects.len())
}

fn kept(step: &crate::ApplyStep) -> AppliedObject {
    let desired = &step.desired;
    AppliedObject {
        uid: None,
        api_version: desired.object.api_version().to_owned(),
        application: desired.application.clone(),
        digest: Some(desired.digest),
        fields: None,
        keep: desired.marks.prune == crate::Prune::Disabled,
        confirm: desired.marks.prune == crate::Prune::Confirm,
    }
}

fn add(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.checked_add(time).unwrap_or(now)
}
