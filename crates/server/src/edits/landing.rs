//! An edit becomes a change, and part of `main` where the Roles allow it.
//!
//! In: an order and who gives it. Out: what became of it. The commit is made on top of `main`, so
//! that it is exactly what was compiled and judged; `main`, the change's head and its record move
//! together or not at all. Whoever is overtaken begins again on what is there then.

use std::sync::Arc;

use git::{
    CommitRecord, Committed, MoveError, RefMove, changed_files, commit_message, commits_between,
    edit_files, move_refs,
};
use jiff::Timestamp;
use model::{CommitId, Subject, Verb};
use plan::Compiled;
use plan::documents::DocumentId;
use release::Effect;
use release::access::{Answer, Verdict, outstanding};
use tokio::runtime::Handle;

use super::{Draft, NotEdited, Order, Seen, Standing, Touched, called, draft};
use crate::authorize::person;
use crate::changes::{Actor, Change, Event, head_ref, signature};
use crate::controller::SOURCE_REF;
use crate::evaluate::{Judged, Pair};
use crate::hosting::Host;
use crate::identity::Caller;
use crate::sight::Sight;

/// How often an edit begins again when `main` moves in between.
const ATTEMPTS: usize = 5;

/// How many commits are looked through for the one that edited the same document.
const MOST_COMMITS: usize = 100;

/// How an order is done.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// Nothing is changed; what would be is answered.
    pub(crate) dry_run: bool,
    /// The change stays open, even where it could be merged.
    pub(crate) propose: bool,
    /// What the change is called, in place of what it does.
    pub(crate) title: Option<String>,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is part of `main`.
    Merged(Arc<Change>),
    /// It is a change, which waits.
    Open(Arc<Change>),
    /// Everything is so already.
    Unchanged,
    /// It was only tried.
    Tried,
}

/// An order that was done.
pub(crate) struct Landed {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The commit of the source that holds it; `main` where nothing changed, nothing where it was
    /// only tried.
    pub(crate) commit: Option<CommitId>,
    /// The documents that it is about.
    pub(crate) touched: Vec<Touched>,
    /// The paths of the files that differ.
    pub(crate) files: Vec<String>,
    /// The source with it.
    pub(crate) source: Arc<Compiled>,
    /// What it does to what clusters run.
    pub(crate) effect: Option<Effect>,
    /// How many warnings there are.
    pub(crate) n_warnings: usize,
    /// What the caller lacks to merge it, and what the merge waits for.
    pub(crate) waits: Vec<String>,
}

/// Edits the source for a caller. All of it blocks.
pub(crate) struct Editor<'a> {
    pub(crate) host: &'a Host,
    pub(crate) caller: &'a Caller,
}

/// `main`, compiled.
struct Base {
    commit: CommitId,
    compiled: Arc<Compiled>,
}

/// What a caller may do with an edit that was compiled.
struct Allowed {
    merge: bool,
    waits: Vec<String>,
}

impl Editor<'_> {
    /// Does what is ordered.
    ///
    /// # Errors
    /// [`NotEdited`]; then nothing has moved.
    pub(crate) fn edit(&self, order: &Order, how: &How) -> Result<Landed, NotEdited> {
        let mut first: Option<CommitId> = None;
        for _ in 0..ATTEMPTS {
            let base = self.base()?;
            let began = *first.get_or_insert(base.commit);
            if let Order::Bulk(bulk) = order
                && bulk.selected_on != base.commit
            {
                return Err(NotEdited::Busy);
            }
            let draft = self.draft(&base, order);
            let draft = draft.map_err(|error| self.overtaken(error, began, &base))?;
            if let Some(landed) = self.land(&base, draft, how)? {
                return Ok(landed);
            }
        }
        Err(NotEdited::Busy)
    }

    fn base(&self) -> Result<Base, NotEdited> {
        let commit = self.host.source.reference(SOURCE_REF)?.ok_or(NotEdited::NoSource)?;
        let controller = &self.host.controller;
        let compiling = controller.act(move |desk| desk.compile_known(commit));
        Ok(Base { commit, compiled: Handle::current().block_on(compiling)?? })
    }

    fn draft(&self, base: &Base, order: &Order) -> Result<Draft, NotEdited> {
        let accepted = base.compiled.accepted.as_ref().ok_or(NotEdited::Unaccepted)?;
        let fleet = &accepted.fleet;
        let policies = plan::policies(fleet);
        let sights = [Verb::Read, Verb::Propose, Verb::Merge]
            .map(|verb| Sight::of_verb(self.caller, fleet, &policies, verb));
        let is_seen = |id: DocumentId| sights.iter().any(|sight| sight.document(fleet, id));
        let is_seen: Seen<'_> = &is_seen;
        draft(&Standing { fleet, files: &base.compiled.source.files, is_seen }, order)
    }

    /// Says who was faster, where somebody was.
    fn overtaken(&self, error: NotEdited, began: CommitId, base: &Base) -> NotEdited {
        let NotEdited::Stale { kind, name, .. } = &error else { return error };
        if began == base.commit {
            return error;
        }
        let by = self.editor_of(began, base, *kind, name).unwrap_or(base.commit);
        let trailer = self.host.source.commit(by).ok();
        let change = trailer.and_then(|info| info.trailer("Change").map(str::to_owned));
        let by = match change {
            Some(change) => format!("{by} (change {change})"),
            None => by.to_string(),
        };
        NotEdited::Overtaken { what: called(*kind, name), by }
    }

    /// The newest commit that edited the file of a document.
    fn editor_of(
        &self,
        began: CommitId,
        base: &Base,
        kind: model::Kind,
        name: &str,
    ) -> Option<CommitId> {
        let (source, files) = (&self.host.source, &base.compiled.source.files);
        let fleet = &base.compiled.accepted.as_ref()?.fleet;
        let span = fleet.document_span(files, fleet.document(kind, name)?)?;
        let path = &files.get(span.file)?.path;
        let between = commits_between(source, began, base.commit, MOST_COMMITS).ok()?;
        let mut commits = between.commits.into_iter();
        let found = commits.find(|(commit, info)| {
            let parent = info.parents.first().copied();
            let changes = parent.and_then(|parent| changed_files(source, parent, *commit).ok());
            changes.into_iter().flatten().any(|change| *change.path == **path)
        });
        found.map(|(commit, _)| commit)
    }

    /// Judges a draft, and moves the refs; answers nothing if somebody was faster.
    fn land(&self, base: &Base, draft: Draft, how: &How) -> Result<Option<Landed>, NotEdited> {
        let number = if how.dry_run { None } else { Some(self.host.register.next_number()?) };
        let title = how.title.as_ref().unwrap_or(&draft.title).clone();
        let record = self.record(&title, "", number);
        let made = edit_files(&self.host.source, base.commit, &draft.files, &record)?;
        let Some(made) = made else { return Ok(Some(unchanged(base, draft))) };
        let source = self.host.source.clone();
        let compiling =
            Pair::compile(&self.host.controller, Some(base.commit), source, made.commit);
        let pair = Handle::current().block_on(compiling)?;
        // Who may not do it is told that, and not what would be wrong with it.
        let judged = pair.judge();
        let allowed =
            judged.as_ref().map(|judged| self.allowed(judged, made.commit)).transpose()?;
        let mistakes = pair.mistakes();
        if !mistakes.new.is_empty() {
            return Err(NotEdited::Mistakes(mistakes.wire(&mistakes.new)));
        }
        let n_warnings = mistakes.warnings.len();
        let (judged, allowed) = judged.zip(allowed).ok_or(NotEdited::Unaccepted)?;
        are_there(&draft.touched, &pair.head)?;
        let mut landed = Landed {
            outcome: Outcome::Tried,
            commit: None,
            touched: draft.touched,
            files: draft.files.iter().map(|file| file.path.clone()).collect(),
            source: Arc::clone(&pair.head),
            effect: Some(judged.effect),
            n_warnings,
            waits: allowed.waits,
        };
        let Some(number) = number else { return Ok(Some(landed)) };
        let is_merged = allowed.merge && !how.propose;
        let opening = Opening { base: base.commit, files: &draft.files, title, is_merged };
        let Some((change, commit)) = self.open(opening, number, made)? else { return Ok(None) };
        landed.commit = Some(commit);
        landed.outcome = if is_merged { Outcome::Merged(change) } else { Outcome::Open(change) };
        Ok(Some(landed))
    }

    /// What the caller may do with an edit.
    fn allowed(&self, judged: &Judged, head: CommitId) -> Result<Allowed, NotEdited> {
        let nobody = || NotEdited::NotAllowed("no Role can name you".to_owned());
        let verdict = judged.verdict(&person(self.caller).ok_or_else(nobody)?);
        let lacks = match &verdict.merge {
            Answer::Allowed { .. } => Vec::new(),
            Answer::Refused { lacks, .. } => lacks.iter().map(ToString::to_string).collect(),
        };
        let waits = if lacks.is_empty() { self.waits(judged, &verdict, head) } else { lacks };
        let merge = waits.is_empty();
        if !merge && !verdict.propose.is_allowed() {
            return Err(NotEdited::NotAllowed(verdict.propose.to_string()));
        }
        Ok(Allowed { merge, waits })
    }

    fn waits(&self, judged: &Judged, verdict: &Verdict, head: CommitId) -> Vec<String> {
        let author: Vec<Subject> = Subject::parse(self.caller.subject()).into_iter().collect();
        let current = (head, judged.effect.plan);
        let waits = outstanding(&judged.policies, &judged.meaning, verdict, &author, &[], current);
        waits.iter().map(ToString::to_string).collect()
    }

    /// Opens the change, and merges it; answers nothing if somebody was faster.
    fn open(
        &self,
        opening: Opening<'_>,
        number: u32,
        made: Committed,
    ) -> Result<Option<(Arc<Change>, CommitId)>, NotEdited> {
        let (register, source) = (&self.host.register, &self.host.source);
        let _writing = register.writing();
        let next = register.next_number()?;
        let made = match next == number {
            true => made,
            // The same files in a commit that names the change that it became.
            false => {
                let record = self.record(&opening.title, "", Some(next));
                match edit_files(source, opening.base, opening.files, &record)? {
                    Some(made) => made,
                    None => return Ok(None),
                }
            }
        };
        let (head, title) = (made.commit, opening.title);
        let opened = Event::Opened { title, text: String::new(), topic: None, head };
        let merged = opening.is_merged.then_some(Event::Merged { commit: head });
        let actor = Actor::of(self.caller);
        let acts: Vec<_> =
            std::iter::once(opened).chain(merged).map(|event| actor.does(event)).collect();
        let prepared = register.prepare_all(next, &acts)?;
        let mut moves = Vec::with_capacity(3);
        if opening.is_merged {
            let (name, from) = (SOURCE_REF.to_owned(), Some(opening.base));
            moves.push(RefMove { name, from, to: Some(head) });
        }
        moves.push(RefMove { name: head_ref(next), from: None, to: Some(head) });
        moves.push(prepared.meta);
        match move_refs(source, &moves) {
            Ok(()) => Ok(Some((prepared.change, head))),
            Err(MoveError::Moved { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn record(&self, title: &str, text: &str, number: Option<u32>) -> CommitRecord {
        let number = number.map(|number| number.to_string());
        let trailers: Vec<(&str, &str)> =
            number.iter().map(|number| ("Change", number.as_str())).collect();
        let who = signature(&Actor::of(self.caller));
        CommitRecord {
            author: who.clone(),
            committer: who,
            message: commit_message(title, text, &trailers),
            at: Timestamp::now(),
        }
    }
}

/// A change that is about to be opened.
struct Opening<'a> {
    base: CommitId,
    files: &'a [git::FileEdit],
    title: String,
    is_merged: bool,
}

fn unchanged(base: &Base, draft: Draft) -> Landed {
    Landed {
        outcome: Outcome::Unchanged,
        commit: Some(base.commit),
        touched: draft.touched,
        files: Vec::new(),
        source: Arc::clone(&base.compiled),
        effect: None,
        n_warnings: 0,
        waits: Vec::new(),
    }
}

/// Whether the documents are read from where they were written to.
fn are_there(touched: &[Touched], head: &Compiled) -> Result<(), NotEdited> {
    let Some(accepted) = &head.accepted else { return Err(NotEdited::Unaccepted) };
    let is_there =
        |one: &&Touched| one.is_gone || accepted.fleet.document(one.kind, &one.name).is_some();
    match touched.iter().find(|one| !is_there(one)) {
        None => Ok(()),
        Some(one) => Err(NotEdited::Wrong(format!(
            "{} would stand where no documents are read",
            called(one.kind, &one.name)
        ))),
    }
}
