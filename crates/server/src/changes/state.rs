//! The state of a change, and what may happen to it.
//!
//! Pure: a state and what somebody did give the next state, or why it cannot be done. Whether that
//! person may do it is asked elsewhere.

use api::ScopeRule;
use jiff::Timestamp;
use model::{CommitId, Digest};
use serde::{Deserialize, Serialize};

/// How long a title may be, in characters.
const LONGEST_TITLE: usize = 200;

/// How long a text may be, in bytes.
const LONGEST_TEXT: usize = 64 << 10;

/// Who did something, with all that Roles can name of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Actor {
    /// As in `user:anna`.
    pub(crate) subject: String,
    /// As in `group:oidc/pets`, at that time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) groups: Vec<String>,
    /// Whether everything in the fleet was granted to them, as to the server's administrator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) administrator: bool,
    /// The subjects of tokens that they made, at that time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<String>,
    /// To what the token that they used narrows all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<Vec<ScopeRule>>,
}

/// A change of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// One line.
    pub(crate) title: String,
    /// More of it, which may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
    /// Who opened it, and then whoever pushed to it.
    pub(crate) authors: Vec<String>,
    /// By what its author finds it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// The proposed commit.
    #[serde(with = "as_text")]
    pub(crate) head: CommitId,
    /// What became of it.
    pub(crate) status: Status,
    /// Who approved this head, each for the plan that they saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) approvals: Vec<Approval>,
    /// When it was opened.
    pub(crate) opened: Timestamp,
    /// When something happened to it last.
    pub(crate) updated: Timestamp,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    /// It can be merged.
    Open,
    /// It is part of the source, since this commit.
    Merged(#[serde(with = "as_text")] CommitId),
    /// It was given up.
    Closed,
}

/// Somebody's approval of the present head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approval {
    /// Who.
    pub(crate) by: Actor,
    /// The plan that they saw.
    #[serde(with = "as_text")]
    pub(crate) plan: Digest,
    /// When.
    pub(crate) at: Timestamp,
}

/// What happens to a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(crate) enum Event {
    /// It comes into being.
    Opened {
        /// One line.
        title: String,
        /// More of it.
        text: String,
        /// By what its author finds it again.
        topic: Option<String>,
        /// The proposed commit.
        #[serde(with = "as_text")]
        head: CommitId,
    },
    /// Another commit is proposed.
    Updated {
        /// It.
        #[serde(with = "as_text")]
        head: CommitId,
    },
    /// Somebody approves what they saw.
    Approved {
        /// The head that they saw.
        #[serde(with = "as_text")]
        head: CommitId,
        /// The plan that they saw.
        #[serde(with = "as_text")]
        plan: Digest,
    },
    /// Somebody takes their approval back.
    Withdrawn,
    /// It becomes part of the source.
    Merged {
        /// By this commit.
        #[serde(with = "as_text")]
        commit: CommitId,
    },
    /// It is given up.
    Closed,
    /// It is taken up again.
    Reopened,
    /// It is called otherwise.
    Retitled {
        /// One line.
        title: String,
        /// More of it.
        text: String,
    },
    /// Somebody says something.
    Commented {
        /// What.
        text: String,
    },
}

/// Something that somebody did to a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Act {
    /// What.
    #[serde(flatten)]
    pub(crate) event: Event,
    /// Who.
    pub(crate) by: Actor,
    /// When.
    pub(crate) at: Timestamp,
}

/// Why something cannot happen to a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is there already, or not yet.
    #[error("a change begins with being opened, once")]
    Beginning,
    /// It is merged or closed.
    #[error("change {0} is {1}")]
    Over(u32, &'static str),
    /// It is not closed.
    #[error("change {0} is not closed")]
    NotClosed(u32),
    /// The head is the same already.
    #[error("change {0} is at this commit already")]
    NothingNew(u32),
    /// The approval is of another head.
    #[error("change {0} has another head by now")]
    Stale(u32),
    /// There is no approval of theirs.
    #[error("you did not approve change {0}")]
    NotApproved(u32),
    /// A text is too long or missing.
    #[error("{0}")]
    Text(&'static str),
}

impl Event {
    /// Its name, as it stands in records.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Updated { .. } => "updated",
            Self::Approved { .. } => "approved",
            Self::Withdrawn => "withdrawn",
            Self::Merged { .. } => "merged",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Retitled { .. } => "retitled",
            Self::Commented { .. } => "commented",
        }
    }

    /// What is too long in it, or missing.
    fn check(&self) -> Result<(), Refusal> {
        let (title, text) = match self {
            Self::Opened { title, text, .. } | Self::Retitled { title, text } => {
                (Some(title), Some(text))
            }
            Self::Commented { text } if text.trim().is_empty() => {
                return Err(Refusal::Text("a comment says something"));
            }
            Self::Commented { text } => (None, Some(text)),
            _ => (None, None),
        };
        let is_title = |title: &String| {
            !title.trim().is_empty()
                && title.chars().count() <= LONGEST_TITLE
                && !title.chars().any(char::is_control)
        };
        if title.is_some_and(|title| !is_title(title)) {
            return Err(Refusal::Text("a title is one line of 1 to 200 characters"));
        }
        if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(Refusal::Text("a text has at most 64 KiB"));
        }
        Ok(())
    }
}

impl Status {
    /// Its name.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged(_) => "merged",
            Self::Closed => "closed",
        }
    }
}

/// The state after something that somebody did.
///
/// # Errors
/// It cannot be done to a change in this state.
pub(crate) fn apply(before: Option<&Change>, number: u32, act: &Act) -> Result<Change, Refusal> {
    act.event.check()?;
    let Act { event, by, at } = act;
    let Some(before) = before else { return open(number, event, by, *at) };
    let mut change = Change { updated: *at, ..before.clone() };
    match event {
        Event::Opened { .. } => return Err(Refusal::Beginning),
        Event::Updated { head } => change.update(*head, by)?,
        Event::Approved { head, plan } => change.approve(*head, *plan, by, *at)?,
        Event::Withdrawn => change.withdraw(by)?,
        Event::Merged { commit } => {
            change.only_open()?;
            change.status = Status::Merged(*commit);
        }
        Event::Closed => {
            change.only_open()?;
            change.status = Status::Closed;
        }
        Event::Reopened if change.status == Status::Closed => change.status = Status::Open,
        Event::Reopened => return Err(Refusal::NotClosed(number)),
        Event::Retitled { title, text } => {
            change.only_open()?;
            (change.title, change.text) = (title.clone(), text.clone());
        }
        Event::Commented { .. } => {}
    }
    Ok(change)
}

fn open(number: u32, event: &Event, by: &Actor, at: Timestamp) -> Result<Change, Refusal> {
    let Event::Opened { title, text, topic, head } = event else {
        return Err(Refusal::Beginning);
    };
    Ok(Change {
        number,
        title: title.clone(),
        text: text.clone(),
        authors: vec![by.subject.clone()],
        topic: topic.clone(),
        head: *head,
        status: Status::Open,
        approvals: Vec::new(),
        opened: at,
        updated: at,
    })
}

impl Change {
    /// Whether it can be merged or updated.
    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Who opened it.
    pub(crate) fn author(&self) -> &str {
        self.authors.first().map_or("", String::as_str)
    }

    fn only_open(&self) -> Result<(), Refusal> {
        match self.is_open() {
            true => Ok(()),
            false => Err(Refusal::Over(self.number, self.status.word())),
        }
    }

    fn update(&mut self, head: CommitId, by: &Actor) -> Result<(), Refusal> {
        self.only_open()?;
        if self.head == head {
            return Err(Refusal::NothingNew(self.number));
        }
        self.head = head;
        // They were of another head.
        self.approvals.clear();
        if !self.authors.contains(&by.subject) {
            self.authors.push(by.subject.clone());
        }
        Ok(())
    }

    fn approve(
        &mut self,
        head: CommitId,
        plan: Digest,
        by: &Actor,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        self.only_open()?;
        if self.head != head {
            return Err(Refusal::Stale(self.number));
        }
        self.approvals.retain(|approval| approval.by.subject != by.subject);
        self.approvals.push(Approval { by: by.clone(), plan, at });
        Ok(())
    }

    fn withdraw(&mut self, by: &Actor) -> Result<(), Refusal> {
        self.only_open()?;
        let n_before = self.approvals.len();
        self.approvals.retain(|approval| approval.by.subject != by.subject);
        match self.approvals.len() < n_before {
            true => Ok(()),
            false => Err(Refusal::NotApproved(self.number)),
        }
    }
}

/// Ids as their text.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn actor(name: &str) -> Actor {
        let subject = format!("user:{name}");
        Actor { subject, ..Actor::default() }
    }

    fn event() -> impl Strategy<Value = Event> {
        let head = || (0u8..3).prop_map(|byte| CommitId([byte; 20]));
        let plan = || (0u8..2).prop_map(|byte| Digest([byte; 32]));
        let text = || prop_oneof![Just(String::new()), Just("words".to_owned())];
        prop_oneof![
            (text(), head()).prop_map(|(title, head)| Event::Opened {
                title,
                text: String::new(),
                topic: None,
                head
            }),
            head().prop_map(|head| Event::Updated { head }),
            (head(), plan()).prop_map(|(head, plan)| Event::Approved { head, plan }),
            Just(Event::Withdrawn),
            head().prop_map(|commit| Event::Merged { commit }),
            Just(Event::Closed),
            Just(Event::Reopened),
            text().prop_map(|title| Event::Retitled { title, text: String::new() }),
            text().prop_map(|text| Event::Commented { text }),
        ]
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let by = prop_oneof![Just("anna"), Just("otto"), Just("olga")].prop_map(actor);
        let one =
            (event(), by).prop_map(|(event, by)| Act { event, by, at: Timestamp::UNIX_EPOCH });
        proptest::collection::vec(one, 0..30)
    }

    proptest! {
        #![proptest_config(testkit::cases(256))]

        #[test]
        fn whatever_happens_a_change_stays_one(acts in acts()) {
            let mut state: Option<Change> = None;
            for act in &acts {
                let before = state.clone();
                let Ok(next) = apply(before.as_ref(), 7, act) else { continue };
                prop_assert_eq!(before.is_none(), matches!(act.event, Event::Opened { .. }));
                let was_over = before.as_ref().is_some_and(|change| !change.is_open());
                if let Some(before) = before.filter(|_| was_over) {
                    let is_harmless = matches!(act.event, Event::Commented { .. });
                    prop_assert!(is_harmless || before.status == Status::Closed);
                    prop_assert_eq!(before.head, next.head);
                }
                prop_assert_eq!(next.number, 7);
                prop_assert!(!next.title.is_empty() && !next.authors.is_empty());
                let mut who: Vec<_> = next.approvals.iter().map(|one| &one.by.subject).collect();
                who.sort();
                who.dedup();
                prop_assert_eq!(who.len(), next.approvals.len());
                if matches!(act.event, Event::Updated { .. }) {
                    prop_assert!(next.approvals.is_empty());
                    prop_assert!(next.authors.contains(&act.by.subject));
                }
                let text = serde_json::to_string(&next).unwrap();
                let read: Change = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&read, &next);
                let act_text = serde_json::to_string(act).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Act>(&act_text).unwrap(), act);
                state = Some(next);
            }
        }
    }
}
