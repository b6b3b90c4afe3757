//! Corrections that wait, because another writer undoes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::ObjectKey;

use crate::drift::{Fight, FightState};
use crate::{Action, Stage};

/// A correction that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fighting {
    pub(super) key: ObjectKey,
    pub(super) application: String,
    pub(super) fields: Vec<String>,
    pub(super) until: Timestamp,
    pub(super) alarm: bool,
}

impl Fighting {
    /// A sentence.
    pub(super) fn message(&self) -> String {
        let fields = self.fields.join(", ");
        format!("another writer changes {} of {} again and again", fields, self.key)
    }
}

/// Corrections of the past, by object.
#[derive(Debug, Default)]
pub(super) struct Fights(BTreeMap<ObjectKey, Fight>);

impl Fights {
    /// Takes corrections that must wait out of the stages.
    pub(super) fn give_way(&self, stages: &mut [Stage], now: Timestamp) -> Vec<Fighting> {
        let mut fighting = Vec::new();
        for stage in stages {
            stage.steps.retain(|step| {
                let Action::Correct(fields) = &step.action else { return true };
                let fight = self.0.get(&step.desired.key).copied().unwrap_or_default();
                let FightState::Wait { until, alarm } = fight.state(now) else { return true };
                fighting.push(Fighting {
                    key: step.desired.key.clone(),
                    application: step.desired.application.clone(),
                    fields: fields.clone(),
                    until,
                    alarm,
                });
                false
            });
        }
        fighting
    }

    /// Remembers corrections.
    pub(super) fn corrected(&mut self, keys: Vec<ObjectKey>, now: Timestamp) {
        for key in keys {
            let fight = self.0.entry(key).or_default();
            *fight = fight.corrected(now);
        }
    }

    /// Forgets objects that do not matter any more.
    pub(super) fn retain(&mut self, matters: impl Fn(&ObjectKey) -> bool) {
        self.0.retain(|key, _| matters(key));
    }
}
