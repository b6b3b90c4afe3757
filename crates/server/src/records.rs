//! Records of the ledger as they are told: to programs over the wire, and by the command line.

use api::{Step, StepMetadata, StepStatus};
use git::{Record, RecordedChange, StepRecord};

/// What happened, by what it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What came.
    pub added: Vec<String>,
    /// What got another tree.
    pub updated: Vec<String>,
    /// What went.
    pub removed: Vec<String>,
    /// What else happened, in words.
    pub other: Vec<String>,
}

impl Told {
    /// Sorts changes by what they did.
    #[must_use]
    pub fn new(changes: &[RecordedChange]) -> Self {
        let mut told = Self::default();
        for change in changes {
            match change {
                RecordedChange::Added(name) => told.added.push(name.clone()),
                RecordedChange::Updated(name) => told.updated.push(name.clone()),
                RecordedChange::Removed(name) => told.removed.push(name.clone()),
                RecordedChange::Appeared => told.other.push("joined the fleet".to_owned()),
                RecordedChange::Left => told.other.push("left the fleet".to_owned()),
                RecordedChange::Renamed(from) => told.other.push(format!("renamed from {from}")),
                RecordedChange::Other => told.other.push("namespaces changed".to_owned()),
                RecordedChange::Held => {
                    told.other.push("held: a foreign change was found".to_owned());
                }
                RecordedChange::Adopted => told.other.push("foreign change adopted".to_owned()),
                RecordedChange::Freed => told.other.push("hold ended".to_owned()),
            }
        }
        told
    }

    /// Keeps of the names that came, changed and went those that may be told.
    pub(crate) fn keep(&mut self, may_tell: impl Fn(&str) -> bool) {
        for names in [&mut self.added, &mut self.updated, &mut self.removed] {
            names.retain(|name| may_tell(name));
        }
    }

    /// Whether nothing is told.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.added, &self.updated, &self.removed, &self.other].iter().all(|list| list.is_empty())
    }
}

/// A step with what it did to a cluster or an application.
#[must_use]
pub fn step_of_record(record: &Record, told: Told) -> Step {
    let step = StepRecord {
        generation: record.generation,
        commit: record.commit,
        time: record.time,
        author: record.author.clone(),
        subject: record.subject.clone(),
        source: record.source,
        source_commit: record.source_commit,
        approved_by: record.approved_by.clone(),
    };
    step_document(step, told)
}

/// A step as a document.
pub(crate) fn step_document(step: StepRecord, told: Told) -> Step {
    Step {
        api_version: schema::shape::API_VERSION.to_owned(),
        kind: "Step".to_owned(),
        metadata: StepMetadata { name: step.generation.to_string() },
        status: StepStatus {
            time: step.time,
            source: step.source.to_string(),
            source_commit: step.source_commit.map(|commit| commit.to_string()),
            commit: step.commit.to_string(),
            by: step.author,
            approved_by: step.approved_by,
            subject: step.subject,
            added: told.added,
            updated: told.updated,
            removed: told.removed,
            other: told.other,
        },
    }
}
