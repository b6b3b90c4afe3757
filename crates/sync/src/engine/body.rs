//! What is sent for one object.
//!
//! Fields that are left to others are not sent. Where we own such a field, leaving it out would
//! remove it: then what stands on the cluster is sent, bound to the state that was read.

use std::sync::Arc;

use model::ObjectKey;
use serde_json::{Value, json};

use crate::drift::uncovered;
use crate::live::own_fields;
use crate::{DesiredObject, Detail, Object, Place, ServedKind, Trial, World, WorldError};

/// One object to apply, with what was decided about it.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) kind: ServedKind,
    pub(super) desired: Arc<DesiredObject>,
    /// The uid that it must have, if it is there.
    pub(super) uid: Option<String>,
    /// JSON pointers of what is left to others.
    pub(super) left_out: Vec<String>,
}

impl Sending {
    /// The object's identity.
    pub(super) fn key(&self) -> &ObjectKey {
        &self.desired.key
    }

    /// Applies it, or has the cluster try.
    pub(super) async fn send<W: World>(
        &self,
        world: &W,
        trial: Trial,
    ) -> Result<Object, WorldError> {
        let live = match self.uid.is_some() && !self.left_out.is_empty() {
            true => Some(world.read(&self.kind, Place::of(self.key()), Detail::Whole).await?),
            false => None,
        };
        world.apply(&self.kind, &self.body(live.as_ref()), trial).await
    }

    fn body(&self, live: Option<&Object>) -> Object {
        let mut value = self.desired.object.to_value();
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            for name in ["managedFields", "resourceVersion", "uid", "generation", "selfLink"] {
                metadata.remove(name);
            }
            if let Some(uid) = &self.uid {
                metadata.insert("uid".to_owned(), json!(uid));
            }
        }
        let bound = self.leave_out(&mut value, live);
        if let (true, Some(live)) = (bound, live) {
            value["metadata"]["resourceVersion"] = json!(live.resource_version());
        }
        // What was an object stays one: its identity is not touched.
        Object::new(value).unwrap_or_else(|_| self.desired.object.clone())
    }

    /// Removes what is left to others, or puts in what stands there; says whether it did the
    /// latter.
    fn leave_out(&self, value: &mut Value, live: Option<&Object>) -> bool {
        let lost = live.map(|live| uncovered(&self.desired.object, own_fields(live), &[]));
        let mut bound = false;
        for pointer in &self.left_out {
            let is_ours = lost.as_ref().is_some_and(|lost| !lost.contains(pointer));
            let stands = live.and_then(|live| live.value().pointer(pointer));
            match (value.pointer_mut(pointer), stands.filter(|_| is_ours)) {
                (Some(place), Some(stands)) => {
                    *place = stands.clone();
                    bound = true;
                }
                (Some(_), None) => remove(value, pointer),
                (None, _) => {}
            }
        }
        bound
    }
}

fn remove(value: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    let last = last.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => _ = map.remove(&last),
        Some(Value::Array(items)) => {
            if let Some(at) = last.parse::<usize>().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}
