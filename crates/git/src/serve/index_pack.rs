//! Taking a pack into a quarantine, and looking at what it brought.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::time::Duration;

use model::ObjectId;
use rustix::process::Resource;

use super::packet::PacketReader;
use super::process::Streaming;
use super::quarantine::Quarantine;
use super::visible::tips;
use super::{PushLimits, ServeError, Visible};
use crate::{ProgramError, Repository, RepositoryError, program};

/// The start of a pack: `PACK`, a version, and how many objects follow.
const HEADER: usize = 12;

/// Why a pack was not taken, in words for the person who sent it.
#[derive(Debug)]
pub(super) enum Untaken {
    /// It is not right, or too large.
    Fault(String),
    /// It could not be looked at.
    Error(ServeError),
}

impl<E: Into<ServeError>> From<E> for Untaken {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Reads a pack into a quarantine with `git index-pack`, which checks each object, and that
/// whatever an object names is there.
///
/// # Errors
/// See [`Untaken`].
pub(super) fn take<R: Read + Send>(
    quarantine: &Quarantine,
    packets: &mut PacketReader<R>,
    limits: &PushLimits,
) -> Result<(), Untaken> {
    let mut header = [0; HEADER];
    if packets.fill(&mut header)? < HEADER || !header.starts_with(b"PACK") {
        return Err(Untaken::Fault("what follows the commands is no pack".to_owned()));
    }
    let n_objects = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    if n_objects > limits.objects {
        let text = format!("the pack has {n_objects} objects, and may have {}", limits.objects);
        return Err(Untaken::Fault(text));
    }
    if n_objects == 0 {
        // All objects are here already.
        return Ok(());
    }
    let streaming = Streaming {
        git_dir: quarantine.git_dir(),
        command: "index-pack",
        arguments: arguments(),
        protocol: None,
        time: Duration::from_secs(limits.seconds),
        most: vec![
            (Resource::As, limits.memory),
            // Together with the bases that it adds to a thin pack.
            (Resource::Fsize, limits.bytes.saturating_mul(2).saturating_add(64 << 20)),
        ],
    };
    let ran = streaming.run((&header[..]).chain(&mut *packets), io::sink());
    match ran.map_err(|error| packets.explain(error)) {
        Ok(()) => Ok(()),
        Err(ServeError::Program(ProgramError::Failed { complaint, .. })) => {
            Err(Untaken::Fault(format!("the pack was refused: {complaint}")))
        }
        Err(ServeError::Program(ProgramError::Limit { limit, .. })) => {
            Err(Untaken::Fault(format!("reading the pack {limit}")))
        }
        Err(ServeError::TooLarge { unit, limit }) => {
            Err(Untaken::Fault(format!("the push has more than {limit} {unit}")))
        }
        Err(error) => Err(error.into()),
    }
}

fn arguments() -> Vec<String> {
    let settings = [
        "pack.writeReverseIndex=true",
        // Packs are mapped into memory, which is limited.
        "core.packedGitWindowSize=32m",
        "core.packedGitLimit=256m",
        "core.bigFileThreshold=32m",
    ];
    let command = ["index-pack", "--stdin", "--fix-thin", "--strict"];
    let settings = settings.into_iter().flat_map(|setting| ["-c", setting]);
    settings.chain(command).map(str::to_owned).collect()
}

/// Makes sure that everything that is reached from these ids is there, and that no new file is
/// too large.
///
/// # Errors
/// See [`Untaken`].
pub(super) fn check(
    repository: &Repository,
    quarantine: &Quarantine,
    view: &Repository,
    ids: &BTreeSet<ObjectId>,
    limits: &PushLimits,
) -> Result<(), Untaken> {
    let known: BTreeSet<ObjectId> = tips(repository, &Visible::All)
        .map_err(ServeError::from)?
        .into_iter()
        .map(|tip| tip.id)
        .collect();
    if ids.is_subset(&known) {
        return Ok(());
    }
    let wanted = ids.difference(&known).map(|id| format!("{id}\n"));
    let input: String = wanted.chain(known.iter().map(|id| format!("^{id}\n"))).collect();
    let arguments = ["rev-list", "--objects", "--stdin"];
    let listed = match program::run(quarantine.git_dir(), &arguments, input.as_bytes()) {
        Ok(listed) => listed,
        Err(ProgramError::Failed { complaint, .. }) => {
            return Err(Untaken::Fault(format!("objects are missing: {complaint}")));
        }
        Err(error) => return Err(ServeError::from(error).into()),
    };
    let reader = view.reader();
    for line in listed.split(|byte| *byte == b'\n').filter(|line| line.len() > 41) {
        let (id, path) = line.split_at(41);
        let id = std::str::from_utf8(&id[..40]).ok().and_then(|id| id.parse().ok());
        let Some(id) = id else { continue };
        let size = reader.size(id).map_err(ServeError::from)?;
        if size > limits.file {
            let path = String::from_utf8_lossy(path);
            let text = format!("`{path}` has {size} bytes, and may have {}", limits.file);
            return Err(Untaken::Fault(text));
        }
    }
    Ok(())
}

/// What an object is, if refs of this name may be at one: a commit, or below `refs/tags/` also a
/// tag.
///
/// # Errors
/// If it cannot be read.
pub(super) fn commit_of(
    view: &Repository,
    name: &str,
    id: ObjectId,
) -> Result<Option<model::CommitId>, RepositoryError> {
    let (peeled, kind) = view.reader().peel(id)?;
    let is_right =
        kind == gix::objs::Kind::Commit && (peeled == id || name.starts_with("refs/tags/"));
    Ok(is_right.then_some(model::CommitId(peeled.0)))
}
