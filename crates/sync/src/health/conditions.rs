//! The conditions of an object.

use serde_json::Value;

use super::Health;
use crate::Object;

/// `status.conditions`.
pub(super) struct Conditions<'a>(&'a [Value]);

/// One condition.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(object: &'a Object) -> Self {
        Self(object.list(&["status", "conditions"]))
    }

    pub(super) fn get(&self, name: &str) -> Option<Condition<'a>> {
        let text = |value: &'a Value, key| value.get(key).and_then(Value::as_str).unwrap_or("");
        let value = self.0.iter().find(|value| text(value, "type") == name)?;
        Some(Condition {
            status: text(value, "status"),
            reason: text(value, "reason"),
            message: text(value, "message"),
        })
    }

    /// The rules for objects that no rule of their own names: `Stalled` and `Reconciling` count
    /// first, then `Ready` (also spelled `Available` or `Healthy`); without any, it is current.
    pub(super) fn generic(&self) -> Health {
        if let Some(stalled) = self.get("Stalled").filter(|c| c.is_true()) {
            return stalled.health(Health::failed, "Stalled");
        }
        if let Some(reconciling) = self.get("Reconciling").filter(|c| c.is_true()) {
            return reconciling.health(Health::in_progress, "Reconciling");
        }
        let ready = ["Ready", "Available", "Healthy"].into_iter().find_map(|name| self.get(name));
        match ready {
            Some(ready) if ready.is_true() => Health::current(ready.message_or("it is ready")),
            Some(ready) => ready.health(Health::in_progress, "NotReady"),
            None => Health::current("it is there"),
        }
    }
}

impl<'a> Condition<'a> {
    pub(super) fn is_true(self) -> bool {
        self.status == "True"
    }

    pub(super) fn is_false(self) -> bool {
        self.status == "False"
    }

    pub(super) fn message_or(self, other: &'a str) -> &'a str {
        if self.message.is_empty() { other } else { self.message }
    }

    pub(super) fn health(self, make: impl Fn(&str, &'a str) -> Health, reason: &'a str) -> Health {
        let reason = if self.reason.is_empty() { reason } else { self.reason };
        make(reason, self.message_or("the condition gives no message"))
    }
}
