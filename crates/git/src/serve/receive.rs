//! Receiving a push.
//!
//! Its objects go into quarantine and are checked there; then the caller decides, on a view that
//! shows them; and only what was accepted becomes part of the repository, objects first. Whoever
//! is killed in the middle leaves a folder that the next push removes, or objects that nothing
//! refers to.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use model::{CommitId, ObjectId};

use super::command::{Command, Request};
use super::index_pack::{self, Untaken};
use super::packet::PacketReader;
use super::quarantine::Quarantine;
use super::report::{Fate, Report};
use super::update::{self, MOVED, Push, RefUpdate};
use super::{PushLimits, Received, RefVerdict, ServeError, Verdict};
use crate::pack::{Keep, remove_left_over};
use crate::{MoveError, RefMove, Repository, move_refs};

/// The reason of what was not looked at since something else is wrong.
const UNPACK: &str = "the pack was not taken";
/// The reason of what would have moved by itself.
const ATOMIC: &str = "another ref of the push cannot move, and all move or none";

/// Takes a push and answers it: the answer to `POST git-receive-pack`.
///
/// `decide` is called once the objects are there and checked, if anything is left to decide. Refs
/// move by compare-and-swap, those of an atomic push all or none; what is answered as moved is
/// durable. A push of which nothing is accepted leaves nothing. If the client goes after refs have
/// moved, they have moved.
///
/// # Errors
/// If the request is not of the protocol or passes a limit, the client goes before it has sent
/// all, or the repository cannot be read or written; then nothing has moved. A client that can be
/// told so has been.
pub fn receive<R: Read + Send>(
    repository: &Repository,
    limits: &PushLimits,
    input: R,
    output: impl Write,
    decide: impl FnOnce(&Push<'_>) -> Verdict,
) -> Result<Received, ServeError> {
    let mut packets = PacketReader::new(input, limits.bytes);
    let mut request = Request::read(&mut packets, limits)?;
    if request.commands.is_empty() {
        return Ok(Received { is_answered: true, ..Received::default() });
    }
    let mut receiving = Receiving { repository, limits, text: String::new(), unpacked: Ok(()) };
    let moved = receiving.take(&mut request, &mut packets, decide);
    packets.drain();
    let failure = match moved {
        Err(error @ ServeError::Client(_)) => return Err(error),
        Err(error) => Some(error),
        Ok(also) => return Ok(receiving.answer(&request, also, output)),
    };
    receiving.unpacked = Err("the server failed, and wrote why into its log".to_owned());
    refuse_rest(&mut request.commands, UNPACK);
    receiving.answer(&request, Vec::new(), output);
    failure.map_or_else(|| Ok(Received::default()), Err)
}

/// One push while it is received.
struct Receiving<'a> {
    repository: &'a Repository,
    limits: &'a PushLimits,
    /// For the person.
    text: String,
    unpacked: Result<(), String>,
}

impl Receiving<'_> {
    /// Does all but answer. What moved for each command is in the answer, and what did not in the
    /// commands' faults.
    fn take<R: Read + Send>(
        &mut self,
        request: &mut Request,
        packets: &mut PacketReader<R>,
        decide: impl FnOnce(&Push<'_>) -> Verdict,
    ) -> Result<Vec<Planned>, ServeError> {
        update::compare(self.repository, &mut request.commands)?;
        if !is_wanted(request) {
            refuse_rest(&mut request.commands, ATOMIC);
            return Ok(Vec::new());
        }
        let quarantine = Quarantine::create(self.repository).map_err(|source| {
            ServeError::File { path: self.repository.git_dir().join("objects"), source }
        })?;
        let view = quarantine.open()?;
        match self.unpack(&quarantine, &view, request, packets) {
            Ok(()) => {}
            Err(Untaken::Error(error)) => return Err(error),
            Err(Untaken::Fault(reason)) => {
                self.refuse_pack(request, reason);
                return Ok(Vec::new());
            }
        }
        let planned = self.decide(request, &view, decide)?;
        if planned.is_empty() {
            return Ok(planned);
        }
        let _keep = self.publish(&quarantine)?;
        self.apply(request, planned)
    }

    fn unpack<R: Read + Send>(
        &self,
        quarantine: &Quarantine,
        view: &Repository,
        request: &Request,
        packets: &mut PacketReader<R>,
    ) -> Result<(), Untaken> {
        // A client that only removes refs sends no pack.
        if request.commands.iter().any(|command| command.new.is_some()) {
            index_pack::take(quarantine, packets, self.limits)?;
        }
        let wanted = request.commands.iter().filter(|command| command.fault.is_none());
        let ids: BTreeSet<ObjectId> = wanted.filter_map(|command| command.new).collect();
        index_pack::check(self.repository, quarantine, view, &ids, self.limits)
    }

    fn refuse_pack(&mut self, request: &mut Request, reason: String) {
        self.text = format!("error: {reason}\n");
        if request.is_shallow {
            self.text.push_str(
                "hint: your clone is shallow, and the history that it lacks is not here: run \
                 `git fetch --unshallow`, then push again\n",
            );
        }
        self.unpacked = Err(reason);
        refuse_rest(&mut request.commands, UNPACK);
    }

    /// Asks for a verdict on what is not at fault, and answers what it lets move.
    fn decide(
        &mut self,
        request: &mut Request,
        view: &Repository,
        decide: impl FnOnce(&Push<'_>) -> Verdict,
    ) -> Result<Vec<Planned>, ServeError> {
        let (mut updates, mut indexes) = (Vec::new(), Vec::new());
        for (index, command) in request.commands.iter_mut().enumerate() {
            if command.fault.is_none()
                && let Some(update) = update::update(view, command)?
            {
                updates.push(update);
                indexes.push(index);
            }
        }
        if !is_wanted(request) {
            refuse_rest(&mut request.commands, ATOMIC);
            return Ok(Vec::new());
        }
        let push = Push { updates: &updates, options: &request.options, repository: view };
        let verdict = decide(&push);
        self.text = verdict.text;
        let mut verdicts = verdict.refs.into_iter();
        let mut planned = Vec::new();
        for (update, index) in updates.iter().zip(indexes) {
            let step = match verdicts.next() {
                Some(RefVerdict::Accepted) => step_of(update),
                Some(RefVerdict::Redirected(step)) => step,
                Some(RefVerdict::Refused(reason)) => {
                    request.commands[index].fault = Some(reason);
                    continue;
                }
                None => {
                    request.commands[index].fault = Some("nobody decided on it".to_owned());
                    continue;
                }
            };
            planned.push(Planned { command: Some(index), step });
        }
        if !is_wanted(request) {
            refuse_rest(&mut request.commands, ATOMIC);
            return Ok(Vec::new());
        }
        let also = verdict.also.into_iter().map(|step| Planned { command: None, step });
        planned.extend(also.take_while(|_| !planned.is_empty()).collect::<Vec<_>>());
        Ok(planned)
    }

    fn publish(&self, quarantine: &Quarantine) -> Result<Keep, ServeError> {
        let path = self.repository.git_dir().join("objects/pack");
        remove_left_over(&path);
        quarantine.publish(self.repository).map_err(|source| ServeError::File { path, source })
    }

    /// Moves refs. Those that cannot move are left out, unless all move or none.
    fn apply(
        &self,
        request: &mut Request,
        mut planned: Vec<Planned>,
    ) -> Result<Vec<Planned>, ServeError> {
        let is_whole = request.is_atomic || planned.iter().any(|one| one.command.is_none());
        while !planned.is_empty() {
            let steps: Vec<RefMove> = planned.iter().map(|one| one.step.clone()).collect();
            let (name, reason) = match move_refs(self.repository, &steps) {
                Ok(()) => break,
                Err(error) => why(error)?,
            };
            let is_it = |one: &Planned| is_at(&name, &one.step.name);
            let is_asked = planned.iter().any(|one| is_it(one) && one.command.is_some());
            let stays = |one: &Planned| is_asked && !is_whole && !is_it(one);
            let (rest, out): (Vec<_>, Vec<_>) = planned.into_iter().partition(stays);
            for one in &out {
                let Some(index) = one.command else { continue };
                request.commands[index].fault = Some(match is_asked {
                    false => format!("`{name}` cannot move with it: {reason}"),
                    true if is_it(one) => reason.clone(),
                    true => ATOMIC.to_owned(),
                });
            }
            planned = rest;
        }
        Ok(planned)
    }

    fn answer(self, request: &Request, moved: Vec<Planned>, output: impl Write) -> Received {
        let fate = |(index, command): (usize, &Command)| {
            let planned = moved.iter().find(|one| one.command == Some(index));
            match (planned, &command.fault) {
                (Some(planned), None) => Fate::Moved(planned.step.clone()),
                (_, Some(reason)) => Fate::Refused(reason.clone()),
                (None, None) => Fate::Refused(UNPACK.to_owned()),
            }
        };
        let fates: Vec<Fate> = request.commands.iter().enumerate().map(fate).collect();
        let refused =
            request.commands.iter().zip(&fates).filter_map(|(command, fate)| match fate {
                Fate::Refused(reason) => Some((command.name.clone(), reason.clone())),
                Fate::Moved(_) => None,
            });
        let refused = refused.collect();
        let report = Report { request, unpacked: self.unpacked, fates, text: self.text };
        let is_answered = report.write(output).is_ok();
        let moved = moved.into_iter().map(|planned| planned.step).collect();
        Received { moved, refused, is_answered }
    }
}

/// A ref that moves.
struct Planned {
    /// For which command; nothing if it moves with the others.
    command: Option<usize>,
    step: RefMove,
}

/// Which ref did not move, and why, in words for the client.
fn why(error: MoveError) -> Result<(String, String), ServeError> {
    match error {
        MoveError::Moved { name } => Ok((name, MOVED.to_owned())),
        MoveError::Occupied { name, other } => Ok((name, format!("`{other}` is in its way"))),
        MoveError::Name { name, reason } => Ok((name, reason)),
        error => Err(error.into()),
    }
}

/// Whether a ref is the one that an error names, which may name a folder of it.
fn is_at(named: &str, name: &str) -> bool {
    named == name || (named.ends_with('/') && name.starts_with(named))
}

fn step_of(update: &RefUpdate) -> RefMove {
    let id = |id: ObjectId| CommitId(id.0);
    RefMove { name: update.name.clone(), from: update.old.map(id), to: update.new.map(id) }
}

/// Whether anything is left that may move.
fn is_wanted(request: &Request) -> bool {
    let n_faults = request.commands.iter().filter(|command| command.fault.is_some()).count();
    if request.is_atomic { n_faults == 0 } else { n_faults < request.commands.len() }
}

fn refuse_rest(commands: &mut [Command], reason: &str) {
    for command in commands.iter_mut().filter(|command| command.fault.is_none()) {
        command.fault = Some(reason.to_owned());
    }
}
