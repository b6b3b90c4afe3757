//! The keeper: makes the cluster equal the release that is to run, again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::agent::AgentHold;
use model::{Generation, ObjectId, Observed};
use sync::{AppliedSet, Engine, Mode, Order, Outcome, Pass, Rules, SyncedState, World};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;
use crate::book::Todo;
use crate::cluster::{Grip, Lease, Mark, read_ask, write_mark};
use crate::report::{Standing, alarm, applications};
use crate::site::{self, Said, SiteStatus};
use crate::state::{APPLIED, Slots, applied_set};
use crate::verify::Release;
use crate::will::Ask;

/// Makes the cluster equal its release.
pub(super) struct Keeper<W> {
    world: W,
    own: W,
    shared: Arc<Shared>,
    engine: Engine<W>,
    lease: Lease<W>,
    slots: Slots,
    set: Observed<AppliedSet>,
    /// The generation that the cluster's mark has.
    marked: Option<Generation>,
    annotation: Observed<Option<Ask>>,
    annotation_at: Instant,
    /// The trees that were applied last, by application.
    trees: BTreeMap<String, ObjectId>,
    pass: Option<Pass>,
    /// Whether another agent acts on this cluster, as far as is known.
    stands_by: bool,
}

impl<W: World> Keeper<W> {
    pub(super) fn new(
        world: W,
        own: W,
        shared: Arc<Shared>,
        mark: &Observed<Option<Mark>>,
    ) -> Self {
        let settings = &shared.settings;
        let (slots, found) = Slots::open(&shared.disk, APPLIED);
        let is_first = matches!(mark, Observed::Known(None));
        let set = applied_set(found, is_first);
        if let Observed::Unknown(cause) = &set {
            let text = format!("{cause}; nothing is pruned until it was made again");
            shared.book().raise("AppliedSetUnknown", text);
        }
        let place = (settings.namespace.clone(), settings.identity.clone());
        let lease = Lease::new(own.clone(), place.0, place.1, settings.times);
        let engine = Engine::new(world.clone(), settings.engine.clone());
        let marked = mark.known().and_then(|mark| mark.as_ref().map(|mark| mark.generation));
        Self {
            world,
            own,
            engine,
            lease,
            slots,
            set,
            marked,
            annotation: Observed::Known(None),
            annotation_at: Instant::now(),
            trees: BTreeMap::new(),
            pass: None,
            stands_by: false,
            shared,
        }
    }

    /// Runs for ever.
    pub(super) async fn run(&mut self) {
        let mut next = Instant::now();
        let mut ran: Option<Arc<Release>> = None;
        loop {
            self.look_at_will().await;
            let acts = self.is_to_act().await;
            let wanted = match self.shared.book().todo() {
                Todo::Run(release) if acts => Some(release),
                _ => None,
            };
            if let Some(release) = &wanted {
                let is_other = ran.as_ref().is_none_or(|ran| !Arc::ptr_eq(ran, release));
                if is_other || Instant::now() >= next {
                    next = Instant::now() + self.work(release).await;
                }
            }
            self.tell();
            if self.wait(next, wanted.is_some()).await {
                next = Instant::now();
            }
            ran = wanted;
        }
    }

    /// Lets the next agent act at once.
    pub(super) async fn let_go(&mut self) {
        self.lease.release().await;
    }

    async fn look_at_will(&mut self) {
        let now = self.world.now();
        if Instant::now() >= self.annotation_at {
            self.annotation = read_ask(&self.own, &self.shared.settings.namespace).await;
            self.annotation_at = Instant::now() + self.shared.settings.times.annotation;
        }
        let said = site::said(&self.shared.disk);
        let mut book = self.shared.book();
        let on = book.journal.will.hold.as_ref().map(|hold| hold.ask.clone());
        let looked = match (&said, &self.annotation) {
            (Some(Said::Resume), _) => book.resume(now),
            (Some(Said::Hold(ask)), _) => book.look_at_will(Some(ask), now).map(drop),
            (None, Observed::Known(ask)) => book.look_at_will(ask.as_ref(), now).map(drop),
            // What cannot be read changes nothing; a hold still ends at its time.
            (None, Observed::Unknown(_)) => book.look_at_will(on.as_ref(), now).map(drop),
        };
        match looked {
            Ok(()) => book.clear("HoldNotKept"),
            Err(error) => book.raise("HoldNotKept", error.to_string()),
        }
        let is_over = |ask: &Ask| book.journal.will.spent.contains(&ask.token);
        let forget = match &said {
            Some(Said::Resume) => true,
            Some(Said::Hold(ask)) => is_over(ask),
            None => false,
        };
        drop(book);
        if forget {
            site::forget_said(&self.shared.disk);
        }
    }

    /// Whether this agent is the one that acts. One that only looks needs no lease.
    async fn is_to_act(&mut self) -> bool {
        if !self.shared.settings.has_lease || self.shared.settings.is_report_only {
            return true;
        }
        if !self.lease.is_due() {
            return true;
        }
        let taken = self.lease.take().await;
        let mut book = self.shared.book();
        match taken {
            Ok(Grip::Ours) => {
                self.stands_by = false;
                book.clear("NotTheOne");
                true
            }
            Ok(Grip::Others(holder)) => {
                self.stands_by = true;
                book.raise("NotTheOne", format!("`{holder}` acts on this cluster"));
                false
            }
            Err(error) => {
                book.raise("NotTheOne", format!("nobody knows who acts: {error}"));
                false
            }
        }
    }

    /// One pass; answers how long to rest.
    async fn work(&mut self, release: &Release) -> Duration {
        self.mark(release).await;
        let rules = self.rules(release);
        let Some(pass) = self.guarded_pass(release, &rules).await else {
            return self.shared.settings.times.look;
        };
        let rest = pass.next.duration_since(self.world.now());
        self.note(release, &pass);
        self.pass = Some(pass);
        Duration::try_from(rest).unwrap_or(Duration::ZERO)
    }

    fn rules(&self, release: &Release) -> Rules {
        let allowances = release.statement.allowances.iter().map(Into::into).collect();
        let settings = &self.shared.settings;
        Rules {
            budget: settings.budget,
            allowances,
            own_namespace: Some(settings.namespace.clone()),
        }
    }

    /// Leaves the generation on the cluster, before anything of it is applied.
    async fn mark(&mut self, release: &Release) {
        let highest = self.shared.book().highest();
        if self.shared.settings.is_report_only || self.marked >= Some(highest) {
            return;
        }
        let mark = Mark {
            generation: highest,
            cluster: Some(release.statement.cluster.uid.clone()),
            fleet: Some(release.statement.fleet.clone()),
        };
        let written = write_mark(&self.own, &self.shared.settings.namespace, &mark).await;
        let mut book = self.shared.book();
        match written {
            Ok(()) => {
                book.clear("MarkNotWritten");
                self.marked = Some(highest);
            }
            Err(error) => book.raise("MarkNotWritten", error.message),
        }
    }

    /// A pass that ends early when another agent took over, or when a stop came.
    async fn guarded_pass(&mut self, release: &Release, rules: &Rules) -> Option<Pass> {
        let Self { engine, set, slots, lease, shared, .. } = self;
        let mode = if shared.settings.is_report_only { Mode::Observe } else { Mode::Act };
        let has_lease = shared.settings.has_lease && mode == Mode::Act;
        let order = Order { desired: &release.desired, rules, mode };
        let mut keep = |set: &AppliedSet| slots.write(set.encode().as_bytes());
        let pass = engine.reconcile(order, set, &mut keep);
        tokio::pin!(pass);
        let mut rests = shared.rests.subscribe();
        loop {
            tokio::select! {
                pass = &mut pass => return Some(pass),
                () = sleep(shared.settings.times.renew), if has_lease => {
                    if lease.take().await.ok() != Some(Grip::Ours) {
                        return None;
                    }
                }
                () = until_true(&mut rests) => return None,
            }
        }
    }

    fn note(&mut self, release: &Release, pass: &Pass) {
        let now = self.world.now();
        let mut book = self.shared.book();
        match &pass.outcome {
            Outcome::NotKept(why) => book.raise("NotKept", why.clone()),
            Outcome::Refused(why) => book.raise("TreeRefused", why.to_string()),
            Outcome::Unavailable(why) => book.raise("ClusterUnavailable", why.clone()),
            Outcome::Done => {
                let reasons = ["NotKept", "TreeRefused", "ClusterUnavailable"];
                reasons.into_iter().for_each(|reason| book.clear(reason));
            }
        }
        if self.set.known().is_some() {
            book.clear("AppliedSetUnknown");
        }
        if pass.acts.corrected > 0 {
            let text = format!("{} objects got back what others changed", pass.acts.corrected);
            book.note(now, "DriftCorrected", text);
        }
        let synced = |state| state == SyncedState::Synced;
        if pass.outcome == Outcome::Done
            && pass.applications.iter().all(|one| synced(one.synced.state))
            // A newer one may have come meanwhile, and is still owed.
            && book.newest().is_some_and(|newest| newest.tree == release.tree)
            && let Err(error) = book.applied()
        {
            book.raise("NotKept", error.to_string());
        }
        drop(book);
        for status in pass.applications.iter().filter(|status| synced(status.synced.state)) {
            if let Some(tree) = release.folders.get(&status.application) {
                self.trees.insert(status.application.clone(), *tree);
            }
        }
        let is_there = |name: &String| pass.applications.iter().any(|one| one.application == *name);
        self.trees.retain(|name, _| is_there(name));
    }

    /// Tells how the cluster is, where that changed.
    fn tell(&self) {
        let now = self.world.now();
        let book = self.shared.book();
        let mut alarms: Vec<_> =
            book.alarms(now).iter().map(|(reason, message)| alarm(reason, message)).collect();
        let from_pass = self.pass.iter().flat_map(|pass| &pass.alarms);
        alarms.extend(from_pass.map(|one| alarm(one.reason, &one.message)));
        let newest = book.newest().map(|newest| &**newest);
        let statuses = self.pass.iter().flat_map(|pass| &pass.applications);
        let applications = applications(newest, statuses, &self.trees);
        let newest =
            newest.map(|newest| (newest.statement.generation, newest.statement.tree.clone()));
        let hold = book.journal.will.hold.as_ref().map(|hold| AgentHold {
            reason: hold.ask.reason.clone(),
            by: None,
            until: hold.until,
        });
        let standing = Standing {
            release: newest,
            applications,
            hold,
            alarms,
            stands_by: self.stands_by,
            is_report_only: self.shared.settings.is_report_only,
        };
        let status = SiteStatus {
            time: now,
            cluster: self.shared.settings.cluster.clone(),
            generation: book.current().map(|release| release.statement.generation),
            waiting: book.waiting().map(|release| release.statement.generation),
            counts: site::counts(&standing),
            hold: book.journal.will.hold.clone(),
            hold_is_owed: book.journal.will.is_owed,
            alarms: standing.alarms.iter().map(|a| (a.reason.clone(), a.message.clone())).collect(),
            events: book.journal.events.clone(),
        };
        drop(book);
        let is_new = self.shared.standing.send_if_modified(|told| {
            let is_other = *told != standing;
            *told = standing;
            is_other
        });
        if is_new {
            site::write_status(&self.shared.disk, &status);
        }
    }

    /// Waits until there may be something to do. Answers whether the cluster is to be looked at,
    /// or only the site's will and the lease.
    async fn wait(&self, next: Instant, works: bool) -> bool {
        let look = self.shared.settings.times.look;
        let changed = self.engine.changed();
        tokio::pin!(changed);
        loop {
            tokio::select! {
                () = self.shared.wake.notified() => return true,
                () = &mut changed, if works => return true,
                () = sleep_until(next), if works => return true,
                () = sleep(look) => {
                    if self.is_something_said() || self.lease.is_due() {
                        return false;
                    }
                }
            }
        }
    }

    /// Whether the site's will may have changed.
    fn is_something_said(&self) -> bool {
        let now = self.world.now();
        let book = self.shared.book();
        let hold = &book.journal.will.hold;
        let is_over = hold.as_ref().is_some_and(|hold| now >= hold.until);
        let said = match site::said(&self.shared.disk) {
            None => false,
            Some(Said::Resume) => true,
            Some(Said::Hold(ask)) => hold.as_ref().is_none_or(|hold| hold.ask != ask),
        };
        is_over || said || Instant::now() >= self.annotation_at
    }
}

/// Waits until it is true; for ever if that can no longer be.
async fn until_true(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|flag| *flag).await.is_err() {
        std::future::pending().await
    }
}
