//! Fields that an autoscaler owns: they are never applied.

use std::collections::BTreeSet;

use model::ObjectKey;
use serde_json::Value;

use crate::{Desired, LiveObject, Object};

/// Workloads whose number of replicas an autoscaler sets.
pub type Scaled = BTreeSet<ObjectKey>;

/// The targets of the HorizontalPodAutoscalers and of KEDA's ScaledObjects of a tree.
#[must_use]
pub fn autoscaled(desired: &Desired) -> Scaled {
    desired.objects.iter().filter_map(|(key, object)| target(key, &object.object)).collect()
}

fn target(key: &ObjectKey, scaler: &Object) -> Option<ObjectKey> {
    let default_kind = match (key.group.as_str(), key.kind.as_str()) {
        ("autoscaling", "HorizontalPodAutoscaler") => None,
        // https://keda.sh/docs/2.18/reference/scaledobject-spec/#scaletargetref
        ("keda.sh", "ScaledObject") => Some("Deployment"),
        _ => return None,
    };
    let text = |name: &str| scaler.text(&["spec", "scaleTargetRef", name]);
    let group = schema::objects::split_api_version(text("apiVersion").unwrap_or("apps/v1"));
    Some(ObjectKey {
        group: group.to_owned(),
        kind: text("kind").or(default_kind)?.to_owned(),
        namespace: key.namespace.clone(),
        name: text("name")?.to_owned(),
    })
}

/// Whether an autoscaler that is not in the tree has set the replicas: it did so through the
/// subresource `scale`. A person who scales by hand is not one.
pub(crate) fn is_scaled_by_another(live: &Object) -> bool {
    live.managed_fields().any(|entry| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        text("subresource") == Some("scale")
            && matches!(text("manager"), Some("kube-controller-manager" | "keda"))
            && entry
                .get("fieldsV1")
                .is_some_and(|fields| fields["f:spec"].get("f:replicas").is_some())
    })
}

/// The fields, as JSON pointers, that must not be applied to an object: `/spec/replicas` where an
/// autoscaler owns it, and on an object that is there already what it leaves to others.
#[must_use]
pub fn without_fields(
    desired: &crate::DesiredObject,
    live: Option<&LiveObject>,
    scaled: &Scaled,
) -> Vec<String> {
    let mut fields = Vec::new();
    if scaled.contains(&desired.key) || live.is_some_and(LiveObject::is_scaled_by_another) {
        fields.push("/spec/replicas".to_owned());
    }
    if let (Some(_), crate::Ignore::Fields(ignored)) = (live, &desired.marks.ignore) {
        fields.extend(ignored.iter().cloned());
    }
    fields
}
