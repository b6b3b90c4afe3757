//! Does what was decided: validates, applies stage by stage, deletes.
//!
//! The applied set is kept before each batch and after the last one, so that whoever is killed in
//! between knows what may be its own. What fails stops its application; only a cluster that does not
//! answer, or a set that cannot be kept, stops the pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use model::ObjectKey;

use super::admissions::{Admissions, namespace_name};
use super::body::Sending;
use super::kinds::{Arriving, Kinds, Resolved, is_definition};
use super::look::{Sights, detail, read};
use super::sight::Sight;
use super::trouble::{Trouble, Troubles};
use super::{Acts, EngineOptions};
use crate::drift::{Scaled, without_fields};
use crate::health::State;
use crate::{
    Action, AppliedObject, AppliedSet, ApplyStep, Deletion, Desired, Fault, Going, LiveObject,
    Object, Place, Prune, Stage, StageKind, Trial, World, WorldError,
};

/// So many objects are applied between two states of the applied set.
const BATCH: usize = 32;
/// So many requests in a row that get no answer end a pass.
const MAX_UNANSWERED: usize = 3;
/// How often a definition is looked at while it is waited for.
const DEFINITION_POLL: Duration = Duration::from_millis(100);

/// Makes a state of the applied set durable.
pub(super) type Keep<'a> = &'a mut (dyn FnMut(&AppliedSet) -> io::Result<()> + Send);

/// Why a pass ends before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// The cluster does not answer.
    Unavailable(String),
    /// The applied set could not be kept.
    NotKept(String),
}

/// One pass that acts.
pub(super) struct Work<'a, W> {
    pub(super) world: &'a W,
    pub(super) options: &'a EngineOptions,
    pub(super) kinds: &'a mut Kinds,
    pub(super) admissions: &'a mut Admissions,
    pub(super) desired: &'a Desired,
    pub(super) set: &'a mut AppliedSet,
    pub(super) keep: Keep<'a>,
    pub(super) sights: &'a mut Sights,
    pub(super) arriving: Arriving,
    pub(super) scaled: Scaled,
    /// Applications of which something is held: others do not build on them.
    pub(super) held: BTreeSet<String>,
    pub(super) troubles: Troubles,
    pub(super) validated: BTreeSet<ObjectKey>,
    pub(super) unanswered: usize,
    /// Whether the set has changed since it was written down.
    pub(super) has_answers: bool,
    pub(super) corrected: Vec<ObjectKey>,
    pub(super) acts: Acts,
}

impl<W: World> Work<'_, W> {
    /// Has the cluster try everything that can be tried now, before anything is done.
    pub(super) async fn validate_early(&mut self, stages: &[Stage]) -> Result<(), Halt> {
        let new_namespaces: BTreeSet<&str> = stages
            .iter()
            .filter(|stage| stage.kind == StageKind::Namespaces)
            .flat_map(|stage| &stage.steps)
            .filter(|step| step.action == Action::Create)
            .map(|step| step.desired.key.name.as_str())
            .collect();
        let is_early = |step: &&ApplyStep| {
            let namespace = step.desired.key.namespace.as_deref();
            !namespace.is_some_and(|name| new_namespaces.contains(name)) && !self.arrives(step)
        };
        let steps = stages.iter().flat_map(|stage| &stage.steps).filter(is_early);
        let steps: Vec<ApplyStep> = steps.cloned().collect();
        self.validate(&steps).await
    }

    /// Applies stage by stage.
    pub(super) async fn apply(&mut self, stages: &[Stage]) -> Result<(), Halt> {
        for stage in stages {
            if matches!(stage.kind, StageKind::Applications(layer) if layer > 0) {
                self.gate(&stage.steps);
            }
            self.validate(&stage.steps).await?;
            let steps = self.going_on(&stage.steps);
            for batch in steps.chunks(BATCH) {
                self.apply_batch(batch).await?;
            }
            if stage.kind == StageKind::Namespaces {
                self.admit(&stage.steps).await;
            }
            if stage.kind == StageKind::Definitions {
                self.await_definitions(&stage.steps).await?;
            }
        }
        Ok(())
    }

    /// Lets whoever acts in the namespaces of this stage act there. One that was just made has
    /// nothing of what was let in before.
    async fn admit(&mut self, steps: &[ApplyStep]) {
        for step in steps.iter().filter(|step| step.action == Action::Create) {
            self.admissions.forget(&step.desired.key.name);
        }
        let namespaces = steps.iter().filter_map(|step| namespace_name(&step.desired.key));
        let namespaces = namespaces.map(str::to_owned).collect();
        self.admissions.admit(self.world, namespaces, self.options.parallel).await;
    }

    /// Deletes, in the order of the plan.
    pub(super) async fn delete(&mut self, deletions: &[Deletion]) -> Result<(), Halt> {
        let deletions = deletions.iter().filter(|d| !self.troubles.contains_key(&d.application));
        let deletions: Vec<Deletion> = deletions.cloned().collect();
        for group in deletions.chunk_by(|a, b| is_side_by_side(&a.key, &b.key)) {
            for batch in group.chunks(BATCH) {
                self.delete_batch(batch).await?;
            }
        }
        Ok(())
    }

    /// Writes down the applied set.
    pub(super) fn checkpoint(&mut self) -> Result<(), Halt> {
        self.has_answers = false;
        (self.keep)(self.set).map_err(|error| Halt::NotKept(error.to_string()))
    }

    /// Writes it down if something was answered since. Until then, whoever is killed applies once
    /// more what was answered.
    pub(super) fn keep_answers(&mut self) -> Result<(), Halt> {
        if self.has_answers { self.checkpoint() } else { Ok(()) }
    }

    /// Steps that send something and whose application has no trouble.
    fn going_on(&self, steps: &[ApplyStep]) -> Vec<ApplyStep> {
        let goes = |step: &&ApplyStep| {
            step.action != Action::Keep && !self.troubles.contains_key(&step.desired.application)
        };
        steps.iter().filter(goes).cloned().collect()
    }

    fn arrives(&self, step: &ApplyStep) -> bool {
        let object = &step.desired.object;
        let name = (object.api_version().to_owned(), step.desired.key.kind.clone());
        self.arriving.contains(&name)
            && !matches!(self.kinds.resolve(&name.0, &name.1), Resolved::Served(_))
    }

    fn trouble(&mut self, application: &str, trouble: Trouble) {
        self.troubles.entry(application.to_owned()).or_insert(trouble);
    }

    /// Applications wait until those that they depend on are what their specs say.
    fn gate(&mut self, steps: &[ApplyStep]) {
        let changing = steps
            .iter()
            .filter(|step| matches!(step.action, Action::Create | Action::Change | Action::Adopt));
        let names: BTreeSet<&String> = changing.map(|step| &step.desired.application).collect();
        for name in names {
            let dependencies = self.desired.dependencies.get(name).into_iter().flatten();
            let waits = dependencies
                .filter(|dependency| self.desired.applications.contains_key(*dependency))
                .find_map(|dependency| Some((dependency, self.unready(dependency)?)));
            if let Some((dependency, why)) = waits {
                self.troubles.entry(name.clone()).or_insert(Trouble::waits(dependency, &why));
            }
        }
    }

    /// Why an application is not ready to be built on.
    fn unready(&self, application: &str) -> Option<String> {
        if let Some(trouble) = self.troubles.get(application) {
            return Some(format!("which is not synced: {}", trouble.reason));
        }
        if self.held.contains(application) {
            return Some("of which something is held".to_owned());
        }
        let mut objects = self.desired.objects.values();
        objects.find_map(|object| {
            let health = &self.sights.get(&object.key)?.health;
            let counts = object.application == application && health.state != State::Current;
            counts.then(|| format!("of which {} is not ready: {}", object.key, health.reason))
        })
    }

    fn sending(&self, step: &ApplyStep) -> Result<Sending, WorldError> {
        let desired = &step.desired;
        if let Some(error) = self.admissions.refusal(desired.key.namespace.as_deref()) {
            return Err(error.clone());
        }
        let api_version = desired.object.api_version();
        let kind = match self.kinds.resolve(api_version, &desired.key.kind) {
            Resolved::Served(kind) => kind,
            Resolved::Unknown(error) => return Err(error),
            Resolved::OtherVersion(other) => {
                let message =
                    format!("the cluster serves it as {}, not {api_version}", other.api_version);
                return Err(WorldError::new(Fault::UnknownKind, message));
            }
            Resolved::Missing => {
                let message =
                    format!("the cluster has no kind {} of {api_version}", desired.key.kind);
                return Err(WorldError::new(Fault::UnknownKind, message));
            }
        };
        let live = self.sights.get(&desired.key).and_then(Sight::known);
        Ok(Sending {
            kind,
            desired: desired.clone(),
            uid: live.map(|live| live.uid().to_owned()),
            left_out: without_fields(desired, live, &self.scaled),
        })
    }

    /// Dry runs of what is new; a correction sends what the cluster took before.
    async fn validate(&mut self, steps: &[ApplyStep]) -> Result<(), Halt> {
        let steps = self.going_on(steps);
        let new = steps.iter().filter(|step| {
            !matches!(step.action, Action::Correct(_))
                && !self.validated.contains(&step.desired.key)
        });
        let new: Vec<ApplyStep> = new.cloned().collect();
        for (step, answer) in self.send(&new, Trial::DryRun).await? {
            match answer {
                Ok(_) => _ = self.validated.insert(step.desired.key.clone()),
                Err(error) => {
                    let trouble = Trouble::answered(&step.desired.key, &error);
                    self.trouble(&step.desired.application, trouble);
                }
            }
        }
        Ok(())
    }

    async fn apply_batch(&mut self, steps: &[ApplyStep]) -> Result<(), Halt> {
        let steps = self.going_on(steps);
        if steps.is_empty() {
            return Ok(());
        }
        let before: BTreeMap<ObjectKey, Option<AppliedObject>> = steps
            .iter()
            .map(|step| {
                (step.desired.key.clone(), self.set.objects.get(&step.desired.key).cloned())
            })
            .collect();
        steps.iter().for_each(|step| self.pend(step));
        self.checkpoint()?;
        let mut outage = None;
        for (step, answer) in self.send(&steps, Trial::Act).await? {
            match answer {
                Ok(object) => self.record(&step, &object),
                Err(error) => {
                    self.refused(&step, &error, before.get(&step.desired.key));
                    outage = Some(error.message);
                }
            }
        }
        self.has_answers = true;
        match outage.filter(|_| self.unanswered >= MAX_UNANSWERED) {
            Some(cause) => Err(Halt::Unavailable(cause)),
            None => Ok(()),
        }
    }

    /// Sends steps side by side; the answers come in the order of the steps.
    async fn send(
        &mut self,
        steps: &[ApplyStep],
        trial: Trial,
    ) -> Result<Vec<(ApplyStep, Result<Object, WorldError>)>, Halt> {
        let sendings: Vec<_> =
            steps.iter().map(|step| (step.clone(), self.sending(step))).collect();
        let requests = sendings.into_iter().map(|(step, sending)| {
            let world = self.world.clone();
            async move {
                let answer = match sending {
                    Ok(sending) => sending.send(&world, trial).await,
                    Err(error) => Err(error),
                };
                (step, answer)
            }
        });
        let mut requests = stream::iter(requests).buffered(self.options.parallel.max(1));
        let mut answers = Vec::with_capacity(steps.len());
        let mut unanswered = self.unanswered;
        while let Some((step, answer)) = requests.next().await {
            let outage = answer.as_ref().err().filter(|error| error.fault == Fault::Unavailable);
            unanswered = outage.map_or(0, |_| unanswered + 1);
            let outage = outage.filter(|_| unanswered >= MAX_UNANSWERED);
            if let (Trial::DryRun, Some(error)) = (trial, outage) {
                return Err(Halt::Unavailable(error.message.clone()));
            }
            answers.push((step, answer));
        }
        drop(requests);
        self.unanswered = unanswered;
        Ok(answers)
    }

    fn pend(&mut self, step: &ApplyStep) {
        let desired = &step.desired;
        let entry = self.set.objects.entry(desired.key.clone()).or_insert_with(|| AppliedObject {
            uid: None,
            api_version: String::new(),
            application: String::new(),
            digest: None,
            fields: None,
            keep: desired.marks.prune == Prune::Disabled,
            confirm: desired.marks.prune == Prune::Confirm,
        });
        entry.digest = None;
        entry.api_version = desired.object.api_version().to_owned();
        entry.application.clone_from(&desired.application);
        if step.action == Action::Create {
            // What had this name before is gone; the new one has another uid.
            entry.uid = None;
        }
    }

    fn record(&mut self, step: &ApplyStep, object: &Object) {
        let desired = &step.desired;
        let sight = Sight::of(object, detail(&desired.key, self.desired));
        let fields = sight.known().and_then(LiveObject::own_digest);
        let applied = AppliedObject {
            uid: Some(object.uid().to_owned()),
            api_version: desired.object.api_version().to_owned(),
            application: desired.application.clone(),
            digest: Some(desired.digest),
            fields,
            keep: desired.marks.prune == Prune::Disabled,
            confirm: desired.marks.prune == Prune::Confirm,
        };
        self.set.objects.insert(desired.key.clone(), applied);
        self.sights.insert(desired.key.clone(), sight);
        match &step.action {
            Action::Create => self.acts.created += 1,
            Action::Change => self.acts.changed += 1,
            Action::Adopt => self.acts.adopted += 1,
            Action::Correct(_) => {
                self.acts.corrected += 1;
                self.corrected.push(desired.key.clone());
            }
            Action::Keep => {}
        }
    }

    /// An apply was not done, or nobody knows: then what may be ours stays in the applied set.
    fn refused(
        &mut self,
        step: &ApplyStep,
        error: &WorldError,
        before: Option<&Option<AppliedObject>>,
    ) {
        let key = &step.desired.key;
        if error.fault != Fault::Unavailable {
            match before {
                Some(Some(before)) => _ = self.set.objects.insert(key.clone(), before.clone()),
                _ => _ = self.set.objects.remove(key),
            }
        }
        // Another state than the one that was seen: it is looked at again.
        self.sights.insert(key.clone(), Sight::unknown(error.message.clone()));
        self.trouble(&step.desired.application, Trouble::answered(key, error));
    }

    /// Waits for definitions that custom resources of this pass need, and learns their kinds.
    async fn await_definitions(&mut self, steps: &[ApplyStep]) -> Result<(), Halt> {
        let definitions = steps.iter().map(|step| &step.desired);
        let definitions: Vec<_> = definitions.filter(|d| is_definition(&d.key)).cloned().collect();
        let polls = self.options.definition_wait.as_millis() / DEFINITION_POLL.as_millis();
        for _ in 0..polls {
            let waits = definitions.iter().filter(|definition| {
                let sight = self.sights.get(&definition.key);
                !self.troubles.contains_key(&definition.application)
                    && sight.is_some_and(|sight| sight.health.state == State::InProgress)
            });
            let waits: Vec<ObjectKey> = waits.map(|definition| definition.key.clone()).collect();
            if waits.is_empty() {
                break;
            }
            self.world.pause(DEFINITION_POLL).await;
            self.look_again(&waits).await;
        }
        let mut groups = BTreeSet::new();
        for (api_version, kind) in &self.arriving {
            if !matches!(self.kinds.resolve(api_version, kind), Resolved::Served(_)) {
                groups.insert(schema::objects::split_api_version(api_version).to_owned());
            }
        }
        self.await_kinds(groups).await;
        Ok(())
    }

    /// A definition is established a moment before every part of the cluster serves its kind.
    async fn await_kinds(&mut self, groups: BTreeSet<String>) {
        for _ in 0..20 {
            let arriving = self.arriving.clone();
            let missing = |kinds: &Kinds| {
                arriving.iter().any(|(version, kind)| {
                    groups.contains(schema::objects::split_api_version(version))
                        && !matches!(kinds.resolve(version, kind), Resolved::Served(_))
                })
            };
            if !missing(self.kinds) {
                return;
            }
            let names = arriving.iter().map(|(version, kind)| (version.as_str(), kind.as_str()));
            self.kinds.forget_doubtful(names);
            self.kinds.load(self.world, groups.clone(), self.options.parallel).await;
            if !missing(self.kinds) {
                return;
            }
            self.world.pause(DEFINITION_POLL).await;
        }
    }

    async fn look_again(&mut self, keys: &[ObjectKey]) {
        for key in keys {
            let Some(object) = self.desired.objects.get(key) else { continue };
            let resolved = self.kinds.resolve(object.object.api_version(), &key.kind);
            if let Some(kind) = resolved.any() {
                let sight = read(self.world, &kind, key, detail(key, self.desired)).await;
                self.sights.insert(key.clone(), sight);
            }
        }
    }

    async fn delete_batch(&mut self, deletions: &[Deletion]) -> Result<(), Halt> {
        let requests = deletions.iter().cloned().map(|deletion| {
            let world = self.world.clone();
            let kind = self.kinds.resolve(&deletion.api_version, &deletion.key.kind);
            async move {
                let place = Place::of(&deletion.key);
                let answer = match kind {
                    Resolved::Missing => Ok(Going::Gone),
                    Resolved::Unknown(error) => Err(error),
                    Resolved::Served(kind) | Resolved::OtherVersion(kind) => {
                        world.delete(&kind, place, &deletion.uid).await
                    }
                };
                (deletion, answer)
            }
        });
        let requests: Vec<_> = requests.collect();
        let answers = stream::iter(requests).buffered(self.options.parallel.max(1));
        let answers: Vec<_> = answers.collect().await;
        for (deletion, answer) in answers {
            self.deleted(&deletion, answer);
        }
        self.checkpoint()
    }

    fn deleted(&mut self, deletion: &Deletion, answer: Result<Going, WorldError>) {
        let key = &deletion.key;
        match answer {
            Ok(Going::Gone) => {
                self.acts.deleted += 1;
                self.set.objects.remove(key);
                self.sights.remove(key);
            }
            Ok(Going::Terminating) => {
                self.acts.deleted += 1;
                self.sights.insert(key.clone(), Sight::unknown("it is being deleted"));
            }
            Err(error) if error.is_not_found() => {
                self.set.objects.remove(key);
                self.sights.remove(key);
            }
            Err(error) => {
                self.sights.insert(key.clone(), Sight::unknown(error.message.clone()));
                self.trouble(&deletion.application, Trouble::answered(key, &error));
            }
        }
    }
}

/// Whether two deletions of the plan's order may run at once: neither stands on the other.
fn is_side_by_side(a: &ObjectKey, b: &ObjectKey) -> bool {
    crate::difference::kind_of(a) == crate::difference::kind_of(b)
}
