//! A tree, an applied set and a cluster in a few lines, and a plan as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Cause, Generation, ObjectId, ObjectKey, Observed};
use serde_json::{Value, json};
use sync::{
    Action, AppliedObject, AppliedSet, ApplyPlan, Dependencies, Desired, DesiredObject, Live,
    LiveObject, Object, Rules, Seen as _, TreeFile, difference, read_manifest, read_tree,
};

/// `kind[.group/version] [namespace/]name` as YAML, with some annotations and a spec.
pub(crate) fn manifest(what: &str, annotations: &str, rest: &str) -> String {
    let (kind, name) = what.split_once(' ').expect("a kind and a name");
    let (kind, api_version) = kind.split_once('@').unwrap_or((kind, "v1"));
    let mut text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n");
    if let Some((namespace, name)) = name.split_once('/') {
        text += &format!("  name: {name}\n  namespace: {namespace}\n");
    } else {
        text += &format!("  name: {name}\n");
    }
    if !annotations.is_empty() {
        text += &format!("  annotations: {{{annotations}}}\n");
    }
    text + rest
}

pub(crate) fn object(what: &str) -> Object {
    read_manifest(manifest(what, "", "").as_bytes()).expect("a manifest of ours")
}

pub(crate) fn key(what: &str) -> ObjectKey {
    object(what).key()
}

/// A tree, what is held, and a cluster.
#[derive(Default)]
pub(crate) struct Scene {
    files: Vec<TreeFile>,
    pub(crate) dependencies: Dependencies,
    pub(crate) generation: u32,
    pub(crate) applied: AppliedSet,
    pub(crate) lost: bool,
    pub(crate) live: Live,
    /// The objects that are on the cluster.
    values: BTreeMap<ObjectKey, Value>,
    pub(crate) rules: Rules,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { generation: 5, ..Self::default() }
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push(TreeFile { path: path.to_owned(), bytes: text.as_bytes().into() });
        self
    }

    /// Puts an object of an application into the tree.
    pub(crate) fn desires(self, application: &str, what: &str) -> Self {
        self.desires_marked(application, what, "", "")
    }

    pub(crate) fn desires_marked(
        self,
        application: &str,
        what: &str,
        annotations: &str,
        rest: &str,
    ) -> Self {
        let text = manifest(what, annotations, rest);
        let path = schema::objects::object_path(&key(what));
        self.file(&format!("{application}/{path}"), &text)
    }

    /// An object that we hold, applied from the text that the tree has or from another, and that
    /// is on the cluster as we applied it.
    pub(crate) fn holds(mut self, application: &str, what: &str) -> Self {
        let key = key(what);
        let held = self.desired().objects.get(&key).map(|object| object.digest);
        let uid = format!("uid of {}", key.name);
        let (mut live, fields) = (object(what).to_value(), json!({"f:data": {}}));
        live["metadata"]["uid"] = json!(uid);
        live["metadata"]["managedFields"] = json!([
            {"manager": "res-edge", "operation": "Apply", "fieldsV1": fields}
        ]);
        self.applied.objects.insert(
            key.clone(),
            AppliedObject {
                uid: Some(uid),
                api_version: object(what).api_version().to_owned(),
                application: application.to_owned(),
                digest: held.or(Some(model::sha256(b"another text"))),
                fields: Some(sync::drift::fields_digest(&fields)),
                keep: false,
                confirm: false,
            },
        );
        self.see(key, live);
        self
    }

    /// Changes the object that is on the cluster.
    pub(crate) fn with_live(mut self, what: &str, change: impl FnOnce(&mut Value)) -> Self {
        let key = key(what);
        let mut value = self.values.remove(&key).unwrap_or_else(|| object(what).to_value());
        change(&mut value);
        self.see(key, value);
        self
    }

    pub(crate) fn gone(mut self, what: &str) -> Self {
        self.live.note(key(what), Observed::Known(None));
        self
    }

    pub(crate) fn unread(mut self, what: &str) -> Self {
        self.live.note(key(what), Observed::Unknown(Cause("timed out".to_owned())));
        self
    }

    fn see(&mut self, key: ObjectKey, value: Value) {
        self.values.insert(key.clone(), value.clone());
        let live = LiveObject::of(&Object::new(value).expect("an object"));
        self.live.note(key, Observed::Known(Some(live)));
    }

    pub(crate) fn allows(mut self, what: &str) -> Self {
        self.rules.allowances.insert(key(what));
        self
    }

    pub(crate) fn desired(&self) -> Desired {
        let generation = Generation(self.generation);
        read_tree(generation, ObjectId([7; 20]), &self.files, self.dependencies.clone())
    }

    pub(crate) fn plan(mut self) -> String {
        let desired = self.desired();
        // What nobody spoke of is not on the cluster.
        for key in desired.objects.keys() {
            if matches!(self.live.of(key), Observed::Unknown(cause) if cause.0.contains("nobody")) {
                self.live.note(key.clone(), Observed::Known(None));
            }
        }
        let applied = match self.lost {
            true => Observed::Unknown(Cause("lost".to_owned())),
            false => Observed::Known(self.applied),
        };
        match difference(&desired, &applied, &self.live, &self.rules) {
            Ok(plan) => text(&plan),
            Err(refusal) => format!("refused: {refusal}\n"),
        }
    }
}

fn text(plan: &ApplyPlan) -> String {
    let mut text = String::new();
    for stage in &plan.stages {
        for step in stage.steps.iter().filter(|step| step.action != Action::Keep) {
            let DesiredObject { key, application, .. } = &*step.desired;
            text += &format!("{:?}: {:?} {key} for {application}\n", stage.kind, step.action);
        }
    }
    let deletions = plan.deletions.iter().map(|deletion| format!("delete {}\n", deletion.key));
    let held = plan.held.iter().map(|held| format!("hold {}: {:?}\n", held.key, held.reason));
    let stopped =
        plan.stopped.iter().map(|stop| format!("stop {}: {}\n", stop.application, stop.cause));
    let left = plan.left.iter().map(|left| format!("leave {}: {:?}\n", left.key, left.reason));
    let moves = plan.moves.iter().map(|m| format!("move {}: {} to {}\n", m.key, m.from, m.to));
    text.extend(deletions.chain(held).chain(stopped).chain(left).chain(moves));
    if text.is_empty() { "nothing\n".to_owned() } else { text }
}

/// Files of a tree from texts.
pub(crate) fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}
