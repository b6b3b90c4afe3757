//! A cluster, a tree and an engine, for scenarios that run on more than one kind of cluster.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use model::{Generation, ObjectId, ObjectKey, Observed};
use serde_json::Value;
use sync::{
    ApplicationStatus, AppliedSet, Dependencies, Desired, Engine, EngineOptions, Mode, Object,
    Order, Pass, Rules, SyncedState, TreeFile, World, read_manifest, read_tree,
};

use crate::inject::{Inject, Kill};

/// What others do to the cluster.
pub(crate) trait Outside: Clone + Send + Sync + 'static {
    /// Makes an object.
    fn make(&self, object: Value, manager: &str) -> impl Future<Output = ()> + Send;
    /// Changes an object by a merge patch.
    fn patch(
        &self,
        key: &ObjectKey,
        patch: Value,
        manager: &str,
    ) -> impl Future<Output = ()> + Send;
    /// Deletes an object.
    fn remove(&self, key: &ObjectKey) -> impl Future<Output = ()> + Send;
    /// An object, if it is there.
    fn object(&self, key: &ObjectKey) -> impl Future<Output = Option<Object>> + Send;
    /// An admission webhook refuses Services of a namespace; its name.
    fn refuse_services(&self, ns: &str) -> impl Future<Output = String> + Send;
    /// An admission policy refuses Services of a namespace; its name.
    fn forbid_services(&self, ns: &str) -> impl Future<Output = String> + Send;
    /// We may do nothing in a namespace.
    fn close(&self, ns: &str) -> impl Future<Output = ()> + Send;
    /// The API server goes.
    fn stop(&self) -> impl Future<Output = ()> + Send;
    /// The API server comes again.
    fn start(&self) -> impl Future<Output = ()> + Send;
}

/// So often something is tried until it is as expected.
const TRIES: usize = 240;
const PAUSE: Duration = Duration::from_millis(250);

/// A cluster, a tree and an engine.
pub(crate) struct Play<W: World, O> {
    pub(crate) world: Inject<W>,
    pub(crate) outside: O,
    /// The namespace of this play; names of the cluster begin with it.
    pub(crate) ns: String,
    pub(crate) engine: Engine<Inject<W>>,
    pub(crate) set: Observed<AppliedSet>,
    /// What was made durable last.
    pub(crate) kept: String,
    pub(crate) rules: Rules,
    pub(crate) dependencies: Dependencies,
    pub(crate) generation: u32,
    files: BTreeMap<String, String>,
}

impl<W: World, O: Outside> Play<W, O> {
    pub(crate) fn new(world: W, outside: O, ns: &str) -> Self {
        let world = Inject::new(world);
        Self {
            engine: Engine::new(world.clone(), options()),
            world,
            outside,
            ns: ns.to_owned(),
            set: Observed::Known(AppliedSet::default()),
            kept: AppliedSet::default().encode(),
            rules: Rules::default(),
            dependencies: Dependencies::new(),
            generation: 0,
            files: BTreeMap::new(),
        }
    }

    /// The text with `NS` for the namespace of this play.
    pub(crate) fn text(&self, text: &str) -> String {
        text.replace("NS", &self.ns)
    }

    /// The identity of the object that a text holds.
    pub(crate) fn key(&self, text: &str) -> ObjectKey {
        read_manifest(self.text(text).as_bytes()).expect("a manifest").key()
    }

    /// Puts an object into the tree, or replaces it.
    pub(crate) fn put(&mut self, application: &str, text: &str) -> ObjectKey {
        let key = self.key(text);
        let path = format!("{application}/{}", schema::objects::object_path(&key));
        let text = self.text(text);
        self.files.insert(path, text);
        key
    }

    /// Puts a file into the tree as it is.
    pub(crate) fn put_file(&mut self, path: &str, text: &str) {
        let (path, text) = (self.text(path), self.text(text));
        self.files.insert(path, text);
    }

    pub(crate) fn drop_object(&mut self, key: &ObjectKey) {
        let path = schema::objects::object_path(key);
        self.files.retain(|file, _| !file.ends_with(&format!("/{path}")));
    }

    pub(crate) fn clear_tree(&mut self) {
        self.files.clear();
    }

    pub(crate) fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    pub(crate) fn desired(&self) -> Desired {
        let file = |(path, text): (&String, &String)| TreeFile {
            path: path.clone(),
            bytes: text.as_bytes().into(),
        };
        let files: Vec<TreeFile> = self.files.iter().map(file).collect();
        let tree = ObjectId([u8::try_from(self.generation % 251).expect("small"); 20]);
        read_tree(Generation(self.generation), tree, &files, self.dependencies.clone())
    }

    /// The tree as it is now is released.
    pub(crate) fn release(&mut self) {
        self.generation += 1;
    }

    pub(crate) async fn pass(&mut self) -> Pass {
        self.pass_in(Mode::Act).await
    }

    pub(crate) async fn pass_in(&mut self, mode: Mode) -> Pass {
        let desired = self.desired();
        let kept = &mut self.kept;
        let order = Order { desired: &desired, rules: &self.rules, mode };
        let mut keep = |set: &AppliedSet| {
            *kept = set.encode();
            Ok(())
        };
        self.engine.reconcile(order, &mut self.set, &mut keep).await
    }

    /// Runs a pass and is killed there; says whether the pass went to its end before.
    pub(crate) async fn pass_killed(&mut self, kill: Kill) -> bool {
        self.world.kill(Some(kill));
        let world = self.world.clone();
        let ended = tokio::select! {
            biased;
            () = world.killed() => false,
            _ = self.pass() => true,
        };
        self.world.kill(None);
        self.restart();
        ended
    }

    /// Everything in memory is lost.
    pub(crate) fn restart(&mut self) {
        self.engine = Engine::new(self.world.clone(), options());
        self.set = AppliedSet::decode(&self.kept);
    }

    /// Runs passes until one is as expected.
    #[track_caller]
    pub(crate) fn until<'a>(
        &'a mut self,
        what: &'static str,
        expected: impl Fn(&Pass) -> bool + Send + 'a,
    ) -> impl Future<Output = Pass> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let mut last = String::new();
            for _ in 0..TRIES {
                let pass = self.pass().await;
                if expected(&pass) {
                    return pass;
                }
                last = show(&pass);
                self.world.pause(PAUSE).await;
            }
            panic!("{caller}: never {what}; the last pass:\n{last}");
        }
    }

    /// Runs passes until everything is synced and nothing is left to do.
    pub(crate) async fn settle(&mut self) -> Pass {
        self.until("synced", |pass| {
            let synced = |s: &ApplicationStatus| s.synced.state == SyncedState::Synced;
            pass.acts.is_nothing() && pass.applications.iter().all(synced)
        })
        .await
    }

    pub(crate) async fn object(&self, key: &ObjectKey) -> Option<Object> {
        self.outside.object(key).await
    }

    /// Asks until an object is as expected.
    pub(crate) async fn see(&self, key: &ObjectKey, expected: impl Fn(Option<&Object>) -> bool) {
        for _ in 0..TRIES {
            if expected(self.object(key).await.as_ref()) {
                return;
            }
            self.world.pause(PAUSE).await;
        }
        panic!("{key} never is as expected");
    }

    pub(crate) fn held(&self) -> Vec<ObjectKey> {
        self.set.known().expect("known").objects.keys().cloned().collect()
    }
}

fn options() -> EngineOptions {
    EngineOptions { parallel: 4, ..EngineOptions::default() }
}

/// A pass as text: outcome, applications, what is held, what was done.
pub(crate) fn show(pass: &Pass) -> String {
    let mut text = format!("{:?} {:?}\n", pass.outcome, pass.acts);
    for status in &pass.applications {
        text += &format!(
            "{}: {:?} {} ({}); {:?} {} ({})\n",
            status.application,
            status.synced.state,
            status.synced.reason,
            status.synced.message,
            status.healthy.state,
            status.healthy.reason,
            status.healthy.message
        );
    }
    for held in &pass.held {
        text += &format!("held {}: {:?}\n", held.key, held.reason);
    }
    for alarm in &pass.alarms {
        text += &format!("alarm {}\n", alarm.message);
    }
    text
}

/// The status of one application.
#[track_caller]
pub(crate) fn status<'a>(pass: &'a Pass, application: &str) -> &'a ApplicationStatus {
    let found = pass.applications.iter().find(|status| status.application == application);
    found.unwrap_or_else(|| panic!("no status of {application}:\n{}", show(pass)))
}
