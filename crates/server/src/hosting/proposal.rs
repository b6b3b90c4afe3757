//! A push to `refs/for/main`, which opens a change or updates one.

use std::fmt::Write as _;
use std::sync::Arc;

use api::text::count;
use git::serve::{Push, RefUpdate, RefVerdict};
use git::{CommitInfo, RefMove, descends, merge_base};
use model::{CommitId, Observed};
use tokio::runtime::Handle;

use super::source::lacking;
use super::{Decided, Held, Host, Pusher};
use crate::authorize::person;
use crate::changes::{
    Actor, Asked, Change, Entry, Event, Pick, RegisterError, head_ref, pick, waits,
};
use crate::controller::SOURCE_REF;
use crate::evaluate::{Judged, Pair};

/// The longest topic.
const LONGEST_TOPIC: usize = 100;

/// The longest title that is taken from a commit, in characters.
const LONGEST_TITLE: usize = 200;

/// Decides on a push for a change.
pub(super) fn decide<'a>(
    host: &'a Host,
    update: &RefUpdate,
    topic: Option<&str>,
    push: &Push<'_>,
    pusher: &Pusher,
    held: &mut Vec<Held<'a>>,
) -> Decided {
    if topic.is_some_and(|topic| topic.len() > LONGEST_TOPIC) {
        return Decided::refused("its topic is too long", "");
    }
    if !held.is_empty() {
        return Decided::refused("push one change at a time", "");
    }
    let Some(head) = update.commit else {
        return Decided::refused("it can only be at a commit", "");
    };
    let looked = match look(host, head, push) {
        Ok(looked) => looked,
        Err(reason) => return Decided::refused(reason, ""),
    };
    if let Err(refused) = may_propose(&looked, pusher) {
        return refused;
    }
    let proposal = Proposal { host, head, topic, push, pusher };
    match proposal.register(held) {
        Ok(Registered::Done(change, head_move, meta)) => {
            let mut text = told(&change, &looked, pusher);
            text.push_str(&footer(&change));
            Decided { verdict: RefVerdict::Redirected(head_move), text, also: vec![meta] }
        }
        Ok(Registered::Refused(reason)) => Decided::refused(reason, ""),
        Err(RegisterError::Refused(reason)) => Decided::refused(reason.to_string(), ""),
        Err(error) => {
            tracing::error!(%error, "a change cannot be written");
            Decided::refused("the server failed, and wrote why into its log", "")
        }
    }
}

/// Looks at a commit beside the one that it parted from.
fn look(host: &Host, head: CommitId, push: &Push<'_>) -> Result<Looked, String> {
    let main = host.source.reference(SOURCE_REF).map_err(|error| error.to_string())?;
    let main = main.ok_or("`main` has no commit yet: push the first source to it")?;
    let base = merge_base(push.repository, main, head).map_err(|error| error.to_string())?;
    let base = base.ok_or("it has no history in common with `main`")?;
    if base == head {
        return Err("`main` has everything of it already".to_owned());
    }
    let compiling = Pair::compile(&host.controller, Some(base), push.repository.clone(), head);
    let pair = Handle::current().block_on(compiling).map_err(|error| error.to_string())?;
    let judged = pair.judge();
    Ok(Looked { pair, judged, is_behind: base != main })
}

/// What was found of a commit that is proposed.
struct Looked {
    pair: Pair,
    judged: Option<Judged>,
    /// Whether `main` has moved on since.
    is_behind: bool,
}

fn may_propose(looked: &Looked, pusher: &Pusher) -> Result<(), Decided> {
    let nobody = || Decided::refused("no Role can name you", "");
    let person = person(&pusher.caller).ok_or_else(nobody)?;
    let Some(judged) = &looked.judged else { return Ok(()) };
    match judged.verdict(&person).propose {
        release::access::Answer::Allowed { .. } => Ok(()),
        release::access::Answer::Refused { lacks, n_lacks } => {
            Err(Decided::refused("you may not propose this", lacking(&lacks, n_lacks)))
        }
    }
}

enum Registered {
    Done(Arc<Change>, RefMove, RefMove),
    Refused(String),
}

struct Proposal<'a, 'p> {
    host: &'a Host,
    head: CommitId,
    topic: Option<&'p str>,
    push: &'p Push<'p>,
    pusher: &'p Pusher,
}

impl<'a> Proposal<'a, '_> {
    /// Makes what says that the change is opened or updated; the refs move with the push.
    fn register(&self, held: &mut Vec<Held<'a>>) -> Result<Registered, RegisterError> {
        let register = &self.host.register;
        let writing = register.writing();
        let entries = register.all()?;
        let changes: Vec<Arc<Change>> = entries.iter().map(|one| Arc::clone(&one.change)).collect();
        let actor = Actor::of(&self.pusher.caller);
        let number = self.push.options.iter().find_map(|option| option.strip_prefix("change="));
        let asked = Asked { number, topic: self.topic, subject: &actor.subject };
        let builds_on = |base: CommitId| {
            descends(self.push.repository, self.head, base) == Observed::Known(true)
        };
        let (before, number, event): (Option<&Entry>, u32, Event) =
            match pick(&changes, &asked, builds_on) {
                Pick::Refused(reason) => return Ok(Registered::Refused(reason)),
                Pick::New => (None, register.next_number()?, self.opened()?),
                Pick::Update(number) => (
                    entries.iter().find(|one| one.change.number == number),
                    number,
                    Event::Updated { head: self.head },
                ),
            };
        let prepared = register.prepare(before, number, &actor.does(event))?;
        let step = RefMove {
            name: head_ref(number),
            from: before.map(|entry| entry.change.head),
            to: Some(self.head),
        };
        held.push(Held { _writing: writing, _keep: prepared.keep });
        Ok(Registered::Done(prepared.change, step, prepared.meta))
    }

    fn opened(&self) -> Result<Event, RegisterError> {
        let info = self.push.repository.commit(self.head)?;
        let (title, text) = words(&info);
        Ok(Event::Opened { title, text, topic: self.topic.map(str::to_owned), head: self.head })
    }
}

/// The title and the text of a change, from its commit.
pub(crate) fn words(info: &CommitInfo) -> (String, String) {
    let title: String = info.subject().chars().filter(|c| !c.is_control()).collect();
    let title: String = title.trim().chars().take(LONGEST_TITLE).collect();
    let rest = info.message.split_once('\n').map_or("", |(_, rest)| rest).trim();
    let mut end = rest.len().min(32 << 10);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let title = if title.is_empty() { "a change".to_owned() } else { title };
    (title, rest[..end].to_owned())
}

/// What the person reads: which change it is, what it does, and what it waits for.
fn told(change: &Change, looked: &Looked, pusher: &Pusher) -> String {
    let mut text =
        format!("change {}: {}/api/v1/changes/{}\n", change.number, pusher.url, change.number);
    let mistakes = looked.pair.mistakes();
    if !mistakes.new.is_empty() {
        text.push_str(&mistakes.text(&mistakes.new));
        let _ =
            writeln!(text, "it cannot be merged: {} that `main` does not have", mistakes.n_new());
        return text;
    }
    let Some(judged) = &looked.judged else { return text };
    let _ = match judged.effect.n_clusters {
        0 => writeln!(text, "nothing changes for any cluster"),
        n => {
            let (clusters, bindings) = (count(n, "cluster"), judged.effect.n_cells);
            writeln!(text, "{clusters} and {} change", count(bindings, "binding"))
        }
    };
    if looked.is_behind {
        text.push_str("`main` has moved on: the checks say whether it still merges\n");
    }
    let Some(person) = person(&pusher.caller) else { return text };
    let verdict = judged.verdict(&person);
    match &verdict.merge {
        release::access::Answer::Refused { lacks, .. } => {
            for lack in lacks {
                let _ = writeln!(text, "you may not merge it: {lack}");
            }
        }
        release::access::Answer::Allowed { .. } => {
            for one in waits(change, judged, &verdict) {
                let _ = writeln!(text, "it waits: {one}");
            }
        }
    }
    text
}

fn footer(change: &Change) -> String {
    format!(
        "push again to update it; after a rebase with `git push -o change={} origin \
         HEAD:refs/for/main`\n",
        change.number
    )
}
