//! Which change a push to `refs/for/main` is about. Pure.

use std::sync::Arc;

use model::CommitId;

use super::state::Change;

/// Which change a push is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// A new one.
    New,
    /// This one.
    Update(u32),
    /// None, and why.
    Refused(String),
}

/// What a push says about the change that it is for.
pub(crate) struct Asked<'a> {
    /// `git push -o change=7`.
    pub(crate) number: Option<&'a str>,
    /// `refs/for/main/<topic>`.
    pub(crate) topic: Option<&'a str>,
    /// Who pushes.
    pub(crate) subject: &'a str,
}

/// Chooses: the change of the number that was given; else the open change of the same author and
/// topic; else the newest open one of theirs that the pushed commit builds on; else a new one.
pub(crate) fn pick(
    changes: &[Arc<Change>],
    asked: &Asked<'_>,
    builds_on: impl Fn(CommitId) -> bool,
) -> Pick {
    if let Some(text) = asked.number {
        let number = text.trim_start_matches('#').parse();
        let found = number.ok().and_then(|n: u32| changes.iter().find(|one| one.number == n));
        return match found {
            Some(change) if change.is_open() => Pick::Update(change.number),
            Some(change) => {
                Pick::Refused(format!("change {} is {}", change.number, change.status.word()))
            }
            None => Pick::Refused(format!("there is no change `{text}`")),
        };
    }
    let mut theirs = changes.iter().filter(|one| one.is_open() && one.author() == asked.subject);
    let found = match asked.topic {
        Some(topic) => theirs.find(|one| one.topic.as_deref() == Some(topic)),
        None => theirs.find(|one| builds_on(one.head)),
    };
    found.map_or(Pick::New, |change| Pick::Update(change.number))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::state::Status;
    use super::*;

    fn change(number: u32, author: &str, topic: Option<&str>, status: Status) -> Arc<Change> {
        Arc::new(Change {
            number,
            title: "title".to_owned(),
            text: String::new(),
            authors: vec![author.to_owned()],
            topic: topic.map(str::to_owned),
            head: CommitId([u8::try_from(number).unwrap(); 20]),
            status,
            approvals: Vec::new(),
            opened: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn a_push_is_about_what_it_says_or_builds_on() {
        let changes = [
            change(4, "user:anna", None, Status::Closed),
            change(3, "user:anna", Some("nola"), Status::Open),
            change(2, "user:otto", None, Status::Open),
            change(1, "user:anna", None, Status::Open),
        ];
        let pick_of = |number, topic, subject, base: u8| {
            let asked = Asked { number, topic, subject };
            pick(&changes, &asked, |head| head == CommitId([base; 20]))
        };
        assert_eq!(pick_of(Some("2"), None, "user:anna", 0), Pick::Update(2));
        assert_eq!(pick_of(Some("#2"), Some("nola"), "user:anna", 0), Pick::Update(2));
        assert_eq!(pick_of(None, Some("nola"), "user:anna", 1), Pick::Update(3));
        assert_eq!(pick_of(None, Some("nola"), "user:otto", 1), Pick::New);
        assert_eq!(pick_of(None, None, "user:anna", 1), Pick::Update(1));
        assert_eq!(pick_of(None, None, "user:anna", 2), Pick::New, "it is another's");
        assert_eq!(pick_of(None, None, "user:anna", 4), Pick::New, "it is closed");
        let refused = |text: &str| Pick::Refused(text.to_owned());
        assert_eq!(pick_of(Some("4"), None, "user:anna", 0), refused("change 4 is closed"));
        assert_eq!(pick_of(Some("x"), None, "user:anna", 0), refused("there is no change `x`"));
    }
}
